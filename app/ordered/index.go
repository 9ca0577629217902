package ordered

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"lyceum/app"
)

// Index is an app.Index made ready to compute keys.
type Index struct {
	Name   string
	fields []field
}

type field struct {
	path []string
	each bool // the keys of the map at path, one entry each
}

// Compile checks the declaration of an index. An error is a mistake in the
// program, not of a user.
func Compile(ix app.Index) (Index, error) {
	c := Index{Name: ix.Name}
	if ix.Name == "" || len(ix.Fields) == 0 {
		return Index{}, fmt.Errorf("index %q: needs a name and a field", ix.Name)
	}
	var each bool
	for _, name := range ix.Fields {
		var f field
		name, f.each = strings.CutSuffix(name, ".*")
		f.path = strings.Split(name, ".")
		if slices.Contains(f.path, "") || slices.Contains(f.path, "*") || f.each && each {
			return Index{}, fmt.Errorf("index %q: field %q: a dotted path; one of an index may end in \".*\"", ix.Name, name)
		}
		each = each || f.each
		c.fields = append(c.fields, f)
	}
	return c, nil
}

// Len returns the number of fields.
func (ix Index) Len() int { return len(ix.fields) }

// Keys returns the keys under which row is in the index, sorted, each once: none
// if it lacks a field or has a value there that has no order, such as a map.
func (ix Index) Keys(row app.Row) [][]byte {
	if row == nil {
		return nil
	}
	keys := [][]byte{{}}
	for _, f := range ix.fields {
		value, ok := lookup(row, f.path)
		if !ok {
			return nil
		}
		values := []any{value}
		if f.each {
			if values, ok = namesOf(value); !ok {
				return nil
			}
		}
		if keys, ok = product(keys, values); !ok {
			return nil
		}
	}
	slices.SortFunc(keys, bytes.Compare)
	return slices.CompactFunc(keys, bytes.Equal)
}

// Same reports that two rows have the same keys, where that is seen without
// computing them: most writes change nothing that an index is of.
func (ix Index) Same(a, b app.Row) bool {
	if a == nil || b == nil {
		return false
	}
	for _, f := range ix.fields {
		va, okA := lookup(a, f.path)
		vb, okB := lookup(b, f.path)
		if okA != okB || okA && !same(va, vb, f.each) {
			return false
		}
	}
	return true
}

func same(a, b any, each bool) bool {
	if each {
		ma, okA := a.(map[string]any)
		mb, okB := b.(map[string]any)
		if !okA || !okB || len(ma) != len(mb) {
			return false
		}
		for name := range ma {
			if _, ok := mb[name]; !ok {
				return false
			}
		}
		return true
	}
	switch a := a.(type) {
	case string:
		b, ok := b.(string)
		return ok && a == b
	case int64:
		b, ok := b.(int64)
		return ok && a == b
	case bool:
		b, ok := b.(bool)
		return ok && a == b
	}
	return false
}

func lookup(row app.Row, path []string) (any, bool) {
	var value any = row
	for _, name := range path {
		m, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		if value, ok = m[name]; !ok {
			return nil, false
		}
	}
	return value, true
}

func namesOf(value any) ([]any, bool) {
	m, ok := value.(map[string]any)
	names := make([]any, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	return names, ok
}

func product(keys [][]byte, values []any) ([][]byte, bool) {
	all := make([][]byte, 0, len(keys)*len(values))
	for _, key := range keys {
		for _, v := range values {
			longer, err := Append(slices.Clip(key), v)
			if err != nil {
				return nil, false
			}
			all = append(all, longer)
		}
	}
	return all, true
}
