package rethinkstore

import (
	"testing"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app/rethinkstore/rethinktest"
)

// The lock is taken from a server that was not heard of: it stops preparing, and
// does not take the lock from the one that prepares now.
func TestWhoLosesTheLockIsTold(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	s := newNotes(t, server)
	lost := make(chan struct{})
	l, err := s.lock(t.Context(), func() { close(lost) })
	if err != nil {
		t.Fatal(err)
	}
	row := s.db().Table(metaTable).Get("lock")
	if err := s.ask(t.Context(), row.Update(map[string]any{"by": "other", "beat": 0}), nil); err != nil {
		t.Fatal(err)
	}
	select {
	case <-lost:
	case <-time.After(20 * time.Second):
		t.Error("the loss was not noticed")
	}
	l.release()
	var holder *lockRow
	if err := s.ask(t.Context(), row, &holder); err != nil || holder == nil || holder.By != "other" {
		t.Errorf("the lock is held by %+v, %v", holder, err)
	}
	if err := s.ask(t.Context(), row.Delete(r.DeleteOpts{Durability: hard}), nil); err != nil {
		t.Error(err)
	}
}

// A beat that did not reach the database does not end those after it.
func TestTheLockIsRenewedAfterALostBeat(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	s := newNotes(t, server)
	l, err := s.lock(t.Context(), func() { t.Error("lost") })
	if err != nil {
		t.Fatal(err)
	}
	defer l.release()
	server.Stop()
	time.AfterFunc(queryPatience+2*lockBeat, server.Start) // longer than a beat is asked for again
	var first, later *lockRow
	for deadline := time.Now().Add(30 * time.Second); later == nil || later.Beat < first.Beat+2; {
		if time.Now().After(deadline) {
			t.Fatalf("the beats stay at %+v", later)
		}
		if pause := lockPause; !wait(t.Context(), &pause) {
			t.Fatal("the test is over")
		}
		var now *lockRow
		if err := s.ask(t.Context(), s.db().Table(metaTable).Get("lock"), &now); err != nil {
			continue // away
		}
		if first == nil {
			first = now
		}
		later = now
	}
}
