package query_test

import (
	"fmt"
	"testing"

	"lyceum/app"
)

// Administrators raise the limits of every project; its people see them, others do
// not learn that it is there.
func TestLimitsOfAProject(t *testing.T) {
	w := newWorld(t)
	set := func(who string, fields app.Row, options app.Row) string {
		t.Helper()
		fields["project_id"] = "p1"
		_, err := w.run(who, app.Row{"project_limits": fields}, options, "")
		return said(err)
	}
	get := list("project_limits", app.Row{"cpus": nil, "terminals": nil, "network_allow": nil})
	of := list("project_limits", app.Row{"project_id": "p1", "cpus": nil})

	for who, want := range map[string]string{
		"ada": "denied: Only administrators may set project_limits.cpus.",
		"sam": "not_found: This project limit does not exist, or you may not see it.",
	} {
		if got := set(who, app.Row{"cpus": 4.0}, nil); got != want {
			t.Errorf("%s: %s", who, got)
		}
	}
	for _, tt := range []struct {
		fields app.Row
		want   string
	}{
		{app.Row{"cpus": 0.0}, "invalid: project_limits.cpus must be above 0 and at most 1024; this is 0."},
		{app.Row{"cpus": 1e9}, "invalid: project_limits.cpus must be above 0 and at most 1024; this is 1e+09."},
		{app.Row{"memory_bytes": int64(5)}, "invalid: project_limits.memory_bytes must be between 67108864 and 17592186044416; this is 5."},
		{app.Row{"terminals": int64(5000)}, "invalid: project_limits.terminals must be between 1 and 256; this is 5000."},
		{app.Row{"network": "open"}, "invalid: project_limits.network must be one of off, filtered."},
		{app.Row{"cpus": int64(4), "terminals": int64(9), "network_allow": []any{"10.0.0.0/8:443"}}, ""},
		{app.Row{"terminals": app.Row{"$unset": true}}, ""},
	} {
		if got := set("root", tt.fields, nil); got != tt.want {
			t.Errorf("%v: %s", tt.fields, got)
		}
	}
	w.put("project_limits", app.Row{"project_id": "p2", "cpus": 8.0})
	for who, want := range map[string]string{
		"root": "[map[cpus:4 network_allow:[10.0.0.0/8:443] project_id:p1] map[cpus:8 project_id:p2]]",
		"vera": "[map[cpus:4 network_allow:[10.0.0.0/8:443] project_id:p1]]",
	} {
		if got := fmt.Sprint(w.must(who, get).Rows); got != want {
			t.Errorf("%s sees %s\nwant %s", who, got, want)
		}
	}
	if got := w.must("root", of).Rows; len(got) != 1 {
		t.Errorf("the administrator sees of the project %v", got)
	}
	if got := w.must("sam", of).Rows; len(got) != 0 {
		t.Errorf("a stranger sees %v", got)
	}
	if got := set("ada", app.Row{}, app.Row{"delete": true}); got == "" {
		t.Error("an owner took the limits away")
	}
	if got := set("root", app.Row{}, app.Row{"delete": true}); got != "" {
		t.Error(got)
	}
	if got := w.must("vera", of).Rows; len(got) != 0 {
		t.Errorf("after the delete there is %v", got)
	}
}

// Administrators see the limits of every project, but set none of a project that
// is not there. Nothing is allowed besides where the list is empty, also where the
// site's is not.
func TestLimitsOfNoProject(t *testing.T) {
	w := newWorld(t)
	set := func(who, project string) string {
		t.Helper()
		_, err := w.run(who, app.Row{"project_limits": app.Row{"project_id": project, "network_allow": []any{}}}, nil, "")
		return said(err)
	}
	const none = "not_found: There is no such project."
	if got := set("root", "p-mistyped"); got != none {
		t.Errorf("for no project: %s, want %s", got, none)
	}
	all := list("project_limits", app.Row{"project_id": nil, "network_allow": nil})
	if got := w.must("root", all).Rows; len(got) != 0 {
		t.Errorf("there is %v", got)
	}
	if got := set("root", "p1"); got != "" {
		t.Error(got)
	}
	if got := fmt.Sprint(w.must("vera", all).Rows); got != "[map[network_allow:[] project_id:p1]]" {
		t.Errorf("an empty list is %s", got)
	}
	if got := set("sam", "p-mistyped"); got != "not_found: This project limit does not exist, or you may not see it." {
		t.Errorf("a stranger hears %s", got)
	}
}

// Five thousand terminals asked for: what a page shows is bounded, and so is what
// a script asks for.
func TestRowsOfAProjectAreBounded(t *testing.T) {
	w := newWorld(t)
	w.project("p3", "Trees", map[string]string{"ada": "owner"})
	made := 0
	const asked, most = 5000, 256
	for n := range asked {
		_, err := w.run("ada", one("terminals", app.Row{"id": "new", "project_id": "p3"}), nil, fmt.Sprint("r", n))
		if err == nil {
			made++
		} else if got := said(err); got != "too_large: This project has 256 terminals, which is the most. Please delete some." {
			t.Fatal(got)
		}
	}
	if made != most {
		t.Errorf("%d terminals of %d were made", made, asked)
	}
	again, err := w.run("ada", one("terminals", app.Row{"id": "new", "project_id": "p3"}), nil, "r7")
	if err != nil || again.Row["id"] == nil {
		t.Errorf("a request that was carried out is answered %v, %v", again.Row, err)
	}
	if _, err := w.run("ed", one("terminals", app.Row{"id": "new", "project_id": "p1"}), nil, ""); err != nil {
		t.Errorf("another project: %v", err)
	}
}
