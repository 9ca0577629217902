package files

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"lyceum/app"
)

// errOutside says that a link leads out of the home; os.Root has one of its own.
var errOutside = errors.New("link leads out of the home")

// follow returns where name leads, through links of its last part; those before
// it os.Root follows. The path may contain "..", which os.Root takes as the
// kernel does.
func (f *Folder) follow(name string) (string, error) {
	for range maxLinks {
		info, err := f.root.Lstat(name)
		if err != nil || info.Mode()&os.ModeSymlink == 0 {
			return name, err
		}
		target, err := f.root.Readlink(name)
		if err != nil {
			return "", err
		}
		inside, ok := f.inside(target)
		switch {
		case ok:
			name = inside
		case path.IsAbs(target):
			return "", errOutside
		default:
			name = path.Dir(name) + "/" + target
		}
	}
	return "", unix.ELOOP
}

// inside returns an absolute path relative to the home if it is below it.
func (f *Folder) inside(target string) (string, bool) {
	if len(target) > len(f.home)+1 && target[:len(f.home)+1] == f.home+"/" {
		return target[len(f.home)+1:], true
	}
	return "", false
}

// openFile opens a regular file to read, without waiting for what is none (a
// FIFO has no other end) and without touching devices.
func (f *Folder) openFile(shown string) (*os.File, *unix.Stat_t, error) {
	name, err := existing(shown)
	if err != nil {
		return nil, nil, err
	}
	if name, err = f.follow(name); err != nil {
		return nil, nil, explain(err, shown)
	}
	dir, err := f.openDir(path.Dir(name))
	if err != nil {
		return nil, nil, explain(err, shown)
	}
	defer dir.Close()
	file, st, err := openAt(dir, path.Base(name))
	if err != nil {
		return nil, nil, explain(err, shown)
	}
	if k := kindOf(st.Mode); k != File {
		return nil, nil, mustBeFile(shown, k)
	}
	return file, st, nil
}

// openAt opens the entry name of dir if it is a regular file; otherwise file is
// nil and st says what it is.
func openAt(dir *os.File, name string) (file *os.File, st *unix.Stat_t, err error) {
	st = &unix.Stat_t{}
	if err := unix.Fstatat(int(dir.Fd()), name, st, unix.AT_SYMLINK_NOFOLLOW); err != nil || kindOf(st.Mode) != File {
		return nil, st, err
	}
	fd, err := unix.Openat(int(dir.Fd()), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, st, err
	}
	file = os.NewFile(uintptr(fd), name)
	if err := unix.Fstat(fd, st); err != nil || kindOf(st.Mode) != File { // it was exchanged meanwhile
		return nil, st, errors.Join(err, file.Close())
	}
	return file, st, nil
}

// Open opens a regular file for a download; Info.Size says how many bytes come
// unless the file changes meanwhile.
func (f *Folder) Open(_ context.Context, shown string) (io.ReadCloser, Info, error) {
	file, st, err := f.openFile(shown)
	if err != nil {
		return nil, Info{}, err
	}
	return file, infoOf(path.Base(shown), st), nil
}

// Upload puts what r has in place of path, as a whole or not at all: it is
// written aside in the same folder, synced, and then renamed. Without overwrite
// something that is there is a Conflict. An overwritten file's mode is kept.
func (f *Folder) Upload(ctx context.Context, shown string, overwrite bool, r io.Reader) (Info, error) {
	name, err := creatable(shown)
	if err != nil {
		return Info{}, err
	}
	dir, err := f.openDir(path.Dir(name))
	if err != nil {
		return Info{}, f.explainNew(err, shown)
	}
	defer dir.Close()
	base := path.Base(name)
	var keep *uint32
	if there, err := f.statAt(dir, path.Dir(name), base); err == nil {
		switch {
		case there.Kind == Directory || there.Kind == Other:
			return Info{}, mustBeFile(shown, there.Kind)
		case !overwrite:
			return Info{}, explain(unix.EEXIST, shown)
		case there.Kind == File:
			keep = &there.Mode
		}
	}
	if err := f.upload(ctx, dir, base, keep, overwrite, r); err != nil {
		return Info{}, explain(err, shown)
	}
	info, err := f.statAt(dir, path.Dir(name), base)
	return info, explain(err, shown)
}

func (f *Folder) upload(ctx context.Context, dir *os.File, base string, keep *uint32, overwrite bool, r io.Reader) (err error) {
	file, part, finished, err := f.part(dir)
	if err != nil {
		return err
	}
	defer finished()
	defer func() {
		if err != nil {
			_ = unix.Unlinkat(int(dir.Fd()), part, 0) // a listing removes it later
		}
	}()
	source := &source{ctx: ctx, r: r}
	if _, err = io.Copy(file, source); source.err != nil {
		err = app.Explain(source.err, app.Unavailable, "The upload was interrupted; nothing was changed. Please try again.")
	}
	if keep != nil && err == nil {
		err = file.Chmod(fs.FileMode(*keep))
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if overwrite {
		err = unix.Renameat(int(dir.Fd()), part, int(dir.Fd()), base)
	} else {
		err = renameTo(dir, part, dir, base)
	}
	if err != nil {
		return err
	}
	return dir.Sync()
}

// source tells an error of reading from one of writing.
type source struct {
	ctx context.Context
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	if s.err = s.ctx.Err(); s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
