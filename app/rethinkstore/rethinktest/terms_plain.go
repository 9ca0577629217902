package rethinktest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	p "gopkg.in/rethinkdb/rethinkdb-go.v6/ql2"
)

// plainTerms need no table.
func plainTerms() terms {
	return terms{
		p.Term_MAKE_ARRAY:    {name: "make_array", max: many, eval: evalArray},
		p.Term_FUNC:          {name: "func", min: 2, max: 2, lazy: true, eval: evalFunc},
		p.Term_VAR:           {name: "var", min: 1, max: 1, eval: evalVar},
		p.Term_IMPLICIT_VAR:  {name: "implicit_var", eval: evalImplicit},
		p.Term_ARGS:          {name: "args", min: 1, max: 1, eval: evalArgs},
		p.Term_MINVAL:        {name: "minval", eval: func(*env, *node) (value, error) { return minval, nil }},
		p.Term_MAXVAL:        {name: "maxval", eval: func(*env, *node) (value, error) { return maxval, nil }},
		p.Term_LITERAL:       {name: "literal", max: 1, eval: evalLiteral},
		p.Term_ERROR:         {name: "error", max: 1, eval: evalError},
		p.Term_DEFAULT:       {name: "default", min: 2, max: 2, lazy: true, eval: evalDefault},
		p.Term_BRANCH:        {name: "branch", min: 3, max: many, lazy: true, eval: evalBranch},
		p.Term_FUNCALL:       {name: "funcall", min: 1, max: many, lazy: true, eval: evalFuncall},
		p.Term_AND:           {name: "and", max: many, lazy: true, eval: evalAnd},
		p.Term_OR:            {name: "or", max: many, lazy: true, eval: evalOr},
		p.Term_NOT:           {name: "not", min: 1, max: 1, eval: evalNot},
		p.Term_EQ:            {name: "eq", min: 2, max: many, eval: comparing(func(c int) bool { return c == 0 })},
		p.Term_NE:            {name: "ne", min: 2, max: many, eval: evalNe},
		p.Term_LT:            {name: "lt", min: 2, max: many, eval: comparing(func(c int) bool { return c < 0 })},
		p.Term_LE:            {name: "le", min: 2, max: many, eval: comparing(func(c int) bool { return c <= 0 })},
		p.Term_GT:            {name: "gt", min: 2, max: many, eval: comparing(func(c int) bool { return c > 0 })},
		p.Term_GE:            {name: "ge", min: 2, max: many, eval: comparing(func(c int) bool { return c >= 0 })},
		p.Term_ADD:           {name: "add", min: 1, max: many, eval: evalAdd},
		p.Term_SUB:           {name: "sub", min: 1, max: many, eval: arithmetic(func(a, b float64) (float64, error) { return a - b, nil })},
		p.Term_MUL:           {name: "mul", min: 1, max: many, eval: arithmetic(func(a, b float64) (float64, error) { return a * b, nil })},
		p.Term_DIV:           {name: "div", min: 1, max: many, eval: arithmetic(divide)},
		p.Term_TYPE_OF:       {name: "type_of", min: 1, max: 1, eval: evalTypeOf},
		p.Term_NOW:           {name: "now", eval: evalNow}, // the same all over a query
		p.Term_TO_EPOCH_TIME: {name: "to_epoch_time", min: 1, max: 1, eval: evalToEpochTime},
		p.Term_APPEND:        {name: "append", min: 2, max: 2, eval: evalAppend},
		p.Term_PREPEND:       {name: "prepend", min: 2, max: 2, eval: evalPrepend},
		p.Term_BINARY:        {name: "binary", min: 1, max: 1, eval: evalBinary},
		p.Term_MATCH:         {name: "match", min: 2, max: 2, eval: evalMatch},
		p.Term_KEYS:          {name: "keys", min: 1, max: 1, eval: evalKeys},
		p.Term_TO_JSON_STRING: {name: "to_json_string", min: 1, max: 1, eval: func(e *env, n *node) (value, error) {
			v, err := e.evalDatum(n.args[0])
			if err != nil {
				return nil, err
			}
			return encodeJSON(v)
		}},
		p.Term_UUID: {name: "uuid", moody: true, eval: func(*env, *node) (value, error) { return newID(), nil }},
	}
}

func evalArgs(e *env, n *node) (value, error) {
	v, err := e.evalDatum(n.args[0])
	if err != nil {
		return nil, err
	}
	return expect[[]datum](v, "ARRAY")
}

func evalLiteral(e *env, n *node) (value, error) {
	if len(n.args) == 0 {
		return &literal{gone: true}, nil
	}
	v, err := e.evalDatum(n.args[0])
	return &literal{value: v}, err
}

func evalError(e *env, n *node) (value, error) {
	if len(n.args) == 0 {
		return nil, missingError("Empty ERROR term outside a default block.")
	}
	text, err := e.evalText(n.args[0])
	if err != nil {
		return nil, err
	}
	return nil, fail(p.Response_USER, "%s", text)
}

// evalDefault catches what is missing, and null.
func evalDefault(e *env, n *node) (value, error) {
	v, err := e.eval(n.args[0])
	if err == nil && !lazyValue(v) {
		v, err = e.datum(v)
	}
	if err != nil && !isMissing(err) {
		return nil, err
	}
	if err == nil && v != nil {
		return v, nil
	}
	if n.args[1].isCall(p.Term_ERROR) && len(n.args[1].args) == 0 {
		return v, err
	}
	if n.args[1].isCall(p.Term_FUNC) {
		f, ferr := e.evalFunction(n.args[1])
		if ferr != nil {
			return nil, ferr
		}
		var text datum
		if err != nil {
			text = err.Error()
		}
		return e.call(f, text)
	}
	return e.eval(n.args[1])
}

// lazyValue reports whether a value is worked out when it is read.
func lazyValue(v value) bool {
	switch v.(type) {
	case *stream, *tableValue, *feedValue, *dbValue, *function, *literal:
		return true
	}
	return false
}

func (n *node) isCall(t p.Term_TermType) bool { return n.op != nil && n.op == operators[t] }

func evalBranch(e *env, n *node) (value, error) {
	if len(n.args)%2 == 0 {
		return nil, logicError("Cannot call `branch` term with an even number of arguments.")
	}
	for i := 0; i+1 < len(n.args); i += 2 {
		v, err := e.evalDatum(n.args[i])
		if err != nil {
			return nil, err
		}
		if truthy(v) {
			return e.eval(n.args[i+1])
		}
	}
	return e.eval(n.args[len(n.args)-1])
}

func evalFuncall(e *env, n *node) (value, error) {
	args := make([]value, len(n.args)-1)
	for i, arg := range n.args[1:] {
		v, err := e.eval(arg)
		if err != nil {
			return nil, err
		}
		args[i] = v
	}
	if !n.args[0].isCall(p.Term_FUNC) {
		return e.eval(n.args[0])
	}
	f, err := e.evalFunction(n.args[0])
	if err != nil {
		return nil, err
	}
	return e.call(f, args...)
}

func evalAnd(e *env, n *node) (value, error) {
	var v datum = true
	for _, arg := range n.args {
		var err error
		if v, err = e.evalDatum(arg); err != nil || !truthy(v) {
			return v, err
		}
	}
	return v, nil
}

func evalOr(e *env, n *node) (value, error) {
	var v datum = false
	for _, arg := range n.args {
		var err error
		if v, err = e.evalDatum(arg); err != nil || truthy(v) {
			return v, err
		}
	}
	return v, nil
}

func evalNot(e *env, n *node) (value, error) {
	v, err := e.evalDatum(n.args[0])
	return !truthy(v), err
}

// data are the arguments of a term as data.
func (e *env) data(n *node) ([]datum, error) {
	args, err := e.args(n)
	if err != nil {
		return nil, err
	}
	all := make([]datum, len(args))
	for i, v := range args {
		if all[i], err = e.datum(v); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// comparing compares each argument with the next.
func comparing(holds func(int) bool) func(*env, *node) (value, error) {
	return func(e *env, n *node) (value, error) {
		args, err := e.data(n)
		if err != nil {
			return nil, err
		}
		for i := range len(args) - 1 {
			if !holds(compare(args[i], args[i+1])) {
				return false, nil
			}
		}
		return true, nil
	}
}

func evalNe(e *env, n *node) (value, error) {
	same, err := operators[p.Term_EQ].eval(e, n)
	if err != nil {
		return nil, err
	}
	return !same.(bool), nil
}

func evalAdd(e *env, n *node) (value, error) {
	args, err := e.data(n)
	if err != nil {
		return nil, err
	}
	switch args[0].(type) {
	case string:
		var all strings.Builder
		for _, arg := range args {
			s, err := expect[string](arg, "STRING")
			if err != nil {
				return nil, err
			}
			all.WriteString(s)
		}
		return all.String(), nil
	case []datum:
		all := []datum{}
		for _, arg := range args {
			list, err := expect[[]datum](arg, "ARRAY")
			if err != nil {
				return nil, err
			}
			all = append(all, list...)
		}
		return all, e.checkArray(len(all))
	}
	return calculate(args, func(a, b float64) (float64, error) { return a + b, nil })
}

func arithmetic(step func(a, b float64) (float64, error)) func(*env, *node) (value, error) {
	return func(e *env, n *node) (value, error) {
		args, err := e.data(n)
		if err != nil {
			return nil, err
		}
		return calculate(args, step)
	}
}

func calculate(args []datum, step func(a, b float64) (float64, error)) (value, error) {
	sum, err := expect[float64](args[0], "NUMBER")
	for _, arg := range args[1:] {
		if err != nil {
			return nil, err
		}
		var next float64
		if next, err = expect[float64](arg, "NUMBER"); err == nil {
			sum, err = step(sum, next)
		}
	}
	if err == nil && (math.IsInf(sum, 0) || math.IsNaN(sum)) {
		err = logicError("Non-finite number: %v", sum)
	}
	return sum, err
}

func divide(a, b float64) (float64, error) {
	if b == 0 {
		return 0, logicError("Cannot divide by zero.")
	}
	return a / b, nil
}

func evalTypeOf(e *env, n *node) (value, error) {
	v, err := e.eval(n.args[0])
	if err != nil {
		return nil, err
	}
	if r, ok := v.(*rowValue); ok {
		row, err := r.load(e)
		if err != nil || row == nil {
			return "NULL", err
		}
	}
	return kindOf(v), nil
}

func evalNow(e *env, _ *node) (value, error) {
	ms := float64(e.now.UnixMilli()) / 1000 // milliseconds are all that the real server keeps
	return object{pseudoField: "TIME", "epoch_time": ms, "timezone": "+00:00"}, nil
}

func evalToEpochTime(e *env, n *node) (value, error) {
	v, err := e.evalDatum(n.args[0])
	if err != nil {
		return nil, err
	}
	if typeName(v) != "PTYPE<TIME>" {
		return nil, wrongType(v, "PTYPE<TIME>")
	}
	return v.(object)["epoch_time"], nil
}

// listAnd are the arguments of a term that adds an element to an array.
func (e *env) listAnd(n *node) (list []datum, v datum, err error) {
	args, err := e.data(n)
	if err != nil {
		return nil, nil, err
	}
	list, err = expect[[]datum](args[0], "ARRAY")
	if err != nil {
		return nil, nil, err
	}
	return list, args[1], e.checkArray(len(list) + 1)
}

func evalAppend(e *env, n *node) (value, error) {
	list, v, err := e.listAnd(n)
	return append(list[:len(list):len(list)], v), err
}

func evalPrepend(e *env, n *node) (value, error) {
	list, v, err := e.listAnd(n)
	return append([]datum{v}, list...), err
}

func evalBinary(e *env, n *node) (value, error) {
	v, err := e.evalDatum(n.args[0])
	if err != nil || typeName(v) == "PTYPE<BINARY>" {
		return v, err
	}
	text, err := expect[string](v, "STRING")
	return object{pseudoField: "BINARY", "data": base64.StdEncoding.EncodeToString([]byte(text))}, err
}

// evalMatch answers the whole match and its groups, or null.
func evalMatch(e *env, n *node) (value, error) {
	text, err := e.evalText(n.args[0])
	if err != nil {
		return nil, err
	}
	pattern, err := e.evalText(n.args[1])
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(pattern) // RE2, as the real server has
	if err != nil {
		return nil, logicError("Error in regexp `%s` (portion `%s`): %v", pattern, pattern, err)
	}
	at := re.FindStringSubmatchIndex(text)
	if at == nil {
		return nil, nil
	}
	groups := []datum{}
	for i := 2; i < len(at); i += 2 {
		groups = append(groups, part(text, at[i], at[i+1]))
	}
	whole := part(text, at[0], at[1]).(object)
	whole["groups"] = groups
	return whole, nil
}

// part is a piece of a text as match answers it; a group without a part is null.
func part(text string, from, to int) datum {
	if from < 0 {
		return nil
	}
	return object{"start": float64(from), "end": float64(to), "str": text[from:to]}
}

func evalKeys(e *env, n *node) (value, error) {
	v, err := e.evalDatum(n.args[0])
	if err != nil {
		return nil, err
	}
	o, err := expect[object](v, "OBJECT")
	keys := []datum{}
	for _, k := range slices.SortedFunc(maps.Keys(o), cmp.Compare[string]) {
		keys = append(keys, k)
	}
	return keys, err
}

// encodeJSON writes a value as it goes over the wire, without the escapes that
// only pages need.
func encodeJSON(v any) (string, error) {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return "", logicError("Cannot convert to JSON: %s", strconv.Quote(err.Error()))
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
