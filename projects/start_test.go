package projects_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lyceum/app"
	"lyceum/projects"
	"lyceum/projects/sandbox"
)

// fatal is a store that kills the agent whenever a row is to say that it runs.
type fatal struct {
	app.Store
	w      *world
	host   *projects.Host
	mu     sync.Mutex
	agents map[int]bool // that were started
}

func (f *fatal) Write(ctx context.Context, w app.Write) (app.Record, error) {
	if w.Table == "projects" && stateOf(w.Row) == "running" {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, pid := range f.w.agents() {
			f.agents[pid] = true
			_ = unix.Kill(pid, unix.SIGKILL) // it may be dead
		}
		for alive := true; alive && ctx.Err() == nil; _, alive = f.host.Running("p1") {
			<-time.After(time.Millisecond)
		}
	}
	return f.Store.Write(ctx, w)
}

// An agent that ends before its start is finished is not started again and again:
// who has asked for it is told.
func TestAStartThatDiesIsNotRepeated(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.Auto)
	w.project("p1", nil)
	f := &fatal{Store: w.store, w: w, agents: map[int]bool{}}
	f.host = projects.New(projects.Options{Store: f, Sandbox: w.sandbox, Data: w.data, UIDs: testUIDs})
	if err := f.host.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = f.host.Run(ctx) // its end is the test's
	}()
	defer func() { cancel(); <-done }()
	w.ask("p1", "start")
	row := w.until("the end is said", "projects", "p1", func(row app.Row) bool {
		request, _ := row["action_request"].(app.Row)
		message, _ := request["error"].(string)
		return stateOf(row) == "stopped" && strings.Contains(message, "ended unexpectedly")
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.agents) != 1 {
		t.Errorf("started %d times; the row is %v", len(f.agents), row)
	}
}
