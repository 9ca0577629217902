package rethinktest

import (
	"context"
	"errors"
	"time"

	p "gopkg.in/rethinkdb/rethinkdb-go.v6/ql2"
)

// A value is what a term gives: a datum, or one of *dbValue, *tableValue,
// *rowValue, *stream, *function and *feedValue.
type value any

// An env is what a query runs in.
type env struct {
	ctx   context.Context
	conn  *conn // nil inside index functions, which reach no table
	opts  queryOptions
	now   time.Time
	scope *scope
}

// A scope holds the variables of the functions that are being called.
type scope struct {
	outer    *scope
	names    []float64
	values   []value
	implicit bool // the one argument is r.row too
}

// A function is a term that takes arguments, with what it has captured.
type function struct {
	params []float64
	body   *node
	scope  *scope
}

// literal is what r.literal gives, until a merge takes it.
type literal struct {
	value datum
	gone  bool // r.literal(): the field goes
}

// eval works a term out. The error of a term says where it was.
func (e *env) eval(n *node) (value, error) {
	if n.op == nil {
		return n.value, nil
	}
	if err := e.ctx.Err(); err != nil {
		return nil, err
	}
	v, err := n.op.eval(e, n)
	if q, ok := errors.AsType[*queryError](err); ok && q.at == nil {
		q.at = n
	}
	return v, err
}

// args are the arguments of a term, with those that r.args stands for.
func (e *env) args(n *node) ([]value, error) {
	all := make([]value, 0, len(n.args))
	for _, arg := range n.args {
		v, err := e.eval(arg)
		if err != nil {
			return nil, err
		}
		if arg.op == nil || arg.op != operators[p.Term_ARGS] {
			all = append(all, v)
			continue
		}
		list, err := e.datum(v)
		if err != nil {
			return nil, err
		}
		for _, element := range list.([]datum) {
			all = append(all, element)
		}
	}
	return all, n.op.checkCount(len(all))
}

// kindOf is the type of a value as errors name it.
func kindOf(v value) string {
	switch v := v.(type) {
	case *dbValue:
		return "DATABASE"
	case *tableValue:
		return "TABLE"
	case *rowValue:
		return "SELECTION<OBJECT>"
	case *stream:
		return v.kind
	case *feedValue:
		return "STREAM"
	case *function:
		return "FUNCTION"
	case *literal:
		return "PTYPE<LITERAL>"
	}
	return typeName(v)
}

// datum makes a value one that can be stored or sent. Of sequences only arrays
// are: the rest has to be asked for with coerceTo.
func (e *env) datum(v value) (datum, error) {
	switch v := v.(type) {
	case *rowValue:
		return v.load(e)
	case *stream:
		if v.isArray() {
			return v.array(e)
		}
		return nil, logicError("Expected type DATUM but found %s:\n%s", kindOf(v), describe(v))
	case *tableValue, *dbValue, *function, *feedValue:
		return nil, logicError("Expected type DATUM but found %s.", kindOf(v))
	case *literal:
		return nil, logicError("Stray literal keyword found: literal is only present inside merge and cannot nest inside another literal.")
	}
	return v, nil
}

func (e *env) evalDatum(n *node) (datum, error) {
	v, err := e.eval(n)
	if err != nil {
		return nil, err
	}
	return e.datum(v)
}

// expect is a datum of one type.
func expect[T datum](v datum, name string) (T, error) {
	t, ok := v.(T)
	if !ok || (name == "OBJECT" && typeName(v) != name) {
		var none T
		return none, wrongType(v, name)
	}
	return t, nil
}

// wrongType is the error of a value that is not of a type. That null is none is
// an error of its own, which default() catches.
func wrongType(v datum, name string) error {
	if v == nil {
		return missingError("Expected type %s but found NULL.", name)
	}
	return logicError("Expected type %s but found %s.", name, kindOf(v))
}

func (e *env) evalText(n *node) (string, error) {
	v, err := e.evalDatum(n)
	if err != nil {
		return "", err
	}
	return expect[string](v, "STRING")
}

func (e *env) evalNumber(n *node) (float64, error) {
	v, err := e.evalDatum(n)
	if err != nil {
		return 0, err
	}
	return expect[float64](v, "NUMBER")
}

func (e *env) evalInt(n *node) (int, error) {
	f, err := e.evalNumber(n)
	if err == nil && f != float64(int(f)) {
		return 0, logicError("Number not an integer: %s", showNumber(f))
	}
	return int(f), err
}

// option is the value of an optional argument of type T, or the one given when it is left out.
func option[T datum](e *env, n *node, name string, otherwise T) (T, error) {
	opt := n.opts[name]
	if opt == nil {
		return otherwise, nil
	}
	v, err := e.evalDatum(opt)
	if err != nil {
		return otherwise, err
	}
	t, ok := v.(T)
	if !ok {
		return otherwise, logicError("Expected type %s but found %s.", typeName(otherwise), kindOf(v))
	}
	return t, nil
}

// truthy is how ReQL reads a value as a condition.
func truthy(v datum) bool { return v != nil && v != false }

// call calls a function with values.
func (e *env) call(f *function, args ...value) (value, error) {
	if len(f.params) != len(args) {
		return nil, logicError("Expected function with %d arguments but found function with %d arguments.", len(args), len(f.params))
	}
	inner := *e
	inner.scope = &scope{outer: f.scope, names: f.params, values: args, implicit: len(args) == 1}
	return inner.eval(f.body)
}

func (e *env) callDatum(f *function, args ...value) (datum, error) {
	v, err := e.call(f, args...)
	if err != nil {
		return nil, err
	}
	return e.datum(v)
}

// evalFunction is the function that an argument is. A value that is none stands
// for the function that answers it.
func (e *env) evalFunction(n *node) (*function, error) {
	if n.op != nil && n.op == operators[p.Term_FUNC] {
		v, err := e.eval(n)
		if err != nil {
			return nil, err
		}
		return v.(*function), nil
	}
	return nil, logicError("Expected type FUNCTION but found %s.", nodeKind(e, n))
}

func nodeKind(e *env, n *node) string {
	v, err := e.eval(n)
	if err != nil {
		return "an error: " + err.Error()
	}
	return kindOf(v)
}

func evalFunc(e *env, n *node) (value, error) {
	ids := n.args[0].value
	list, ok := ids.([]datum)
	if !ok {
		return nil, compileError("Expected the variables of a function but found %s.", typeName(ids))
	}
	f := &function{body: n.args[1], scope: e.scope}
	for _, id := range list {
		number, ok := id.(float64)
		if !ok {
			return nil, compileError("Expected the number of a variable but found %s.", typeName(id))
		}
		f.params = append(f.params, number)
	}
	return f, nil
}

func evalVar(e *env, n *node) (value, error) {
	id, err := e.evalNumber(n.args[0])
	if err != nil {
		return nil, err
	}
	for s := e.scope; s != nil; s = s.outer {
		for i, name := range s.names {
			if name == id {
				return s.values[i], nil
			}
		}
	}
	return nil, compileError("Variable name not found.")
}

func evalImplicit(e *env, _ *node) (value, error) {
	for s := e.scope; s != nil; s = s.outer {
		if s.implicit {
			return s.values[0], nil
		}
	}
	return nil, compileError("r.row is not defined in this context.")
}

func evalObject(e *env, n *node) (value, error) {
	o := make(object, len(n.opts))
	for k, field := range n.opts {
		v, err := e.eval(field)
		if err != nil {
			return nil, err
		}
		if _, ok := v.(*literal); ok {
			o[k] = v // merge takes it, everything else refuses it
			continue
		}
		if o[k], err = e.datum(v); err != nil {
			return nil, err
		}
	}
	return o, checkPseudo(o)
}

func evalArray(e *env, n *node) (value, error) {
	args, err := e.args(n)
	if err != nil {
		return nil, err
	}
	list := make([]datum, len(args))
	for i, v := range args {
		if list[i], err = e.datum(v); err != nil {
			return nil, err
		}
	}
	return list, e.checkArray(len(list))
}

// checkArray refuses an array that is longer than the query allows.
func (e *env) checkArray(n int) error {
	if n > e.opts.arrayLimit {
		return arrayTooLong(e.opts.arrayLimit)
	}
	return nil
}
