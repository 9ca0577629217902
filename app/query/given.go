package query

import (
	"maps"
	"slices"

	"lyceum/app"
	"lyceum/app/schema"
)

// unset is what a set gives to remove a key. (Q7)
type unset struct{}

const unsetKey = "$unset"

// clean checks what a set gives, field by field, and returns it in stored form;
// values to remove are unset{}. (Q5, Q8)
func clean(t *schema.Table, given app.Row, creating bool) (app.Row, error) {
	out := make(app.Row, len(given))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		f := t.Field(name)
		switch {
		case f == nil || f.Hidden:
			return nil, schema.NoField(t.Name, name, t.Visible())
		case t.IsKey(name) && f.Force == schema.Free:
			// Names the row; whether it may be chosen is asked elsewhere.
			v, err := f.Clean(t.Name+"."+name, given[name])
			if err != nil {
				return nil, err
			}
			out[name] = v
			continue
		case f.Force != schema.Free || !f.Settable():
			return nil, app.Errorf(app.Invalid, "%s.%s is set by the server; a set of %s may name %s.", t.Name, name, t.Name, schema.And(t.Settable()))
		}
		v, err := cleanValue(t.Name+"."+name, f, given[name])
		if err != nil {
			return nil, err
		}
		if _, gone := v.(unset); gone && creating {
			continue
		}
		out[name] = v
	}
	return out, nil
}

func cleanValue(path string, f *schema.Field, v any) (any, error) {
	object, isObject := v.(app.Row)
	if _, marked := object[unsetKey]; v == nil || isObject && marked {
		if !f.Unset {
			return nil, app.Errorf(app.Invalid, "%s cannot be removed.", path)
		}
		if v != nil && (object[unsetKey] != true || len(object) != 1) {
			return nil, app.Errorf(app.Invalid, "%s is removed by exactly {\"$unset\": true}.", path)
		}
		return unset{}, nil
	}
	if f.Type != schema.Object {
		return f.Clean(path, v)
	}
	if !isObject {
		return f.Clean(path, v) // says that it must be an object
	}
	out := make(app.Row, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		below := f.Field(name)
		if below == nil || below.Hidden {
			return nil, f.NoSub(path, name)
		}
		if below.Force != schema.Free || !below.Settable() {
			return nil, app.Errorf(app.Invalid, "%s.%s is set by the server.", path, name)
		}
		clean, err := cleanValue(path+"."+name, below, object[name])
		if err != nil {
			return nil, err
		}
		out[name] = clean
	}
	if f.Fresh {
		if name, ok := missingOf(f.Fields, out); ok {
			return nil, app.Errorf(app.Invalid, "%s needs %s.", path, name)
		}
	}
	return out, nil
}

// need is one permission that a set asks for.
type need struct {
	who  schema.Who
	path string
}

// needs lists what a set of these cleaned values asks for, in the order of names.
func needs(path string, fields func(string) *schema.Field, row app.Row) []need {
	var list []need
	for _, name := range slices.Sorted(maps.Keys(row)) {
		f, v := fields(name), row[name]
		at := path + "." + name
		if object, ok := v.(app.Row); ok && f.Type == schema.Object {
			list = append(list, needs(at, f.Field, object)...)
			continue
		}
		who := f.Set
		if s, ok := v.(string); ok && f.Needs != nil {
			who = f.Needs[s]
		}
		list = append(list, need{who, at})
	}
	return list
}

// merge puts a cleaned set into a stored row and returns a new row. (Q7)
func merge(fields func(string) *schema.Field, row, given app.Row) app.Row {
	out := maps.Clone(row)
	if out == nil {
		out = make(app.Row, len(given))
	}
	for name, v := range given {
		f := fields(name)
		switch v := v.(type) {
		case unset:
			delete(out, name)
		case app.Row:
			before, _ := out[name].(app.Row)
			if f.Fresh {
				before = nil
			}
			out[name] = merge(f.Field, before, v)
		default:
			out[name] = v
		}
	}
	return out
}

// missing returns a field that a new row must have and a client must give.
func missing(t *schema.Table, row app.Row) (string, bool) {
	fields := slices.DeleteFunc(slices.Clone(t.Fields), func(f schema.Field) bool { return t.IsKey(f.Name) })
	return missingOf(fields, row)
}

func missingOf(fields []schema.Field, row app.Row) (string, bool) {
	i := slices.IndexFunc(fields, func(f schema.Field) bool {
		_, there := row[f.Name]
		return !there && f.Settable() && f.Force == schema.Free && !f.Optional && !f.Input && f.Default == nil
	})
	if i < 0 {
		return "", false
	}
	return fields[i].Name, true
}
