package files_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"lyceum/app"
	"lyceum/projects/files"
)

// watching starts a watch and returns a function that waits for the next event.
func watching(t *testing.T, f files.Files, paths ...string) (next func() files.Event) {
	t.Helper()
	events := make(chan files.Event, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- f.Watch(ctx, paths, func(e files.Event) error {
			events <- e
			return nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Watch ended with %v", err)
		}
	})
	next = func() files.Event {
		t.Helper()
		select {
		case e := <-events:
			return e
		case err := <-ended:
			ended <- err
			t.Fatalf("Watch ended with %v", err)
			return files.Event{}
		}
	}
	if e := next(); !e.Ready {
		t.Fatalf("the first event is %+v", e)
	}
	return next
}

// A program of the project may change a file in any way: in place, by a rename,
// by removing and making it again, by moving a folder above it.
func TestD8EveryChangeOfAFileIsSeen(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		put(t, home, "top/dir/doc", "one")
		next := watching(t, f, "top/dir/doc")
		for _, c := range []struct {
			name   string
			change func() error
		}{
			{"written in place", func() error { return os.WriteFile(filepath.Join(home, "top/dir/doc"), []byte("two"), 0) }},
			{"replaced by a rename", func() error {
				put(t, home, "elsewhere", "three")
				return os.Rename(filepath.Join(home, "elsewhere"), filepath.Join(home, "top/dir/doc"))
			}},
			{"written after that", func() error { return os.WriteFile(filepath.Join(home, "top/dir/doc"), []byte("four"), 0) }},
			{"removed", func() error { return os.Remove(filepath.Join(home, "top/dir/doc")) }},
			{"made again", func() error { return os.WriteFile(filepath.Join(home, "top/dir/doc"), nil, 0o644) }},
			{"moved with a folder above", func() error { return os.Rename(filepath.Join(home, "top"), filepath.Join(home, "away")) }},
			{"there again with all above", func() error {
				if err := os.MkdirAll(filepath.Join(home, "top/dir"), 0o755); err != nil {
					return err
				}
				return os.WriteFile(filepath.Join(home, "top/dir/doc"), []byte("five"), 0o644)
			}},
		} {
			if err := c.change(); err != nil {
				t.Fatal(err)
			}
			if e := next(); e.Path != "top/dir/doc" {
				t.Errorf("%s: %+v", c.name, e)
			}
		}
		// Folders that came one after the other may take several looks.
		if err := os.WriteFile(filepath.Join(home, "top/dir/doc"), []byte("six"), 0o644); err != nil {
			t.Fatal(err)
		}
		next()
	})
}

// A folder that is watched tells of its entries, not of what is in them, nor of
// files that are being saved; a save is one event of the document.
func TestAFolderTellsOfItsEntries(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		put(t, home, "d/sub/x", "")
		put(t, home, "doc", "one")
		next := watching(t, f, "", "d")
		put(t, home, "d/sub/y", "") // two levels below both
		put(t, home, "d/new", "")
		if e := next(); e.Path != "d" || e.All {
			t.Errorf("a new entry of d: %+v", e)
		}
		if _, err := f.WriteDocument(t.Context(), "doc", []byte("two"), expect("one")); err != nil {
			t.Fatal(err)
		}
		if e := next(); e != (files.Event{}) {
			t.Errorf("a save in home: %+v", e)
		}
		put(t, home, "d/last", "")
		if e := next(); e.Path != "d" {
			t.Errorf("after the save: %+v", e)
		}
	})
}

// A burst of changes is told a few times, not once for each write.
func TestChangesOfABurstAreToldTogether(t *testing.T) {
	home, f := open(t)
	put(t, home, "log", "")
	put(t, home, "end", "")
	next := watching(t, f, "log", "end")
	file, err := os.OpenFile(filepath.Join(home, "log"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	const writes = 10_000
	for range writes {
		if _, err := file.WriteString("x"); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, home, "end", "x")
	told := 0
	for next().Path != "end" {
		told++
	}
	if told > writes/100 {
		t.Errorf("%d writes were told %d times", writes, told)
	}
}

func TestWatchIsBounded(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		many := make([]string, 1001)
		for i := range many {
			many[i] = fmt.Sprint(i)
		}
		err := f.Watch(t.Context(), many, func(files.Event) error { return nil })
		refused(t, err, app.TooLarge, "1000")
		for range 32 {
			watching(t, f, "x")
		}
		err = f.Watch(t.Context(), []string{"x"}, func(files.Event) error { return nil })
		refused(t, err, app.Unavailable, "Too many")
	})
}

// cutting is a project whose agent goes away.
type cutting struct {
	files.Files
	mu  sync.Mutex
	cut context.CancelFunc
}

func (c *cutting) Watch(ctx context.Context, paths []string, send func(files.Event) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.mu.Lock()
	c.cut = cancel
	c.mu.Unlock()
	return c.Files.Watch(ctx, paths, send)
}

// Many follow over one stream; each is told when its path is watched, of its
// changes, and again when the stream was broken, because something may be missed.
func TestAFollowerIsToldOfItsOwnPathOnly(t *testing.T) {
	home, folder := open(t)
	put(t, home, "a", "")
	put(t, home, "b", "")
	project := &cutting{Files: serve(t, folder)}
	follower := files.NewFollower(project, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- follower.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v", err)
		}
	}()

	a, b, again := make(chan string, 100), make(chan string, 100), make(chan string, 100)
	follower.Follow("a", func() { a <- "a" })
	<-a // it is watched
	stop := follower.Follow("b", func() { b <- "b" })
	<-b
	follower.Follow("a", func() { again <- "a" })
	<-again
	put(t, home, "b", "x")
	<-b
	put(t, home, "a", "x")
	<-a
	<-again
	stop()
	follower.Follow("c", func() { b <- "c" })
	if got := <-b; got != "c" {
		t.Errorf("after it has stopped %q was told", got)
	}
	for len(a) > 0 {
		<-a
	}
	project.mu.Lock()
	project.cut() // the agent is gone, and there again
	project.mu.Unlock()
	<-a
	put(t, home, "a", "y")
	<-a
}
