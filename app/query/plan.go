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
}

// plan chooses the index that fixes most fields. Where none does, the caller's
// own keys (projects, account) are fixed one after the other; only what an
// administrator or anyone may see as a whole is read as a whole.
func (q *ask) plan(s scope) plan {
	if len(s.keys) == 0 {
		return plan{}
	}
	r, ordered, found := q.span(q.eq)
	if found || s.field == "" {
		return plan{[]app.Range{r}, ordered}
	}
	p := plan{}
	for _, key := range slices.Sorted(maps.Keys(s.keys)) {
		eq := maps.Clone(q.eq)
		eq[s.field] = key
		r, ordered, _ := q.span(eq)
		p.ranges = append(p.ranges, r)
		p.ordered = ordered && len(s.keys) == 1
	}
	return p
}

// span returns the narrowest range for some fixed fields; found is false if it
// is the whole table.
func (q *ask) span(eq map[string]any) (r app.Range, ordered, found bool) {
	t := q.table
	if id, ok := t.ID(eq); ok {
		at := &app.Bound{Value: id}
		return app.Range{Table: t.Stored(), From: at, To: at}, true, true
	}
	parts := prefix(t.Key, eq)
	best := app.Range{Table: t.Stored()}
	ordered = q.descends(&best, t.Key[len(parts):])
	if len(parts) > 0 {
		id := schema.JoinID(parts...)
		best.From, best.To = &app.Bound{Value: id + "/"}, &app.Bound{Value: id + "0", Open: true} // "0" follows "/"
		if next := t.Field(t.Key[len(parts)]); next.Type == schema.Int {
			q.bound(next.Name, func(v any) any { return schema.JoinID(append(slices.Clone(parts), v)...) }, &best)
		}
	}
	most := len(parts)
	for _, index := range t.Indexes {
		values := prefix(index.Fields, eq)
		if len(values) <= most {
			continue
		}
		most = len(values)
		best = app.Range{Table: t.Stored(), Index: index.Name, Prefix: values}
		rest := index.Fields[most:]
		ordered = q.descends(&best, append(slices.Clone(rest), "id"))
		if len(rest) > 0 {
			q.bound(rest[0], func(v any) any { return v }, &best)
		}
	}
	return best, ordered, most > 0
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
	case r.Index == "" && len(rest) > 1:
		return false // ids order by the other parts first
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
