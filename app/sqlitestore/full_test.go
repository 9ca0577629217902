package sqlitestore_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"lyceum/app"
	"lyceum/app/sqlitestore"
	"lyceum/app/storetest"
)

// smallDisk makes the test binary the process that mounts a small disk here, in
// a namespace of its own, and fills it.
var smallDisk = flag.String("sqlitestore.smalldisk", "", "mount a small disk at this folder and fill it")

// smallDiskBytes holds some rows, a log and two pieces of ballast.
const smallDiskBytes = 12 << 20

// The disk of the server is full. People see a sentence that says so and nothing
// of theirs is lost or half there; they can go on reading; and once the operator
// has made room it works again without a restart.
func TestFullDiskRefusesWritesUntilThereIsRoom(t *testing.T) {
	if *smallDisk != "" {
		fillDisk(t, *smallDisk)
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+t.Name()+"$", "-sqlitestore.smalldisk="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func fillDisk(t *testing.T, dir string) {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal("keep the mount to ourselves:", err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", smallDiskBytes)); err != nil {
		t.Fatal("mount a small disk:", err)
	}
	defer func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	}()
	path := filepath.Join(dir, "app.db")
	s := open(t, path, sqlitestore.WithFatal(func(err error) { t.Errorf("the process would have ended: %v", err) }))
	ballast := []string{filepath.Join(dir, "ballast"), filepath.Join(dir, "more")}
	for _, name := range ballast {
		if err := os.WriteFile(name, make([]byte, smallDiskBytes/4), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	acknowledged := 0
	for _, name := range ballast {
		before := acknowledged
		if acknowledged = writeUntilFull(t, s, acknowledged); acknowledged == before {
			t.Fatal("nothing could be written")
		}
		readable(t, s, acknowledged)
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		if err := writeNote(t, s, acknowledged); err != nil {
			t.Fatalf("write with room again: %v", err)
		}
		acknowledged++
		readable(t, s, acknowledged)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	readable(t, s, acknowledged)
	storetest.VerifyIndexes(t, s, tables)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func writeNote(t *testing.T, s app.Store, i int) error {
	row := app.Row{"time": int64(i), "text": strings.Repeat("x", 20<<10)}
	_, err := s.Write(t.Context(), app.Write{Table: "notes", ID: fmt.Sprintf("%05d", i), Row: row})
	return err
}

// writeUntilFull returns how many notes there are.
func writeUntilFull(t *testing.T, s app.Store, i int) int {
	for ; ; i++ {
		err := writeNote(t, s, i)
		if err == nil {
			continue
		}
		e, ok := errors.AsType[*app.Error](err)
		if !ok || e.Kind != app.Unavailable || !strings.Contains(e.Message, "disk is full") {
			t.Fatalf("write %d = %v, want Unavailable and that the disk is full", i, err)
		}
		return i
	}
}

// readable fails unless exactly the first n notes are there.
func readable(t *testing.T, s app.Store, n int) {
	t.Helper()
	r, count := app.Range{Table: "notes", Index: "time", Limit: 50}, 0
	for {
		page, err := s.Read(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range page.Records {
			if rec.Row["time"] != int64(count) {
				t.Fatalf("note %d is %s", count, rec.ID)
			}
			count++
		}
		if r.After = page.Next; r.After == nil {
			break
		}
	}
	if count != n {
		t.Fatalf("%d notes are there, %d were acknowledged", count, n)
	}
}
