package projects_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/projects"
	"lyceum/projects/sandbox"
)

var errKilled = errors.New("killed")

// mortal is a store whose server is killed at a write to projects: before it, or
// after it was committed and before the server knew. over is closed then, or when
// the request is finished.
type mortal struct {
	app.Store
	after bool
	over  chan struct{}

	mu     sync.Mutex
	left   int // writes until then
	killed bool
}

func (m *mortal) Write(ctx context.Context, w app.Write) (app.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.killed:
		return app.Record{}, errKilled
	case w.Table != "projects":
		return m.Store.Write(ctx, w)
	}
	if m.left--; m.left < 0 {
		m.killed = true
		if m.after {
			_, _ = m.Store.Write(ctx, w) // nobody hears of it
		}
		close(m.over)
		return app.Record{}, errKilled
	}
	rec, err := m.Store.Write(ctx, w)
	if request, _ := w.Row["action_request"].(app.Row); err == nil && request["finished"] != nil {
		m.left = 0
		defer func() { m.killed = true; close(m.over) }() // nothing more of this server counts
	}
	return rec, err
}

// dies runs a server until it is killed at its kth write, and reports whether it
// was; if not it has finished the request before.
func (w *world) dies(k int, after bool, request func()) (killed bool) {
	w.t.Helper()
	m := &mortal{Store: w.store, left: k, after: after, over: make(chan struct{})}
	host := projects.New(projects.Options{Store: m, Sandbox: w.sandbox, Data: w.data, UIDs: testUIDs})
	if err := host.Start(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	var done sync.WaitGroup
	done.Go(func() { _ = host.Run(ctx) }) // it dies: what it says of that is nobody's
	request()
	select {
	case <-m.over:
	case <-time.After(waitTime):
		w.t.Fatalf("neither killed nor done; the row is %v", w.row("projects", "p1"))
	}
	cancel()
	done.Wait()
	return m.left < 0
}

// The server is killed while it does what was asked of a project, before or after
// each step that it notes. The next one does the rest: the project is as it was
// asked for, the request is finished, and one agent runs or none.
func TestAKilledRequestIsTakenUpAgain(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.None)
	w.project("p1", app.Row{"state": app.Row{"state": "stopped", "since": int64(1)}})
	steps := []struct {
		action, state string
		agents        int
	}{{"start", "running", 1}, {"restart", "running", 1}, {"stop", "stopped", 0}, {"archive", "archived", 0}, {"unarchive", "stopped", 0}}
	for _, after := range []bool{false, true} {
		dead := 0
		for k, killed := 0, true; killed; k++ {
			killed = false
			for _, s := range steps {
				what := fmt.Sprintf("%s, killed at write %d (after: %t)", s.action, k, after)
				if w.dies(k, after, func() { w.ask("p1", s.action) }) {
					killed, dead = true, dead+1
				}
				w.enter()
				w.settled("p1", s.state)
				if n := len(w.agents()); n != s.agents {
					t.Errorf("%s: %d agents run", what, n)
				}
				if request, _ := w.row("projects", "p1")["action_request"].(app.Row); request["finished"] == nil || request["error"] != nil {
					t.Errorf("%s: the request is %v", what, request)
				}
				w.leave()
			}
		}
		if dead < 2*len(steps) {
			t.Errorf("the server was killed %d times", dead)
		}
	}
}
