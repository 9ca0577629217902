package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"lyceum/app"
)

const (
	// printed is how long the file is.
	printed = 100_000_000
	// catRuns is how often it is printed.
	catRuns = 3
)

// cats measures a flood of output.
func (l *lab) cats(ctx context.Context) error {
	file := filepath.Join(l.folder, "big.log")
	if err := writeLines(file, printed); err != nil {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := l.ada.upload(ctx, l.project, "big.log", f); err != nil {
		return err
	}
	peer, err := catInScript(file)
	if err != nil {
		return err
	}
	for _, c := range []crowd{{what: ""}, {what: ", a second viewer reads nothing", stalled: 1}, {what: ", 20 viewers", reading: 19}} {
		var took samples
		var skipped int64
		for range catRuns {
			t, n, err := l.cat(ctx, c)
			if err != nil {
				return err
			}
			took, skipped = append(took, t), skipped+n/catRuns
		}
		l.table.against(fmt.Sprintf("`cat` of 100 MB, to the last byte at the viewer%s (median of %d)", c.what, catRuns),
			seconds(took.percentile(50)), seconds(peer.percentile(50)), "script -qc")
		l.table.add("of it left out for the viewer"+c.what, value{float64(skipped) / 1e6, "MB"})
	}
	return nil
}

// crowd is who watches beside the viewer that is measured.
type crowd struct {
	what             string
	stalled, reading int
}

// cat prints the file in a new terminal, and returns how long it took and how
// many bytes were left out for the viewer.
func (l *lab) cat(ctx context.Context, c crowd) (took time.Duration, skipped int64, err error) {
	id, err := l.tab.create("terminals", app.Row{"project_id": l.project, "title": "cat"})
	if err != nil {
		return 0, 0, err
	}
	sh, err := l.ada.watch(ctx, l.project, id)
	if err != nil {
		return 0, 0, err
	}
	defer sh.close()
	if err := sh.until(prompt); err != nil {
		return 0, 0, err
	}
	var reading sync.WaitGroup
	defer reading.Wait()
	for i := range c.stalled + c.reading {
		other, err := l.ada.watch(ctx, l.project, id)
		if err != nil {
			return 0, 0, err
		}
		defer other.close()
		if err := other.until(prompt); err != nil { // and a stalled one reads no more
			return 0, 0, err
		}
		if i >= c.stalled {
			reading.Go(func() { other.drain(time.Now().Add(patience)) }) // ends with the terminal
		}
	}
	begin := time.Now()
	if err := sh.keys("cat big.log; echo la''st\r"); err != nil { // what is echoed is not what is waited for
		return 0, 0, err
	}
	if err := sh.until("last"); err != nil {
		return 0, 0, err
	}
	took = time.Since(begin)
	_, err = l.tab.ask(app.Row{"terminals": app.Row{"id": id}}, app.Row{"delete": true}, app.NewID())
	return took, sh.skipped, err
}

// catInScript measures the same in script(1).
func catInScript(file string) (took samples, err error) {
	if _, err := exec.LookPath("script"); err != nil {
		return nil, errors.New("script is missing; apt-get install bsdutils")
	}
	for range catRuns {
		begin := time.Now()
		cmd := exec.Command("script", "-qc", "cat "+file, "/dev/null")
		out, err := cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		n, err := io.Copy(io.Discard, out)
		if err := errors.Join(err, cmd.Wait()); err != nil {
			return nil, err
		}
		if n < printed {
			return nil, fmt.Errorf("script printed %d bytes of %d", n, printed)
		}
		took = append(took, time.Since(begin))
	}
	return took, nil
}

// writeLines makes a file of lines, as a log has them.
func writeLines(name string, size int) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	line := strings.Repeat("The quick brown fox. ", 4) + "\n"
	w := bufio.NewWriter(f)
	for written := 0; written < size; written += len(line) {
		if _, err := w.WriteString(line); err != nil { // Flush says it again
			return err
		}
	}
	return w.Flush()
}
