package reference

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lyceum/app/schema"
)

// line is one field, or one below it, as people read it.
type line struct{ path, typ, preset, set, text string }

// lines are the fields of a table, those of objects and maps below them: "state",
// "state.since", "users.*.role".
func (s Schema) lines(t Table) []line {
	var all []line
	for _, f := range t.Fields {
		all = s.add(all, t, f, f.Name)
	}
	return all
}

func (s Schema) add(all []line, t Table, f Field, path string) []line {
	l := line{path: path, typ: typeWords(f), set: s.setWords(t, f, path), text: f.Text}
	if f.Optional {
		l.typ += ", may be missing"
	}
	if data, err := json.Marshal(f.Default); err == nil && f.Default != nil && f.Type != schema.Object.String() {
		l.preset = string(data)
	}
	all = append(all, l)
	for _, below := range f.Fields {
		all = s.add(all, t, below, path+"."+below.Name)
	}
	if f.Of != nil && len(f.Of.Fields) > 0 {
		for _, below := range f.Of.Fields {
			all = s.add(all, t, below, path+".*."+below.Name)
		}
	}
	return all
}

// units are what the bounds of a type count.
var units = map[string]string{
	schema.String.String(): " characters", schema.ID.String(): " characters", schema.Bytes.String(): " bytes",
	schema.List.String(): " entries", schema.Map.String(): " entries",
}

func typeWords(f Field) string {
	word := f.Type
	if len(f.OneOf) > 0 {
		return "one of " + strings.Join(f.OneOf, ", ")
	}
	if f.Of != nil {
		word += " of " + plural(f.Of.Type)
	}
	if f.Max == 0 || f.Set == "" {
		return word // the server keeps its own bounds
	}
	unit, counted := units[f.Type]
	if f.Min > 0 || !counted {
		return fmt.Sprintf("%s, %d to %d%s", word, f.Min, f.Max, unit)
	}
	return fmt.Sprintf("%s, at most %d%s", word, f.Max, unit)
}

func plural(typ string) string {
	if typ == schema.Bytes.String() {
		return typ
	}
	return typ + "s"
}

// setWords says who may set a field.
func (s Schema) setWords(t Table, f Field, path string) string {
	var words string
	switch {
	case path == f.Name && slices.Contains(t.Key, path) && f.Set != "":
		return "names the row"
	case len(f.Needs) > 0:
		var parts []string
		for _, value := range slices.Sorted(maps.Keys(f.Needs)) {
			parts = append(parts, value+": "+s.Who[f.Needs[value]])
		}
		words = strings.Join(parts, "; ")
	case f.Set != "":
		words = s.Who[f.Set]
	default:
		return "—"
	}
	if f.Once {
		words += ", once"
	}
	if f.Unset {
		words += "; can be removed"
	}
	return words
}

// rights says in words who may do what with rows of a table.
func (s Schema) rights(t Table) []string {
	nobody := schema.Nobody.Name()
	var words []string
	if t.Get != nobody {
		words = append(words, "Read by "+s.Who[t.Get]+".")
	} else {
		words = append(words, "It is only set.")
	}
	if t.Create != nobody {
		words = append(words, "Made by "+s.Who[t.Create]+" ("+t.made()+").")
	}
	if t.Delete != nobody {
		words = append(words, "Deleted by "+s.Who[t.Delete]+".")
	}
	if t.Get != nobody {
		words = append(words, fmt.Sprintf("An answer has at most %d rows.", t.Limit))
	}
	if t.Get != nobody && !t.Watch {
		words = append(words, "It cannot be watched.")
	}
	if t.Ephemeral {
		words = append(words, "Kept in memory.")
	}
	if t.Credential {
		words = append(words, "Out of reach of API keys.")
	}
	return words
}

// made says how a client makes a row.
func (t Table) made() string {
	switch {
	case t.NewID:
		return "with the id \"new\""
	case t.Upsert:
		return "by a set of a key that is not there"
	}
	return "by a set"
}
