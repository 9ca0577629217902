package rethinkstore

import (
	"errors"
	"slices"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/app/rethinkstore/rethinktest"
)

// openCursors opens a store with an ephemeral table, which reaches one node.
func openCursors(t *testing.T, address string) *Store {
	t.Helper()
	return opened(t, Options{
		Hosts: []string{address}, Database: "cursors", Ephemeral: []app.Table{{Name: "cursors"}},
	})
}

func (s *Store) cursor(t *testing.T, id string, row app.Row) {
	t.Helper()
	if _, err := s.Write(t.Context(), app.Write{Table: "cursors", ID: id, Row: row, IfRev: app.AnyRev}); err != nil {
		t.Fatal(err)
	}
}

// await waits until the store has exactly these cursors.
func (s *Store) await(t *testing.T, want ...string) {
	t.Helper()
	var have []string
	for deadline := time.After(time.Minute); ; {
		page, err := s.Read(t.Context(), app.Range{Table: "cursors"})
		if err != nil {
			t.Fatal(err)
		}
		have = nil
		for _, rec := range page.Records {
			have = append(have, rec.ID)
		}
		if slices.Equal(have, want) {
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			t.Fatalf("the cursors are %q, want %q", have, want)
		}
	}
}

// A server is away for so long that the deletions of cursors leave no trace any
// more. When it is back, those that went with it are there again, and none that
// was removed on purpose, before the others took the server for gone or after.
func TestW4WhatWasRemovedOnPurposeStaysGoneHoweverLongItsServerWasAway(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{Nodes: 2})
	addresses := server.Addresses()
	a, b := openCursors(t, addresses[0]), openCursors(t, addresses[1])
	for _, id := range []string{"before", "after", "stays", "taken"} {
		b.cursor(t, id, app.Row{"text": "here"})
	}
	a.await(t, "after", "before", "stays", "taken")
	server.StopNode(1)
	a.cursor(t, "before", nil)
	a.cursor(t, "taken", nil)
	a.await(t) // the rest has gone with its server
	a.cursor(t, "after", nil)
	a.cursor(t, "taken", app.Row{"text": "of another"})
	// Six minutes pass: what leaves a trace for five has none.
	if err := a.sweep(t.Context(), "cursors", lightAge-6*time.Minute); err != nil {
		t.Fatal(err)
	}
	f := b.tables["cursors"].follower
	f.mu.Lock()
	f.heard = time.Now().Add(-6 * time.Minute)
	f.mu.Unlock()
	server.StartNode(1)
	a.await(t, "stays", "taken")
	b.await(t, "stays", "taken")
	for _, s := range []*Store{a, b} {
		rec, err := s.Get(t.Context(), "cursors", "taken")
		if err != nil || rec.Row["text"] != "of another" {
			t.Errorf("what another server has now is %+v, %v", rec, err)
		}
	}
}

// Only the server whose row it was writes it again, and only if no other has had it
// since.
func TestW4ALostRowIsWrittenAgainByItsServerOnly(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	s := openCursors(t, server.Address())
	restore := func(id string) error {
		_, err := s.write(t.Context(), app.Write{Table: "cursors", ID: id, Row: app.Row{"text": "again"}, IfRev: app.Absent}, restoring)
		return err
	}
	if err := restore("never"); !errors.Is(err, app.ErrConflict) {
		t.Errorf("what never was: %v", err)
	}
	s.cursor(t, "there", app.Row{"text": "here"})
	if err := restore("there"); !errors.Is(err, app.ErrConflict) {
		t.Errorf("what is there: %v", err)
	}
	for _, other := range []bool{false, true} {
		s.cursor(t, "lost", app.Row{"text": "here"})
		rec, err := s.Get(t.Context(), "cursors", "lost")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.write(t.Context(), app.Write{Table: "cursors", ID: "lost", IfRev: rec.Rev}, removing); err != nil {
			t.Fatal(err)
		}
		if other {
			term := s.db().Table("cursors").Get("lost").Update(map[string]any{fieldHome: "another"})
			if err := s.ask(t.Context(), term, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := restore("lost"); (err == nil) == other {
			t.Errorf("a row of another server: %t, written again: %v", other, err)
		}
	}
}
