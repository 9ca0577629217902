package files_test

import (
	"context"
	"errors"
	"fmt"
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
	})
	_, f := open(t)
	for range 32 {
		watching(t, f, "x")
	}
	err := f.Watch(t.Context(), []string{"x"}, func(files.Event) error { return nil })
	refused(t, err, app.Unavailable, "Too many")
}

// counting is a project whose streams are counted, and can be cut.
type counting struct {
	files.Files
	mu       sync.Mutex
	now, max int
	cut      context.CancelCauseFunc
}

func (c *counting) Watch(ctx context.Context, paths []string, send func(files.Event) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c.mu.Lock()
	c.cut = cancel
	c.now++
	c.max = max(c.max, c.now)
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.now--
	}()
	return c.Files.Watch(ctx, paths, send)
}

// A project has many open documents and folders, and its agent few streams: all
// watches of a client share one, and each is told of its own paths only.
func TestWatchesOfAClientShareAStream(t *testing.T) {
	home, folder := open(t)
	project := &counting{Files: folder}
	client := serve(t, project)
	put(t, home, "d/x", "")
	var next []func() files.Event
	for i := range 100 {
		path := fmt.Sprint("doc", i)
		put(t, home, path, "")
		next = append(next, watching(t, client, path))
	}
	same := watching(t, client, "doc7", "d")
	for _, i := range []int{99, 7, 0} {
		put(t, home, fmt.Sprint("doc", i), "changed")
		if e := next[i](); e.Path != fmt.Sprint("doc", i) {
			t.Errorf("doc%d: told of %+v", i, e)
		}
	}
	if e := same(); e.Path != "doc7" {
		t.Errorf("the second who watches doc7: %+v", e)
	}
	project.mu.Lock()
	defer project.mu.Unlock()
	if project.max > len(next)/5 { // the next begins before the one before it has ended
		t.Errorf("%d streams at once for %d watches", project.max, len(next))
	}
}

// Somebody opens a file right after another one has changed: the list of files
// must not stay as it was.
func TestAChangeIsToldAlthoughAnotherWatchBegins(t *testing.T) {
	home, folder := open(t)
	client := serve(t, folder)
	put(t, home, "d/x", "")
	next := watching(t, client, "d")
	for i := range 20 {
		put(t, home, fmt.Sprint("other", i), "")
		put(t, home, fmt.Sprint("d/new", i), "")
		watching(t, client, fmt.Sprint("other", i)) // the stream is another one now
		if e := next(); e.Path != "d" {
			t.Fatalf("told of %+v", e)
		}
	}
}

// When the stream breaks, every watch ends, and the next one has a new stream.
func TestABrokenStreamEndsItsWatches(t *testing.T) {
	home, folder := open(t)
	put(t, home, "a", "")
	project := &counting{Files: folder}
	client := serve(t, project)
	ended := make(chan error, 2)
	ready := make(chan bool, 2)
	for _, path := range []string{"a", "b"} {
		go func() { // ended is waited for
			ended <- client.Watch(t.Context(), []string{path}, func(e files.Event) error {
				ready <- e.Ready
				return nil
			})
		}()
	}
	<-ready
	<-ready
	project.mu.Lock()
	project.cut(errors.New("the agent is gone"))
	project.mu.Unlock()
	refused(t, <-ended, app.Unavailable, "stopped telling")
	refused(t, <-ended, app.Unavailable, "stopped telling")
	next := watching(t, client, "a")
	put(t, home, "a", "x")
	if e := next(); e.Path != "a" {
		t.Errorf("after a new beginning: %+v", e)
	}
	// Who leaves on his own ends with his own error, and leaves the others alone.
	left := errors.New("left")
	if err := client.Watch(t.Context(), []string{"c"}, func(files.Event) error { return left }); !errors.Is(err, left) {
		t.Errorf("Watch = %v", err)
	}
	put(t, home, "a", "xx")
	if e := next(); e.Path != "a" {
		t.Errorf("after another has left: %+v", e)
	}
}
