package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"lyceum/app"
	"lyceum/terminal/pty"
)

// The class: students who start their projects within half a minute and then
// type, while some of them use whatever the machine gives.
const (
	students   = 40
	classStart = 30 * time.Second
	classTime  = 30 * time.Second // in which all type, after the last start
)

// villains are what some students type, by their place in the class. What fills
// the disk stays below a gigabyte, since not every machine has quotas.
var villains = map[int]struct{ what, line string }{
	5:  {"a fork bomb", ":(){ :|:& };:"},
	12: {"a hog of memory", "while :; do tail /dev/zero; done"},
	19: {"one that fills the disk", "while :; do for i in 1 2 3 4; do head -c 200M /dev/zero > full$i; done; done"},
	26: {"one that prints without end", "yes"},
}

// student is one of the class, with a project, a connection and a terminal.
type student struct {
	*person
	tab     *tab
	project string
	id      string // of the terminal
	shell   *shell
	start   time.Duration // from asking to the prompt
	echoes  samples
}

// class measures starts and echoes of those who only type, on a server of its own.
func (l *lab) class(ctx context.Context) (err error) {
	s, err := serve(ctx, l.executable, filepath.Join(l.folder, "class"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.remove()) }()
	all, err := s.enrol(ctx, students+1)
	if err != nil {
		return err
	}
	alone, all := all[students], all[:students]
	if err := alone.begin(ctx); err != nil {
		return err
	}
	barely, err := besides(func() error { return alone.echo(time.Now().Add(classTime / 3)) })
	if err != nil {
		return err
	}
	l.echoes("alone", alone.echoes, barely)
	alone.shell.close()
	if err := alone.tab.move(alone.project, "stop", "stopped"); err != nil {
		return err
	}

	failed := make([]error, len(all))
	barely, err = besides(func() error {
		var running sync.WaitGroup
		first := time.Now()
		last := first.Add(classStart + classTime)
		for i, st := range all {
			running.Go(func() { failed[i] = st.attend(ctx, i, first, last) })
		}
		running.Wait()
		return nil
	})
	if err != nil {
		return err
	}
	var starts, echoes samples
	for i, st := range all {
		if _, bad := villains[i]; bad {
			continue
		}
		if failed[i] != nil {
			return fmt.Errorf("student %d: %w", i, failed[i])
		}
		starts, echoes = append(starts, st.start), append(echoes, st.echoes...)
	}
	for _, p := range []int{50, 95} {
		l.table.add(fmt.Sprintf("a class of %d with %d villains: start to the prompt, p%d of %d", students, len(villains), p, len(starts)),
			milliseconds(starts.percentile(p)))
	}
	l.echoes(fmt.Sprintf("a class of %d with %d villains", students, len(villains)), echoes, barely)
	return nil
}

func (l *lab) echoes(what string, e, barely samples) {
	for _, p := range []int{50, 99} {
		l.table.against(fmt.Sprintf("%s: echo of a key in the shell, p%d of %d", what, p, len(e)), milliseconds(e.percentile(p)),
			milliseconds(barely.percentile(p)), "bare bash at the same time")
	}
}

// besides measures the echo of keys in a bash that nothing is around, on this
// machine as it is while something else runs.
func besides(run func() error) (took samples, err error) {
	p, err := pty.Start(pty.Command{
		Argv: []string{"/bin/bash", "--norc"}, Dir: "/", Size: pty.Size{Cols: 80, Rows: 24},
		Env: []string{"PATH=/usr/bin:/bin", "HOME=/", "TERM=xterm-256color", "LANG=C.UTF-8"},
	})
	if err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	keys := make(chan error, 1)
	go func() { // waited for below
		var failed error
		took, failed = barelyEcho(p, ended)
		keys <- failed
	}()
	err = run()
	close(ended)
	err = errors.Join(err, <-keys)
	p.Kill()
	_, failed := p.Wait()
	return took, errors.Join(err, failed, p.Close())
}

// barelyEcho presses keys as students do until ended is closed.
func barelyEcho(p pty.Process, ended <-chan struct{}) (took samples, err error) {
	until := func(text string) error {
		var seen []byte
		buf := make([]byte, 4<<10)
		for !bytes.Contains(seen, []byte(text)) {
			n, err := p.Read(buf)
			if err != nil {
				return err
			}
			seen = append(seen, buf[:n]...)
		}
		return nil
	}
	if err := until("# "); err != nil {
		return nil, err
	}
	for due, n := time.Now(), 0; ; due, n = due.Add(echoEvery), n+1 {
		select {
		case <-ended:
			return took, nil
		case <-time.After(time.Until(due)):
		}
		key := string(rune('a' + n%26))
		if _, err := p.Write([]byte(key)); err != nil {
			return nil, err
		}
		if err := until(key); err != nil {
			return nil, err
		}
		took = append(took, time.Since(due))
		if n%echoLine == echoLine-1 {
			if _, err := p.Write([]byte("\x15\r")); err != nil {
				return nil, err
			}
			if err := until("# "); err != nil {
				return nil, err
			}
		}
	}
}

// enrol makes accounts, each with a project and a terminal, on a new server.
func (s *server) enrol(ctx context.Context, n int) ([]*student, error) {
	token, err := s.printed(ctx, firstLine)
	if err != nil {
		return nil, err
	}
	teacher, err := s.signUp(ctx, token, "Teacher")
	if err != nil {
		return nil, err
	}
	tb, err := teacher.open(ctx)
	if err != nil {
		return nil, err
	}
	defer tb.close()
	made, err := tb.set("registration_tokens", app.Row{"id": "new", "max_uses": int64(n)})
	if err != nil {
		return nil, err
	}
	link, _ := made["link"].(string)
	_, token, _ = strings.Cut(link, "#token=")
	all := make([]*student, n)
	for i := range all {
		st := &student{}
		if st.person, err = s.signUp(ctx, token, fmt.Sprintf("Student%d", i)); err != nil {
			return nil, err
		}
		if st.tab, err = st.open(ctx); err != nil {
			return nil, err
		}
		if st.project, err = st.tab.create("projects", app.Row{"title": "Class"}); err != nil {
			return nil, err
		}
		if st.id, err = st.tab.create("terminals", app.Row{"project_id": st.project, "title": "Terminal"}); err != nil {
			return nil, err
		}
		all[i] = st
	}
	return all, nil
}

// begin starts the project and waits for the prompt.
func (st *student) begin(ctx context.Context) error {
	from := time.Now()
	if err := st.tab.move(st.project, "start", "running"); err != nil {
		return err
	}
	var err error
	if st.shell, err = st.watch(ctx, st.project, st.id); err != nil {
		return err
	}
	if err := st.shell.until(prompt); err != nil {
		return err
	}
	st.start = time.Since(from)
	return nil
}

// attend starts at the own time and types until the end.
func (st *student) attend(ctx context.Context, place int, first, last time.Time) error {
	time.Sleep(time.Until(first.Add(classStart * time.Duration(place) / students)))
	if err := st.begin(ctx); err != nil {
		return err
	}
	defer st.shell.close()
	if v, bad := villains[place]; bad {
		if err := st.shell.keys(v.line + "\r"); err != nil {
			return err
		}
		st.shell.drain(last)
		return nil
	}
	return st.echo(last)
}

const (
	// echoEvery is the pause between two keys.
	echoEvery = 200 * time.Millisecond
	// echoLine is how many are typed before the line is thrown away.
	echoLine = 40
)

// echo presses keys until a time and notes how long each takes to be shown. A key
// is not pressed before the one before is shown; one that comes late for that
// counts from when it was due.
func (st *student) echo(last time.Time) error {
	for due, n := time.Now(), 0; due.Before(last); due, n = due.Add(echoEvery), n+1 {
		time.Sleep(time.Until(due))
		key := string(rune('a' + n%26))
		if err := st.shell.keys(key); err != nil {
			return err
		}
		if err := st.shell.until(key); err != nil {
			return err
		}
		st.echoes = append(st.echoes, time.Since(due))
		if n%echoLine == echoLine-1 {
			if err := errors.Join(st.shell.keys("\x15\r"), st.shell.until(prompt)); err != nil {
				return err
			}
		}
	}
	return nil
}
