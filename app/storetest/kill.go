package storetest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"lyceum/app"
)

const (
	kills    = 4   // processes that are killed, one after the other, on one file
	writers  = 16  // in each of them: enough for commits of several writes
	afterAck = 300 // how many acknowledgements a process may give before
)

// writeUntilKilled is the child: each writer makes rows and deletes some of them,
// and all raise one counter. It says what it is about to delete, and what was
// acknowledged, each in a line of its own.
func writeUntilKilled(t *testing.T, d Durable, path string) {
	s := d.open(t, path, Tables())
	defer s.Close() // only reached when the parent has gone
	orphaned := make(chan struct{})
	go func() {
		defer close(orphaned)
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the parent
	}()
	if _, err := s.Write(t.Context(), app.Write{Table: "notes", ID: "counter", Row: app.Row{"n": int64(0)}}); err == nil {
		fmt.Println("ready")
	}
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for j := 0; ; j++ {
				select {
				case <-orphaned:
					return
				default:
				}
				writeOne(t, s, i, j)
			}
		})
	}
	wg.Wait()
}

func writeOne(t *testing.T, s app.Store, i, j int) {
	id := fmt.Sprintf("%d/%d/%d", os.Getpid(), i, j)
	rec := put(t, s, id, rowOf(id), app.Absent)
	fmt.Println("wrote", id, rec.Rev)
	if j%3 == 0 {
		fmt.Println("deleting", id)
		rec = remove(t, s, id)
		fmt.Println("deleted", id, rec.Rev)
	}
	if j%5 == 0 {
		check(t, increment(t, s))
		fmt.Println("counted")
	}
}

// rowOf is what the row of an id must be.
func rowOf(id string) app.Row {
	return app.Row{
		"owner": id[:strings.LastIndex(id, "/")], "time": int64(len(id)), "value": []byte(id),
		"users": app.Row{"a": true, id: true}, "text": strings.Repeat(id, 20),
	}
}

// acknowledged is what a child has said.
type acknowledged struct {
	state   map[string]string // id to the last word about it
	rev     map[string]int64
	counted int64
}

func (a *acknowledged) hear(t *testing.T, line string) {
	words := strings.Fields(line)
	switch {
	case len(words) == 1 && words[0] == "counted":
		a.counted++
	case len(words) == 2 && words[0] == "deleting":
		a.state[words[1]] = words[0]
	case len(words) == 3 && (words[0] == "wrote" || words[0] == "deleted"):
		rev, err := strconv.ParseInt(words[2], 10, 64)
		check(t, err)
		a.state[words[1]], a.rev[words[1]] = words[0], rev
	case line != "ready":
		t.Fatalf("the child said %q", line)
	}
}

// The power goes, or the kernel kills the server for want of memory, while a
// class is typing: all that any of them saw as saved is there.
func testKill(t *testing.T, d Durable, path string) {
	said := &acknowledged{state: make(map[string]string), rev: make(map[string]int64)}
	for round := range kills {
		killWhileWriting(t, path, said, afterAck*(round+1)/kills)
		s := d.open(t, path, Tables())
		said.compare(t, s)
		VerifyIndexes(t, s, Tables())
		check(t, s.Close())
	}
	if len(said.state) < afterAck/2 {
		t.Errorf("the children wrote only %d rows", len(said.state))
	}
}

// killWhileWriting starts a child, listens to a number of lines and kills it.
func killWhileWriting(t *testing.T, path string, said *acknowledged, lines int) {
	t.Helper()
	self, err := os.Executable()
	check(t, err)
	root, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.Command(self, "-test.run=^"+root+"$", "-storetest.child="+path)
	stdin, err := cmd.StdinPipe() // held open: its end tells the child that we are gone
	check(t, err)
	defer stdin.Close() // the child is dead by then
	stdout, err := cmd.StdoutPipe()
	check(t, err)
	cmd.Stderr = os.Stderr
	check(t, cmd.Start())
	out := bufio.NewScanner(stdout)
	for i := 0; out.Scan(); i++ {
		said.hear(t, out.Text())
		if i == lines {
			check(t, cmd.Process.Kill())
		}
	}
	check(t, out.Err())
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		t.Fatalf("the child ended by itself: %v", err)
	}
}

func (a *acknowledged) compare(t *testing.T, s app.Store) {
	t.Helper()
	stored := make(map[string]app.Record)
	records, pos := read(t, s, app.Range{Table: "notes"})
	revs := make(map[int64]string)
	for _, rec := range records {
		stored[rec.ID] = rec
		if other := revs[rec.Rev]; other != "" || rec.Rev > pos.N {
			t.Errorf("%s has rev %d, as %q; position %d", rec.ID, rec.Rev, other, pos.N)
		}
		revs[rec.Rev] = rec.ID
	}
	for id, word := range a.state {
		rec, there := stored[id]
		switch {
		case word == "wrote" && (!there || rec.Rev != a.rev[id]):
			t.Errorf("%s was acknowledged with rev %d and is %v", id, a.rev[id], rec)
		case word == "deleted" && there:
			t.Errorf("%s was deleted and is there", id)
		case there:
			same(t, "row "+id, rec.Row, rowOf(id))
		}
	}
	for id, rec := range stored {
		if id != "counter" && a.state[id] == "" {
			same(t, "row of "+filepath.Base(id)+", not acknowledged", rec.Row, rowOf(id))
		}
	}
	if n := stored["counter"].Row["n"].(int64); n < a.counted {
		t.Errorf("the counter is %d, %d were acknowledged", n, a.counted)
	}
}
