package query

import (
	"maps"
	"math"
	"slices"

	"lyceum/app"
	"lyceum/app/schema"
)

// node is one field of a get: what is asked of it, and what it must be.
type node struct {
	name  string
	field *schema.Field
	tests []test  // of a scalar
	below []*node // of an object or map of which a part is asked
}

// test is one comparison.
type test struct {
	op    string
	value any
	list  []any // of "in"
}

// maxIn bounds the list of "in": the rows of a page.
const maxIn = 1000

// newNode understands what a get says of one field. (Q4)
func newNode(above, name string, f *schema.Field, v any) (*node, error) {
	n := &node{name: name, field: f}
	if v == nil {
		return n, nil
	}
	path := above + "." + name
	object, isObject := v.(app.Row)
	switch f.Type {
	case schema.List:
		return nil, app.Errorf(app.Invalid, "%s can only be asked for with null.", path)
	case schema.Object, schema.Map:
		if !isObject {
			return nil, app.Errorf(app.Invalid, "%s is asked for with null or with an object.", path)
		}
		return n, n.descend(path, object)
	}
	if !isObject {
		return n, n.test(path, "==", v)
	}
	if len(object) == 0 {
		return nil, app.Errorf(app.Invalid, "%s needs a value or an operator; the operators are %s.", path, schema.And(schema.Operators))
	}
	for _, op := range slices.Sorted(maps.Keys(object)) {
		if err := n.test(path, op, object[op]); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func (n *node) descend(path string, object app.Row) error {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		f := n.field.Field(name)
		if f == nil || f.Hidden {
			return n.field.NoSub(path, name)
		}
		below, err := newNode(path, name, f, object[name])
		if err != nil {
			return err
		}
		n.below = append(n.below, below)
	}
	return nil
}

func (n *node) test(path, op string, v any) error {
	if !slices.Contains(schema.Operators, op) {
		return app.Errorf(app.Invalid, "%s has no operator %q; the operators are %s.", path, op, schema.And(schema.Operators))
	}
	// A filter may be longer than any value, it then finds nothing.
	f := schema.Field{Type: n.field.Type, OneOf: n.field.OneOf}
	if f.Type == schema.String || f.Type == schema.ID || f.Type == schema.Bytes {
		f.Max = math.MaxInt32
	}
	t := test{op: op}
	if op != "in" {
		var err error
		if t.value, err = f.Clean(path, v); err != nil {
			return err
		}
		n.tests = append(n.tests, t)
		return nil
	}
	list, ok := v.([]any)
	if !ok || len(list) > maxIn {
		return app.Errorf(app.Invalid, "%s: in needs a list of at most %d values.", path, maxIn)
	}
	for _, e := range list {
		clean, err := f.Clean(path, e)
		if err != nil {
			return err
		}
		t.list = append(t.list, clean)
	}
	n.tests = append(n.tests, t)
	return nil
}

// equals returns the value that the field must have, if it is one.
func (n *node) equals() (any, bool) {
	if len(n.tests) == 1 && n.tests[0].op == "==" {
		return n.tests[0].value, true
	}
	return nil, false
}

// filtered reports whether the node or one below it filters.
func (n *node) filtered() bool {
	return len(n.tests) > 0 || slices.ContainsFunc(n.below, (*node).filtered)
}

// match reports whether a stored value passes the filters.
func (n *node) match(stored any) bool {
	if len(n.tests) > 0 {
		if stored == nil {
			stored = n.field.Default
		}
		for _, t := range n.tests {
			if !t.holds(stored) {
				return false
			}
		}
	}
	row, _ := stored.(app.Row)
	for _, b := range n.below {
		if !b.match(row[b.name]) {
			return false
		}
	}
	return true
}

// holds compares a value; nil is one that is missing, equal to nothing.
func (t test) holds(v any) bool {
	if t.op == "in" {
		return slices.ContainsFunc(t.list, func(e any) bool { return v != nil && compare(v, e) == 0 })
	}
	if v == nil {
		return t.op == "!="
	}
	c := compare(v, t.value)
	switch t.op {
	case "==":
		return c == 0
	case "!=":
		return c != 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

// read returns what the node asks of a stored value, nil for nothing.
func (n *node) read(stored any) any {
	if len(n.below) == 0 {
		return n.field.Read(stored)
	}
	row, _ := stored.(app.Row)
	out := make(app.Row, len(n.below))
	for _, b := range n.below {
		if v := b.read(row[b.name]); v != nil {
			out[b.name] = v
		}
	}
	if len(out) == 0 && stored == nil {
		return nil
	}
	return out
}

// match reports whether a stored row passes the filters of the get.
func (q *ask) match(row app.Row) bool {
	for _, n := range q.shape {
		if !n.match(row[n.name]) {
			return false
		}
	}
	return true
}

// project returns what the get asks of a stored row, and its key.
func (q *ask) project(row app.Row) app.Row {
	out := make(app.Row, len(q.shape)+len(q.table.Key))
	for _, name := range q.table.Key {
		if v, ok := row[name]; ok {
			out[name] = v
		}
	}
	for _, n := range q.shape {
		if v := n.read(row[n.name]); v != nil {
			out[n.name] = v
		}
	}
	return out
}
