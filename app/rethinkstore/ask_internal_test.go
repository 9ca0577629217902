package rethinkstore

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/app/rethinkstore/rethinktest"
)

// openRoles opens a store in which a change of a text concerns all servers.
func openRoles(t *testing.T, address string) *Store {
	t.Helper()
	return opened(t, Options{
		Hosts: []string{address}, Database: "roles", Tables: []app.Table{{Name: "notes"}},
		Concerns: func(_ string, old, new app.Row) bool { return old["text"] != new["text"] },
	})
}

// The feed of a server is cut while a row is changed several times, so that it only
// ever hears of the last: each of these changes is acknowledged, once it knows.
func TestW5AChangeThatWasOvertakenIsAcknowledged(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{Nodes: 2})
	addresses := server.Addresses()
	a, b := openRoles(t, addresses[0]), openRoles(t, addresses[1])
	const changes = 3
	told := make(chan struct{}, changes)
	_, stop, err := a.Watch("notes", func(app.Batch) { told <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	server.StopNode(1)
	acknowledged := make(chan error, changes)
	for i := range changes {
		go func() {
			_, err := a.Write(t.Context(), app.Write{Table: "notes", ID: "x", Row: app.Row{"text": fmt.Sprint(i)}, IfRev: app.AnyRev})
			acknowledged <- err
		}()
		<-told
	}
	server.StartNode(1)
	for range changes {
		if err := <-acknowledged; err != nil {
			t.Error(err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.tables["notes"].history.from("x", 0)); n != 1 {
		t.Errorf("the other server was told of %d changes, want only the last", n)
	}
}

// A server does not remember what was before its write, so it cannot know whether
// the write concerns the others. They know that it does not, and have said nothing.
func TestW5WhoCannotKnowWhomAChangeConcernsAsks(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	a, _ := openRoles(t, server.Address()), openRoles(t, server.Address())
	a.do(t, "x", app.Row{"text": "same"}, app.AnyRev)
	table := a.tables["notes"]
	p, err := a.pend(table, app.Write{Table: "notes", ID: "x", Row: app.Row{"text": "same", "time": int64(1)}, IfRev: app.AnyRev})
	if err != nil {
		t.Fatal(err)
	}
	a.writes.Add(1)
	table.writer.queue <- p
	<-p.done
	a.writes.Done()
	if err := errors.Join(p.err, a.waitTold(t.Context(), table, "x", p.rev)); err != nil {
		t.Fatal(err)
	}
	a.mu.Lock()
	table.history = history{floor: p.rev, newest: p.rev, dropped: a.n}
	a.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), tellPatience)
	defer cancel()
	if err := a.agree(ctx, table, p); err != nil {
		t.Error(err)
	}
	a.peers.mu.Lock()
	defer a.peers.mu.Unlock()
	if n := len(a.peers.asks); n != 0 {
		t.Errorf("%d questions stay", n)
	}
}

// A flood of unanswered writes does not make the row grow that all servers read each
// second, and who has an answer makes room for the next.
func TestQuestionsAreBounded(t *testing.T) {
	p := newPeers(nil)
	var forget []func()
	for i := range int64(2 * maxAsks) {
		forget = append(forget, p.ask(tag{i, "a"}, question{ask{Stamp: i}, time.Time{}}))
	}
	p.ask(tag{-1, "a"}, question{ask{Stamp: -1}, time.Now().Add(time.Hour)})
	if n := len(p.dueLocked()); n != maxAsks {
		t.Errorf("%d are asked, want %d", n, maxAsks)
	}
	for _, forget := range forget[1:] {
		forget()
	}
	if list := p.dueLocked(); len(list) != 1 || list[0].Stamp != 0 {
		t.Errorf("asked are %v, want the one that is left and due", list)
	}
}
