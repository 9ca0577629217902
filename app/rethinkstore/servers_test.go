package rethinkstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
	"lyceum/app/rethinkstore"
	"lyceum/app/rethinkstore/rethinktest"
)

// roles are the texts of notes: a change of one concerns all servers.
func roles(o rethinkstore.Options) rethinkstore.Options {
	o.Concerns = func(table string, old, new app.Row) bool { return old["text"] != new["text"] }
	return o
}

func closeLater(t *testing.T, s *rethinkstore.Store) {
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
}

// W5: the owner removes somebody at one server; when that is acknowledged, every
// other server knows it, however late its feed is.
func TestW5AcknowledgedChangeIsKnownAtEveryServer(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	o := roles(options(server, notes))
	var stores []*rethinkstore.Store
	var known [3]sync.Map
	for i := range 3 {
		s := open(t, o)
		closeLater(t, s)
		stores = append(stores, s)
		_, stop, err := s.Watch("notes", func(b app.Batch) {
			for _, c := range b.Changes {
				known[i].Store(c.ID, c.Rev)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
	}
	server.DelayFeeds(o.Database, "notes", 20*time.Millisecond)
	server.ShuffleFeeds(o.Database, "notes", 1)
	var wg sync.WaitGroup
	for i, s := range stores {
		wg.Go(func() {
			for j := range 10 {
				rec := write(t, s, fmt.Sprint("role ", i), fmt.Sprint(j))
				for k := range known {
					if rev, _ := known[k].Load(rec.ID); rev != rec.Rev {
						t.Errorf("rev %d was acknowledged, server %d knows %v", rec.Rev, k, rev)
					}
				}
			}
		})
	}
	wg.Wait()
}

// A change that concerns nobody is acknowledged at once, also where another server
// has changed the row again by then: nobody would ever answer for it.
func TestAChangeThatWasOvertakenConcernsNobody(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	o := roles(options(server, notes))
	a, b := open(t, o), open(t, o)
	closeLater(t, a)
	closeLater(t, b)
	write(t, a, "x", "same")
	server.DelayFeeds(o.Database, "notes", 5*time.Millisecond)
	var wg sync.WaitGroup
	for _, s := range []*rethinkstore.Store{a, b} {
		wg.Go(func() {
			for range 20 {
				if _, err := s.Write(t.Context(), app.Write{Table: "notes", ID: "x", Row: app.Row{"text": "same"}, IfRev: app.AnyRev}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// A server that still writes under the role that is taken holds the removal up.
func TestW5AcknowledgementWaitsUntilOthersHaveSettled(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	o := roles(options(server, notes))
	a := open(t, o)
	closeLater(t, a)
	writing, over := make(chan struct{}), make(chan struct{})
	o.Settle = func(_ context.Context, table string, c app.Change) {
		if table == "notes" && c.New["text"] == "removed" {
			close(writing)
			<-over
		}
	}
	b := open(t, o)
	closeLater(t, b)
	var done atomic.Bool
	acknowledged := make(chan struct{})
	go func() {
		defer close(acknowledged)
		write(t, a, "role", "removed")
		done.Store(true)
	}()
	<-writing
	<-time.After(100 * time.Millisecond) // far longer than an acknowledgement takes
	if done.Load() {
		t.Error("acknowledged while another server still writes")
	}
	close(over)
	<-acknowledged
}

// A server is killed: the others wait for it as long as it could still believe
// that it is one of them, and no longer; then its ephemeral rows are gone.
func TestW4RowsOfAKilledServerGo(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	o := roles(options(server, notes))
	o.Ephemeral = []app.Table{{Name: "cursors"}}
	a := open(t, o)
	closeLater(t, a)
	l := listen(t, a, "cursors")
	// What a killed server leaves, as one would that was just there.
	begun := time.Now()
	run(t, o, r.DB(o.Database).Table("_servers").Insert(map[string]any{"id": "killed", "name": "lab2", "beat": 7, "left": false}))
	b := open(t, o)
	if _, err := b.Write(t.Context(), app.Write{Table: "cursors", ID: "c", Row: app.Row{"text": "here"}}); err != nil {
		t.Fatal(err)
	}
	l.wait(t, "the cursor of another server", has("c", "here"))
	run(t, o, r.DB(o.Database).Table("cursors").Get("c").Update(map[string]any{"server": "killed"}))
	if err := b.Close(); err != nil { // which would write its rows again
		t.Error(err)
	}
	if names, err := a.Servers(t.Context()); err != nil || !slices.Contains(names, "lab2") {
		t.Errorf("other servers are %q, %v", names, err)
	}
	write(t, a, "role", "removed")
	if waited := time.Since(begun); waited < 5*time.Second {
		t.Errorf("a change was acknowledged after %v without one that may be there", waited)
	}
	l.wait(t, "the end of the cursor", func(changes []app.Change) bool { return changes[len(changes)-1].New == nil })
}

// A server that is closed takes its ephemeral rows with it.
func TestW4RowsOfAClosedServerGo(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	o := options(server, notes)
	o.Ephemeral = []app.Table{{Name: "cursors"}}
	a, b := open(t, o), open(t, o)
	closeLater(t, a)
	l := listen(t, a, "cursors")
	if _, err := b.Write(t.Context(), app.Write{Table: "cursors", ID: "c", Row: app.Row{"text": "here"}}); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	l.wait(t, "the end of the cursor", func(changes []app.Change) bool {
		return len(changes) > 0 && changes[len(changes)-1].New == nil
	})
	if names, err := a.Servers(t.Context()); err != nil || len(names) != 0 {
		t.Errorf("other servers are %q, %v", names, err)
	}
}

// A server whose connection to the database is lost must not go on as if it knew
// who may what: the others take it for gone.
func TestW5ServerWithoutDatabaseAnswersNothing(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	s := open(t, roles(options(server, notes)))
	closeLater(t, s)
	l := listen(t, s, "notes")
	write(t, s, "a", "one")
	server.Stop()
	l.wait(t, "a new log", func([]app.Change) bool { return len(l.logs) == 2 })
	for name, err := range map[string]error{
		"Get":   second(s.Get(t.Context(), "notes", "a")),
		"Read":  second(s.Read(t.Context(), app.Range{Table: "notes"})),
		"Write": second(s.Write(t.Context(), app.Write{Table: "notes", ID: "a", Row: app.Row{}})),
	} {
		if !app.IsKind(err, app.Unavailable) {
			t.Errorf("%s = %v, want unavailable", name, err)
		}
		sentence(t, err, "This server has lost its connection")
	}
	server.Start()
	l.wait(t, "another log", func([]app.Change) bool { return len(l.logs) == 3 })
	write(t, s, "a", "two")
}

// The feeds of a large database, or over a slow network, take long to open: a server
// that was then fenced, until its next sign of life, could not read its tables and
// did not start.
func TestW5AServerIsBelievedWhenItIsOpen(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	o := roles(options(server, notes))
	closeLater(t, open(t, o))
	session, err := r.Connect(r.ConnectOpts{Address: o.Hosts[0]})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close() // has nothing to lose
	var signs int
	if err := r.DB(o.Database).Table("_servers").Nth(0).Field("beat").ReadOne(&signs, session); err != nil {
		t.Fatal(err)
	}
	if signs < 2 {
		t.Errorf("an open server has said %d times that it is there, want once more after its feeds were open", signs)
	}
}

func second[T any](_ T, err error) error { return err }

// A new version needs another index while servers of the old one run: they would
// write rows that are not in it.
func TestS8OtherIndexesAreNotMadeUnderRunningServers(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	o := options(server, notes)
	o.Name = "lab1"
	s := open(t, o)
	write(t, s, "a", "one")
	o.Tables = []app.Table{{Name: "notes", Indexes: []app.Index{{Name: "text", Fields: []string{"text"}}}}}
	_, err := rethinkstore.Open(t.Context(), o)
	sentence(t, err, "lab1", "Stop them all")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	page, err := s.Read(t.Context(), app.Range{Table: "notes", Index: "text", Prefix: []any{"one"}})
	if err != nil || len(page.Records) != 1 {
		t.Errorf("by the new index: %+v, %v", page, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// A server of an older program was killed, perhaps of the version that did not say
// yet which one it is: a migration waits until it is sure of that, and goes on.
func TestAKilledServerOfAnOlderProgramIsWaitedFor(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	o := options(server, notes)
	o.Rows = 3
	s := open(t, o)
	closeLater(t, s)
	run(t, o, r.DB(o.Database).Table("_servers").Insert(map[string]any{"id": "killed", "name": "lab2", "beat": 7, "left": false}))
	if err := s.Alone(t.Context()); err != nil {
		t.Error(err)
	}
	if names, err := s.Servers(t.Context()); err != nil || len(names) != 0 {
		t.Errorf("went on while it may be there: %q, %v", names, err)
	}
}

// Ten servers start at once on a database that is not there.
func TestS8OneServerAtATimeMakesTheDatabase(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	o := options(server, notes)
	var wg sync.WaitGroup
	for i := range 5 {
		wg.Go(func() {
			s, err := rethinkstore.Open(t.Context(), o)
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			_, err = s.Write(t.Context(), app.Write{Table: "notes", ID: fmt.Sprint(i), Row: app.Row{"time": int64(i)}})
			if err := errors.Join(err, s.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
