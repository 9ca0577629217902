package rethinktest

import (
	"fmt"
	"strings"
	"testing"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"
)

var (
	dying    = r.DB("sem").Table("d")
	withoutD = []r.Term{r.DB("sem").TableList().Contains("d").Branch(r.DB("sem").TableDrop("d"), nil)}
	newD     = []r.Term{r.DB("sem").TableCreate("d"), dying.IndexCreate("k"), dying.IndexWait(), dying.Insert(doc{"id": 1, "k": 1})}
)

func fresh(more ...r.Term) []r.Term { return append(append(withoutD[:1:1], newD...), more...) }

var lifeReplays = []replay{
	{n: 150, setup: fresh(), query: dying.Changes(), steps: []r.Term{r.DB("sem").TableDrop("d")}},
	{n: 151, setup: fresh(), query: dying.Get(1).Changes(), steps: []r.Term{r.DB("sem").TableDrop("d")}},
	{n: 152, setup: fresh(), query: dying.GetAllByIndex("k", 1).Changes(), steps: []r.Term{dying.IndexDrop("k"), dying.Insert(doc{"id": 2, "k": 1})}},
	{n: 153, setup: fresh(), query: dying.OrderBy(r.OrderByOpts{Index: "k"}).Limit(2).Changes(), steps: []r.Term{r.DB("sem").TableDrop("d")}},
	{n: 154, setup: fresh(), query: dying.GetAllByIndex("k", 1).Changes(), steps: []r.Term{
		dying.IndexRename("k", "k2"), dying.Insert(doc{"id": 3, "k": 1})}},
	{n: 155, setup: fresh(), query: dying.Changes(), steps: []r.Term{dying.Delete()}},
	{n: 156, setup: []r.Term{r.DBCreate("sem2"), r.DB("sem2").TableCreate("d")}, query: r.DB("sem2").Table("d").Changes(),
		steps: []r.Term{r.DBDrop("sem2")}},
	{n: 157, check: sessionClosed},
	{n: 158, setup: fresh(), check: overflowWhileReading},
	{n: 159, setup: fresh(), check: initialWhileWriting},
	{n: 167, setup: fresh(), check: lateIndex},
	{n: 168, setup: fresh(), check: overflow},
	{n: 169, setup: fresh(), check: chainOfSteps},
	{n: 170, setup: fresh(), check: orderOfWrites},
	{n: 171, setup: fresh(), check: nothingMissed},
	{n: 172, setup: fresh(), check: manyFeeds},
	{n: 173, setup: fresh(), check: restart},
}

func (p *player) open(t *testing.T, q r.Term) *listener {
	t.Helper()
	cursor, err := q.Run(p.session)
	if err != nil {
		t.Fatal(err)
	}
	return listen(p.server, cursor)
}

// closed ends a listener that must have nothing more to tell.
func (l *listener) closed(t *testing.T) {
	t.Helper()
	l.ends(t, "still open; client Close() returned <nil>", nil)
}

func sessionClosed(t *testing.T, p *player) {
	session := connect(t, p.server, r.ConnectOpts{})
	cursor, err := tbl.Changes().Run(session)
	if err != nil {
		t.Fatal(err)
	}
	l := listen(p.server, cursor)
	if err := session.Close(); err != nil {
		t.Fatal(err)
	}
	// The driver tells its own end of the connection in one of two ways.
	if err := l.heardError(t); !strings.Contains(err.Error(), "use of closed network connection") && err.Error() != r.ErrConnectionClosed.Error() {
		t.Errorf("got %v", err)
	}
}

var threeHundredRows = dying.Insert(r.Range(300).Map(func(v r.Term) any { return doc{"id": v.Add(1000)} }).CoerceTo("array")).Pluck("inserted")

// lost sums up what a feed told: changes, and those that it lost.
func lost(t *testing.T, elements []any) (told, skipped int) {
	t.Helper()
	for _, e := range elements {
		text, isError := e.(doc)["error"].(string)
		if !isError {
			told++
			continue
		}
		var n int
		if _, err := fmt.Sscanf(text, "Changefeed cache over array size limit, skipped %d elements.", &n); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		skipped += n
	}
	return told, skipped
}

func overflowWhileReading(t *testing.T, p *player) {
	rec := p.records[158]
	sameQuery(t, rec.ReQL, dying.Changes(r.ChangesOpts{ChangefeedQueueSize: 5}))
	sameQuery(t, rec.Feed.Steps[0].ReQL, threeHundredRows)
	l := p.open(t, dying.Changes(r.ChangesOpts{ChangefeedQueueSize: 5}))
	if got := run(t, p.session, threeHundredRows); !same(exact, []any{rec.Feed.Steps[0].Result}, plain(t, got)) {
		t.Errorf("wrote %v", got)
	}
	told, skipped := lost(t, l.rest())
	wantTold, wantSkipped := lost(t, rec.Feed.Steps[0].Messages)
	if told+skipped != 300 || wantTold+wantSkipped != 300 {
		t.Errorf("%d told and %d lost; recorded: %d and %d", told, skipped, wantTold, wantSkipped)
	}
	l.closed(t)
}

func overflow(t *testing.T, p *player) {
	sameQuery(t, p.records[168].ReQL, dying.Changes(r.ChangesOpts{ChangefeedQueueSize: 5}))
	release := p.server.HoldFeeds("sem", "d") // instead of a client that does not read
	l := p.open(t, dying.Changes(r.ChangesOpts{ChangefeedQueueSize: 5}))
	run(t, p.session, threeHundredRows)
	run(t, p.session, dying.Insert(doc{"id": "after"}))
	release()
	if got := l.hear(t, 2); !same(exact, p.records[168].Result, got) {
		t.Errorf("got %v", got)
	}
	l.closed(t)
}

// initialWhileWriting opens a feed over many rows, half of which are changed
// before they are told: each row comes as it is then, exactly once.
func initialWhileWriting(t *testing.T, p *player) {
	const rows, written = 2000, 300
	run(t, p.session, dying.Delete())
	run(t, p.session, dying.Insert(r.Range(rows).Map(func(v r.Term) any { return doc{"id": v, "k": 7} }).CoerceTo("array")))
	q := dying.Changes(allOfIt)
	sameQuery(t, p.records[159].ReQL, q)
	writer := connect(t, p.server, r.ConnectOpts{})
	cursor, err := q.Run(p.session)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		var err error
		for i := range written / 3 {
			for _, q := range []r.Term{dying.Get(i).Update(doc{"k": 8}), dying.Get(rows - 1 - i).Delete(), dying.Insert(doc{"id": rows + i})} {
				if err == nil {
					err = q.Exec(writer)
				}
			}
		}
		done <- err
	}()
	l := listen(p.server, cursor)
	state, ready := map[string]string{}, 0
	take := func(elements []any) {
		for _, e := range elements {
			e := e.(doc)
			if e["type"] == "state" {
				if e["state"] == "ready" {
					ready++
				}
				continue
			}
			id := idOf(withOld(e))
			_, known := state[id]
			if wantKnown := e["type"] == "change" || e["type"] == "remove"; known != wantKnown || ready > 0 && e["type"] == "initial" {
				t.Fatalf("%v: known %v, ready %d", e, known, ready)
			}
			if known && state[id] != jsonOf(e["old_val"]) {
				t.Fatalf("%v after %v", e, state[id])
			}
			if e["new_val"] == nil {
				delete(state, id)
			} else {
				state[id] = jsonOf(e["new_val"])
			}
		}
	}
	for ready == 0 {
		take(l.hear(t, 1))
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	take(l.rest())
	if len(state) != rows {
		t.Errorf("%d rows at the end", len(state))
	}
	for i := range written / 3 {
		if got := state[fmt.Sprint(i)]; !strings.Contains(got, `"k":8`) {
			t.Errorf("row %d is %s", i, got)
		}
	}
	l.closed(t)
}

// withOld is an element that says whose row it is also when it has one value
// only.
func withOld(e doc) doc {
	if e["new_val"] == nil {
		return doc{"new_val": e["old_val"]}
	}
	return e
}

func lateIndex(t *testing.T, p *player) {
	rec := p.records[167]
	q := tbl.GetAllByIndex("late", 1).Changes()
	sameQuery(t, rec.ReQL, q)
	l := p.open(t, q)
	run(t, p.session, tbl.IndexCreate("late"))
	run(t, p.session, tbl.IndexWait())
	run(t, p.session, tbl.Insert(doc{"id": "late", "late": 1}))
	if got := l.hear(t, 1); !same(exact, rec.Feed.Steps[1].Messages, got) {
		t.Errorf("got %v", got)
	}
	l.closed(t)
}

func chainOfSteps(t *testing.T, p *player) {
	const writers, each = 8, 50
	run(t, p.session, dying.Insert(doc{"id": "n", "n": 0}))
	l := p.open(t, dying.Changes())
	errs := make(chan error, writers)
	for range writers {
		go func() {
			var err error
			for range each {
				if err == nil {
					err = dying.Get("n").Update(func(row r.Term) any { return doc{"n": row.Field("n").Add(1)} }).Exec(p.session)
				}
			}
			errs <- err
		}()
	}
	for range writers {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	for i, e := range l.hear(t, writers*each) {
		if old, new := e.(doc)["old_val"].(doc)["n"], e.(doc)["new_val"].(doc)["n"]; old != float64(i) || new != float64(i+1) {
			t.Fatalf("element %d goes from %v to %v", i, old, new)
		}
	}
	l.closed(t)
}

func orderOfWrites(t *testing.T, p *player) {
	l := p.open(t, dying.Changes())
	for i := range 500 {
		run(t, p.session, dying.Insert(doc{"id": i + 1000}))
	}
	for i, e := range l.hear(t, 500) {
		if id := e.(doc)["new_val"].(doc)["id"]; id != float64(i+1000) {
			t.Fatalf("element %d is of row %v", i, id)
		}
	}
	l.closed(t)
}

func nothingMissed(t *testing.T, p *player) {
	writer := connect(t, p.server, r.ConnectOpts{})
	for i := range 300 {
		cursor, err := dying.Get(i + 1000).Changes().Run(p.session)
		if err != nil {
			t.Fatal(err)
		}
		run(t, writer, dying.Insert(doc{"id": i + 1000}))
		var got any
		if !cursor.Next(&got) {
			t.Fatal(cursor.Err())
		}
		if err := cursor.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func manyFeeds(t *testing.T, p *player) {
	for i := range 3000 {
		cursor, err := dying.Get(i).Changes().Run(p.session)
		if err != nil {
			t.Fatal(err)
		}
		defer cursor.Close()
	}
	if n := p.server.Feeds("sem", "d"); n != 3000 {
		t.Errorf("%d feeds", n)
	}
	if got := run(t, p.session, dying.Get(1)); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func restart(t *testing.T, p *player) {
	rec := p.records[173]
	l := p.open(t, tbl.Changes())
	run(t, p.session, tbl.Insert(doc{"id": "b4"}))
	l.hear(t, 1)
	p.server.awaitReaders()
	p.server.Stop()
	sameError(t, *rec.Feed.Error, l.heardError(t))
	err := one.Exec(p.session)
	if err == nil || !strings.Contains(err.Error(), "connect: connection refused") {
		t.Errorf("got %v while the server is down", err)
	}
	p.server.Start()
	if got := run(t, p.session, tbl.Get("b4")); len(got) != 1 {
		t.Errorf("after the restart: %v", got)
	}
}
