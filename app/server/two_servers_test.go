package server_test

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/app/wire"
)

// Who signs in at one of two servers is signed in at both, sees at each what is
// changed at the other, and is out at both at once.
func TestW5TwoServersOnADatabaseAreOneSite(t *testing.T) {
	where := clusterOf(t)
	one := open(t, filepath.Join(t.TempDir(), "data"), "--database", where)
	one.signUp()
	two := open(t, filepath.Join(t.TempDir(), "data"), "--database", where)
	two.cookie = one.cookie
	here, there := one.tab(), two.tab()
	project := here.set("projects", app.Row{"id": "new", "title": "Graphs"})["id"]
	title := func(want string) func(app.Row) bool {
		return func(row app.Row) bool { return row["title"] == want }
	}
	there.until("projects", app.Row{"id": project, "title": nil}, title("Graphs"))
	there.set("projects", app.Row{"id": project, "title": "Trees"})
	here.until("projects", app.Row{"id": project, "title": nil}, title("Trees"))

	// Each server tells its own figures.
	for _, tb := range []*tab{here, there} {
		tb.until("server_stats", app.Row{"id": nil, "connections": nil}, func(row app.Row) bool { return row["connections"] == int64(1) })
	}
	there.until("database_nodes", app.Row{"name": nil, "up": nil}, func(row app.Row) bool { return row["up"] == true })

	if code, text, _ := one.request(http.MethodPost, "auth/sign-out", nil); code >= 300 {
		t.Fatalf("sign out: %d %s", code, text)
	}
	// What was acknowledged at the one holds at the other, without a moment between.
	there.id++
	there.send(wire.Ask{ID: there.id, Query: app.Row{"projects": []any{app.Row{"id": project, "title": nil}}}})
	for {
		_, data, err := there.conn.ReadMessage()
		if err != nil {
			return // out
		}
		if data, err = there.got.Take(data); err != nil {
			t.Fatal(err)
		}
		m, err := wire.CBOR.DecodeServer(data)
		if err != nil {
			t.Fatal(err)
		}
		if a, answered := m.(wire.Answer); answered && (a.Row != nil || len(a.Rows) > 0) {
			t.Fatalf("who has signed out is answered %+v", a)
		}
	}
}

// refused asks and returns the sentence with which another server is named.
func (tb *tab) refused(query app.Row, options app.Row) string {
	tb.t.Helper()
	tb.id++
	tb.send(wire.Ask{ID: tb.id, Query: query, Options: options, Request: app.NewID()})
	m := tb.next()
	f, ok := m.(wire.Failure)
	if !ok || f.Error.Kind != app.Elsewhere {
		tb.t.Fatalf("%v at the wrong server: %+v", query, m)
	}
	return f.Error.Message
}

// A project has one server. Rows of it work at every other one; what needs its
// files is answered there with the name and the address of the right one, and
// changes nothing.
func TestV2V3AProjectOfAnotherServerIsAnsweredWithItsAddress(t *testing.T) {
	where := clusterOf(t)
	one := open(t, filepath.Join(t.TempDir(), "data"), "--database", where, "--server-name", "hall 1", "--server-address", "https://hall1.example.org/lyceum")
	one.signUp()
	two := open(t, filepath.Join(t.TempDir(), "data"), "--database", where, "--server-name", "hall 2")
	two.cookie = one.cookie
	here, there := one.tab(), two.tab()
	project, _ := here.set("projects", app.Row{"id": "new", "title": "Graphs"})["id"].(string)

	// Asked for at the wrong server, done by the right one.
	there.until("projects", stateShape(project), state("stopped"))
	there.set("projects", app.Row{"id": project, "action_request": app.Row{"action": "start"}})
	there.until("projects", stateShape(project), state("running"))
	files := "api/projects/" + project + "/files/"
	if code, text, _ := one.request(http.MethodPut, files+"a.tex", strings.NewReader("one\n")); code != http.StatusOK {
		t.Fatalf("upload: %d %s", code, text)
	}
	document, _ := here.openDocument(project, "a.tex")
	terminal, _ := there.set("terminals", app.Row{"id": "new", "project_id": project, "title": "Terminal"})["id"].(string)
	typed(t, one.dial("api/projects/"+project+"/terminals/"+terminal+"/socket"), "echo he''llo\r", "hello")

	sentence := "This project is on the server hall 1: https://hall1.example.org/lyceum/projects/" + project + "/files/"
	watch := app.Row{"changes": true}
	for _, ask := range []struct{ query, options app.Row }{
		{app.Row{"document_states": app.Row{"project_id": project, "path": "a.tex", "document_id": nil, "update": nil}}, nil},
		{app.Row{"document_states": app.Row{"project_id": project, "path": "new.tex", "document_id": nil, "update": nil}}, nil},
		{app.Row{"patches": []any{app.Row{"project_id": project, "document_id": document, "seq": nil}}}, watch},
		{app.Row{"patches": app.Row{"document_id": document, "origin": "tab1", "n_from": int64(1), "n": int64(1), "update": []byte{0, 0}}}, nil},
		{app.Row{"directories": []any{app.Row{"project_id": project, "path": "", "entries": nil}}}, watch},
		{app.Row{"project_usage": []any{app.Row{"project_id": project, "time": nil}}}, watch},
		{app.Row{"file_actions": app.Row{"id": "new", "project_id": project, "action": "delete", "path": "a.tex"}}, nil},
		{app.Row{"terminals": app.Row{"id": terminal}}, app.Row{"delete": true}},
	} {
		if got := there.refused(ask.query, ask.options); got != sentence {
			t.Errorf("%v is answered %q", ask.query, got)
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodPut} {
		code, text, _ := two.request(method, files+"a.tex", strings.NewReader("two\n"))
		if code != http.StatusMisdirectedRequest || !strings.Contains(text, sentence) {
			t.Errorf("%s: %d %s", method, code, text)
		}
	}
	_, _, err := two.dial("api/projects/" + project + "/terminals/" + terminal + "/socket").ReadMessage()
	if end, ok := errors.AsType[*websocket.CloseError](err); !ok || end.Code != 4421 || end.Text != sentence {
		t.Errorf("a terminal ends with %v", err)
	}
	if code, text, _ := one.request(http.MethodGet, files+"a.tex", nil); code != http.StatusOK || text != "one\n" {
		t.Errorf("download: %d %q", code, text)
	}
	// Pages know where they are, and who else there is.
	there.until("this_server", app.Row{"id": nil, "server": nil}, func(row app.Row) bool { return row["server"] != nil })
	there.until("servers", app.Row{"id": nil, "name": "hall 1", "address": nil}, func(row app.Row) bool {
		return row["address"] == "https://hall1.example.org/lyceum/"
	})
	there.set("projects", app.Row{"id": project, "action_request": app.Row{"action": "stop"}})
	there.until("projects", stateShape(project), state("stopped"))
}

// Who is in no project learns neither that one exists nor which server has it: the
// server that has it, another one, and for one that is nowhere, all answer the same.
func TestQ9V3AStrangerDoesNotLearnWhereAProjectIs(t *testing.T) {
	where := clusterOf(t)
	one := open(t, filepath.Join(t.TempDir(), "data"), "--database", where, "--server-name", "hall 1")
	one.signUp()
	two := open(t, filepath.Join(t.TempDir(), "data"), "--database", where, "--server-name", "hall 2")
	ada := one.tab()
	project, _ := ada.set("projects", app.Row{"id": "new", "title": "Graphs"})["id"].(string)
	if code, text, _ := one.request(http.MethodPut, "api/projects/"+project+"/files/a.tex", strings.NewReader("one\n")); code != http.StatusOK {
		t.Fatalf("upload: %d %s", code, text)
	}
	document, _ := ada.openDocument(project, "a.tex")
	terminal, _ := ada.set("terminals", app.Row{"id": "new", "project_id": project, "title": "Terminal"})["id"].(string)
	link, _ := ada.set("registration_tokens", app.Row{"id": "new"})["link"].(string)
	two.signUpAs(link, "Sam")
	one.cookie = two.cookie

	var answers []string
	ask := func(at *lab, project, document, terminal string) (all []string) {
		tb := at.tab() // each has the same numbers
		watch := app.Row{"changes": true}
		for _, a := range []struct{ query, options app.Row }{
			{app.Row{"projects": []any{app.Row{"id": project, "server": nil}}}, nil},
			{app.Row{"projects": app.Row{"id": project, "action_request": app.Row{"action": "start"}}}, nil},
			{app.Row{"document_states": app.Row{"project_id": project, "path": "a.tex", "update": nil}}, nil},
			{app.Row{"document_states": app.Row{"document_id": document, "update": nil}}, nil},
			{app.Row{"documents": app.Row{"id": document, "write_again": true}}, nil},
			{app.Row{"patches": []any{app.Row{"document_id": document, "seq": nil}}}, watch},
			{app.Row{"patches": app.Row{"document_id": document, "origin": "o", "n": int64(1), "update": []byte{0, 0}}}, nil},
			{app.Row{"directories": []any{app.Row{"project_id": project, "path": "", "entries": nil}}}, watch},
			{app.Row{"project_usage": []any{app.Row{"project_id": project, "time": nil}}}, watch},
			{app.Row{"file_actions": app.Row{"id": "new", "project_id": project, "action": "delete", "path": "a.tex"}}, nil},
			{app.Row{"terminals": app.Row{"id": terminal}}, app.Row{"delete": true}},
		} {
			tb.id++
			tb.send(wire.Ask{ID: tb.id, Query: a.query, Options: a.options, Request: app.NewID()})
			all = append(all, fmt.Sprintf("%+v", tb.next()))
		}
		for _, method := range []string{http.MethodGet, http.MethodPut} {
			code, text, _ := at.request(method, "api/projects/"+project+"/files/a.tex", strings.NewReader("two\n"))
			all = append(all, fmt.Sprint(method, code, text))
		}
		_, _, err := at.dial("api/projects/" + project + "/terminals/" + terminal + "/socket").ReadMessage()
		return append(all, fmt.Sprint(err))
	}
	for _, at := range []*lab{one, two} {
		for _, of := range [][3]string{{project, document, terminal}, {app.NewID(), app.NewID(), app.NewID()}} {
			got := ask(at, of[0], of[1], of[2])
			if answers == nil {
				answers = got
			}
			for i, text := range got {
				if text != answers[i] || strings.Contains(text, "hall") {
					t.Errorf("at %s, of %s: %s\nbut at first: %s", at.base, of[0], text, answers[i])
				}
			}
		}
	}
}
