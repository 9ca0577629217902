package sqlitestore_test

import (
	"database/sql"
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
	onSmallDisk(t, smallDiskBytes, fillDisk)
}

// The disk is full in the very moment in which the index of the log, a file of its
// own, has to grow: SQLite finds that after the commit is in the log. The server
// must not have to end for it.
func TestFullDiskWhenTheIndexOfTheLogGrows(t *testing.T) {
	onSmallDisk(t, 3*smallDiskBytes, growLogOnFullDisk)
}

// onSmallDisk runs a test with a folder that is a small disk.
func onSmallDisk(t *testing.T, size int, test func(t *testing.T, dir string)) {
	t.Helper()
	if *smallDisk != "" {
		mountSmallDisk(t, *smallDisk, size)
		test(t, *smallDisk)
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

// mountSmallDisk mounts it for as long as the test runs.
func mountSmallDisk(t *testing.T, dir string, size int) {
	t.Helper()
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal("keep the mount to ourselves:", err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Fatal("mount a small disk:", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
}

func fillDisk(t *testing.T, dir string) {
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
	// The operator stops the server while the disk is full: the log cannot be
	// copied, and must be kept.
	acknowledged = writeUntilFull(t, s, acknowledged)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT, fmt.Sprintf("size=%d", 2*smallDiskBytes)); err != nil {
		t.Fatal("make room:", err)
	}
	s = open(t, path)
	readable(t, s, acknowledged)
	storetest.VerifyIndexes(t, s, tables)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// growLogOnFullDisk keeps the log from beginning anew, and the disk so full that
// there is room for one commit and not for a piece of the log's index.
func growLogOnFullDisk(t *testing.T, dir string) {
	path := filepath.Join(dir, "app.db")
	s := open(t, path, sqlitestore.WithFatal(func(err error) { t.Errorf("the process would have ended: %v", err) }))
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := writeNote(t, s, 0); err != nil {
		t.Fatal(err)
	}
	release := holdLog(t, path)
	defer release()
	const piece = 4062 // pages of log of which the index has the places in its first 32 KiB
	logPages := func() int64 {
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size() / (4096 + 24)
	}
	i := 1
	for ; logPages() < piece-100; i++ {
		if err := writeNote(t, s, i); err != nil {
			t.Fatal(err)
		}
	}
	ballast, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	defer ballast.Close()
	for ; logPages() < piece+100; i++ {
		leave(t, ballast, 28<<10)
		w := app.Write{Table: "notes", ID: "small", Row: app.Row{"time": int64(-i)}, IfRev: app.AnyRev}
		if _, err := s.Write(t.Context(), w); err != nil {
			t.Fatalf("with %d pages in the log: %v", logPages(), err)
		}
	}
	if _, err := s.Get(t.Context(), "notes", "small"); err != nil {
		t.Error(err)
	}
}

// holdLog reads with a connection of its own until release is called, so that the
// log can only grow.
func holdLog(t *testing.T, path string) (release func()) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int64
	if err := tx.QueryRowContext(t.Context(), "SELECT n FROM _store").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := errors.Join(tx.Rollback(), db.Close()); err != nil {
			t.Error(err)
		}
	}
}

// leave makes a file so large that the disk has some bytes left.
func leave(t *testing.T, ballast *os.File, free int64) {
	t.Helper()
	var disk unix.Statfs_t
	info, err := ballast.Stat()
	if err = errors.Join(err, unix.Fstatfs(int(ballast.Fd()), &disk)); err != nil {
		t.Fatal(err)
	}
	size := info.Size() + int64(disk.Bavail)*disk.Bsize - free
	if size < info.Size() {
		err = ballast.Truncate(size)
	} else if size > info.Size() {
		err = unix.Fallocate(int(ballast.Fd()), 0, 0, size)
	}
	if err != nil {
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
