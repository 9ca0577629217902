package rethinktest

import (
	"slices"
	"strings"

	p "gopkg.in/rethinkdb/rethinkdb-go.v6/ql2"
)

// evalOrderBy sorts by an index, which is lazy, or by fields and functions,
// which reads everything.
func evalOrderBy(e *env, n *node) (value, error) {
	v, err := e.eval(n.args[0])
	if err != nil {
		return nil, err
	}
	if n.opts["index"] != nil {
		return e.orderByIndex(n, v)
	}
	if len(n.args) < 2 {
		return nil, logicError("Must specify something to order by.")
	}
	s, err := e.sequence(v)
	if err != nil {
		return nil, err
	}
	orders := make([]ordering, len(n.args)-1)
	for i, arg := range n.args[1:] {
		if orders[i], err = e.ordering(arg); err != nil {
			return nil, err
		}
	}
	kind := "ARRAY"
	if s.table != nil {
		kind = "SELECTION<ARRAY>"
	}
	return s.eager(kind, func(e *env, items []item) ([]item, error) {
		if err := e.checkArray(len(items)); err != nil {
			return nil, err
		}
		return e.sorted(items, orders)
	}), nil
}

func (e *env) orderByIndex(n *node, v value) (value, error) {
	if len(n.args) > 1 {
		return nil, unknown("`order_by` by an index and by fields at once")
	}
	s, err := e.rangeOf(v)
	if err != nil {
		return nil, logicError("Indexed order_by can only be performed on a TABLE or TABLE_SLICE.")
	}
	if s.order != 0 {
		return nil, logicError("Cannot perform multiple indexed ORDER_BYs on the same TABLE.")
	}
	by, down := direction(n.opts["index"])
	index, err := e.evalText(by)
	if err != nil {
		return nil, err
	}
	if s.bounded && (&source{table: s.table, index: index}).usesPrimary() != s.usesPrimary() || s.bounded && !s.usesPrimary() && index != s.index {
		return nil, logicError("Cannot order by index `%s` after calling BETWEEN on index `%s`.", index, s.index)
	}
	s.index, s.order = index, 1
	if down {
		s.order = -1
	}
	return selection("TABLE_SLICE", s), nil
}

// direction takes asc or desc off a term.
func direction(n *node) (by *node, down bool) {
	if n.isCall(p.Term_ASC) || n.isCall(p.Term_DESC) {
		return n.args[0], n.isCall(p.Term_DESC)
	}
	return n, false
}

// An ordering is a field or a function to sort by.
type ordering struct {
	field string
	fn    *function
	down  bool
}

func (e *env) ordering(n *node) (ordering, error) {
	by, down := direction(n)
	if by.isCall(p.Term_FUNC) {
		f, err := e.evalFunction(by)
		return ordering{fn: f, down: down}, err
	}
	field, err := e.evalText(by)
	return ordering{field: field, down: down}, err
}

// key is what an element is sorted by; an element without it comes first (81).
func (o ordering) key(e *env, v datum) (string, error) {
	if o.fn == nil {
		doc, err := expect[object](v, "OBJECT")
		if err != nil {
			return "", err
		}
		field, ok := doc[o.field]
		if !ok {
			return "", nil
		}
		return orderKey(field), nil
	}
	k, err := e.callDatum(o.fn, v)
	if isMissing(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return orderKey(k), nil
}

func (e *env) sorted(items []item, orders []ordering) ([]item, error) {
	type keyed struct {
		item
		keys []string
	}
	all := make([]keyed, len(items))
	for i, it := range items {
		all[i].item = it
		for _, o := range orders {
			k, err := o.key(e, it.value)
			if err != nil {
				return nil, err
			}
			all[i].keys = append(all[i].keys, k)
		}
	}
	slices.SortStableFunc(all, func(a, b keyed) int {
		for i, o := range orders {
			c := strings.Compare(a.keys[i], b.keys[i])
			if o.down {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	out := make([]item, len(all))
	for i, k := range all {
		out[i] = k.item
	}
	return out, nil
}
