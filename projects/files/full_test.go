package files_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"lyceum/app"
	"lyceum/projects/files"
)

// onSmallDisk runs a test in a folder that is a disk of its own, which only this
// test's thread sees.
func onSmallDisk(t *testing.T, options string, test func(t *testing.T, home string, f *files.Folder)) {
	t.Helper()
	home := t.TempDir()
	done := make(chan struct{})
	go func() { // done is waited for
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread and its mounts end with this goroutine
		err := unix.Unshare(unix.CLONE_NEWNS)
		if err == nil {
			err = errors.Join(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""), unix.Mount("none", home, "tmpfs", 0, options))
		}
		if err != nil {
			t.Errorf("make a small disk: %v", err)
			return
		}
		folder, err := files.OpenFolder(home)
		if err != nil {
			t.Error(err)
			return
		}
		test(t, home, folder)
		if err := folder.Close(); err != nil {
			t.Error(err)
		}
	}()
	<-done
}

// A full disk, in bytes or in files: each write is refused with a sentence, what
// was there is there as it was, nothing half is left, and what is deleted makes
// room at once.
func TestFullDiskRefusesAndChangesNothing(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	for name, options := range map[string]string{"no bytes": "size=1M", "no inodes": "size=8M,nr_inodes=12"} {
		t.Run(name, func(t *testing.T) { onSmallDisk(t, options, testFullDisk) })
	}
}

func testFullDisk(t *testing.T, home string, f *files.Folder) {
	ctx := context.WithoutCancel(t.Context())
	const old = "as it was"
	put(t, home, "document", old)
	fill(t, filepath.Join(home, "ballast"))
	before := entries(t, home)
	text := strings.Repeat("new text\n", 100_000)
	for name, write := range map[string]func() error{
		"upload":    func() error { _, err := f.Upload(ctx, "new", false, strings.NewReader(text)); return err },
		"overwrite": func() error { _, err := f.Upload(ctx, "document", true, strings.NewReader(text)); return err },
		"save": func() error {
			_, err := f.WriteDocument(ctx, "document", []byte(text), files.Expect{Hashes: [][]byte{hashOf(old)}})
			return err
		},
		"save anew": func() error {
			_, err := f.WriteDocument(ctx, "new", []byte(text), files.Expect{Absent: true})
			return err
		},
	} {
		kind, message := app.Public(write())
		if kind != app.Unavailable || !strings.Contains(message, "disk of the server is full") {
			t.Errorf("%s: %v, %s", name, kind, message)
		}
		if got := get(t, home, "document"); got != old {
			t.Errorf("%s: the document is %.20q", name, got)
		}
		if after := entries(t, home); after != before {
			t.Errorf("%s: left %s, before %s", name, after, before)
		}
	}
	if err := f.Remove(ctx, "ballast"); err != nil {
		t.Fatalf("nothing can be deleted: %v", err)
	}
	if _, err := f.WriteDocument(ctx, "document", []byte(text), files.Expect{Hashes: [][]byte{hashOf(old)}}); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if got := get(t, home, "document"); got != text {
		t.Errorf("the document is %.20q", got)
	}
}

// fill takes all files that there are, and all bytes.
func fill(t *testing.T, folder string) {
	t.Helper()
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	first := filepath.Join(folder, "0")
	const step = 64 << 10
	for i := 1; ; i++ {
		if err := os.WriteFile(first, make([]byte, i*step), 0o600); err != nil {
			return
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprint(i)), nil, 0o600); err != nil {
			return
		}
	}
}

func entries(t *testing.T, home string) string {
	t.Helper()
	found, err := os.ReadDir(home)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(found)
}

// A project whose space is used up: what would take more is refused before the
// agent is asked, and what looks or gives back is not.
func TestClientRefusesOnlyWhatTakesSpace(t *testing.T) {
	home, folder := open(t)
	put(t, home, "document", "text")
	put(t, home, "old", "text")
	c := serve(t, folder)
	full := app.Errorf(app.Unavailable, "This project is full.")
	c.Refuse = func() error { return full }
	ctx := t.Context()
	for name, write := range map[string]func() error{
		"create": func() error { _, err := c.CreateFile(ctx, "new"); return err },
		"mkdir":  func() error { _, err := c.Mkdir(ctx, "new"); return err },
		"upload": func() error { _, err := c.Upload(ctx, "new", false, strings.NewReader("x")); return err },
		"save": func() error {
			_, err := c.WriteDocument(ctx, "document", []byte("x"), files.Expect{Hashes: [][]byte{hashOf("text")}})
			return err
		},
	} {
		if err := write(); !errors.Is(err, full) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := entries(t, home); strings.Contains(got, "new") || get(t, home, "document") != "text" {
		t.Errorf("something was written: %s", got)
	}
	asked := 0
	c.Refuse = func() error { // full while somebody uploads without end
		if asked++; asked > 100 {
			return full
		}
		return nil
	}
	if _, err := c.Upload(ctx, "new", false, endless{}); !errors.Is(err, full) {
		t.Errorf("an upload without end: %v", err)
	}
	if got := entries(t, home); strings.Contains(got, "new") {
		t.Errorf("it has left %s", got)
	}
	_, err := c.Rename(ctx, "old", "renamed")
	if err = errors.Join(err, c.Remove(ctx, "renamed")); err != nil {
		t.Error(err)
	}
	if _, err := c.ReadDocument(ctx, "document", 0); err != nil {
		t.Error(err)
	}
}
