package projects

import (
	"testing"
	"time"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/place"
	"lyceum/app/query"
	"lyceum/app/schema"
)

// Somebody at another server who invites a person to a project, or starts it, uses
// it; that its server notes how far it is must not keep it running.
func TestWhatPeopleSetAtAnyServerIsUse(t *testing.T) {
	request := func(action, by string, time int64, more app.Row) app.Row {
		row := app.Row{"action": action, "time": time}
		if by != "" {
			row["account_id"] = by
		}
		for field, value := range more {
			row[field] = value
		}
		return row
	}
	before := app.Row{
		"title": "Graphs", "users": app.Row{"ada": app.Row{"role": "owner"}}, "last_edited": int64(1),
		"action_request": request("start", "ada", 1, nil), "state": app.Row{"state": "running", "since": int64(1)},
	}
	for _, test := range []struct {
		field string
		value any
		used  bool
	}{
		{"title", "Trees", true},
		{"users", app.Row{"ada": app.Row{"role": "owner"}, "bob": app.Row{"role": "viewer"}}, true},
		{"action_request", request("start", "ada", 2, nil), true},
		{"action_request", request("start", "ada", 1, app.Row{"started": int64(3), "finished": int64(4)}), false},
		{"action_request", request("stop", "", 2, nil), false}, // by the server, since nobody uses it
		{"state", app.Row{"state": "stopping", "since": int64(2)}, false},
		{"last_edited", int64(2), false}, // its documents, which are where it runs
		{"stops_at", int64(2), false},
	} {
		after := app.Clone(before)
		after[test.field] = test.value
		if used := setByPeople(app.Change{ID: "p1", Old: before, New: after}); used != test.used {
			t.Errorf("%s = %v is use: %v, want %v", test.field, test.value, used, test.used)
		}
	}
	if setByPeople(app.Change{ID: "p1", New: before}) || setByPeople(app.Change{ID: "p1", Old: before}) {
		t.Error("a project that comes or goes is used")
	}
}

// The watch of the row is what brings it here, before a project would be stopped.
func TestAChangeOfTheRowCountsWhereTheProjectRuns(t *testing.T) {
	store := memstore.New(schema.Tables())
	h := New(Options{Store: store, Data: t.TempDir()})
	running := &connection{}
	h.entries["p1"] = &entry{id: "p1", agent: running, changed: make(chan struct{}), acted: make(chan struct{}, 1)}
	before := time.Now()
	h.noteUse(app.Batch{Changes: []app.Change{{ID: "p1", Old: app.Row{"title": "a"}, New: app.Row{"title": "b"}}}})
	if !h.usedSince("p1", before) {
		t.Error("it does not count")
	}
}

// A script that keeps a project running must not believe that it does, where
// nobody hears it.
func TestV3AVisitAtAnotherServerIsRefused(t *testing.T) {
	store := memstore.New(append(schema.Tables(), schema.Ephemeral()...))
	for _, id := range []string{"a", "b"} {
		places, err := place.Open(t.Context(), place.Options{
			Store: store, Self: place.Server{ID: id, Name: id, Address: "https://" + id + "/"}, Data: t.TempDir(),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer places.Close()
		if id == "a" {
			row := app.Row{"id": "p1", "created": int64(1), "server": "a"}
			if _, err := store.Write(t.Context(), app.Write{Table: "projects", ID: "p1", Row: row, IfRev: app.Absent}); err != nil {
				t.Fatal(err)
			}
		}
		h := New(Options{Store: store, Places: places, Data: t.TempDir()})
		_, err = h.Set(t.Context(), query.Set{Table: "project_visits", Op: schema.Create, Row: app.Row{"project_id": "p1"}})
		if elsewhere := app.IsKind(err, app.Elsewhere); elsewhere != (id == "b") {
			t.Errorf("at server %s: %v", id, err)
		}
	}
}
