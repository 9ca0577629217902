package files

import (
	"context"
	"errors"
	"io"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"lyceum/app"
)

// Remove removes what is at path, a folder with all that is in it, a link and not
// what it leads to. When it fails half way, what is left can be removed again.
func (f *Folder) Remove(ctx context.Context, shown string) error {
	name, err := existing(shown)
	if err != nil {
		return err
	}
	if name == "." {
		return app.Errorf(app.Invalid, "The home of the project cannot be removed.")
	}
	dir, err := f.openDir(path.Dir(name))
	if err != nil {
		return explain(err, shown)
	}
	defer dir.Close()
	if err := removeAt(ctx, dir, path.Base(name), shown, 0); err != nil {
		return explain(err, shown)
	}
	return explain(dir.Sync(), shown)
}

// removeAt removes the entry name of dir by descriptors: no link that somebody
// puts in the way leads elsewhere, and no path becomes too long.
func removeAt(ctx context.Context, dir *os.File, name, shown string, depth int) error {
	err := unix.Unlinkat(int(dir.Fd()), name, 0)
	// POSIX says EPERM for a folder, Linux EISDIR.
	if err == nil || !errors.Is(err, unix.EISDIR) && !errors.Is(err, unix.EPERM) {
		return err
	}
	if depth == maxDepth {
		return app.Errorf(app.TooLarge, "%s has more than %d folders inside each other. Please remove it in a terminal (rm -r).", quote(shown), maxDepth)
	}
	fd, err := unix.Openat(int(dir.Fd()), name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	sub := os.NewFile(uintptr(fd), name)
	defer sub.Close()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		names, err := sub.Readdirnames(500)
		if errors.Is(err, io.EOF) {
			return unix.Unlinkat(int(dir.Fd()), name, unix.AT_REMOVEDIR)
		}
		if err != nil {
			return err
		}
		for _, n := range names {
			if err := removeAt(ctx, sub, n, shown, depth+1); err != nil && !errors.Is(err, unix.ENOENT) {
				return err
			}
		}
		// Some file systems skip entries when others were removed meanwhile.
		if _, err := sub.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
}
