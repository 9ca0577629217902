// Package files lets the files of one project be listed, moved, carried and
// edited: Folder does it inside the sandbox, Handler and Client carry it to the
// server.
//
// A Folder never leaves the home of the project (os.Root), never opens what is
// not a regular file, and writes a file as a whole or not at all. A document that
// a program of the project changes while it is being saved is not lost: what a
// save displaces is kept, and returned, until it has been merged (D9). Client
// trusts no agent: it bounds whatever comes from there.
package files

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"lyceum/app"
)

// Folder is the home of a project. It is safe for concurrent use.
type Folder struct {
	root *os.Root
	home string
	step func(string) // what is about to happen in a write; for tests that end there

	watches atomic.Int32

	mu    sync.Mutex
	parts map[string]bool // names of files that are being written here
}

// OpenFolder opens the home at the absolute path home.
func OpenFolder(home string) (*Folder, error) {
	home, err := filepath.EvalSymlinks(home)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(home)
	if err != nil {
		return nil, err
	}
	return &Folder{root: root, home: home, step: func(string) {}, parts: map[string]bool{}}, nil
}

// Close releases the home. Nothing may be under way.
func (f *Folder) Close() error { return f.root.Close() }

// List returns what is in a folder. Entries whose names are reserved are left
// out; those of them that a crash has left unfinished are removed.
func (f *Folder) List(ctx context.Context, shown string) (Listing, error) {
	name, err := existing(shown)
	if err != nil {
		return Listing{}, err
	}
	dir, err := f.openDir(name)
	if err != nil {
		return Listing{}, explain(err, shown)
	}
	defer dir.Close()
	listing := Listing{Entries: []Info{}}
	bytes := 0
	for {
		names, err := dir.Readdirnames(500)
		if errors.Is(err, io.EOF) {
			break
		}
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return Listing{}, explain(err, shown)
		}
		for _, n := range names {
			if strings.HasPrefix(n, reserved) {
				f.removeStale(dir, n)
				continue
			}
			if len(listing.Entries) == MaxEntries || bytes > maxListing {
				listing.Cut = true
				break
			}
			info, err := f.statAt(dir, name, n)
			if err != nil {
				continue // gone meanwhile
			}
			bytes += len(info.Name)
			listing.Entries = append(listing.Entries, info)
		}
		if listing.Cut {
			break
		}
	}
	slices.SortFunc(listing.Entries, func(a, b Info) int { return cmp.Compare(a.Name, b.Name) })
	return listing, nil
}

// Stat describes what is at path, a link as a link.
func (f *Folder) Stat(_ context.Context, shown string) (Info, error) {
	name, err := existing(shown)
	if err != nil {
		return Info{}, err
	}
	info, err := f.stat(name)
	return info, explain(err, shown)
}

func (f *Folder) stat(name string) (Info, error) {
	dir, err := f.openDir(path.Dir(name))
	if err != nil {
		return Info{}, err
	}
	defer dir.Close()
	return f.statAt(dir, path.Dir(name), path.Base(name))
}

// statAt describes the entry n of dir, which is at name.
func (f *Folder) statAt(dir *os.File, name, n string) (Info, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(int(dir.Fd()), n, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return Info{}, err
	}
	info := infoOf(n, &st)
	if info.Kind == Link {
		if target, err := f.root.Stat(path.Join(name, n)); err == nil { // else it leads nowhere, or out
			info.Target = kindOf(target.Sys().(*syscall.Stat_t).Mode)
		}
	}
	return info, nil
}

func infoOf(name string, st *unix.Stat_t) Info {
	return Info{
		Name: showName(name), Kind: kindOf(st.Mode), Size: st.Size,
		Modified: time.Unix(st.Mtim.Unix()).UnixMilli(), Mode: st.Mode & 0o777,
	}
}

func kindOf(mode uint32) Kind {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return File
	case unix.S_IFDIR:
		return Directory
	case unix.S_IFLNK:
		return Link
	}
	return Other
}

// openDir opens a folder to work in it by descriptor.
func (f *Folder) openDir(name string) (*os.File, error) {
	return f.root.OpenFile(name, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK, 0)
}

// CreateFile makes an empty file where nothing is.
func (f *Folder) CreateFile(_ context.Context, shown string) (Info, error) {
	name, err := creatable(shown)
	if err != nil {
		return Info{}, err
	}
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return Info{}, f.explainNew(err, shown)
	}
	if err := errors.Join(file.Close(), f.syncDir(path.Dir(name))); err != nil {
		return Info{}, explain(err, shown)
	}
	info, err := f.stat(name)
	return info, explain(err, shown)
}

// Mkdir makes a folder where nothing is, and those above it that are missing.
func (f *Folder) Mkdir(_ context.Context, shown string) (Info, error) {
	name, err := creatable(shown)
	if err != nil {
		return Info{}, err
	}
	for up := path.Dir(shown); up != "."; up = path.Dir(up) {
		if _, err := f.root.Lstat(up); err == nil {
			break
		}
		if _, err := creatable(up); err != nil {
			return Info{}, err
		}
	}
	if err = f.root.MkdirAll(path.Dir(name), 0o777); err == nil {
		err = f.root.Mkdir(name, 0o777)
	}
	if err == nil {
		err = f.syncDir(path.Dir(name))
	}
	if err != nil {
		return Info{}, explain(err, shown)
	}
	info, err := f.stat(name)
	return info, explain(err, shown)
}

// Rename moves what is at from to where nothing is, into a folder that is there.
func (f *Folder) Rename(_ context.Context, from, to string) (Info, error) {
	old, err := existing(from)
	if err != nil {
		return Info{}, err
	}
	if old == "." {
		return Info{}, app.Errorf(app.Invalid, "The home of the project cannot be moved.")
	}
	name, err := creatable(to)
	if err != nil {
		return Info{}, err
	}
	source, err := f.openDir(path.Dir(old))
	if err != nil {
		return Info{}, explain(err, from)
	}
	defer source.Close()
	target, err := f.openDir(path.Dir(name))
	if err != nil {
		return Info{}, f.explainNew(err, to)
	}
	defer target.Close()
	if _, err := f.statAt(source, path.Dir(old), path.Base(old)); err != nil {
		return Info{}, explain(err, from)
	}
	if err := renameTo(source, path.Base(old), target, path.Base(name)); err != nil {
		return Info{}, explain(err, to)
	}
	if err := errors.Join(target.Sync(), source.Sync()); err != nil {
		return Info{}, explain(err, to)
	}
	info, err := f.statAt(target, path.Dir(name), path.Base(name))
	return info, explain(err, to)
}

// renameTo renames without replacing. Where the file system cannot (EINVAL also
// says that a folder would go into itself), it looks first.
func renameTo(source *os.File, old string, target *os.File, name string) error {
	err := unix.Renameat2(int(source.Fd()), old, int(target.Fd()), name, unix.RENAME_NOREPLACE)
	if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS) {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstatat(int(target.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW); err == nil {
		return unix.EEXIST
	}
	return unix.Renameat(int(source.Fd()), old, int(target.Fd()), name)
}

// explainNew is explain for something to be made: that it does not exist means
// that its folder does not.
func (f *Folder) explainNew(err error, shown string) error {
	if errors.Is(err, fs.ErrNotExist) {
		folder := path.Dir(shown)
		return app.Explain(err, app.NotFound, "The folder %s does not exist (any more). Please create it first.", quote(folder))
	}
	return explain(err, shown)
}

// syncDir makes what happened to a folder's entries survive a power cut: they
// belong to the folder, which has to be synced on its own (fsync(2), Linux).
func (f *Folder) syncDir(name string) error {
	dir, err := f.openDir(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// newName returns a reserved name of some sort.
func newName(sort string) string { return reserved + sort + "-" + strings.ToLower(rand.Text()[:16]) }

const partSort = "part"

// part makes an unfinished file in dir. finished has to be called when it has
// another name or is gone.
func (f *Folder) part(dir *os.File) (file *os.File, name string, finished func(), err error) {
	name = newName(partSort)
	f.mu.Lock()
	f.parts[name] = true
	f.mu.Unlock()
	finished = func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.parts, name)
	}
	fd, err := unix.Openat(int(dir.Fd()), name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o666)
	if err != nil {
		finished()
		return nil, "", nil, err
	}
	return os.NewFile(uintptr(fd), name), name, finished, nil
}

// removeStale removes an unfinished file that a crash has left. Nobody needs it:
// who wrote it was not told that it is there.
func (f *Folder) removeStale(dir *os.File, name string) {
	f.mu.Lock()
	mine := f.parts[name]
	f.mu.Unlock()
	var st unix.Stat_t
	if mine || !strings.HasPrefix(name, reserved+partSort+"-") ||
		unix.Fstatat(int(dir.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil ||
		time.Since(time.Unix(st.Mtim.Unix())) < partAge {
		return
	}
	_ = unix.Unlinkat(int(dir.Fd()), name, 0) // the next listing tries again
}
