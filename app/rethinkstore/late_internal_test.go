package rethinkstore

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/app/rethinkstore/rethinktest"
)

// opened opens a store, which is closed with the test.
func opened(t *testing.T, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// newNotes opens a store with one table.
func newNotes(t *testing.T, server *rethinktest.Server) *Store {
	t.Helper()
	return opened(t, Options{Hosts: server.Addresses(), Database: "late", Tables: []app.Table{{Name: "notes"}}})
}

func (s *Store) do(t *testing.T, id string, row app.Row, condition int64) app.Record {
	t.Helper()
	rec, err := s.Write(t.Context(), app.Write{Table: "notes", ID: id, Row: row, IfRev: condition})
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// The connection of an insert is cut, it is sent again and done; much later, when
// the row was changed so often that nothing is known of it, the first copy arrives.
func TestS6TheFirstCopyOfAWriteThatComesLateDoesNothing(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	s := newNotes(t, server)
	table := s.tables["notes"]
	for _, condition := range []int64{app.Absent, app.AnyRev} {
		id := fmt.Sprint("row ", condition)
		p, err := s.pend(table, app.Write{Table: "notes", ID: id, Row: app.Row{"text": "first"}, IfRev: condition})
		if err != nil {
			t.Fatal(err)
		}
		p.tag = tag{s.clock.next(), s.id}
		again := func() { // a copy of the write arrives
			t.Helper()
			if _, err := table.writer.put(t.Context(), []*pending{p}); err != nil {
				t.Fatal(err)
			}
		}
		again()
		for i := range 2 * keptTags {
			s.do(t, id, app.Row{"text": fmt.Sprint(i)}, app.AnyRev)
		}
		again()
		if rec, err := s.Get(t.Context(), "notes", id); err != nil || rec.Row["text"] != fmt.Sprint(2*keptTags-1) {
			t.Errorf("%s: a late copy has made %+v, %v", id, rec, err)
		}
		s.do(t, id, nil, app.AnyRev)
		again()
		if rec, err := s.Get(t.Context(), "notes", id); !errors.Is(err, app.ErrNotFound) {
			t.Errorf("%s: a late copy has brought back %+v, %v", id, rec, err)
		}
	}
}

// A late copy of a removal must not remove the row that came after it.
func TestS6ALateRemovalDoesNothing(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	s := newNotes(t, server)
	table := s.tables["notes"]
	s.do(t, "x", app.Row{"text": "old"}, app.Absent)
	p, err := s.pend(table, app.Write{Table: "notes", ID: "x", IfRev: app.AnyRev})
	if err != nil {
		t.Fatal(err)
	}
	p.tag = tag{s.clock.next(), s.id}
	for i := range 2 {
		if _, err := table.writer.change(t.Context(), []*pending{p}); err != nil {
			t.Fatal(err)
		}
		for j := range 2 * keptTags {
			s.do(t, "x", app.Row{"text": fmt.Sprint(i, j)}, app.AnyRev)
		}
	}
	if _, err := s.Get(t.Context(), "notes", "x"); err != nil {
		t.Error(err)
	}
}

// The clock of another server is ahead: writes over its rows are done all the same,
// each once, and in the order in which they were asked for.
func TestS1WritesGoOverThoseOfAClockThatIsAhead(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	ahead, s := newNotes(t, server), newNotes(t, server)
	for i := range 5 {
		now := time.Now().Add(time.Hour)
		ahead.clock.mu.Lock()
		ahead.clock.last = max(ahead.clock.last, now.UnixMicro()) + 1e6
		ahead.clock.mu.Unlock()
		rev := ahead.do(t, "x", app.Row{"text": "ahead"}, app.AnyRev).Rev
		rec := s.do(t, "x", app.Row{"text": fmt.Sprint(i)}, app.AnyRev)
		if rec.Rev <= rev {
			t.Errorf("revision %d came after %d", rec.Rev, rev)
		}
		rev = ahead.do(t, "x", nil, app.AnyRev).Rev
		if rec = s.do(t, "x", app.Row{"text": "new"}, app.Absent); rec.Rev <= rev && rev != 0 {
			t.Errorf("revision %d came after %d", rec.Rev, rev)
		}
		s.do(t, "x", nil, app.AnyRev)
	}
}

// An insert is done and its connection cut; somebody else changes the row before it
// is sent again: it has made the row, and is no conflict.
func TestS6AnInsertWhoseAnswerIsLostIsKnownAsOwn(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	s, other := newNotes(t, server), newNotes(t, server)
	table := s.tables["notes"]
	p, err := s.pend(table, app.Write{Table: "notes", ID: "x", Row: app.Row{"text": "mine"}, IfRev: app.Absent})
	if err != nil {
		t.Fatal(err)
	}
	p.tag = tag{s.clock.next(), s.id}
	if _, err := table.writer.put(t.Context(), []*pending{p}); err != nil { // and nobody hears of it
		t.Fatal(err)
	}
	other.do(t, "x", app.Row{"text": "changed"}, app.AnyRev)
	table.writer.attempt([]*pending{p}, table.writer.put)
	if p.err != nil || p.rev == 0 {
		t.Errorf("the insert has revision %d, %v", p.rev, p.err)
	}
	if rec, err := s.Get(t.Context(), "notes", "x"); err != nil || rec.Row["text"] != "changed" {
		t.Errorf("the row is %+v, %v", rec, err)
	}
}

// A server was away for longer than a deleted row leaves a trace: its watchers begin
// anew, or they would show the row for ever.
func TestS4AFeedThatWasAwayTooLongIsANewStart(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	s := newNotes(t, server)
	table := s.tables["notes"]
	s.do(t, "x", app.Row{"text": "one"}, app.AnyRev)
	logs := make(chan string, 100)
	_, stop, err := s.Watch("notes", func(b app.Batch) { logs <- b.Position.Log })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	s.do(t, "x", app.Row{"text": "two"}, app.AnyRev)
	log := <-logs
	server.Stop()
	table.follower.mu.Lock()
	table.follower.heard = time.Now().Add(-25 * time.Hour)
	table.follower.mu.Unlock()
	server.Start()
	for deadline := time.After(20 * time.Second); ; {
		select {
		case now := <-logs:
			if now != log {
				return
			}
		case <-deadline:
			t.Fatal("watchers go on as if nothing had been missed")
		}
	}
}

// Acknowledgements that come after the feed was believed otherwise must not pile up.
func TestAcknowledgementsAreForgotten(t *testing.T) {
	f := newFollower(nil, nil)
	for i := range int64(100) {
		f.turn = time.Time{} // as if long ago
		f.heed([]int64{i})
	}
	if n := len(f.safe) + len(f.older); n != 2 {
		t.Errorf("%d are remembered, want those of two turns", n)
	}
}
