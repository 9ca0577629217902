package query

import (
	"maps"
	"slices"
	"strings"

	"lyceum/app"
	"lyceum/app/schema"
)

// options of a query. (Q6)
type options struct {
	limit                int
	order                []order
	changes, delete, set bool
	after                *app.Position
}

// order is one field of order_by.
type order struct {
	path       []string
	field      *schema.Field
	descending bool
}

// maxOrder bounds order_by: what people sort by has one or two fields.
const maxOrder = 4

func parseOptions(t *schema.Table, given app.Row) (options, error) {
	var o options
	for _, name := range slices.Sorted(maps.Keys(given)) {
		v := given[name]
		var err error
		switch name {
		case "limit":
			err = o.setLimit(t, v)
		case "order_by":
			err = o.setOrder(t, v)
		case "changes":
			err = setBool(name, v, &o.changes)
		case "delete":
			err = setBool(name, v, &o.delete)
		case "set":
			err = setBool(name, v, &o.set)
		case "after":
			err = o.setAfter(v)
		default:
			err = app.Errorf(app.Invalid, "There is no option %q; the options are %s.", name, schema.And(schema.OptionNames()))
		}
		if err != nil {
			return options{}, err
		}
	}
	return o, nil
}

func setBool(name string, v any, to *bool) error {
	b, ok := v.(bool)
	if !ok {
		return app.Errorf(app.Invalid, "options.%s must be true or false.", name)
	}
	*to = b
	return nil
}

func (o *options) setLimit(t *schema.Table, v any) error {
	n, ok := v.(int64)
	if !ok || n < 1 || n > int64(t.MaxRows()) {
		return app.Errorf(app.Invalid, "options.limit of %s must be an integer between 1 and %d.", t.Name, t.MaxRows())
	}
	o.limit = int(n)
	return nil
}

func (o *options) setOrder(t *schema.Table, v any) error {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	if len(list) == 0 || len(list) > maxOrder {
		return app.Errorf(app.Invalid, "options.order_by names between 1 and %d fields.", maxOrder)
	}
	for _, e := range list {
		name, ok := e.(string)
		if !ok {
			return app.Errorf(app.Invalid, "options.order_by must be the name of a field, or a list of names; \"-\" before a name descends.")
		}
		by := order{}
		name, by.descending = strings.CutPrefix(name, "-")
		by.path = strings.Split(name, ".")
		f := t.Field(by.path[0])
		if f == nil || f.Hidden || f.Input {
			return schema.NoField(t.Name, by.path[0], t.Visible())
		}
		for i, part := range by.path[1:] {
			below := f.Field(part)
			if below == nil || below.Hidden {
				return f.NoSub(t.Name+"."+strings.Join(by.path[:i+1], "."), part)
			}
			f = below
		}
		if f.Type == schema.Object || f.Type == schema.Map || f.Type == schema.List {
			return app.Errorf(app.Invalid, "%s.%s has no order; name a field below it.", t.Name, name)
		}
		by.field = f
		o.order = append(o.order, by)
	}
	return nil
}

func (o *options) setAfter(v any) error {
	row, _ := v.(app.Row)
	log, isLog := row["log"].(string)
	n, isN := row["n"].(int64)
	if !isLog || !isN || len(row) != 2 {
		return app.Errorf(app.Invalid, "options.after must be a position as an answer gave it: {\"log\": …, \"n\": …}.")
	}
	o.after = &app.Position{Log: log, N: n}
	return nil
}
