package web_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/app/schema"
	"lyceum/app/sqlitestore"
	"lyceum/app/wire"
)

// gatedStore holds back writes of one table while its gate is shut: a disk that
// takes its time. The commit is behind the gate.
type gatedStore struct {
	app.Store
	table string
	gate  sync.Mutex
	waits chan struct{} // one for each write that has come to the gate
}

func (s *gatedStore) Write(ctx context.Context, w app.Write) (app.Record, error) {
	if w.Table == s.table {
		s.waits <- struct{}{}
		s.gate.Lock()
		defer s.gate.Unlock()
	}
	return s.Store.Write(ctx, w)
}

// W2: what is not on the disk yet is neither read nor told, and what was told is
// read by everybody.
func TestW2NothingIsShownBeforeItIsDurableOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		file, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "lyceum.db"), schema.Tables())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := file.Close(); err != nil {
				t.Error(err)
			}
		})
		store := &gatedStore{Store: file, table: "projects", waits: make(chan struct{}, 10)}
		w := worldOn(t, store, "/")
		w.project("p1", map[string]string{"ada": "owner", "vera": "viewer"})
		<-store.waits
		ada, vera := w.as("ada", codec), w.as("vera", codec)
		get := one("projects", app.Row{"id": "p1", "title": nil})
		tab := vera.watch(list("projects", app.Row{"title": nil}), nil)
		beside := vera.watch(titles, nil)
		tab.hears("start {id:p1 title:Graphs}")
		beside.hears("start")
		store.gate.Lock()
		set := ada.ask(one("projects", app.Row{"id": "p1", "title": "Trees"}), nil, "")
		<-store.waits
		vera.wants(get, nil, "{id:p1 title:Graphs}")
		ada.wants(get, nil, "{id:p1 title:Graphs}") // not even to who sets it
		w.terminal("t1", "p1", "x")
		beside.hears("insert {id:t1 title:x}")
		if len(vera.said[tab.id]) > 0 || len(ada.said[set]) > 0 {
			t.Errorf("before the commit there was said %v and %v", vera.said[tab.id], ada.said[set])
		}
		store.gate.Unlock()
		tab.hears("update {id:p1 title:Trees} of {id:p1}")
		vera.wants(get, nil, "{id:p1 title:Trees}")
		if got := ada.hear(set); got != "{id:p1}" {
			t.Errorf("the set is answered %s", got)
		}
	})
}

// W3: a tab sends again what was not acknowledged, to the server that was started
// since. It undoes nothing and makes nothing twice.
func TestW3ARepetitionAfterARestartChangesNothingOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		path := filepath.Join(t.TempDir(), "lyceum.db")
		w := schoolIn(t, path)
		w.project("p1", map[string]string{"ada": "owner", "ed": "editor"})
		ada, ed := w.as("ada", codec), w.as("ed", codec)
		rename := one("projects", app.Row{"id": "p1", "title": "Ed's"})
		made := one("terminals", app.Row{"id": "new", "project_id": "p1", "title": "Shell"})
		renamed, first := ed.hear(ed.ask(rename, nil, "r1")), ed.hear(ed.ask(made, nil, "r2"))
		ada.sets("projects", app.Row{"id": "p1", "title": "Ada's"})
		for restarts := range 2 {
			if restarts > 0 {
				w = w.restart(path)
			}
			ada, ed = w.as("ada", codec), w.as("ed", codec)
			if got := ed.hear(ed.ask(rename, nil, "r1")); got != renamed {
				t.Errorf("after %d restarts the same set is answered %s, it was %s", restarts, got, renamed)
			}
			if got := ed.hear(ed.ask(made, nil, "r2")); got != first {
				t.Errorf("after %d restarts the same row is answered %s, it was %s", restarts, got, first)
			}
			ada.wants(one("projects", app.Row{"id": "p1", "title": nil}), nil, "{id:p1 title:Ada's}")
			if got := ada.says(titles, nil); strings.Count(got, "{") != 1 {
				t.Errorf("after %d restarts there are %s", restarts, got)
			}
		}
		// A row keeps 16 requests; ed's first is the oldest of them and still known.
		for i := range schema.MaxRequestIDs - 1 {
			ed.hear(ed.ask(one("projects", app.Row{"id": "p1", "title": fmt.Sprint(i)}), nil, fmt.Sprint("more", i)))
		}
		ed.hear(ed.ask(rename, nil, "r1"))
		ada.wants(one("projects", app.Row{"id": "p1", "title": nil}), nil, "{id:p1 title:14}")
	})
}

// W4: a caret goes with its tab, is not another's to move, and is not there after
// a restart.
func TestW4CaretsGoWithTheirTabOnTheWire(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		path := filepath.Join(t.TempDir(), "lyceum.db")
		w := schoolIn(t, path)
		w.project("p1", map[string]string{"ada": "owner", "ed": "editor"})
		w.put("documents", "d1", app.Row{"id": "d1", "project_id": "p1", "path": "a.tex", "created": int64(5)})
		ada, ed := w.as("ada", codec), w.as("ed", codec)
		carets := list("cursors", app.Row{"document_id": "d1", "connection_id": nil, "name": nil})
		tab := ada.watch(carets, nil)
		tab.hears("start")
		ed.sets("cursors", app.Row{"document_id": "d1", "position": []byte{1}})
		came := tab.hear(tab.id)
		id, ok := strings.CutPrefix(came, "insert {connection_id:")
		id, _, _ = strings.Cut(id, " ")
		if !ok || !strings.Contains(came, "name:Ed") {
			t.Fatalf("told %s", came)
		}
		ada.wants(one("cursors", app.Row{"document_id": "d1", "connection_id": id, "colour": "red"}), nil,
			"invalid: cursors.connection_id is set by the server; a set of cursors may name colour, document_id and position.")
		ed.sets("cursors", app.Row{"document_id": "d1", "position": []byte{2}})
		if err := ed.conn.NetConn().Close(); err != nil { // without a word
			t.Fatal(err)
		}
		tab.hears("delete {connection_id:" + id + " document_id:d1}")
		ada.sets("cursors", app.Row{"document_id": "d1", "position": []byte{3}})
		w = w.restart(path)
		w.as("ada", codec).wants(carets, nil, "none")
	})
}

// W5: whoever loses the session, the account or the role is out at once: the
// tab closes, or hears that the rows are gone, and is told nothing of what is
// written afterwards.
func TestW5WhoIsOutHearsNothingMoreOnTheWire(t *testing.T) {
	closes := func(t *testing.T, w *world, tab watching) {
		t.Helper()
		for {
			_, data, err := tab.conn.ReadMessage()
			if err == nil {
				if strings.Contains(string(data), "secret") {
					t.Errorf("told %q", data)
				}
				continue
			}
			if end, ok := err.(*websocket.CloseError); !ok || end.Code != wire.CloseSignedOut {
				t.Errorf("ended with %v", err)
			}
			return
		}
	}
	losses := map[string]struct {
		lose func(w *world, codec wire.Codec)
		then func(t *testing.T, w *world, tab watching)
	}{
		"session, by the person in another tab": {func(w *world, codec wire.Codec) {
			id := w.sessionOf("vera")
			w.people["vera again"] = w.person("vera")
			other := talking(w.people["vera again"].tab(codec))
			other.says(one("sessions", app.Row{"id": id}), app.Row{"delete": true})
		}, closes},
		"session, by the server": {func(w *world, _ wire.Codec) { w.put("sessions", w.sessionOf("vera"), nil) }, closes},
		"session, by its age": {func(w *world, _ wire.Codec) {
			id := w.sessionOf("vera")
			w.put("sessions", id, app.Row{"id": id, "account_id": "vera", "created": int64(1), "expires": int64(2)})
		}, closes},
		"account": {func(w *world, _ wire.Codec) { w.put("accounts", "vera", nil) }, closes},
		"role": {func(w *world, codec wire.Codec) { w.as("ada", codec).member("p1", "vera", "") }, func(t *testing.T, w *world, tab watching) {
			tab.hears("delete {id:t1}")
			tab.wants(titles, nil, "none")
			tab.wants(one("terminals", app.Row{"id": "t1", "title": "mine"}), nil, "not_found: This terminal does not exist, or you may not see it.")
			w.terminal("t2", "p3", "mine")
			w.project("p3", map[string]string{"vera": "owner"})
			tab.hears("insert {id:t2 title:mine}")
		}},
	}
	for name, loss := range losses {
		t.Run(name, func(t *testing.T) {
			inBoth(t, func(t *testing.T, codec wire.Codec) {
				w := school(t)
				w.terminal("t1", "p1", "a")
				tab := w.as("vera", codec).watch(titles, nil)
				tab.hears("start {id:t1 title:a}")
				stays := w.as("ed", codec).watch(titles, nil)
				stays.hears("start {id:t1 title:a}")
				loss.lose(w, codec)
				w.terminal("t1", "p1", "secret")
				stays.hears("update {id:t1 title:secret} of {id:t1}")
				loss.then(t, w, tab)
				for _, heard := range tab.said[tab.id] {
					if strings.Contains(heard, "secret") {
						t.Errorf("told %s", heard)
					}
				}
			})
		})
	}
}
