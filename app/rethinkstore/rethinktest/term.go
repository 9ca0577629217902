package rethinktest

import (
	"encoding/base64"
	"fmt"
	"math"
	"slices"

	p "gopkg.in/rethinkdb/rethinkdb-go.v6/ql2"
)

// An operator is a kind of term: its number on the wire is its key in operators.
type operator struct {
	name     string // as the real server spells it
	min, max int    // arguments; a max of many has no end
	opts     []string
	moody    bool // not deterministic: its value is not the same each time, or it reads tables
	lazy     bool // evaluates its arguments itself, so that r.args must not be among them
	eval     func(*env, *node) (value, error)
}

const many = -1

// A terms table says which terms are known.
type terms map[p.Term_TermType]operator

// operators are all known terms. It is filled once and only read afterwards.
var operators = map[p.Term_TermType]*operator{}

func init() {
	for _, table := range []terms{plainTerms(), selectTerms(), sequenceTerms(), writeTerms(), adminTerms(), feedTerms()} {
		for number, op := range table {
			if operators[number] != nil {
				panic("rethinktest: two terms " + op.name)
			}
			operators[number] = &op
		}
	}
}

// A node is a term of a query, its arguments known to be of the right number.
type node struct {
	op     *operator // nil: the constant below
	value  datum
	args   []*node
	opts   map[string]*node
	parent *node
	frame  any // which argument of the parent it is: int64 or string
}

// makeObject is the operator of an object that holds terms.
var makeObject = &operator{name: "make_obj", eval: evalObject}

// parse reads a term as it came from JSON.
func parse(v any, parent *node, frame any) (*node, error) {
	n := &node{parent: parent, frame: frame}
	switch v := v.(type) {
	case nil, bool, float64, string:
		n.value = v
		return n, nil
	case map[string]any:
		return parseObject(n, v)
	case []any:
		return parseTerm(n, v)
	}
	return nil, fmt.Errorf("%T is no JSON", v)
}

func parseObject(n *node, v map[string]any) (*node, error) {
	n.op, n.opts = makeObject, make(map[string]*node, len(v))
	constant := make(object, len(v))
	for k, field := range v {
		child, err := parse(field, n, k)
		if err != nil {
			return nil, err
		}
		n.opts[k] = child
		if child.op == nil {
			constant[k] = child.value
		}
	}
	if len(constant) < len(v) {
		return n, nil
	}
	if err := checkPseudo(constant); err != nil {
		return nil, err
	}
	return &node{value: constant, parent: n.parent, frame: n.frame}, nil
}

func parseTerm(n *node, v []any) (*node, error) {
	if len(v) == 0 || len(v) > 3 {
		return nil, compileError("Expected between 1 and 3 elements in a raw term, but found %d.", len(v))
	}
	number, ok := v[0].(float64)
	if !ok {
		return nil, compileError("Expected a TermType as a NUMBER but found %s.", typeName(v[0]))
	}
	n.op = operators[p.Term_TermType(number)]
	if n.op == nil {
		return nil, unknown("the term %s (%v)", p.Term_TermType(number), number)
	}
	var args []any
	var opts map[string]any
	for _, part := range v[1:] {
		switch part := part.(type) {
		case []any:
			args = part
		case map[string]any:
			opts = part
		default:
			return nil, compileError("Expected arguments of `%s` but found %s.", n.op.name, typeName(part))
		}
	}
	for i, arg := range args {
		child, err := parse(arg, n, int64(i))
		if err != nil {
			return nil, err
		}
		n.args = append(n.args, child)
	}
	n.opts = make(map[string]*node, len(opts))
	for name, opt := range opts {
		if !slices.Contains(n.op.opts, name) {
			return nil, unknown("the optional argument `%s` of `%s`", name, n.op.name)
		}
		child, err := parse(opt, n, name)
		if err != nil {
			return nil, err
		}
		n.opts[name] = child
	}
	return n.folded(), n.checkCount(len(n.args))
}

// folded is the node, or its constant when it is an array of such: documents are
// mostly that.
func (n *node) folded() *node {
	if n.op != operators[p.Term_MAKE_ARRAY] {
		return n
	}
	all := make([]datum, len(n.args))
	for i, arg := range n.args {
		if arg.op != nil {
			return n
		}
		all[i] = arg.value
	}
	return &node{value: all, parent: n.parent, frame: n.frame}
}

// checkCount refuses a wrong number of arguments, unless r.args stands for some.
func (n *node) checkCount(have int) error {
	for _, arg := range n.args {
		if arg.op != nil && arg.op == operators[p.Term_ARGS] {
			return nil
		}
	}
	return n.op.checkCount(have)
}

func (op *operator) checkCount(have int) error {
	switch {
	case have >= op.min && (have <= op.max || op.max == many):
		return nil
	case op.max == many:
		return compileError("Expected %d or more arguments but found %d.", op.min, have)
	case op.max > op.min:
		return compileError("Expected between %d and %d arguments but found %d.", op.min, op.max, have)
	case op.min == 1:
		return compileError("Expected 1 argument but found %d.", have)
	}
	return compileError("Expected %d arguments but found %d.", op.min, have)
}

// deterministic reports whether a term has the same value each time for the same
// variables.
func (n *node) deterministic() bool {
	if n.op == nil {
		return true
	}
	if n.op.moody {
		return false
	}
	for _, arg := range n.args {
		if !arg.deterministic() {
			return false
		}
	}
	for _, opt := range n.opts {
		if !opt.deterministic() {
			return false
		}
	}
	return true
}

// checkPseudo refuses an object that says it is a pseudo type and is none that
// is known. A time is rounded in place: nobody else has it yet.
func checkPseudo(o object) error {
	kind, ok := o[pseudoField]
	if !ok {
		return nil
	}
	switch kind {
	case "BINARY":
		text, ok := o["data"].(string)
		if !ok || len(o) != 2 {
			return logicError("Invalid binary pseudotype: lacking `data` key.")
		}
		if _, err := base64.StdEncoding.DecodeString(text); err != nil {
			return logicError("Invalid base64 format: %v.", err)
		}
		return nil
	case "TIME":
		_, number := o["epoch_time"].(float64)
		_, zone := o["timezone"].(string)
		if !number || !zone || len(o) != 3 {
			return logicError("Invalid time object constructed (no field `epoch_time` or `timezone`):\n%s", show(o))
		}
		o["epoch_time"] = math.Round(o["epoch_time"].(float64)*1000) / 1000 // all that the real server keeps
		return nil
	case "LITERAL":
		return unknown("an object of the type %v outside r.literal", kind)
	}
	return unknown("the type %v of %s", kind, pseudoField)
}
