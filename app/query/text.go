package query

import (
	"maps"
	"slices"
	"strings"

	"lyceum/app"
	"lyceum/app/schema"
)

// anything stands in a text for whatever somebody has written or looks for.
const anything = "?"

// text returns the query as an administrator may read it: tables, fields,
// operators and options are there, values are not. The keys of a map are values
// as well (accounts, names of files), and so is a name that the schema does not
// know. What the schema bounds in number bounds its length.
func (q *ask) text() string {
	var text string
	if q.op == opGet {
		text = askedText(q.shape, false)
	} else {
		text = givenText(&schema.Field{Type: schema.Object, Fields: q.table.Fields}, q.given)
	}
	if q.list {
		text = "[" + text + "]"
	}
	return objectText(map[string]string{q.table.Name: text}) + q.opts.text()
}

// askedText is what a get asks; keys tells that the names are keys of a map.
func askedText(nodes []*node, keys bool) string {
	parts := make(map[string]string, len(nodes))
	for _, n := range nodes {
		name := n.name
		if keys {
			name = anything
		}
		parts[name] = n.text()
	}
	return objectText(parts)
}

func (n *node) text() string {
	if _, equal := n.equals(); equal {
		return anything
	}
	if len(n.tests) > 0 {
		parts := make(map[string]string, len(n.tests))
		for _, t := range n.tests {
			parts[t.op] = anything
		}
		return objectText(parts)
	}
	if len(n.below) > 0 {
		return askedText(n.below, n.field.Type == schema.Map)
	}
	return "null"
}

// givenText is what a set gives for a field.
func givenText(f *schema.Field, v any) string {
	row, isRow := v.(app.Row)
	if !isRow || f == nil || f.Type != schema.Object && f.Type != schema.Map {
		return anything
	}
	parts := make(map[string]string, len(row))
	for _, name := range slices.Sorted(maps.Keys(row)) {
		below, text := f.Field(name), anything
		if name != unsetKey {
			text = givenText(below, row[name])
			if below == nil || f.Type == schema.Map {
				name = anything
			}
		}
		parts[name] = text
	}
	return objectText(parts)
}

func objectText(parts map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(`"` + name + `": ` + parts[name])
	}
	return "{" + b.String() + "}"
}

// text is the options that were given.
func (o options) text() string {
	var b strings.Builder
	add := func(given bool, text string) {
		if given {
			b.WriteString(" " + text)
		}
	}
	add(o.limit > 0, "limit "+anything)
	add(len(o.order) > 0, "order_by "+orderText(o.order))
	add(o.after != nil, "after "+anything)
	add(o.changes, "changes")
	add(o.delete, "delete")
	add(o.set, "set")
	return b.String()
}

// orderText names fields; what is below one may be a key of a map.
func orderText(fields []order) string {
	names := make([]string, 0, len(fields))
	for _, by := range fields {
		name := by.path[0]
		if len(by.path) > 1 {
			name += "." + anything
		}
		if by.descending {
			name = "-" + name
		}
		names = append(names, name)
	}
	return strings.Join(names, ",")
}
