package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"lyceum/app"
)

const (
	// idleProjects run at once, with a shell each that nobody watches.
	idleProjects = 200
	// idleTime is how long they are left alone while their time is counted.
	idleTime = time.Minute
	// startsAtOnce is how many are asked for at a time.
	startsAtOnce = 8
)

// idle measures a server of its own with one idle project and with many: what a
// teacher's machine does at night.
func (l *lab) idle(ctx context.Context) (err error) {
	s, err := serve(ctx, l.executable, filepath.Join(l.folder, "idle"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.remove()) }()
	token, err := s.printed(ctx, firstLine)
	if err != nil {
		return err
	}
	teacher, err := s.signUp(ctx, token, "Teacher")
	if err != nil {
		return err
	}
	if err := teacher.leaveIdle(ctx, 1); err != nil {
		return err
	}
	if err := l.idling(ctx, s, 1); err != nil {
		return err
	}
	if err := teacher.leaveIdle(ctx, idleProjects-1); err != nil {
		return err
	}
	return l.idling(ctx, s, idleProjects)
}

// leaveIdle starts projects, each with a shell, and leaves them.
func (p *person) leaveIdle(ctx context.Context, n int) error {
	var all sync.WaitGroup
	todo, failed := make(chan struct{}, n), make([]error, startsAtOnce)
	for range n {
		todo <- struct{}{}
	}
	close(todo)
	for worker := range startsAtOnce {
		all.Go(func() {
			for range todo {
				if failed[worker] = p.leaveOne(ctx); failed[worker] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	return errors.Join(failed...)
}

func (p *person) leaveOne(ctx context.Context) error {
	tb, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer tb.close()
	st := &student{person: p, tab: tb}
	if st.project, err = tb.create("projects", app.Row{"title": "Idle"}); err != nil {
		return err
	}
	if st.id, err = tb.create("terminals", app.Row{"project_id": st.project, "title": "Terminal"}); err != nil {
		return err
	}
	if err := st.begin(ctx); err != nil {
		return err
	}
	st.shell.close()
	return nil
}

// idling adds what the server and what runs in projects use while nobody does
// anything.
func (l *lab) idling(ctx context.Context, s *server, n int) error {
	what := "one idle project"
	if n > 1 {
		what = fmt.Sprintf("%d idle projects", n)
	}
	select {
	case <-time.After(5 * settle):
	case <-ctx.Done():
		return ctx.Err()
	}
	agents, shells, err := processesBelow(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	begin := time.Now()
	groups := []struct {
		name string
		pids []int
		used time.Duration
	}{{name: "server", pids: []int{s.cmd.Process.Pid}}, {name: "agents and helpers", pids: agents}, {name: "shells", pids: shells}}
	for i := range groups {
		if groups[i].used, err = timeOf(groups[i].pids); err != nil {
			return err
		}
	}
	select {
	case <-time.After(idleTime):
	case <-ctx.Done():
		return ctx.Err()
	}
	for _, g := range groups {
		now, err := timeOf(g.pids)
		if err != nil {
			return err
		}
		share := (now - g.used).Seconds() / time.Since(begin).Seconds() * 100
		l.table.add(fmt.Sprintf("%s: %s (%d), of one core", what, g.name, len(g.pids)), value{share, "%"})
		if err := l.resident(fmt.Sprintf("%s (%d), %s", g.name, len(g.pids), what), g.pids...); err != nil {
			return err
		}
	}
	return nil
}

// timeOf adds the processor time of processes.
func timeOf(pids []int) (all time.Duration, err error) {
	for _, pid := range pids {
		used, err := processorTime(pid)
		if err != nil {
			return 0, err
		}
		all += used
	}
	return all, nil
}
