package server_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lyceum/app"
	"lyceum/app/config"
	"lyceum/app/rethinkstore/rethinktest"
	"lyceum/app/server"
)

// The main job in short, over the wire that a browser speaks: a project starts, a
// file goes in, is edited, is read in a terminal and comes out; then the server
// restarts, and the same shell is still there.
func TestADayInTheLab(t *testing.T) {
	t.Run("in a file", func(t *testing.T) { aDay(t, "sqlite", "sqlite") })
	t.Run("on a cluster", func(t *testing.T) {
		where := clusterOf(t)
		aDay(t, where, where)
	})
	t.Run("in a file, moved to a cluster", func(t *testing.T) { aDay(t, "sqlite", clusterOf(t)) })
	t.Run("on a cluster, moved to a file", func(t *testing.T) { aDay(t, clusterOf(t), "sqlite") })
}

// clusterOf starts a cluster of three nodes and returns a database on it.
func clusterOf(t *testing.T) string {
	t.Helper()
	server := rethinktest.Start(t, rethinktest.Options{Nodes: 3})
	return "rethinkdb://" + strings.Join(server.Addresses(), ",") + "/lyceum"
}

// move copies all rows as an operator does.
func move(t *testing.T, data, from, to string) {
	t.Helper()
	cfg, err := config.Load([]string{"--data", data, "database", "copy", "--from", from, "--to", to}, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := server.Database(t.Context(), cfg, &out, &out); err != nil {
		t.Fatalf("copy: %v\n%s", err, out.String())
	}
}

// aDay begins with one database and ends with another, or the same.
func aDay(t *testing.T, from, to string) {
	l := open(t, filepath.Join(t.TempDir(), "data"), "--database", from)
	l.signUp()
	tb := l.tab()
	project, _ := tb.set("projects", app.Row{"id": "new", "title": "Graphs"})["id"].(string)
	tb.set("projects", app.Row{"id": project, "action_request": app.Row{"action": "start"}})
	tb.until("projects", stateShape(project), state("running"))

	files := "api/projects/" + project + "/files/"
	if code, text, _ := l.request(http.MethodPut, files+"a.tex", strings.NewReader("one\n")); code != http.StatusOK {
		t.Fatalf("upload: %d %s", code, text)
	}
	tb.edit(project, "a.tex", "two\n")
	terminal, _ := tb.set("terminals", app.Row{"id": "new", "project_id": project, "title": "Terminal"})["id"].(string)
	socket := "api/projects/" + project + "/terminals/" + terminal + "/socket"
	shell := l.dial(socket)
	typed(t, shell, "NAME=lovelace; until grep two a.tex; do sleep 0.1; done; echo he''llo\r", "hello")
	if code, text, _ := l.request(http.MethodGet, files+"a.tex", nil); code != http.StatusOK || text != "two\none\n" {
		t.Errorf("download: %d %q", code, text)
	}

	l.stop()
	cookie := l.cookie
	if from != to {
		move(t, l.data, from, to)
	}
	l = open(t, l.data, "--database", to)
	if l.link != "" {
		t.Errorf("with an account the server prints %s", l.link)
	}
	l.cookie = cookie
	tb = l.tab()
	tb.until("projects", stateShape(project), state("running"))
	typed(t, l.dial(socket), "echo still:$NAME\r", "still:lovelace")
	tb.set("projects", app.Row{"id": project, "action_request": app.Row{"action": "stop"}})
	tb.until("projects", stateShape(project), state("stopped"))
}

// The path of a unix socket has a bound that a data directory may exceed.
func TestADataDirectoryMayHaveALongPath(t *testing.T) {
	data := filepath.Join(t.TempDir(), strings.Repeat("long/", 40), "data")
	l := open(t, data)
	l.signUp()
	none := func(string) string { return "" }
	cfg, err := config.Load([]string{"--data", data}, none)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := server.AdminLink(t.Context(), cfg, "ada@example.org", &out); err != nil {
		t.Fatal(err)
	}
	link, token, _ := strings.Cut(strings.TrimSpace(out.String()), "sign-in#token=")
	if link != l.base {
		t.Errorf("link is %s", out.String())
	}
	code, text, _ := l.request(http.MethodPost, "auth/link", strings.NewReader(`{"token":"`+token+`"}`))
	if code != http.StatusOK {
		t.Errorf("the link does not sign in: %d %s", code, text)
	}
	info, err := os.Stat(filepath.Join(data, "run", "admin.sock"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket has mode %v, %v", info.Mode(), err)
	}
}
