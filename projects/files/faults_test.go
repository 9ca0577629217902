package files_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lyceum/app"
	"lyceum/projects/files"
)

// Where a file is expected there is a pipe, a socket or a device: nothing waits
// for its other end, nothing reads it, nothing replaces it.
func TestWhatIsNoFileIsNeitherReadNorReplaced(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		socket, err := net.Listen("unix", filepath.Join(home, "socket"))
		if err = errors.Join(err, syscall.Mkfifo(filepath.Join(home, "pipe"), 0o666)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = socket.Close() })
		kinds := []string{"pipe", "socket"}
		const zero = 1<<8 | 5 // an endless one
		if os.Geteuid() == 0 {
			kinds = append(kinds, "device")
			if err := unix.Mknod(filepath.Join(home, "device"), unix.S_IFCHR|0o666, zero); err != nil {
				t.Fatal(err)
			}
		} else if !testing.Short() {
			t.Fatal("this needs root: run make test as root, or go test -short")
		}
		ctx := t.Context()
		for _, kind := range kinds {
			_, _, down := f.Open(ctx, kind)
			_, up := upload(ctx, f, kind, "x", true)
			_, read := f.ReadDocument(ctx, kind, 0)
			_, write := f.WriteDocument(ctx, kind, []byte("x"), files.Expect{Absent: true})
			for i, err := range []error{down, up, read, write} {
				if err == nil || !strings.Contains(err.Error(), "a device, a pipe or a socket") {
					t.Errorf("%s, method %d: %v", kind, i, err)
				}
			}
			if left, err := f.Leftovers(ctx, kind, nil, 0); err != nil || len(left) != 0 {
				t.Errorf("%s: left-overs %v, %v", kind, left, err)
			}
			if _, err := f.CreateFile(ctx, kind); !app.IsKind(err, app.Conflict) {
				t.Errorf("%s: create = %v", kind, err)
			}
			if i, err := f.Stat(ctx, kind); err != nil || i.Kind != files.Other {
				t.Errorf("%s is %v afterwards, %v", kind, i, err)
			}
			if _, err := f.List(ctx, kind); !app.IsKind(err, app.Invalid) {
				t.Errorf("%s: list = %v", kind, err)
			}
			if err := f.Remove(ctx, kind); err != nil {
				t.Errorf("%s: remove = %v", kind, err)
			}
		}
	})
}

// A left-over of a save that a program has made a pipe of does not hold the next
// opening of the document.
func TestALeftoverThatIsNoFileGetsAVisibleName(t *testing.T) {
	home, f := open(t)
	put(t, home, "doc", "one")
	w, err := f.WriteDocument(t.Context(), "doc", []byte("two"), files.Expect{Hashes: [][]byte{hashOf("other")}})
	if err != nil || w.Left == nil {
		t.Fatal(w, err)
	}
	swap := filepath.Join(home, w.Left.Name)
	if err := errors.Join(os.Remove(swap), syscall.Mkfifo(swap, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := f.Discard(t.Context(), "doc", w.Left.Name, w.Left.Hash); err == nil {
		t.Error("a pipe was taken for what was displaced")
	}
	left, err := f.Leftovers(t.Context(), "doc", nil, 0)
	if err != nil || len(left) != 0 {
		t.Errorf("Leftovers = %v, %v", left, err)
	}
	if i, err := f.Stat(t.Context(), "doc.displaced"); err != nil || i.Kind != files.Other {
		t.Errorf("Stat = %v, %v", i, err)
	}
}

// A program that holds a file for itself (a lease) makes nobody wait: the kernel
// would let the agent wait for 45 seconds.
func TestAFileThatAProgramHoldsIsSaid(t *testing.T) {
	home, f := open(t)
	put(t, home, "doc", "one")
	held, err := os.OpenFile(filepath.Join(home, "doc"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if _, err := unix.FcntlInt(held.Fd(), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		t.Fatal(err)
	}
	began := make(chan struct{})
	ended := make(chan error, 1)
	go func() { // ended is waited for
		close(began)
		_, err := f.ReadDocument(t.Context(), "doc", 0)
		ended <- err
	}()
	<-began
	select {
	case err := <-ended:
		refused(t, err, app.Unavailable, "holds")
	case <-time.After(20 * time.Second): // far above, and below the kernel's patience
		t.Error("it waits for a program of the project")
		if _, err := unix.FcntlInt(held.Fd(), unix.F_SETLEASE, unix.F_UNLCK); err != nil {
			t.Fatal(err)
		}
		<-ended
	}
}

// A folder that somebody looks at is deleted by a program, and made again: both
// are told, and what is said of it is true each time.
func TestAFolderThatIsDeletedWhileItIsOpen(t *testing.T) {
	both(t, func(t *testing.T, home string, f files.Files) {
		put(t, home, "a/b/x", "")
		next := watching(t, f, "a/b")
		full := filepath.Join(home, "a")
		for round := range 3 {
			if err := os.RemoveAll(full); err != nil {
				t.Fatal(err)
			}
			for { // it is told in pieces: its entry, itself, the one above
				if e := next(); e.Path != "a/b" {
					t.Fatalf("told of %+v", e)
				}
				_, err := f.List(t.Context(), "a/b")
				if app.IsKind(err, app.NotFound) {
					refused(t, err, app.NotFound, "“a/b” does not exist")
					break
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			name := fmt.Sprint("new", round)
			put(t, home, "a/b/"+name, "")
			for {
				next()
				if l, err := f.List(t.Context(), "a/b"); err == nil && len(l.Entries) == 1 && l.Entries[0].Name == name {
					break
				}
			}
		}
	})
}

// A folder is deleted in the middle of its listing: what is there is listed, or
// it is said that it is gone, and nothing else.
func TestAFolderThatIsDeletedWhileItIsListed(t *testing.T) {
	home, f := open(t)
	for range 4 {
		for i := range 600 { // several reads of the kernel
			put(t, home, fmt.Sprintf("d/f%d", i), "")
		}
		var deleting sync.WaitGroup
		deleting.Go(func() {
			if err := os.RemoveAll(filepath.Join(home, "d")); err != nil {
				t.Error(err)
			}
		})
		for {
			_, err := f.List(t.Context(), "d")
			if app.IsKind(err, app.NotFound) {
				break
			}
			if err != nil {
				t.Fatalf("List = %v", err)
			}
		}
		deleting.Wait()
	}
}

// The swap is what a hostile program does while the agent works: what was a
// folder or a file is a link out of the project, and back, thousands of times.
type swap struct {
	outside string
	stop    chan struct{}
	done    sync.WaitGroup
}

func startSwapping(t *testing.T, home string) *swap {
	t.Helper()
	s := &swap{outside: filepath.Join(filepath.Dir(home), "outside"), stop: make(chan struct{})}
	put(t, s.outside, "doc", "secret")
	put(t, s.outside, "sub/deep", "secret")
	put(t, home, "d/doc", "inside")
	put(t, home, "d/sub/deep", "inside")
	put(t, home, "doc", "inside")
	err := errors.Join(os.Symlink(s.outside, filepath.Join(home, "d2")), os.Symlink("../outside/doc", filepath.Join(home, "doc2")),
		os.Symlink("../../outside/doc", filepath.Join(home, "d/doc2")))
	if err != nil {
		t.Fatal(err)
	}
	for folder, name := range map[string]string{home: "d", home + "/.": "doc", home + "/d": "doc"} {
		dir, err := os.Open(folder) // by descriptor, or the swaps would swap each other
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = dir.Close() })
		s.done.Go(func() {
			for {
				select {
				case <-s.stop:
					return
				default: // one of the two may be gone for a moment
					_ = unix.Renameat2(int(dir.Fd()), name, int(dir.Fd()), name+"2", unix.RENAME_EXCHANGE)
				}
			}
		})
	}
	return s
}

// all returns what is outside.
func (s *swap) all(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(s.outside, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			found[path] = "folder"
			return err
		}
		data, err := os.ReadFile(path)
		found[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// openInMemory is open where a sync takes no time, so that much can be tried.
func openInMemory(t *testing.T) (home string, folder *files.Folder) {
	t.Helper()
	base, err := os.MkdirTemp("/dev/shm", "lyceum-test-")
	home = filepath.Join(base, "home")
	if err = errors.Join(err, os.Mkdir(home, 0o755)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	if folder, err = files.OpenFolder(home); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.Close() })
	return home, folder
}

// Whatever is swapped for a link out of the project in the middle of an
// operation: nothing outside is read, written, made or removed. The seeds say
// which operations follow each other.
func TestLinksThatAreSwappedInTheMiddleLeadNowhere(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) {
			home, f := openInMemory(t)
			s := startSwapping(t, home)
			before := s.all(t)
			random := rand.New(rand.NewPCG(seed, 0))
			const operations = 300
			for i := range operations {
				path := []string{"d/doc", "doc", "d/sub/deep", "d/new", "d"}[random.IntN(5)]
				if said := operate(t.Context(), f, random.IntN(11), path, fmt.Sprint("d/new", i)); strings.Contains(said, "secret") {
					t.Fatalf("operation %d: of the outside was said %q", i, said)
				}
			}
			close(s.stop)
			s.done.Wait()
			if after := s.all(t); !maps.Equal(before, after) {
				t.Errorf("outside there is %q, was %q", after, before)
			}
		})
	}
}

// often is for what takes microseconds: the moment in which a swap would matter
// is shorter.
const often = 100

// operate does one thing and returns what was read by it. It may fail: what it
// was to find was elsewhere.
func operate(ctx context.Context, f files.Files, what int, path, fresh string) (said string) {
	switch what {
	case 0:
		l, _ := f.List(ctx, "d")
		return fmt.Sprint(l)
	case 1:
		_, _ = f.Stat(ctx, path)
	case 2:
		for i := range often {
			_, _ = f.CreateFile(ctx, fmt.Sprint(fresh, "-", i))
		}
	case 3:
		for i := range often {
			_, _ = f.Mkdir(ctx, fmt.Sprint(fresh, "-", i))
		}
	case 4:
		_, _ = f.Rename(ctx, path, fresh)
		_, _ = f.Rename(ctx, fresh, path)
	case 5:
		_ = f.Remove(ctx, fresh)
		_ = f.Remove(ctx, "d/sub")
		_, _ = f.Mkdir(ctx, "d/sub")
	case 6:
		for range often {
			if r, _, err := f.Open(ctx, path); err == nil {
				data, _ := io.ReadAll(r)
				_ = r.Close()
				said += string(data)
			}
		}
	case 7:
		_, _ = upload(ctx, f, path, "mine", true)
	case 8:
		for range often {
			d, _ := f.ReadDocument(ctx, path, 0)
			said += string(d.Data)
		}
	case 9:
		w, _ := f.WriteDocument(ctx, path, []byte("mine"), files.Expect{Hashes: [][]byte{hashOf("inside"), hashOf("mine")}, Absent: true})
		if w.Left != nil {
			_ = f.Discard(ctx, path, w.Left.Name, w.Left.Hash)
			return string(w.Left.Data)
		}
	case 10:
		left, _ := f.Leftovers(ctx, path, nil, 0)
		return fmt.Sprintf("%s", left)
	}
	return said
}

// A folder becomes a link while it is removed: what the link leads to stays.
func TestRemovalOfWhatBecomesALinkStaysInside(t *testing.T) {
	home, f := openInMemory(t)
	s := startSwapping(t, home)
	before := s.all(t)
	d, link := filepath.Join(home, "d"), filepath.Join(home, "d2")
	const rounds = 2000
	for range rounds {
		_ = f.Remove(t.Context(), "d") // fails where the other one came
		for os.RemoveAll(d) != nil || os.RemoveAll(link) != nil {
			continue // they were swapped under it
		}
		if err := errors.Join(os.MkdirAll(filepath.Join(d, "sub"), 0o755), os.Symlink(s.outside, link)); err != nil {
			t.Fatal(err)
		}
	}
	close(s.stop)
	s.done.Wait()
	if after := s.all(t); !maps.Equal(before, after) {
		t.Errorf("outside there is %q, was %q", after, before)
	}
}
