package server_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"lyceum/app"
	"lyceum/app/config"
	"lyceum/app/schema"
	"lyceum/app/server"
	"lyceum/app/sqlitestore"
	"lyceum/app/wire"
	"lyceum/app/yjs"
)

// firstVersion was written by the executable of a5a5588, the first that people
// had: a class of four, of whom ada is administrator, signed up, were invited
// into "Graphs", edited a.tex by two, renamed a file and deleted another, opened
// two terminals, archived a project; then the server was stopped. Everybody's
// password is the same. It is never changed: older databases do not change.
const firstVersion = "../../testdata/databases/1.db.gz"

const everybodysPassword = "correct horse battery"

// unpack copies the database into a new data directory.
func unpack(t *testing.T) (data string) {
	t.Helper()
	packed, err := os.Open(firstVersion)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	r, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	data = t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "lyceum.db"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	return data
}

// everything reads all rows of a database that no server has open, but sign-ins,
// which come and expire.
func everything(t *testing.T, data string) map[string]app.Record {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), filepath.Join(data, "lyceum.db"), schema.Tables())
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]app.Record{}
	for _, table := range schema.Tables() {
		if table.Name == "sessions" || table.Name == "sign_in_links" {
			continue
		}
		r := app.Range{Table: table.Name}
		for more := true; more; more = r.After != nil {
			page, err := store.Read(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			for _, rec := range page.Records {
				rows[table.Name+"/"+rec.ID] = rec
			}
			r.After = page.Next
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// signIn signs in with the password that was chosen then.
func (l *lab) signIn(name string) *tab {
	l.t.Helper()
	body, err := json.Marshal(map[string]string{"email": name + "@example.org", "password": everybodysPassword})
	if err != nil {
		l.t.Fatal(err)
	}
	l.cookie = ""
	code, text, resp := l.request(http.MethodPost, "auth/sign-in", strings.NewReader(string(body)))
	if code != http.StatusOK {
		l.t.Fatalf("%s cannot sign in: %d %s", name, code, text)
	}
	l.cookie, _, _ = strings.Cut(resp.Header.Get("Set-Cookie"), ";")
	return l.tab()
}

// get asks for rows and returns them.
func (tb *tab) get(table string, shape app.Row, options app.Row) []app.Row {
	tb.t.Helper()
	tb.id++
	tb.send(wire.Ask{ID: tb.id, Query: app.Row{table: []any{shape}}, Options: options})
	m := tb.next()
	a, ok := m.(wire.Answer)
	if !ok {
		tb.t.Fatalf("get of %s: %+v", table, m)
	}
	return a.Rows
}

func column(rows []app.Row, name string) []any {
	var values []any
	for _, row := range rows {
		values = append(values, row[name])
	}
	return values
}

// document reads the text of a file from its patches, as the page does, in a
// project that need not run.
func (tb *tab) document(projectID, path string) string {
	tb.t.Helper()
	found := tb.get("document_paths", app.Row{"project_id": projectID, "path": path, "document_id": nil}, nil)
	if len(found) != 1 {
		tb.t.Fatalf("%s is the document %v", path, found)
	}
	doc := yjs.New()
	for _, patch := range tb.get("patches", app.Row{"document_id": found[0]["document_id"], "seq": nil, "update": nil}, nil) {
		update, _ := patch["update"].([]byte)
		if err := doc.ApplyUpdate(update, "server"); err != nil {
			tb.t.Fatal(err)
		}
	}
	return doc.Text("content").String()
}

// A school updates Lyceum: everything that its people have done is there, for
// those who may see it, and nothing else.
func TestADatabaseOfTheFirstVersionOpensWithEverythingInIt(t *testing.T) {
	data := unpack(t)
	before := everything(t, data)
	l := open(t, data)
	title := app.Row{"id": nil, "title": nil, "last_edited": nil, "state": app.Row{"state": nil}, "users": nil}
	byTitle := app.Row{"order_by": "title"}
	sees := map[string][]any{"ada": {"Graphs"}, "bob": {"Bob's own", "Graphs"}, "cai": {"Graphs"}, "dora": {"Last year"}}
	for name, titles := range sees {
		if got := column(l.signIn(name).get("projects", title, byTitle), "title"); !slices.Equal(got, titles) {
			t.Errorf("%s sees %v, want %v", name, got, titles)
		}
	}
	if old := l.signIn("dora").get("projects", title, nil)[0]; old["state"].(app.Row)["state"] != "archived" || old["last_edited"] == nil {
		t.Errorf("the archived project is %v", old)
	}
	ada := l.signIn("ada")
	graphs := ada.get("projects", title, nil)[0]
	id, _ := graphs["id"].(string)
	var roles []string
	for _, member := range graphs["users"].(app.Row) {
		roles = append(roles, member.(app.Row)["role"].(string))
	}
	if slices.Sort(roles); !slices.Equal(roles, []string{"editor", "owner", "viewer"}) {
		t.Errorf("roles in it are %v", roles)
	}
	for path, want := range map[string]string{"a.tex": "by Bob\nAda again\nby Ada\none\n", "new.txt": "still a better draft\n"} {
		if got := ada.document(id, path); got != want {
			t.Errorf("%s reads %q, want %q", path, got, want)
		}
	}
	if gone := ada.get("document_paths", app.Row{"project_id": id, "path": "gone.md", "document_id": nil}, nil); len(gone) != 0 {
		t.Errorf("the deleted file is back: %v", gone)
	}
	for what, got := range map[string]struct{ have, want any }{
		"terminals":   {column(ada.get("terminals", app.Row{"project_id": id, "title": nil}, byTitle), "title"), []any{"Second", "Shell"}},
		"people":      {column(ada.get("collaborators", app.Row{"name": nil}, app.Row{"order_by": "name"}), "name"), []any{"Ada", "Bob", "Cai Lun"}},
		"invitations": {column(ada.get("registration_tokens", app.Row{"note": nil, "uses": nil}, app.Row{"order_by": "note"}), "uses"), []any{int64(1), int64(1), int64(1), int64(0)}},
		"site":        {ada.get("site_settings", app.Row{"name": nil, "sign_up": nil}, nil)[0], app.Row{"id": "site", "name": "First school", "sign_up": "open"}},
		"settings":    {ada.get("accounts", app.Row{"editor_settings": app.Row{"theme": nil, "font_size": nil}}, nil)[0]["editor_settings"], app.Row{"theme": "dark", "font_size": int64(18)}},
	} {
		if !reflect.DeepEqual(got.have, got.want) {
			t.Errorf("%s: %v, want %v", what, got.have, got.want)
		}
	}
	l.stop()
	after := everything(t, data)
	for id, rec := range before {
		if !reflect.DeepEqual(after[id].Row, rec.Row) {
			t.Errorf("%s was %v and is %v", id, rec.Row, after[id].Row)
		}
	}
	if after["migrations/rows"].Row == nil {
		t.Error("it is not noted that the rows are migrated")
	}
}

// A start with nothing to do must not write: on a large site it would take as
// long as the first one after the update.
func TestADatabaseIsMigratedOnce(t *testing.T) {
	data := unpack(t)
	open(t, data).stop()
	first := everything(t, data)
	open(t, data).stop()
	if second := everything(t, data); !reflect.DeepEqual(second, first) {
		t.Errorf("after another start there is %v, before it was %v", second, first)
	}
}

// Whoever goes back to an older program is told so at the console, before that
// one touches anything.
func TestADatabaseOfANewerVersionIsRefusedWithASentence(t *testing.T) {
	data := unpack(t)
	store, err := sqlitestore.Open(t.Context(), filepath.Join(data, "lyceum.db"), schema.Tables())
	if err != nil {
		t.Fatal(err)
	}
	newer := app.Write{Table: "migrations", ID: "rows", Row: app.Row{"id": "rows", "version": int64(1000), "time": int64(1)}, IfRev: app.AnyRev}
	if _, err := store.Write(t.Context(), newer); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load([]string{"--data", data, "--listen", "127.0.0.1:0", "--isolation", "none"}, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	before := everything(t, data)
	for name, start := range map[string]func() error{
		"serve":      func() error { return server.Run(t.Context(), cfg, "test", io.Discard, io.Discard) },
		"admin link": func() error { return server.AdminLink(t.Context(), cfg, "ada@example.org", io.Discard) },
	} {
		if err := start(); err == nil || !strings.HasPrefix(err.Error(), "The database was written by a newer Lyceum: its rows have version 1000, ") {
			t.Errorf("%s says %v", name, err)
		}
	}
	if after := everything(t, data); !reflect.DeepEqual(after, before) {
		t.Error("something was written")
	}
}
