package query_test

import (
	"slices"
	"testing"

	"lyceum/app"
)

// What somebody sets in a project is use of it, so that it is not stopped; what a
// tab sets by itself, what was refused, and looking are not.
func TestSetsAreUseOfAProject(t *testing.T) {
	w := newWorld(t)
	w.put("documents", app.Row{"id": "d1", "project_id": "p1"})
	var used []string
	w.engine.Used = func(projectID string) { used = append(used, projectID) }
	for _, tt := range []struct {
		what, who string
		query     any
		options   app.Row
		want      []string
	}{
		{"a new title", "ada", one("projects", app.Row{"id": "p1", "title": "Trees"}), nil, []string{"p1"}},
		{"limits", "root", one("project_limits", app.Row{"project_id": "p1", "terminals": int64(9)}), nil, []string{"p1"}},
		{"a name", "ada", one("accounts", app.Row{"id": "ada", "name": "Ada L."}), nil, nil},
		{"a cursor", "ada", one("cursors", app.Row{"document_id": "d1", "colour": "red"}), nil, nil},
		{"a set that is refused", "vera", one("projects", app.Row{"id": "p1", "title": "Mine"}), nil, nil},
		{"looking", "vera", list("projects", app.Row{"id": nil, "title": nil}), nil, nil},
	} {
		used = nil
		_, err := w.run(tt.who, tt.query, tt.options, "")
		if refused := tt.who == "vera" && tt.want == nil && tt.what != "looking"; (err != nil) != refused {
			t.Errorf("%s: %v", tt.what, err)
		}
		if !slices.Equal(used, tt.want) {
			t.Errorf("%s is use of %q, want %q", tt.what, used, tt.want)
		}
	}
}
