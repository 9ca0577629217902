package wire

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"lyceum/app"
)

// toMap turns a message, or a part of one, into what a codec writes. Empty
// fields that may be missing are left out; an empty list is not empty.
func toMap(v reflect.Value) map[string]any {
	out := make(map[string]any)
	for f, value := range v.Fields() {
		if f.Anonymous {
			for k, e := range toMap(value) {
				out[k] = e
			}
			continue
		}
		name, optional := strings.CutSuffix(f.Tag.Get("json"), ",omitempty")
		if optional && missing(value) {
			continue
		}
		out[name] = plain(value)
	}
	if result, ok := v.Interface().(Result); ok && result.Rows == nil && result.Answers == nil {
		out["row"] = nil // there is no such row
		if result.Row != nil {
			out["row"] = result.Row
		}
	}
	return out
}

func missing(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.Pointer, reflect.Interface:
		return v.IsNil()
	}
	return v.IsZero()
}

// plain returns a value of the kinds that codecs know.
func plain(v reflect.Value) any {
	if v.Type() == reflect.TypeFor[app.Row]() || v.Kind() == reflect.Interface {
		return v.Interface()
	}
	switch v.Kind() {
	case reflect.Pointer:
		return plain(v.Elem())
	case reflect.Struct:
		return toMap(v)
	case reflect.String:
		return v.String()
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plain(v.Index(i))
		}
		return list
	}
	return v.Interface()
}

// fromMap fills a message from what a codec has read. what names it in
// sentences.
func fromMap(what string, m map[string]any, v reflect.Value) error {
	names := fieldNames(v.Type())
	for name := range m {
		if !slices.Contains(names, name) {
			return app.Errorf(app.Invalid, "%s has no field %q; its fields are %s.", what, name, strings.Join(names, ", "))
		}
	}
	for f, value := range v.Fields() {
		if f.Anonymous {
			if err := fill(what, m, value); err != nil {
				return err
			}
		}
	}
	return fill(what, m, v)
}

func fieldNames(typ reflect.Type) []string {
	var names []string
	for f := range typ.Fields() {
		if f.Anonymous {
			names = append(names, fieldNames(f.Type)...)
			continue
		}
		names = append(names, strings.TrimSuffix(f.Tag.Get("json"), ",omitempty"))
	}
	return names
}

func fill(what string, m map[string]any, v reflect.Value) error {
	for f, value := range v.Fields() {
		if f.Anonymous {
			continue
		}
		name, optional := strings.CutSuffix(f.Tag.Get("json"), ",omitempty")
		given, there := m[name]
		if !there {
			if !optional {
				return app.Errorf(app.Invalid, "%s must have %s.", what, name)
			}
			continue
		}
		if !assign(what+"."+name, given, value) {
			return app.Errorf(app.Invalid, "%s.%s has the wrong type.", what, name)
		}
	}
	return nil
}

// assign sets a field of a message; false if the value does not fit.
func assign(what string, given any, v reflect.Value) bool {
	if v.Kind() == reflect.Interface {
		if given != nil {
			v.Set(reflect.ValueOf(given))
		}
		return true
	}
	if v.Type() == reflect.TypeFor[app.Row]() {
		row, ok := given.(app.Row)
		if ok || given == nil {
			v.Set(reflect.ValueOf(row))
		}
		return ok || given == nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return assign(what, given, v.Elem())
	case reflect.Struct:
		m, ok := given.(app.Row)
		return ok && fromMap(what, m, v) == nil
	case reflect.Slice:
		list, ok := given.([]any)
		if !ok {
			return false
		}
		v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
		for i, e := range list {
			if !assign(fmt.Sprintf("%s[%d]", what, i), e, v.Index(i)) {
				return false
			}
		}
		return true
	case reflect.String:
		s, ok := given.(string)
		v.SetString(s)
		return ok
	}
	if given == nil || reflect.TypeOf(given) != v.Type() {
		return false
	}
	v.Set(reflect.ValueOf(given))
	return true
}
