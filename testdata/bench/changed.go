package main

import (
	"context"
	"fmt"
	"time"

	"lyceum/app"
	"lyceum/app/wire"
)

const (
	// changedFiles are made by a program in a folder that somebody looks at.
	changedFiles = 1000
	changedRuns  = 5
)

// changes measures the way of new files to a page: from the Enter of the command
// that makes them to the row of their folder that has all. The peer is the same
// command in the same kind of shell, to its last word: what nobody can leave out.
func (l *lab) changes(ctx context.Context) error {
	sh, err := l.terminal(ctx)
	if err != nil {
		return err
	}
	defer sh.close()
	var shown, made samples
	for run := range changedRuns {
		folder := fmt.Sprintf("many%d", run)
		if err := sh.keys("mkdir " + folder + "; echo la''st\r"); err != nil {
			return err
		}
		if err := sh.until("last"); err != nil {
			return err
		}
		all, command, err := l.change(ctx, sh, folder)
		if err != nil {
			return err
		}
		shown, made = append(shown, all), append(made, command)
	}
	l.table.against(fmt.Sprintf("%d files made in the shell, to all seen in the page (median of %d)", changedFiles, changedRuns),
		milliseconds(shown.percentile(50)), milliseconds(made.percentile(50)), "the command itself")
	return nil
}

func (l *lab) change(ctx context.Context, sh *shell, folder string) (shown, made time.Duration, err error) {
	tb, err := l.ada.open(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer tb.close()
	row := app.Row{"project_id": l.project, "path": folder, "entries": nil}
	watch, err := tb.ask(app.Row{"directories": []any{row}}, app.Row{"changes": true}, "")
	if err != nil {
		return 0, 0, err
	}
	seen := make(chan error, 1)
	ready := make(chan struct{})
	go func() { seen <- tb.awaitEntries(watch.Rows, ready) }() // waited for below; it has a bound
	select {
	case <-ready:
	case err := <-seen:
		return 0, 0, err
	}
	begin := time.Now()
	err = sh.keys(fmt.Sprintf("(cd %s && touch $(seq %d)); echo la''st\r", folder, changedFiles))
	if err == nil {
		err = sh.until("last")
	}
	made = time.Since(begin)
	if failed := <-seen; err == nil {
		err = failed
	}
	return time.Since(begin), made, err
}

// awaitEntries waits until the folder is listed, which closes ready, and then until
// all files are in it.
func (t *tab) awaitEntries(rows []app.Row, ready chan<- struct{}) error {
	for listed := false; ; {
		for _, row := range rows {
			entries, there := row["entries"].(app.Row)
			if there && !listed {
				listed = true
				close(ready)
			}
			if len(entries) >= changedFiles {
				return nil
			}
		}
		m, err := t.next()
		if err != nil {
			return err
		}
		rows = nil
		if changes, ok := m.(wire.Changes); ok {
			for _, c := range changes.Changes {
				rows = append(rows, c.NewVal)
			}
		}
	}
}
