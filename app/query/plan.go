package query

import (
	"maps"
	"slices"

	"lyceum/app"
	"lyceum/app/schema"
)

// plan says how the rows of a get are found.
type plan struct {
	ranges []app.Range
	// ordered: the rows come in the order that the get asks for, so that reading
	// may stop early.
	ordered bool
	// first is in that order too, but rows move in it while it is read: between
	// two pages one could be missed. It is believed if one page is enough, and
	// else the ranges are read.
	first *app.Range
}

// path is one way to find the rows: a range of one index.
type path struct {
	app.Range
	fixed   int  // how many fields of the index the filter fixes
	ordered bool // rows come as the get asks for
	still   bool // a row that stays in the range keeps its place in it
}

// plan chooses the index that fixes most fields. Where the rows of an account
// are found by an index (schema.Table.People) the caller is one of these fields;
// elsewhere the caller's own keys (projects, account) are fixed one after the
// other. Only what an administrator or anyone may see as a whole is read as a
// whole. What is found is a superset: collector.take asks for each row.
func (q *ask) plan(s scope) plan {
	if len(s.keys) == 0 && s.may == nil {
		return plan{}
	}
	eq := q.eq
	if q.table.People != "" && s.account != "" && (len(s.keys) > 1 || s.may != nil) {
		eq = maps.Clone(q.eq)
		eq[q.table.People+".*"] = s.account
	}
	paths := q.paths(eq)
	if best := choose(paths); best.fixed > 0 || s.field == "" {
		return planOf(best, paths)
	}
	p := plan{ordered: len(s.keys) == 1}
	for _, key := range slices.Sorted(maps.Keys(s.keys)) {
		eq := maps.Clone(q.eq)
		eq[s.field] = key
		best := choose(q.paths(eq))
		p.ranges = append(p.ranges, best.Range)
		p.ordered = p.ordered && best.ordered && best.still
	}
	return p
}

// planOf is the plan of one path. If rows move in it, the best of those in which
// none does is what is read as a whole.
func planOf(best path, paths []path) plan {
	if best.still || !best.ordered {
		return plan{ranges: []app.Range{best.Range}, ordered: best.ordered}
	}
	still := choose(slices.DeleteFunc(slices.Clone(paths), func(p path) bool { return !p.still }))
	return plan{ranges: []app.Range{still.Range}, ordered: still.ordered, first: &best.Range}
}

// choose returns the path that fixes most fields; among equals one in the order
// that is asked for, then one in which no row moves.
func choose(paths []path) path {
	return slices.MaxFunc(paths, func(a, b path) int {
		switch {
		case a.fixed != b.fixed:
			return a.fixed - b.fixed
		case a.ordered != b.ordered:
			return bit(a.ordered) - bit(b.ordered)
		}
		return bit(a.still) - bit(b.still)
	})
}

// paths returns the ways to find rows with some fixed fields: always the primary
// key, which may be the whole table, and the indexes that narrow it.
func (q *ask) paths(eq map[string]any) []path {
	t := q.table
	if id, ok := t.ID(eq); ok {
		at := &app.Bound{Value: id}
		return []path{{app.Range{Table: t.Stored(), From: at, To: at}, len(t.Key) + 1, true, true}}
	}
	paths := []path{q.primary(eq)}
	for _, index := range t.Indexes {
		values := prefix(index.Fields, eq)
		if len(values) == 0 || !t.Whole(index) {
			continue
		}
		p := path{app.Range{Table: t.Stored(), Index: index.Name, Prefix: values}, len(values), false, true}
		rest := index.Fields[len(values):]
		p.ordered = q.descends(&p.Range, append(slices.Clone(rest), "id"))
		for _, name := range rest {
			p.still = p.still && t.Constant(name)
		}
		if len(rest) > 0 {
			q.bound(rest[0], func(v any) any { return v }, &p.Range)
		}
		paths = append(paths, p)
	}
	return paths
}

// primary is the path by the primary key.
func (q *ask) primary(eq map[string]any) path {
	t := q.table
	parts := prefix(t.Key, eq)
	p := path{app.Range{Table: t.Stored()}, len(parts), false, true}
	p.ordered = q.descends(&p.Range, t.Key[len(parts):])
	if len(parts) == 0 {
		return p
	}
	id := schema.JoinID(parts...)
	p.From, p.To = &app.Bound{Value: id + "/"}, &app.Bound{Value: id + "0", Open: true} // "0" follows "/"
	if next := t.Field(t.Key[len(parts)]); next.Type == schema.Int {
		q.bound(next.Name, func(v any) any { return schema.JoinID(append(slices.Clone(parts), v)...) }, &p.Range)
	}
	return p
}

// prefix returns the values of the first fields that are fixed.
func prefix(fields []string, eq map[string]any) []any {
	var values []any
	for _, name := range fields {
		v, ok := eq[name]
		if !ok {
			break
		}
		values = append(values, v)
	}
	return values
}

// descends reports whether an index whose further fields are rest gives the
// order that is asked for, and sets the direction.
func (q *ask) descends(r *app.Range, rest []string) bool {
	switch {
	case len(q.opts.order) == 0:
		return r.Index == "" || len(rest) == 1 // in the order of ids
	case len(q.opts.order) > 1 || len(q.opts.order[0].path) > 1 || rest[0] != q.opts.order[0].path[0]:
		return false
	case r.Index == "" && len(rest) > 1, r.Index != "" && len(rest) > 2:
		return false // other fields decide between equals before ids do
	}
	r.Descending = q.opts.order[0].descending
	return true
}

// bound narrows a range by the comparisons of the field after its prefix.
func (q *ask) bound(field string, value func(any) any, r *app.Range) {
	i := slices.IndexFunc(q.shape, func(n *node) bool { return n.name == field })
	if i < 0 {
		return
	}
	for _, t := range q.shape[i].tests {
		if n, ok := t.value.(int64); !ok || n < 0 {
			continue // keys hold no negative numbers, and the filter is asked anyway
		}
		b := &app.Bound{Value: value(t.value), Open: t.op == ">" || t.op == "<"}
		switch t.op {
		case ">", ">=":
			r.From = b
		case "<", "<=":
			r.To = b
		}
	}
}
