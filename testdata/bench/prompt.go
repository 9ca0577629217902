package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"lyceum/app"
	"lyceum/terminal/pty"
)

const (
	// prompt is how the prompt of a shell in a project ends.
	prompt = "$ "
	// promptRuns is how often a start is measured.
	promptRuns = 20
)

// prompts measures the start of projects up to the prompt of a shell, each between
// those of the others.
func (l *lab) prompts(ctx context.Context) error {
	others, err := l.others()
	if err != nil {
		return err
	}
	var ours samples
	peers := make([]samples, len(others))
	for run := range promptRuns {
		took, err := l.startProject(ctx)
		if err != nil {
			return err
		}
		ours = append(ours, took)
		for i, o := range others {
			if o.missing != "" {
				continue
			}
			if took, err = o.start(run); err != nil {
				return err
			}
			peers[i] = append(peers[i], took)
		}
	}
	for _, p := range []int{50, 95} {
		what := fmt.Sprintf("start of a project to the prompt of its shell, p%d of %d", p, promptRuns)
		for i, o := range others {
			if o.missing != "" {
				l.table.without(what, milliseconds(ours.percentile(p)), o.name+": "+o.missing)
				continue
			}
			l.table.against(what, milliseconds(ours.percentile(p)), milliseconds(peers[i].percentile(p)), o.name)
		}
	}
	return nil
}

// startProject makes a project, measures its start, and stops it.
func (l *lab) startProject(ctx context.Context) (time.Duration, error) {
	project, err := l.tab.create("projects", app.Row{"title": "Start"})
	if err != nil {
		return 0, err
	}
	id, err := l.tab.create("terminals", app.Row{"project_id": project, "title": "Terminal"})
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	if err := l.tab.move(project, "start", "running"); err != nil {
		return 0, err
	}
	sh, err := l.ada.watch(ctx, project, id)
	if err != nil {
		return 0, err
	}
	defer sh.close()
	if err := sh.until(prompt); err != nil {
		return 0, err
	}
	took := time.Since(begin)
	return took, l.tab.move(project, "stop", "stopped")
}

// startOther measures the time to the prompt of a shell on a terminal.
func startOther(argv []string) (time.Duration, error) {
	begin := time.Now()
	p, err := pty.Start(pty.Command{
		Argv: argv, Dir: "/", Size: pty.Size{Cols: 80, Rows: 24},
		Env: []string{"PATH=/usr/bin:/bin", "HOME=/", "TERM=xterm-256color", "LANG=C.UTF-8"},
	})
	if err != nil {
		return 0, err
	}
	var seen []byte
	buf := make([]byte, 4<<10)
	for !bytes.Contains(seen, []byte("$ ")) && !bytes.Contains(seen, []byte("# ")) {
		n, err := p.Read(buf)
		seen = append(seen, buf[:n]...)
		if err != nil {
			return 0, errors.Join(fmt.Errorf("%w after %q", err, seen), p.Close())
		}
	}
	took := time.Since(begin)
	p.Kill()
	_, err = p.Wait()
	return took, errors.Join(err, p.Close())
}
