package disk_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"lyceum/projects/disk"
)

// must fails the test at an error of the set-up.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func measure(t *testing.T, folders ...string) disk.Used {
	t.Helper()
	used, err := disk.Measure(t.Context(), disk.Place{Folders: folders}, disk.Bound{})
	must(t, err)
	return used
}

func write(t *testing.T, name string, size int) {
	t.Helper()
	must(t, os.WriteFile(name, make([]byte, size), 0o644))
}

// What a project is told that it uses is what its files take: not what holes
// pretend, not the same file twice, and nothing that only looks like its own.
func TestMeasureCountsWhatFilesTake(t *testing.T) {
	home, tmp, outside := t.TempDir(), t.TempDir(), t.TempDir()
	write(t, filepath.Join(outside, "theirs"), 8<<20)
	write(t, filepath.Join(home, "file"), 1<<20)
	must(t, os.Link(filepath.Join(home, "file"), filepath.Join(home, "again")))
	must(t, os.Link(filepath.Join(home, "file"), filepath.Join(tmp, "and in tmp")))
	must(t, os.Symlink(outside, filepath.Join(home, "folder link")))
	must(t, os.Symlink(filepath.Join(outside, "theirs"), filepath.Join(home, "file link")))
	must(t, os.Symlink(".", filepath.Join(home, "loop")))
	must(t, unix.Mkfifo(filepath.Join(home, "fifo"), 0o644))
	must(t, os.MkdirAll(filepath.Join(home, "a", "b"), 0o755))
	write(t, filepath.Join(home, "a", "b", "deep"), 1<<20)
	f, err := os.Create(filepath.Join(home, "hole"))
	must(t, err)
	must(t, errors.Join(f.Truncate(1<<40), f.Close()))

	used := measure(t, home, tmp)
	const names = 2 + 1 + 3 + 1 + 2 + 1 + 1 // both folders, file, links, fifo, a and b, deep, hole
	if used.Files != names || used.More || used.Deep {
		t.Errorf("%+v, want %d files", used, names)
	}
	const content = 2 << 20
	if used.Bytes < content || used.Bytes > content+names*4096 {
		t.Errorf("%d bytes, want 2 MiB and a block for each folder", used.Bytes)
	}
}

// A file that is deleted while a program has it open, or only in its memory, takes
// what it takes until the program ends.
func TestMeasureFindsFilesWithoutAName(t *testing.T) {
	home := t.TempDir()
	f, err := os.Create(filepath.Join(home, "opened"))
	must(t, err)
	defer f.Close()
	_, err = f.Write(make([]byte, 1<<20))
	must(t, errors.Join(err, os.Remove(f.Name())))
	again, err := unix.Dup(int(f.Fd())) // a second descriptor is not a second file
	must(t, err)
	defer unix.Close(again)
	const content = 1 << 20
	mapped := filepath.Join(home, "mapped")
	write(t, mapped, content)
	g, err := os.OpenFile(mapped, os.O_RDWR, 0)
	must(t, err)
	memory, err := unix.Mmap(int(g.Fd()), 0, content, unix.PROT_READ, unix.MAP_SHARED)
	must(t, errors.Join(err, g.Close(), os.Remove(mapped)))
	defer func() { must(t, unix.Munmap(memory)) }()

	used, err := disk.Measure(t.Context(), disk.Place{Folders: []string{home}, Processes: []int{os.Getpid(), 1 << 30}}, disk.Bound{})
	must(t, err)
	want := int64(2) // home, and what is opened
	if os.Geteuid() == 0 {
		want++ // only root may look at what is mapped
	}
	if used.Files != want || used.Bytes < (want-1)*content || used.Bytes > want*content {
		t.Errorf("%+v, want %d files", used, want)
	}
	if used := measure(t, home); used.Files != 1 {
		t.Errorf("in the folder there is %+v", used)
	}
}

// The folder of a project that was never started is not there; a FIFO in its
// place must not be waited for, and a link not followed.
func TestMeasureOfWhatIsNoFolder(t *testing.T) {
	base := t.TempDir()
	if used := measure(t, filepath.Join(base, "none")); used != (disk.Used{}) {
		t.Errorf("nothing takes %+v", used)
	}
	fifo, link := filepath.Join(base, "fifo"), filepath.Join(base, "link")
	must(t, unix.Mkfifo(fifo, 0o644))
	must(t, os.Symlink("/", link))
	for _, folder := range []string{fifo, link} {
		if used, err := disk.Measure(t.Context(), disk.Place{Folders: []string{folder}}, disk.Bound{}); err == nil || used.Files > 0 {
			t.Errorf("%s: %+v, %v", folder, used, err)
		}
	}
}

// A project of a million files must not cost the server more than it takes to
// see that it has too many.
func TestMeasureEndsWhenItKnowsEnough(t *testing.T) {
	home := t.TempDir()
	for i := range 50 {
		write(t, filepath.Join(home, fmt.Sprint(i)), 4096)
	}
	for _, bound := range []disk.Bound{{Files: 10}, {Bytes: 40_000}} {
		used, err := disk.Measure(t.Context(), disk.Place{Folders: []string{home}}, bound)
		if err != nil || !used.More || used.Files > 12 || used.Within(bound) {
			t.Errorf("bound %+v: %+v, %v", bound, used, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := disk.Measure(ended, disk.Place{Folders: []string{home}}, disk.Bound{}); !errors.Is(err, context.Canceled) {
		t.Errorf("of somebody who has left: %v", err)
	}
}

// nest makes folders in each other, deeper than any path could name.
func nest(t *testing.T, home string, levels int, name string) {
	t.Helper()
	fd, err := unix.Open(home, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	must(t, err)
	for range levels {
		must(t, unix.Mkdirat(fd, name, 0o755))
		next, err := unix.Openat(fd, name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
		must(t, errors.Join(err, unix.Close(fd)))
		fd = next
	}
	must(t, unix.Close(fd))
}

// Whoever hides files in folders that no path reaches is found out.
func TestMeasureGoesDeeperThanPathsAndSaysWhenItCannot(t *testing.T) {
	const long = "a name of forty bytes, so that it is far" // 300 of them are 12 KB
	home := t.TempDir()
	nest(t, home, 300, long)
	if used := measure(t, home); used.Files != 301 || used.Deep {
		t.Errorf("300 levels: %+v", used)
	}
	nest(t, home, 2*disk.MaxDepth, "d")
	if used := measure(t, home); !used.Deep || used.Files > 301+disk.MaxDepth {
		t.Errorf("%d levels: %+v", 2*disk.MaxDepth, used)
	}
}

// A folder that becomes a link at the moment in which it is entered must not
// lead the server, which is root, out of the project.
func TestMeasureIsNotLedOutByARace(t *testing.T) {
	home, outside := t.TempDir(), t.TempDir()
	for i := range 200 {
		write(t, filepath.Join(outside, fmt.Sprint(i)), 1)
	}
	folder, link := filepath.Join(home, "folder"), filepath.Join(home, "link")
	must(t, os.Mkdir(folder, 0o755))
	must(t, os.Symlink(outside, link))
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() { // done is waited for
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if err := unix.Renameat2(unix.AT_FDCWD, folder, unix.AT_FDCWD, link, unix.RENAME_EXCHANGE); err != nil {
				done <- err
				return
			}
		}
	}()
	for range 2000 {
		if used := measure(t, home); used.Files > 3 {
			t.Errorf("%d files: those outside were counted", used.Files)
			break
		}
	}
	close(stop)
	must(t, <-done)
}

// Another file system in a project's folder is not the project's.
func TestMeasureDoesNotLeaveTheMount(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	home := t.TempDir()
	must(t, os.Mkdir(filepath.Join(home, "mount"), 0o755))
	done := make(chan error, 1)
	go func() { // done is waited for
		runtime.LockOSThread() // never unlocked: the thread and its mounts end with this goroutine
		err := unix.Unshare(unix.CLONE_NEWNS)
		if err == nil {
			err = unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
		}
		if err == nil {
			err = unix.Mount("none", filepath.Join(home, "mount"), "tmpfs", 0, "")
		}
		for i := 0; err == nil && i < 20; i++ {
			err = os.WriteFile(filepath.Join(home, "mount", fmt.Sprint(i)), nil, 0o644)
		}
		if err == nil {
			var used disk.Used
			if used, err = disk.Measure(context.WithoutCancel(t.Context()), disk.Place{Folders: []string{home}}, disk.Bound{}); used.Files != 2 {
				err = errors.Join(err, fmt.Errorf("%d files, want home and the folder", used.Files))
			}
		}
		done <- err
	}()
	must(t, <-done)
}

// Where the kernel keeps no quotas it is said, so that the host measures.
func TestQuotasAreNotBelievedWhereTheyAreNotKept(t *testing.T) {
	for _, folder := range []string{"/dev/shm", "/proc"} {
		if q, err := disk.OpenQuota(folder); !errors.Is(err, disk.ErrNoQuota) {
			t.Errorf("%s: %v, %v", folder, q, err)
		}
	}
}

// The bound of files grows with that of bytes, and leaves a small project what
// one repository needs.
func TestBounds(t *testing.T) {
	for bytes, files := range map[int64]int64{0: 0, 1 << 20: 10_000, 5 << 30: 327_680} {
		if b := disk.BoundOf(bytes); b.Bytes != bytes || b.Files != files {
			t.Errorf("BoundOf(%d) = %+v", bytes, b)
		}
	}
	b := disk.Bound{Bytes: 10, Files: 5}
	for u, within := range map[disk.Used]bool{{Bytes: 10, Files: 5}: true, {Bytes: 11}: false, {Files: 6}: false} {
		if u.Within(b) != within {
			t.Errorf("%+v within %+v: %v", u, b, !within)
		}
	}
	if !(disk.Used{Bytes: 1 << 60, Files: 1 << 60}).Within(disk.Bound{}) {
		t.Error("without a bound something is too much")
	}
}

func BenchmarkMeasure(b *testing.B) {
	home := b.TempDir()
	for i := range 100 {
		folder := filepath.Join(home, fmt.Sprint(i))
		if err := os.Mkdir(folder, 0o755); err != nil {
			b.Fatal(err)
		}
		for j := range 1000 {
			if err := os.WriteFile(filepath.Join(folder, fmt.Sprint(j)), nil, 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
	for b.Loop() {
		if _, err := disk.Measure(b.Context(), disk.Place{Folders: []string{home}}, disk.Bound{}); err != nil {
			b.Fatal(err)
		}
	}
}
