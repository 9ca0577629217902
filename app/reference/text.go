package reference

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// Text returns tables as a text for a terminal; all of them without names.
func Text(names ...string) ([]byte, error) {
	s, err := All().only(names)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for i, t := range s.Tables {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s\n  %s\n  Key: %s. %s\n\n", t.Name, t.Text, strings.Join(t.Key, ", "), strings.Join(s.rights(t), " "))
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, l := range s.lines(t) {
			if l.preset != "" {
				l.typ += ", else " + l.preset
			}
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", l.path, l.typ, l.set, l.text)
		}
		if err := w.Flush(); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// JSON returns the same for programs.
func JSON(names ...string) ([]byte, error) {
	s, err := All().only(names)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false)
	w.SetIndent("", "  ")
	err = w.Encode(s)
	return b.Bytes(), err
}

// only leaves the tables of some names; all without any.
func (s Schema) only(names []string) (Schema, error) {
	if len(names) == 0 {
		return s, nil
	}
	var known []string
	var tables []Table
	for _, t := range s.Tables {
		known = append(known, t.Name)
		if slices.Contains(names, t.Name) {
			tables = append(tables, t)
		}
	}
	if len(tables) < len(names) {
		return Schema{}, fmt.Errorf("there is no table %q; the tables are %s", strings.Join(names, " "), strings.Join(known, ", "))
	}
	s.Tables = tables
	return s, nil
}
