package query_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"lyceum/app"
	"lyceum/app/schema"
	"lyceum/app/sqlitestore"
)

// The same story on the store that the server has: a project is made, renamed,
// shared, watched and lost, with everything in a file.
func TestTheTablesOnSQLite(t *testing.T) {
	store, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "lyceum.db"), schema.Tables())
	if err != nil {
		t.Fatal(err)
	}
	w := worldOn(t, store)
	tab := w.watch("ed", titles, nil)
	tab.wants("start " + graphs)
	a, err := w.run("sam", one("projects", app.Row{"id": "new", "title": "Slides"}), nil, "r1")
	if err != nil {
		t.Fatal(err)
	}
	id := a.Row["id"].(string)
	if _, err := w.run("sam", one("members", app.Row{"project_id": id, "email_address": "ed@example.org", "role": "editor"}), nil, "r2"); err != nil {
		t.Fatal(err)
	}
	tab.wants(fmt.Sprintf("insert {id:%s title:Slides}", id))
	for i := range 20 {
		if _, err := w.run("ed", one("projects", app.Row{"id": id, "title": fmt.Sprint(i)}), nil, ""); err != nil {
			t.Fatal(err)
		}
		tab.wants(fmt.Sprintf("update {id:%s title:%d}", id, i))
	}
	w.put("documents", app.Row{"id": "d1", "project_id": id, "path": "a.tex", "created": int64(5)})
	for seq := range int64(150) {
		w.put("patches", app.Row{"document_id": "d1", "seq": seq + 1, "project_id": id, "time": int64(9), "origin": "o", "n_from": seq, "n": seq, "update": []byte{byte(seq)}})
	}
	got := w.must("ed", list("patches", app.Row{"document_id": "d1", "seq": app.Row{">": int64(20)}, "update": nil})).Rows
	if len(got) != 130 || got[0]["seq"] != int64(21) || got[129]["seq"] != int64(150) {
		t.Errorf("%d patches from %v", len(got), got[0])
	}
	newest, err := w.run("ed", list("patches", app.Row{"document_id": "d1", "seq": nil}), app.Row{"limit": int64(1), "order_by": "-seq"}, "")
	if err != nil || text(newest.Rows...) != "{document_id:d1 seq:150}" {
		t.Errorf("the newest patch is %s, %v", text(newest.Rows...), err)
	}
	if _, err := w.run("sam", one("members", app.Row{"project_id": id, "account_id": "ed"}), app.Row{"delete": true}, "r3"); err != nil {
		t.Fatal(err)
	}
	tab.wants(fmt.Sprintf("delete {id:%s}", id))
	if rows := w.must("ed", list("patches", app.Row{"document_id": "d1", "update": nil})).Rows; len(rows) != 0 {
		t.Errorf("ed still reads %d patches", len(rows))
	}
}
