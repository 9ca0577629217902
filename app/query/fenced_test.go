package query_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/memstore"
	"lyceum/app/query"
	"lyceum/app/rethinkstore"
	"lyceum/app/rethinkstore/rethinktest"
	"lyceum/app/schema"
)

// sharedOn is a server on a database that others are on too.
func sharedOn(t *testing.T, address string) *world {
	t.Helper()
	var index *access.Index
	opened := make(chan struct{})
	store, err := rethinkstore.Open(t.Context(), rethinkstore.Options{
		Hosts: []string{address}, Database: "lyceum", Tables: schema.Tables(), Ephemeral: schema.Shared(),
		Concerns: access.Concerns,
		Settle: func(ctx context.Context, table string, c app.Change) {
			<-opened
			index.Settle(ctx, table, c)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	index, err = access.Open(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	close(opened)
	return serverOn(t, query.Options{Durable: store, Ephemeral: store, Local: memstore.New(schema.Local()), Access: index})
}

// changes begins a feed in the driver's protocol; a feed has a connection of its own.
const changes = "[152,"

// Somebody is removed at one server while another one hears nothing of it, or not
// of that, and its people have pages open. Nothing that is written after the removal
// was acknowledged reaches him there, neither while that server is away nor in the
// moment when it comes back; then all see what is so.
func TestW5AServerThatIsTakenForGoneTellsNothing(t *testing.T) {
	for _, tt := range []struct {
		name  string
		loses loss
	}{
		{"cut off", func(bool, []byte) bool { return true }},
		{"its own words are lost, and it hears on", func(toDatabase bool, _ []byte) bool { return toDatabase }},
		{"it hears of everything but the roles", func(_ bool, asked []byte) bool {
			return bytes.Contains(asked, []byte(changes)) && bytes.Contains(asked, []byte(`"projects"`))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := rethinktest.Start(t, rethinktest.Options{})
			cable := newRelay(t, server.Address())
			one := sharedOn(t, server.Address())
			one.people()
			two := sharedOn(t, cable.address())
			told := two.meanwhile(one, cable, tt.loses)
			for _, words := range told {
				if strings.Contains(words, "Private") {
					t.Errorf("ed, who was removed, is told %q", words)
				}
			}
		})
	}
}

// meanwhile has a server lose its database while ed, who has pages open at it, is
// removed at the other one. It returns all that he was told.
func (w *world) meanwhile(other *world, cable *relay, loses loss) (told []string) {
	t := w.t
	t.Helper()
	terminal := func(id, title string) {
		other.put("terminals", app.Row{"id": id, "project_id": "p1", "title": title, "account_id": "ada", "created": int64(1)})
	}
	terminal("t1", "Open")
	terminals := list("terminals", app.Row{"project_id": "p1", "title": nil})
	ed, ada := w.watch("ed", terminals, nil), w.watch("ada", terminals, nil)
	ed.wants("start {id:t1 project_id:p1 title:Open}")
	ada.wants("start {id:t1 project_id:p1 title:Open}")

	cable.lose(loses)
	other.member("p1", "ed", "")
	terminal("t1", "Private")
	terminal("t2", "Private")
	if _, err := w.run("ada", terminals, nil, ""); !app.IsKind(err, app.Unavailable) {
		t.Errorf("when the removal is acknowledged the other server answers ada with %v", err)
	}
	for _, of := range []*tab{ed, ada} { // the roles say so, or the store, whichever notices first
		of.until(func() bool { return of.over }, "the end of the watch")
		if !app.IsKind(of.err, app.Unavailable) {
			t.Errorf("the watch ended with %v, want that it may go on later", of.err)
		}
	}
	told = append(told, ed.got...)

	cable.lose(nil)
	// As their pages do, both come again and again, from where they were.
	late, pause := time.After(time.Minute), time.NewTicker(20*time.Millisecond)
	defer pause.Stop()
	again := func(name string, from *tab, until string) (told []string) {
		for {
			back := w.rewatch(name, terminals, app.Row{"after": app.Row{"log": from.pos.Log, "n": from.pos.N}}, from.rows)
			back.until(func() bool { return back.over || len(back.got) > 0 }, "an answer")
			back.close()
			told = append(told, back.got...)
			if len(back.got) > 0 && back.got[0] == until {
				return told
			}
			select {
			case <-late:
				t.Fatalf("%s is told %q, want %q", name, told, until)
			case <-pause.C:
			}
		}
	}
	told = append(told, again("ed", ed, "start")...)
	again("ada", ada, "start {id:t1 project_id:p1 title:Private} {id:t2 project_id:p1 title:Private}")
	return told
}
