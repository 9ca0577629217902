package query_test

import (
	"testing"
	"time"

	"lyceum/app"
	"lyceum/app/query"
)

// clockwork is a world whose clock the test sets.
func clockwork(t *testing.T) (*world, *time.Time) {
	w := newWorld(t)
	now := time.UnixMilli(1_800_000_000_000)
	engine, err := query.New(query.Options{
		Durable: w.store, Ephemeral: w.store, Access: w.access, Clock: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Close)
	w.engine = engine
	return w, &now
}

// The clock of the server is set back by an hour, as it is when it was wrong.
// Whoever was the last to do something must still stand above who was before.
func TestQ8TimesOfARowDoNotGoBackWithTheClock(t *testing.T) {
	w, now := clockwork(t)
	w.put("documents", app.Row{"id": "d1", "project_id": "p1", "path": "a.tex", "created": int64(5)})
	times := func() (edited, asked, moved int64) {
		row := w.must("ada", one("projects", app.Row{"id": "p1", "last_edited": nil, "action_request": app.Row{"time": nil}})).Row
		cursor := w.must("ada", list("cursors", app.Row{"document_id": "d1", "time": nil})).Rows[0]
		return row["last_edited"].(int64), row["action_request"].(app.Row)["time"].(int64), cursor["time"].(int64)
	}
	act := func() {
		w.must("ed", one("projects", app.Row{"id": "p1", "title": "Trees"}))
		w.must("vera", one("projects", app.Row{"id": "p1", "action_request": app.Row{"action": "start"}}))
		w.must("ed", one("cursors", app.Row{"document_id": "d1", "position": []byte{1}}))
	}
	act()
	noon := now.UnixMilli()
	*now = now.Add(-time.Hour)
	act()
	if edited, asked, moved := times(); edited != noon || asked != noon || moved != noon {
		t.Errorf("with the clock an hour back: edited %d, asked %d, moved %d; it was %d before", edited, asked, moved, noon)
	}
	*now = now.Add(2 * time.Hour)
	act()
	if edited, asked, moved := times(); edited != now.UnixMilli() || asked != now.UnixMilli() || moved != now.UnixMilli() {
		t.Errorf("when the clock has passed it: edited %d, asked %d, moved %d; it is %d", edited, asked, moved, now.UnixMilli())
	}
}

// A document is what its patches make in the order of their numbers; the times
// beside them may say anything.
func TestPatchesAreInTheOrderOfTheirNumbersWhateverTheClockSays(t *testing.T) {
	w, _ := clockwork(t)
	w.put("documents", app.Row{"id": "d1", "project_id": "p1", "path": "a.tex", "created": int64(5)})
	for seq := range int64(4) {
		w.put("patches", app.Row{"document_id": "d1", "seq": seq + 1, "project_id": "p1", "time": 9000 - seq*1000, "origin": "o", "n": seq + 1, "update": []byte{byte(seq)}})
	}
	q := list("patches", app.Row{"document_id": "d1", "seq": nil})
	const want = "{document_id:d1 seq:1} {document_id:d1 seq:2} {document_id:d1 seq:3} {document_id:d1 seq:4}"
	if got := text(w.must("ed", q).Rows...); got != want {
		t.Errorf("a get has %s", got)
	}
	tab := w.watch("ed", q, nil)
	tab.wants("start " + want)
	w.put("patches", app.Row{"document_id": "d1", "seq": int64(5), "project_id": "p1", "time": int64(1), "origin": "o", "n": int64(5), "update": []byte{5}})
	tab.wants("insert {document_id:d1 seq:5}")
}
