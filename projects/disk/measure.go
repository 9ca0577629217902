package disk

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	// MaxDepth is how deep folders are entered: each level holds a descriptor. No
	// path that a program can name as a whole (4096 bytes) has more than 2048
	// levels, and no tree that people make has a hundred.
	MaxDepth = 512
	// direntBytes is read of a folder at once.
	direntBytes = 16 << 10
	// blockSize is the unit of st_blocks.
	blockSize = 512
)

// errEnough ends a walk whose bound was passed.
var errEnough = errors.New("more than was asked for")

// inode is a file, whatever its names.
type inode struct{ device, number uint64 }

// measuring is one Measure under way.
type measuring struct {
	ctx    context.Context
	bound  Bound
	used   Used
	linked map[inode]struct{} // what has several names, or none, and was counted
	device uint64             // of the folders
	buffer []byte
}

// Place is where files of a project are.
type Place struct {
	// Folders of one file system. Only the last part of each path may be somebody
	// else's; it must be a folder.
	Folders []string
	// Processes of the project may keep files that have no name any more.
	Processes []int
}

// Measure counts what is in a place, a file with several names once, until that
// is more than the bound. What changes meanwhile is counted or not. A folder that
// the caller may not read counts as itself.
func Measure(ctx context.Context, place Place, bound Bound) (Used, error) {
	m := &measuring{ctx: ctx, bound: bound, linked: make(map[inode]struct{}), buffer: make([]byte, direntBytes)}
	for _, folder := range place.Folders {
		fd, err := unix.Open(folder, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if errors.Is(err, unix.ENOENT) {
			continue // a project that was never started
		}
		if err == nil {
			err = m.root(fd)
		}
		if err := m.ended(err); err != nil || m.used.More {
			return m.used, err
		}
	}
	for _, process := range place.Processes {
		if err := m.ended(m.opened(process)); err != nil || m.used.More {
			return m.used, err
		}
	}
	return m.used, nil
}

// ended tells that enough is known from an error.
func (m *measuring) ended(err error) error {
	if err == nil || errors.Is(err, errEnough) {
		return nil
	}
	return fmt.Errorf("measure a project: %w", err)
}

func (m *measuring) root(fd int) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return errors.Join(err, unix.Close(fd))
	}
	m.device = st.Dev
	if err := m.count(&st); err != nil {
		return errors.Join(err, unix.Close(fd))
	}
	return m.folder(fd, 1)
}

// count adds one inode.
func (m *measuring) count(st *unix.Stat_t) error {
	if st.Nlink != 1 && st.Mode&unix.S_IFMT != unix.S_IFDIR {
		id := inode{st.Dev, st.Ino}
		if _, counted := m.linked[id]; counted {
			return nil
		}
		m.linked[id] = struct{}{}
	}
	m.used.Bytes += st.Blocks * blockSize
	m.used.Files++
	if !m.used.Within(m.bound) {
		m.used.More = true
		return errEnough
	}
	return nil
}

// folder counts what is in a folder, and closes it.
func (m *measuring) folder(fd, depth int) error {
	defer unix.Close(fd)
	for {
		if err := m.ctx.Err(); err != nil {
			return err
		}
		n, err := unix.Getdents(fd, m.buffer)
		if errors.Is(err, unix.ENOENT) {
			return nil // it was removed while it was read
		}
		if n <= 0 || err != nil {
			return err
		}
		// The buffer is everybody's: names of folders are kept before they are
		// entered.
		folders, err := m.entries(fd, m.buffer[:n])
		if err != nil {
			return err
		}
		for _, name := range folders {
			if err := m.enter(fd, name, depth); err != nil {
				return err
			}
		}
	}
}

// entries counts what one read of a folder has returned and names the folders in
// it.
func (m *measuring) entries(fd int, data []byte) (folders []string, err error) {
	var names []string
	for len(data) > 0 {
		var n int
		if n, _, names = unix.ParseDirent(data, -1, names[:0]); n == 0 {
			break
		}
		data = data[n:]
		for _, name := range names {
			var st unix.Stat_t
			if unix.Fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
				continue // gone meanwhile
			}
			if err := m.count(&st); err != nil {
				return nil, err
			}
			if st.Mode&unix.S_IFMT == unix.S_IFDIR {
				folders = append(folders, strings.Clone(name))
			}
		}
	}
	return folders, nil
}

// enter counts a folder below another. Whatever has taken its place meanwhile is
// entered only if it is a folder of the same mount.
func (m *measuring) enter(parent int, name string, depth int) error {
	if depth >= MaxDepth {
		m.used.Deep = true
		return nil
	}
	fd, err := unix.Openat2(parent, name, &unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV,
	})
	switch {
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE), errors.Is(err, unix.ENOMEM), errors.Is(err, unix.EIO):
		return err
	case err != nil:
		return nil // gone, another thing, another mount, or closed to us
	}
	return m.folder(fd, depth+1)
}
