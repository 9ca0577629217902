package web_test

import (
	"strings"
	"testing"

	"lyceum/app"
	"lyceum/app/schema"
	"lyceum/app/wire"
)

// A stranger who could tell a row that is hidden from one that is not there would
// learn which projects, files and people exist. So the answers are compared byte
// by byte, as they come.
func TestQ9WhatIsHiddenAndWhatIsNotThereAreOneAnswerOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		patches(w)
		w.terminal("t1", "p1", "Shell")
		w.put("document_paths", "p1/a.tex", app.Row{"project_id": "p1", "path": "a.tex", "document_id": "d1"})
		w.put("file_actions", "f1", app.Row{"id": "f1", "project_id": "p1", "action": "delete", "path": "x", "account_id": "ada", "time": int64(1)})
		sam, too := w.as("sam", codec), w.as("sam", codec) // two tabs, whose questions have the same ids
		del, watch := app.Row{"delete": true}, app.Row{"changes": true}
		tests := []struct {
			name           string
			hidden, absent app.Row
			options        app.Row
		}{
			{"a row", one("projects", app.Row{"id": "p1", "title": nil}), one("projects", app.Row{"id": "px", "title": nil}), nil},
			{"rows", list("documents", app.Row{"project_id": "p1", "path": nil}), list("documents", app.Row{"project_id": "px", "path": nil}), nil},
			{"a row by id", list("documents", app.Row{"id": "d1", "path": nil}), list("documents", app.Row{"id": "dx", "path": nil}), nil},
			{"a file", one("document_paths", app.Row{"project_id": "p1", "path": "a.tex", "document_id": nil}), one("document_paths", app.Row{"project_id": "p1", "path": "x", "document_id": nil}), nil},
			{"edits", list("patches", app.Row{"document_id": "d1", "update": nil}), list("patches", app.Row{"document_id": "dx", "update": nil}), nil},
			{"opening a document", one("document_states", app.Row{"document_id": "d1", "update": nil}), one("document_states", app.Row{"document_id": "dx", "update": nil}), nil},
			{"opening a file", one("document_states", app.Row{"project_id": "p1", "path": "a.tex", "update": nil}), one("document_states", app.Row{"project_id": "px", "path": "a.tex", "update": nil}), nil},
			{"a colleague", list("collaborators", app.Row{"id": "ada", "name": nil}), list("collaborators", app.Row{"id": "zoe", "name": nil}), nil},
			{"an account", list("accounts", app.Row{"id": "ada", "name": nil}), list("accounts", app.Row{"id": "zoe", "name": nil}), nil},
			{"a sign-in", list("sessions", app.Row{"account_id": "ada", "id": nil}), list("sessions", app.Row{"account_id": "zoe", "id": nil}), nil},
			{"a file action", one("file_actions", app.Row{"id": "f1", "path": nil}), one("file_actions", app.Row{"id": "fx", "path": nil}), nil},
			{"an invitation", list("registration_tokens", app.Row{"id": nil}), list("registration_tokens", app.Row{"id": "x", "note": nil}), nil},
			{"a set", one("projects", app.Row{"id": "p1", "title": "x"}), one("projects", app.Row{"id": "px", "title": "x"}), nil},
			{"an action", one("projects", app.Row{"id": "p1", "action_request": app.Row{"action": "start"}}), one("projects", app.Row{"id": "px", "action_request": app.Row{"action": "start"}}), nil},
			{"an edit", one("patches", app.Row{"document_id": "d1", "origin": "o", "n": int64(1), "update": []byte{0}}), one("patches", app.Row{"document_id": "dx", "origin": "o", "n": int64(1), "update": []byte{0}}), nil},
			{"a cursor", one("cursors", app.Row{"document_id": "d1", "colour": "red"}), one("cursors", app.Row{"document_id": "dx", "colour": "red"}), nil},
			{"a new terminal", one("terminals", app.Row{"id": "new", "project_id": "p1"}), one("terminals", app.Row{"id": "new", "project_id": "px"}), nil},
			{"a rename of a terminal", one("terminals", app.Row{"id": "t1", "title": "x"}), one("terminals", app.Row{"id": "tx", "title": "x"}), nil},
			{"another's settings", one("accounts", app.Row{"id": "ada", "name": "x"}), one("accounts", app.Row{"id": "zoe", "name": "x"}), nil},
			{"a member", one("members", app.Row{"project_id": "p1", "account_id": "sam", "role": "owner"}), one("members", app.Row{"project_id": "px", "account_id": "sam", "role": "owner"}), nil},
			{"limits of a project", one("project_limits", app.Row{"project_id": "p1", "cpus": 8.0}), one("project_limits", app.Row{"project_id": "px", "cpus": 8.0}), nil},
			{"a visit", one("project_visits", app.Row{"project_id": "p1"}), one("project_visits", app.Row{"project_id": "px"}), nil},
			{"removing a member", one("members", app.Row{"project_id": "p1", "account_id": "ed"}), one("members", app.Row{"project_id": "px", "account_id": "ed"}), del},
			{"closing a terminal", one("terminals", app.Row{"id": "t1"}), one("terminals", app.Row{"id": "tx"}), del},
			{"ending a sign-in", one("sessions", app.Row{"id": w.sessionOf("ada")}), one("sessions", app.Row{"id": "x"}), del},
			{"watching edits", list("patches", app.Row{"document_id": "d1", "update": nil}), list("patches", app.Row{"document_id": "dx", "update": nil}), watch},
			{"watching the usage", list("project_usage", app.Row{"project_id": "p1", "time": nil}), list("project_usage", app.Row{"project_id": "px", "time": nil}), watch},
			{"watching a folder", list("directories", app.Row{"project_id": "p1", "path": "", "entries": nil}), list("directories", app.Row{"project_id": "px", "path": "", "entries": nil}), watch},
		}
		for _, tt := range tests {
			hidden, absent := sam.bytes(tt.hidden, tt.options), too.bytes(tt.absent, tt.options)
			if hidden != absent {
				t.Errorf("%s: what is hidden is answered\n%q\nwhat is not there\n%q", tt.name, hidden, absent)
			}
			if strings.Contains(hidden, "internal") || strings.Contains(hidden, "Graphs") {
				t.Errorf("%s is answered %q", tt.name, hidden)
			}
		}
	})
}

// bytes asks and returns the answer as it came.
func (c *talk) bytes(q any, options app.Row) string {
	c.t.Helper()
	id := c.ask(q, options, "")
	c.hear(id)
	return c.raw[id]
}

// sessionOf returns the id of a sign-in of somebody.
func (w *world) sessionOf(name string) string {
	w.t.Helper()
	page, err := w.store.Read(w.t.Context(), app.Range{Table: "sessions", Index: "account", Prefix: []any{name}})
	if err != nil || len(page.Records) == 0 {
		w.t.Fatalf("no sign-in of %s: %v", name, err)
	}
	return page.Records[0].ID
}

func TestQ9WithoutASignInOnlyWhatIsForEverybodyOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		nobody := w.as("", codec)
		nobody.wants(one("site_settings", app.Row{"name": nil, "first_account": nil}), nil, "{first_account:false id:site name:Lyceum}")
		for _, table := range schema.All() {
			shape := app.Row{table.Key[0]: nil}
			want := "denied: Please sign in first."
			switch {
			case !table.Public():
				want = `invalid: There is no table "` + table.Name + `".`
			case table.Get == schema.Nobody:
				want = "invalid: " + table.Name + " cannot be read, only set."
			case table.Get == schema.Anyone:
				continue
			}
			nobody.wants(list(table.Name, shape), nil, want)
			if table.Public() && table.Get != schema.Nobody && !table.Source {
				nobody.wants(list(table.Name, shape), app.Row{"changes": true}, want)
			}
			if table.Public() {
				nobody.wants(one(table.Name, app.Row{table.Key[0]: "x"}), nil, "denied: Please sign in first.")
			}
		}
	})
}
