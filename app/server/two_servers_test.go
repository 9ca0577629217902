package server_test

import (
	"net/http"
	"path/filepath"
	"testing"

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
