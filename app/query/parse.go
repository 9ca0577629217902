package query

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"lyceum/app"
	"lyceum/app/schema"
)

type op int

const (
	opGet op = iota
	opSet
	opDelete
)

// ask is one query, understood.
type ask struct {
	table *schema.Table
	op    op
	list  bool
	sum   []byte         // of a watch: equal for equal ones
	shape []*node        // of a get
	eq    map[string]any // the top-level equality leaves of a get
	given app.Row        // of a set or delete
	opts  options

	looked int // rows that the get has looked at
}

// parse understands one query; it asks nobody for permission. (Q1 to Q6)
func parse(query any, given app.Row) (*ask, error) {
	object, ok := query.(app.Row)
	if !ok {
		return nil, app.Errorf(app.Invalid, "A query is an object with one key, the name of a table.")
	}
	if len(object) != 1 {
		return nil, app.Errorf(app.Invalid, "A query is an object with one key, the name of a table; this has %d keys.", len(object))
	}
	q := &ask{}
	var value any
	for name, v := range object {
		t, ok := schema.Lookup(name)
		if !ok || !t.Public() {
			return nil, app.Errorf(app.Invalid, "There is no table %q.", name)
		}
		q.table, value = t, v
	}
	if list, ok := value.([]any); ok {
		if len(list) != 1 {
			return nil, app.Errorf(app.Invalid, "The value of %s is an object, or a list of exactly one object; this list has %d.", q.table.Name, len(list))
		}
		q.list, value = true, list[0]
	}
	row, ok := value.(app.Row)
	if !ok {
		return nil, app.Errorf(app.Invalid, "The value of %s is an object, or a list of exactly one object.", q.table.Name)
	}
	var err error
	if q.opts, err = parseOptions(q.table, given); err != nil {
		return nil, err
	}
	switch {
	case q.opts.delete:
		q.op = opDelete
	case q.opts.set || !hasNull(row):
		q.op = opSet
	}
	if q.op != opGet {
		return q, q.parseSet(row)
	}
	return q, q.parseGet(row, given)
}

func hasNull(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case app.Row:
		for _, e := range v {
			if hasNull(e) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, hasNull)
	}
	return false
}

func (q *ask) parseSet(row app.Row) error {
	switch {
	case q.list:
		return app.Errorf(app.Invalid, "A set of %s is one object, not a list; a get asks for something by null.", q.table.Name)
	case q.opts.changes:
		return app.Errorf(app.Invalid, "Only a get can be watched; a get asks for something by null.")
	case q.opts.limit != 0 || q.opts.order != nil || q.opts.after != nil:
		return app.Errorf(app.Invalid, "limit, order_by and after are options of a get.")
	case q.op == opDelete && hasNull(row):
		return app.Errorf(app.Invalid, "A delete of %s names %s and asks for nothing.", q.table.Name, schema.And(q.table.Key))
	}
	q.given = row
	return nil
}

func (q *ask) parseGet(row, given app.Row) error {
	if q.opts.changes && !q.list {
		return app.Errorf(app.Invalid, "A watch asks for a list: {%q: [{…}]}.", q.table.Name)
	}
	if q.opts.changes && q.table.Source {
		return app.Errorf(app.Invalid, "%s cannot be watched.", q.table.Name)
	}
	if q.opts.after != nil && !q.opts.changes {
		return app.Errorf(app.Invalid, "options.after is for a watch.")
	}
	q.eq = make(map[string]any)
	q.shape = make([]*node, 0, len(row))
	for _, name := range slices.Sorted(maps.Keys(row)) {
		f := q.table.Field(name)
		if f == nil || f.Hidden || f.Input && !q.table.Source {
			return schema.NoField(q.table.Name, name, q.table.Visible())
		}
		n, err := newNode(q.table.Name, name, f, row[name])
		if err != nil {
			return err
		}
		q.shape = append(q.shape, n)
		if v, ok := n.equals(); ok {
			q.eq[name] = v
		}
	}
	if q.opts.changes {
		q.sum = sum(q.table.Name, row, given)
	}
	return nil
}

// sum is equal for queries that ask the same in the same order.
func sum(table string, row, options app.Row) []byte {
	// Maps are printed in the order of their keys, strings are quoted: two
	// queries look alike only if they are.
	text := sha256.Sum256(fmt.Appendf(nil, "%q %#v %#v %#v", table, row, options["limit"], options["order_by"]))
	return text[:]
}
