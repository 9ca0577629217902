package rethinkstore_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
	"lyceum/app/rethinkstore"
	"lyceum/app/rethinkstore/rethinktest"
	"lyceum/app/storetest"
)

// notes is a table of the contract, as most tests here use it.
var notes = []app.Table{{Name: "notes", Indexes: []app.Index{{Name: "time", Fields: []string{"time"}}}}}

// cutOften cuts all connections again and again until the returned function is
// called.
func cutOften(server *rethinktest.Server, every time.Duration) (stop func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		ticks := time.NewTicker(every)
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C:
				server.DropConnections()
			case <-done:
				return
			}
		}
	})
	return func() { close(done); wg.Wait() }
}

// listener keeps what a watcher is told.
type listener struct {
	mu      sync.Mutex
	changes []app.Change
	logs    map[string]bool
	changed chan struct{}
}

func listen(t *testing.T, s app.Store, table string) *listener {
	t.Helper()
	l := &listener{logs: make(map[string]bool), changed: make(chan struct{}, 1)}
	pos, stop, err := s.Watch(table, func(b app.Batch) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.changes = append(l.changes, b.Changes...)
		l.logs[b.Position.Log] = true
		select {
		case l.changed <- struct{}{}:
		default:
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	l.logs[pos.Log] = true
	l.mu.Unlock()
	t.Cleanup(stop)
	return l
}

// patience is how long a test waits for what must come: far more than it takes.
const patience = 30 * time.Second

// wait waits until what was told is as it should be.
func (l *listener) wait(t *testing.T, what string, ok func([]app.Change) bool) {
	t.Helper()
	late := time.After(patience)
	for {
		l.mu.Lock()
		done := ok(l.changes)
		changes := l.changes
		l.mu.Unlock()
		if done {
			return
		}
		select {
		case <-l.changed:
		case <-late:
			t.Fatalf("%s was not told; told was %+v", what, changes)
		}
	}
}

func (l *listener) all() []app.Change {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]app.Change{}, l.changes...)
}

// has reports whether a row was told with a value of "text".
func has(id, text string) func([]app.Change) bool {
	return func(changes []app.Change) bool {
		for _, c := range changes {
			if c.ID == id && c.New["text"] == text {
				return true
			}
		}
		return false
	}
}

func write(t *testing.T, s app.Store, id, text string) app.Record {
	t.Helper()
	rec, err := s.Write(t.Context(), app.Write{Table: "notes", ID: id, Row: app.Row{"text": text}, IfRev: app.AnyRev})
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// The network of the cluster is broken: everything is slower, and nothing is lost,
// doubled, or in another order than in the reference.
func TestCutConnectionsChangeNothing(t *testing.T) {
	for seed := range 3 {
		t.Run(fmt.Sprint("seed_", seed), func(t *testing.T) {
			t.Parallel()
			server := rethinktest.Start(t, rethinktest.Options{Nodes: 3})
			s := open(t, options(server, storetest.Tables()))
			stop := cutOften(server, 100*time.Millisecond)
			storetest.Compare(t, 100+seed, s)
			stop()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Several people raise one counter while connections are cut before and after
// their writes: each step counts once.
func TestS6WriteWhoseAnswerIsLostIsDoneOnce(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	o := options(server, notes)
	s := open(t, o)
	t.Cleanup(func() { _ = s.Close() }) // closed below, unless the test fails
	l := listen(t, s, "notes")
	write(t, s, "counter", "0")
	const workers, times = 4, 10
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range times {
				if err := raise(t, s); err != nil {
					t.Errorf("raise: %v", err)
				}
			}
		})
	}
	for i := range 20 {
		if i%2 == 0 {
			server.CutAfter(o.Database, "notes", 1)
		} else {
			server.CutBefore(o.Database, "notes", 1)
		}
		l.wait(t, "a step", func(c []app.Change) bool { return len(c) > 1+i })
	}
	wg.Wait()
	want := fmt.Sprint(workers * times)
	l.wait(t, "the last step", has("counter", want))
	if n := len(l.all()); n != workers*times+1 {
		t.Errorf("%d changes were told, want %d", n, workers*times+1)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// The same under no condition at all, where nothing but its tag keeps a write from
// being done twice.
func TestS6UnconditionalWriteIsDoneOnce(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	a, b, o := two(t, server)
	l := listen(t, b, "notes")
	const times = 10
	for i := range times {
		server.CutAfter(o.Database, "notes", 1)
		write(t, a, "x", fmt.Sprint(i)) // a put, and over a tombstone
		server.CutAfter(o.Database, "notes", 1)
		write(t, a, "x", fmt.Sprint(i, " again"))
		server.CutAfter(o.Database, "notes", 1)
		if _, err := a.Write(t.Context(), app.Write{Table: "notes", ID: "x", IfRev: app.AnyRev}); err != nil {
			t.Fatal(err)
		}
	}
	write(t, a, "last", "one")
	l.wait(t, "the last", has("last", "one"))
	if n := len(l.all()); n != 3*times+1 {
		t.Errorf("%d changes were told, want %d", n, 3*times+1)
	}
}

// raise adds one to the counter, again if somebody else was faster.
func raise(t *testing.T, s app.Store) error {
	for {
		rec, err := s.Get(t.Context(), "notes", "counter")
		if err != nil {
			return err
		}
		var n int
		if _, err := fmt.Sscan(rec.Row["text"].(string), &n); err != nil {
			return err
		}
		row := app.Row{"text": fmt.Sprint(n + 1)}
		_, err = s.Write(t.Context(), app.Write{Table: "notes", ID: "counter", Row: row, IfRev: rec.Rev})
		if !errors.Is(err, app.ErrConflict) {
			return err
		}
	}
}

// two returns two servers on one database.
func two(t *testing.T, server *rethinktest.Server) (a, b *rethinkstore.Store, o rethinkstore.Options) {
	t.Helper()
	o = options(server, notes)
	stores := []*rethinkstore.Store{open(t, o), open(t, o)}
	for _, s := range stores {
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
	return stores[0], stores[1], o
}

// A feed that is read too slowly loses changes and goes on (record 168): what was
// lost is read again, and told with what was before.
func TestS3SkippedChangesAreToldAllTheSame(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	a, b, o := two(t, server)
	l := listen(t, b, "notes")
	write(t, a, "changed", "one")
	write(t, a, "gone", "one")
	l.wait(t, "the first row", has("gone", "one"))
	server.SkipChanges(o.Database, "notes", 3)
	write(t, a, "changed", "two")
	write(t, a, "new", "one")
	if _, err := a.Write(t.Context(), app.Write{Table: "notes", ID: "gone", IfRev: app.AnyRev}); err != nil {
		t.Fatal(err)
	}
	write(t, a, "last", "one")
	l.wait(t, "what came after", has("last", "one"))
	l.wait(t, "what was skipped", func(changes []app.Change) bool {
		found := map[string]bool{}
		for _, c := range changes {
			found[fmt.Sprint(c.ID, c.Old["text"], c.New["text"])] = true
		}
		return found["changedonetwo"] && found["new<nil>one"] && found["goneone<nil>"]
	})
	if len(l.logs) != 1 {
		t.Errorf("%d logs, want no new start", len(l.logs))
	}
}

// A row changes while the feed is away, and nobody remembers what it was: watchers
// must begin anew, or whoever had it in a list would keep it there.
func TestS4WhatIsNotKnownAnyMoreIsANewStart(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	o := options(server, notes)
	a := open(t, o)
	write(t, a, "old", "one")
	b := open(t, o) // it reads nothing of the row
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	l := listen(t, b, "notes")
	server.SkipChanges(o.Database, "notes", 1)
	write(t, a, "old", "two")
	write(t, a, "last", "one")
	l.wait(t, "a new log", func([]app.Change) bool { return len(l.logs) == 2 })
	page, err := b.Read(t.Context(), app.Range{Table: "notes"})
	if err != nil || len(page.Records) != 2 || page.Records[1].Row["text"] != "two" || !l.logs[page.Position.Log] {
		t.Errorf("the page is %+v, %v", page, err)
	}
}

// A primary fails before a write is safe, and the new one has never heard of it:
// it was told to nobody.
func TestW2NothingIsToldThatIsTakenBack(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	a, b, o := two(t, server)
	l := listen(t, b, "notes")
	write(t, a, "x", "safe")
	l.wait(t, "the safe row", has("x", "safe"))
	server.HoldWrites(o.Database, "notes")
	run(t, o, r.DB(o.Database).Table("notes").Get("x").Update(map[string]any{"rev": 1 << 52}, r.UpdateOpts{Durability: "soft"}))
	done := make(chan error, 1)
	go func() {
		_, err := a.Write(t.Context(), app.Write{Table: "notes", ID: "y", Row: app.Row{"text": "held"}, IfRev: app.Absent})
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("a write that is not safe was acknowledged: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	if changes := l.all(); len(changes) != 1 {
		t.Errorf("told before it is safe: %+v", changes)
	}
	elect := server.FailPrimary(o.Database, "notes")
	elect()
	if err := <-done; err != nil { // sent again to the new primary
		t.Errorf("write = %v", err)
	}
	l.wait(t, "the row that was written again", has("y", "held"))
	rec, err := b.Get(t.Context(), "notes", "x")
	if changes := l.all(); err != nil || len(changes) != 2 || rec.Rev != changes[0].Rev {
		t.Errorf("told was %+v, stored is %+v, %v", changes, rec, err)
	}
}

// All nodes are away for some seconds and come back: writes that wait are done
// then, reads answer again, and the watchers miss nothing.
func TestEverythingGoesOnAfterTheDatabaseWasAway(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{Nodes: 3})
	a, b, _ := two(t, server)
	l := listen(t, b, "notes")
	write(t, a, "x", "before")
	server.Stop()
	done := make(chan error, 1)
	go func() {
		_, err := a.Write(t.Context(), app.Write{Table: "notes", ID: "y", Row: app.Row{"text": "meanwhile"}, IfRev: app.AnyRev})
		done <- err
	}()
	<-time.After(2 * time.Second) // connections that are there end, and attempts to open others
	server.Start()
	if err := <-done; err != nil {
		t.Errorf("write = %v", err)
	}
	write(t, b, "x", "after")
	l.wait(t, "the last write", has("x", "after"))
	l.wait(t, "the write that waited", has("y", "meanwhile"))
}

// An outage is told once for each feed, however often it is tried to open it.
func TestAnOutageIsToldOnce(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	o := options(server, notes)
	var out lines
	o.Log = slog.New(slog.NewTextHandler(&out, nil))
	s := open(t, o)
	defer s.Close()
	write(t, s, "x", "before")
	server.Stop()
	<-time.After(time.Second) // for some attempts
	server.Start()
	write(t, s, "x", "after")
	const ended = "feed of a table ended"
	for line, n := range out.count(ended, "table=") {
		if n != 1 {
			t.Errorf("it is told %d times that the feed of %s has ended", n, line)
		}
	}
	if len(out.count(ended, "table=")) == 0 {
		t.Error("it is not told that feeds have ended")
	}
}

// lines keep a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// count counts the lines with a text by the word that begins as given.
func (l *lines) count(text, begin string) map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	counts := make(map[string]int)
	for line := range strings.Lines(l.text.String()) {
		if !strings.Contains(line, text) {
			continue
		}
		for _, word := range strings.Fields(line) {
			if strings.HasPrefix(word, begin) {
				counts[word]++
			}
		}
	}
	return counts
}

// A feed is open and says nothing any more, as one over an index that is not there
// does (record 149): that is noticed within seconds, and what it has not told is
// read.
func TestSilentFeedIsOpenedAgain(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	a, b, o := two(t, server)
	l := listen(t, b, "notes")
	write(t, a, "x", "one")
	l.wait(t, "the first", has("x", "one"))
	release := server.HoldFeeds(o.Database, "notes")
	done := make(chan error, 1)
	go func() {
		_, err := a.Write(t.Context(), app.Write{Table: "notes", ID: "x", Row: app.Row{"text": "two"}, IfRev: app.AnyRev})
		done <- err
	}()
	l.wait(t, "what was written meanwhile", has("x", "two"))
	release()
	if err := <-done; err != nil {
		t.Errorf("write = %v", err)
	}
	write(t, a, "x", "three")
	l.wait(t, "what came after", has("x", "three"))
	if n := len(l.all()); n != 3 {
		t.Errorf("%d changes were told, want 3", n)
	}
}
