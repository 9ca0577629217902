package web_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/app/wire"
)

var titles = list("terminals", app.Row{"title": nil})

// folded is what a browser has of a watch: it begins anew with a start and takes
// changes in, and fails if something comes twice or for nothing.
type folded struct {
	watching
	rows map[string]app.Row
}

// take reads one message.
func (f *folded) take() {
	f.t.Helper()
	switch m := f.next().(type) {
	case wire.Answer:
		if m.Start {
			f.rows = map[string]app.Row{}
		}
		for _, row := range m.Rows {
			f.rows[row["id"].(string)] = row
		}
	case wire.Changes:
		if f.rows == nil {
			f.t.Fatal("changes come before the first answer")
		}
		for _, c := range m.Changes {
			f.fold(c)
		}
	default:
		f.t.Fatalf("the watch ended with %+v", m)
	}
}

func (f *folded) fold(c wire.Change) {
	f.t.Helper()
	row := c.NewVal
	if c.Action == "delete" {
		row = c.OldVal
	}
	id, _ := row["id"].(string)
	before, had := f.rows[id]
	if had != (c.Action != "insert") {
		f.t.Errorf("%s of %s, which the client has: %t", c.Action, id, had)
	}
	if c.Action == "delete" {
		delete(f.rows, id)
		return
	}
	next := app.Row{}
	for _, from := range []app.Row{before, row} {
		for name, v := range from {
			next[name] = v
		}
	}
	f.rows[id] = next
}

// L1: while a page opens, others go on writing. What it has in the end is what is
// there, and nothing was told before the first answer or twice.
func TestL1NothingIsLostOrToldTwiceOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		for i := range 300 {
			w.terminal(fmt.Sprintf("t%03d", i), "p1", "0")
		}
		over := make(chan struct{})
		var group sync.WaitGroup
		for writer := range 4 {
			group.Go(func() {
				for i := writer; ; i += 4 {
					select {
					case <-over:
						return
					default:
					}
					id := fmt.Sprintf("t%03d", (i*7919)%400)
					row := app.Row{"id": id, "project_id": "p1", "title": strconv.Itoa(i), "account_id": "ada", "created": int64(1)}
					if i%5 == 4 {
						row = nil
					}
					if _, err := w.store.Write(t.Context(), app.Write{Table: "terminals", ID: id, Row: row, IfRev: app.AnyRev}); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		var tabs []*folded
		for range 5 {
			c := w.as("vera", codec)
			f := &folded{watching: c.watch(titles, nil)}
			for range 5 {
				f.take()
			}
			tabs = append(tabs, f)
		}
		close(over)
		group.Wait()
		w.terminal("last", "p1", "last")
		want := w.as("ada", codec).says(titles, nil)
		for _, f := range tabs {
			for f.rows["last"] == nil {
				f.take()
			}
			var have []string
			for _, row := range f.rows {
				have = append(have, text(row))
			}
			slices.SortFunc(have, func(a, b string) int { return strings.Compare(a, b) })
			if got := strings.Join(have, " "); got != want {
				t.Errorf("the tab has\n%s\nthere is\n%s", got, want)
			}
		}
	})
}

// L2: one set is one message, and the sets of a row are told in their order.
func TestL2OneWriteIsOneMessageInOrderOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		ada, vera := w.as("ada", codec), w.as("vera", codec)
		tab := vera.watch(list("projects", app.Row{"title": nil, "description": nil}), nil)
		tab.hears("start {description: id:p1 title:Graphs}")
		ada.sets("projects", app.Row{"id": "p1", "title": "Trees", "description": "green"})
		tab.hears("update {description:green id:p1 title:Trees} of {id:p1}")
		const sets = wire.MaxAsks
		for i := range sets {
			ada.ask(one("projects", app.Row{"id": "p1", "title": strconv.Itoa(i)}), nil, fmt.Sprint("r", i))
		}
		last := -1
		for last < sets-1 {
			for _, change := range strings.Split(tab.hear(tab.id), " & ") {
				_, title, _ := strings.Cut(change, "title:")
				title, _, _ = strings.Cut(title, "}")
				n, err := strconv.Atoi(title)
				if err != nil || n <= last {
					t.Fatalf("after set %d comes %s", last, change)
				}
				last = n
			}
		}
	})
}

// L3: what a change is made of.
func TestL3ChangesOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		w.terminal("t1", "p1", "b")
		tab := w.as("vera", codec).watch(list("terminals", app.Row{"project_id": "p1", "title": app.Row{">=": "b"}, "account_id": nil, "ended": app.Row{"exit_code": nil}}), nil)
		tab.hears("start {account_id:ada id:t1 project_id:p1 title:b}")
		w.terminal("t1", "p1", "c")
		tab.hears("update {id:t1 title:c} of {id:t1 project_id:p1 title:b}")
		ended := app.Row{"id": "t1", "project_id": "p1", "title": "c", "account_id": "ada", "created": int64(1), "ended": app.Row{"time": int64(9), "exit_code": int64(2)}}
		w.put("terminals", "t1", ended)
		tab.hears("update {ended:{exit_code:2} id:t1} of {id:t1 project_id:p1 title:c}")
		w.terminal("t1", "p1", "c") // it runs again: the field is gone
		tab.hears("update {ended:null id:t1} of {id:t1 project_id:p1 title:c}")
		w.terminal("t2", "p1", "d")
		tab.hears("insert {account_id:ada id:t2 project_id:p1 title:d}")
		w.put("terminals", "t1", nil)
		tab.hears("delete {id:t1 project_id:p1 title:c}")
		// A change of what was not asked for is none.
		w.put("terminals", "t2", app.Row{"id": "t2", "project_id": "p1", "title": "d", "account_id": "ada", "created": int64(2)})
		w.terminal("t2", "p1", "e")
		tab.hears("update {id:t2 title:e} of {id:t2 project_id:p1 title:d}")
	})
}

// L4: a tab whose network was gone gets what came since, and the rows where that
// cannot be.
func TestL4AClientComesBackOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		w.terminal("t1", "p1", "a")
		w.terminal("t2", "p1", "b")
		first := w.as("vera", codec)
		tab := first.watch(titles, nil)
		tab.hears("start {id:t1 title:a} {id:t2 title:b}")
		w.terminal("t1", "p1", "c")
		tab.hears("update {id:t1 title:c} of {id:t1}")
		after := app.Row{"after": first.at[tab.id]}
		if err := first.conn.NetConn().Close(); err != nil {
			t.Fatal(err)
		}
		w.terminal("t2", "p1", "d")
		w.terminal("t3", "p1", "e")
		w.put("terminals", "t1", nil)

		back := w.as("vera", codec)
		again := back.watch(titles, after)
		again.hears("resumed")
		var since []string
		for len(since) < 3 {
			since = append(since, strings.Split(again.hear(again.id), " & ")...)
		}
		if got := strings.Join(since, " & "); got != "update {id:t2 title:d} of {id:t2} & insert {id:t3 title:e} & delete {id:t1}" {
			t.Errorf("since then there came %s", got)
		}
		w.terminal("t3", "p1", "f")
		again.hears("update {id:t3 title:f} of {id:t3}")

		now := back.at[again.id]
		for name, position := range map[string]app.Row{
			"of another log": {"log": "elsewhere", "n": now["n"]}, "of the future": {"log": now["log"], "n": int64(1) << 50}, "before the log": {"log": now["log"], "n": int64(-1)},
		} {
			t.Run(name, func(t *testing.T) {
				back.watch(titles, app.Row{"after": position}).hears("start {id:t2 title:d} {id:t3 title:f}")
			})
		}
		w.as("ada", codec).member("p1", "vera", "editor")
		w.as("vera", codec).watch(titles, app.Row{"after": now}).hears("start {id:t2 title:d} {id:t3 title:f}")
	})
}

// L4: so much has happened meanwhile that the log has forgotten it.
func TestL4APositionThatHasFallenOutIsANewStartOnTheWire(t *testing.T) {
	w := school(t)
	w.terminal("t1", "p1", "a")
	vera := w.as("vera", wire.CBOR)
	tab := vera.watch(titles, nil)
	tab.hears("start {id:t1 title:a}")
	position := vera.at[tab.id]
	w.terminal("t1", "p1", "b")
	tab.hears("update {id:t1 title:b} of {id:t1}")
	large := strings.Repeat("x", 1<<20)
	for i := range 40 { // the log holds 32 MiB
		w.terminal(fmt.Sprint("big", i%4), "p2", large+fmt.Sprint(i))
	}
	w.terminal("t1", "p1", "c")
	w.as("vera", wire.CBOR).watch(titles, app.Row{"after": position}).hears("start {id:t1 title:c}")
	tab.hears("update {id:t1 title:c} of {id:t1}") // who was there all the time was not disturbed
}

// L4: a server that starts again has a log of its own.
func TestL4ARestartIsANewStartOnTheWire(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lyceum.db")
	w := schoolIn(t, path)
	w.project("p1", map[string]string{"vera": "viewer"})
	w.terminal("t1", "p1", "a")
	vera := w.as("vera", wire.JSON)
	tab := vera.watch(titles, nil)
	tab.hears("start {id:t1 title:a}")
	position := vera.at[tab.id]
	w = w.restart(path)
	w.as("vera", wire.JSON).watch(titles, app.Row{"after": position}).hears("start {id:t1 title:a}")
}

// restart ends the server and starts another on the same file. Sign-ins go on.
func (w *world) restart(path string) *world {
	w.t.Helper()
	w.stop()
	if err := w.store.Close(); err != nil {
		w.t.Fatal(err)
	}
	next := schoolIn(w.t, path)
	for name, p := range w.people {
		next.people[name] = &person{next, p.id, p.token}
	}
	return next
}

// L5: somebody is taken into a project and out of it. Rows come and go at once,
// for those who ask for everything and who ask for that project, and what is
// watched beside it hears nothing.
func TestL5AccessComesAndGoesAtOnceOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		w.terminal("t1", "p1", "a")
		w.terminal("t2", "p2", "b")
		ed, sam := w.as("ed", codec), w.as("sam", codec)
		all := ed.watch(titles, nil)
		all.hears("start {id:t1 title:a}")
		that := ed.watch(list("terminals", app.Row{"project_id": "p2", "title": nil}), nil)
		that.hears("start")
		beside := ed.watch(list("terminals", app.Row{"project_id": "p1", "title": nil}), nil)
		beside.hears("start {id:t1 project_id:p1 title:a}")
		people := ed.watch(list("collaborators", app.Row{"name": nil}), app.Row{"order_by": "name"})
		people.hears("start {id:ada name:Ada} {id:ed name:Ed} {id:vera name:Vera}")
		for range 3 {
			sam.member("p2", "ed", "viewer")
			all.hears("insert {id:t2 title:b}")
			that.hears("insert {id:t2 project_id:p2 title:b}")
			people.hears("insert {id:sam name:Sam}")
			sam.member("p2", "ed", "")
			all.hears("delete {id:t2}")
			that.hears("delete {id:t2 project_id:p2}")
			people.hears("delete {id:sam}")
		}
		// Both directions at once: out of one project and into another, while rows
		// of both change.
		ada := w.as("ada", codec)
		removed, added := ada.ask(one("members", app.Row{"project_id": "p1", "account_id": "ed"}), app.Row{"delete": true}, "out"),
			sam.ask(one("members", app.Row{"project_id": "p2", "account_id": "ed", "role": "editor"}), nil, "in")
		ada.hear(removed)
		sam.hear(added)
		heard := map[string]bool{}
		for len(heard) < 2 {
			for _, change := range strings.Split(all.hear(all.id), " & ") {
				heard[change] = true
			}
		}
		if !heard["delete {id:t1}"] || !heard["insert {id:t2 title:b}"] {
			t.Errorf("told %v", heard)
		}
		beside.hears("delete {id:t1 project_id:p1}")
		w.terminal("t1", "p1", "hidden")
		w.terminal("t2", "p2", "c")
		all.hears("update {id:t2 title:c} of {id:t2}")
	})
}

// L5: rows that begin and cease to match, by a value and by a value below.
func TestL5RowsComeAndGoWithTheFilterOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		ada := w.as("ada", codec)
		tab := w.as("vera", codec).watch(list("projects", app.Row{"id": nil, "users": app.Row{"ed": app.Row{"role": "editor"}}, "title": app.Row{"<": "M"}}), nil)
		tab.hears("start {id:p1 title:Graphs users:{ed:{role:editor}}}")
		ada.sets("projects", app.Row{"id": "p1", "title": "Trees"})
		tab.hears("delete {id:p1 title:Graphs users:{ed:{role:editor}}}")
		ada.sets("projects", app.Row{"id": "p1", "title": "Algebra"})
		tab.hears("insert {id:p1 title:Algebra users:{ed:{role:editor}}}")
		ada.member("p1", "ed", "viewer")
		tab.hears("delete {id:p1 title:Algebra users:{ed:{role:editor}}}")
		ada.member("p1", "ed", "editor")
		tab.hears("insert {id:p1 title:Algebra users:{ed:{role:editor}}}")
	})
}

// L6: the two newest of a list, whatever happens to it.
func TestL6AWindowIsKeptOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		act := func(id string, time int) {
			w.put("file_actions", id, app.Row{"id": id, "project_id": "p1", "time": int64(time), "path": "x"})
		}
		act("a", 10)
		act("b", 20)
		act("c", 30)
		vera := w.as("vera", codec)
		tab := vera.watch(list("file_actions", app.Row{"project_id": "p1", "time": nil}), app.Row{"limit": int64(2), "order_by": "-time"})
		tab.hears("start {id:c project_id:p1 time:30} {id:b project_id:p1 time:20}")
		act("d", 40) // in front: it pushes the last one out
		tab.hears("delete {id:b project_id:p1} & insert {id:d project_id:p1 time:40}")
		w.put("file_actions", "d", nil) // gone: the next one comes in
		tab.hears("delete {id:d project_id:p1} & insert {id:b project_id:p1 time:20}")
		act("a", 35) // moves in
		tab.hears("delete {id:b project_id:p1} & insert {id:a project_id:p1 time:35}")
		act("a", 5) // and out
		tab.hears("delete {id:a project_id:p1} & insert {id:b project_id:p1 time:20}")
		act("b", 31) // within
		tab.hears("update {id:b time:31} of {id:b project_id:p1}")
		act("a", 6) // outside: nobody hears of it
		act("e", 31)
		tab.hears("delete {id:c project_id:p1} & insert {id:e project_id:p1 time:31}")
		act("f", 31) // a tie of three: ids decide, backwards as the list is
		tab.hears("delete {id:b project_id:p1} & insert {id:f project_id:p1 time:31}")
		for _, id := range []string{"x", "z", "y"} { // ties without an index
			w.terminal(id, "p1", "same")
		}
		ties := vera.watch(titles, app.Row{"limit": int64(2), "order_by": "-title"})
		ties.hears("start {id:z title:same} {id:y title:same}")
		w.terminal("w", "p1", "zz")
		ties.hears("delete {id:y} & insert {id:w title:zz}")
		w.put("terminals", "w", nil)
		ties.hears("delete {id:w} & insert {id:y title:same}")
		w.as("ada", codec).member("p1", "vera", "")
		tab.hears("delete {id:e project_id:p1} & delete {id:f project_id:p1}")
	})
}

// L9: a lab full of tabs closes. Neither goroutines nor memory stay.
func TestL9NothingIsLeftOfAHundredTabsOnTheWire(t *testing.T) {
	w := school(t)
	for i := range 50 {
		w.terminal(fmt.Sprintf("t%02d", i), "p1", "x")
	}
	w.put("documents", "d1", app.Row{"id": "d1", "project_id": "p1", "path": "a.tex", "created": int64(5)})
	came := func() {
		var tabs []*talk
		for range 100 {
			conn, _, err := w.people["ed"].connect("ws", nil, wire.ProtocolCBOR)
			if err != nil {
				t.Fatal(err)
			}
			c := talking(w.people["ed"].greet(conn, wire.CBOR))
			for i := range 20 {
				c.watch(list("terminals", app.Row{"id": nil, "title": app.Row{"!=": strconv.Itoa(i)}}), nil)
			}
			for i := range 20 {
				if got := c.hear(int64(i + 1)); !strings.HasPrefix(got, "start {id:t00 title:x}") {
					t.Fatal(got)
				}
			}
			c.sets("cursors", app.Row{"document_id": "d1", "position": []byte{1}})
			tabs = append(tabs, c)
		}
		for _, c := range tabs {
			if err := c.conn.NetConn().Close(); err != nil { // without a word
				t.Fatal(err)
			}
		}
	}
	came() // what is made once, and kept, is made now
	goroutines, memory := w.settled(0)
	came()
	after, grown := w.settled(goroutines)
	if after > goroutines {
		t.Errorf("%d goroutines were left by tabs that have gone", after-goroutines)
	}
	if grown > memory+400<<10 { // the smallest part of 2,000 watches would be more
		t.Errorf("%d KiB were left by tabs that have gone", (grown-memory)>>10)
	}
	page, err := w.engine.Store().Read(t.Context(), app.Range{Table: "cursors"})
	if err != nil || len(page.Records) != 0 {
		t.Errorf("%d cursors are left, %v", len(page.Records), err)
	}
}

// settled waits until there are at most so many goroutines, or their number stays
// the same for a while, and returns it and the memory in use.
func (w *world) settled(most int) (goroutines int, memory int64) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	const still = 15
	for same, last := 0, -1; same < still; same++ {
		<-tick.C
		goroutines = runtime.NumGoroutine()
		if goroutines <= most {
			break
		}
		if goroutines != last {
			same, last = 0, goroutines
		}
	}
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return goroutines, int64(m.HeapAlloc)
}
