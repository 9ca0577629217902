package schema

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"lyceum/app"
)

// Clean checks a value that a client has given for the field and returns it in
// the form in which it is stored: integers as int64, one-line strings without
// spaces around them. path is the field's name in sentences, from its table on
// ("projects.title"). (Q8)
func (f *Field) Clean(path string, v any) (any, error) {
	switch f.Type {
	case String, ID:
		return f.cleanString(path, v)
	case Int, Time:
		return f.cleanInt(path, v)
	case Float:
		return f.cleanFloat(path, v)
	case Bool:
		if b, ok := v.(bool); ok {
			return b, nil
		}
	case Bytes:
		if b, ok := v.([]byte); ok {
			return b, f.checkLength(path, len(b), "bytes")
		}
	case List:
		return f.cleanList(path, v)
	case Map, Object:
		return f.cleanObject(path, v)
	}
	return nil, f.wrongType(path)
}

func (f *Field) wrongType(path string) error {
	return app.Errorf(app.Invalid, "%s must be %s.", path, f.Type.article())
}

func (t Type) article() string {
	switch t {
	case Int, ID, Object:
		return "an " + t.String()
	case Bytes:
		return t.String()
	case Time:
		return "a time in milliseconds since 1970"
	}
	return "a " + t.String()
}

func (f *Field) cleanString(path string, v any) (any, error) {
	s, ok := v.(string)
	if !ok {
		return nil, f.wrongType(path)
	}
	if !utf8.ValidString(s) {
		return nil, app.Errorf(app.Invalid, "%s must be valid UTF-8.", path)
	}
	if f.OneLine {
		s = strings.TrimSpace(s)
		if strings.ContainsFunc(s, unicode.IsControl) {
			return nil, app.Errorf(app.Invalid, "%s must be one line without control characters.", path)
		}
	}
	if len(f.OneOf) > 0 {
		if !slices.Contains(f.OneOf, s) {
			return nil, app.Errorf(app.Invalid, "%s must be one of %s.", path, strings.Join(f.OneOf, ", "))
		}
		return s, nil
	}
	return s, f.checkLength(path, utf8.RuneCountInString(s), "characters")
}

// checkLength compares a length with the field's bounds.
func (f *Field) checkLength(path string, n int, unit string) error {
	switch {
	case n > f.bound() && f.Min > 0:
		return app.Errorf(app.TooLarge, "%s must have between %d and %d %s; this has %d.", path, f.Min, f.bound(), unit, n)
	case n > f.bound():
		return app.Errorf(app.TooLarge, "%s may have at most %d %s; this has %d.", path, f.bound(), unit, n)
	case n < f.Min && n == 0:
		return app.Errorf(app.Invalid, "%s must not be empty.", path)
	case n < f.Min:
		return app.Errorf(app.Invalid, "%s must have at least %d %s; this has %d.", path, f.Min, unit, n)
	}
	return nil
}

func (f *Field) cleanInt(path string, v any) (any, error) {
	var n int64
	switch v := v.(type) {
	case int64:
		n = v
	case float64:
		// A number that JavaScript has computed may come as a float.
		if v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			return nil, f.wrongType(path)
		}
		n = int64(v)
	default:
		return nil, f.wrongType(path)
	}
	if f.Max > 0 && (n < int64(f.Min) || n > int64(f.Max)) {
		return nil, app.Errorf(app.Invalid, "%s must be between %d and %d; this is %d.", path, f.Min, f.Max, n)
	}
	return n, nil
}

// cleanFloat takes what is above the least and not above the greatest: a share
// of something is never nothing of it.
func (f *Field) cleanFloat(path string, v any) (any, error) {
	var x float64
	switch v := v.(type) {
	case float64:
		x = v
	case int64:
		x = float64(v)
	default:
		return nil, f.wrongType(path)
	}
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil, f.wrongType(path)
	}
	if f.Max > 0 && (x <= float64(f.Min) || x > float64(f.Max)) {
		return nil, app.Errorf(app.Invalid, "%s must be above %d and at most %d; this is %g.", path, f.Min, f.Max, x)
	}
	return x, nil
}

func (f *Field) cleanList(path string, v any) (any, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, f.wrongType(path)
	}
	if err := f.checkLength(path, len(list), "entries"); err != nil {
		return nil, err
	}
	clean := make([]any, len(list))
	for i, e := range list {
		var err error
		if clean[i], err = f.Of.Clean(path, e); err != nil {
			return nil, err
		}
	}
	return clean, nil
}

func (f *Field) cleanObject(path string, v any) (any, error) {
	row, ok := v.(app.Row)
	if !ok {
		return nil, f.wrongType(path)
	}
	if err := f.checkLength(path, len(row), "entries"); err != nil {
		return nil, err
	}
	clean := make(app.Row, len(row))
	for name, e := range row {
		below := f.Field(name)
		if below == nil || below.Hidden {
			return nil, NoField(path, name, f.names())
		}
		var err error
		if clean[name], err = below.Clean(path+"."+name, e); err != nil {
			return nil, err
		}
	}
	return clean, nil
}

// names are the fields below an object that a client may know.
func (f *Field) names() []string {
	var names []string
	for _, below := range f.Fields {
		if !below.Hidden {
			names = append(names, below.Name)
		}
	}
	slices.Sort(names)
	return names
}

// NoField is the error of a field that is not there. (Q5)
func NoField(path, name string, names []string) error {
	return app.Errorf(app.Invalid, "%s has no field %q; its fields are %s.", path, name, And(names))
}

// NoSub is NoField below a field.
func (f *Field) NoSub(path, name string) error { return NoField(path, name, f.names()) }

// And joins words as in a sentence.
func And(words []string) string {
	switch len(words) {
	case 0:
		return "none"
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// Read returns the value that a client sees for what is stored: missing values
// as their defaults, objects merged with theirs key by key, hidden fields left
// out. It returns nil if there is no value. (Q5)
func (f *Field) Read(stored any) any {
	switch {
	case f.Hidden:
		return nil
	case f.Type == Object && (stored != nil || f.Default != nil):
		row, _ := stored.(app.Row)
		out := make(app.Row, len(f.Fields))
		for i := range f.Fields {
			below := &f.Fields[i]
			if v := below.Read(row[below.Name]); v != nil {
				out[below.Name] = v
			}
		}
		return out
	case f.Type == Map && stored != nil && f.Of.Type == Object:
		row, _ := stored.(app.Row)
		out := make(app.Row, len(row))
		for name, v := range row {
			out[name] = f.Of.Read(v)
		}
		return out
	case stored == nil:
		return f.Default
	}
	return stored
}
