package stage

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"

	"golang.org/x/sys/unix"
)

// Bounds of the small file systems in memory. They hold names and a few
// generated lines, nothing a project may fill.
const (
	rootBytes  = 4 << 20
	rootInodes = 4096
)

// DevptsOptions are the options of /dev/pts with as many pseudo-terminals as max,
// names and values in turn. Whoever sets one anew sets all: the rest would
// become the kernel's own.
func DevptsOptions(max int64) []string {
	return []string{"mode", "620", "ptmxmode", "666", "max", strconv.FormatInt(max, 10)}
}

// devices are the nodes a program may expect; nothing else of /dev is there.
var devices = []string{"null", "zero", "full", "random", "urandom", "tty"}

// source is one place of the new root that comes from elsewhere.
type source struct {
	target string
	fd     int    // detached mount
	folder bool   // else a file
	link   string // not a mount but this symbolic link
}

// tree is what the new root is put together from.
type tree struct {
	sources  []source
	proc     int
	sys      int // -1: the host does not let us
	root     int
	pts      int
	shm, run int
}

// openSources opens everything while the host's root is still there.
func openSources(plan Plan) (*tree, error) {
	t := &tree{}
	for _, name := range plan.ReadOnly {
		if err := t.add(name, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV); err != nil {
			return nil, err
		}
	}
	for _, name := range devices {
		if err := t.add("/dev/"+name, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC); err != nil {
			return nil, err
		}
	}
	for _, own := range []struct {
		target, path string
		fd           int
	}{{Home, plan.HomePath, plan.HomeFD}, {"/tmp", plan.TmpPath, plan.TmpFD}} {
		fd := own.fd
		if fd == 0 {
			var err error
			if fd, err = CloneMount(own.path, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV, false); err != nil {
				return nil, err
			}
		}
		t.sources = append(t.sources, source{target: own.target, fd: fd, folder: true})
	}
	return t, t.openMemory(plan)
}

// openMemory makes the file systems that are the project's own.
func (t *tree) openMemory(plan Plan) error {
	uid, gid := strconv.Itoa(plan.UID), strconv.Itoa(plan.GID)
	shared := strconv.FormatInt(plan.SharedMemoryBytes, 10)
	const quiet = unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC
	var err error
	for _, fs := range []struct {
		fd      *int
		kind    string
		attr    int
		options []string
	}{
		{&t.proc, "proc", quiet, nil},
		{&t.sys, "sysfs", quiet | unix.MOUNT_ATTR_RDONLY, nil},
		{&t.root, "tmpfs", unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV, []string{
			"mode", "755", "size", strconv.Itoa(rootBytes), "nr_inodes", strconv.Itoa(rootInodes)}},
		{&t.pts, "devpts", unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NOEXEC, DevptsOptions(plan.PTYs)},
		{&t.shm, "tmpfs", unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV, []string{
			"mode", "1777", "size", shared, "nr_inodes", strconv.Itoa(rootInodes)}},
		{&t.run, "tmpfs", unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV, []string{
			"mode", "700", "uid", uid, "gid", gid, "size", shared, "nr_inodes", strconv.Itoa(rootInodes)}},
	} {
		if *fs.fd, err = newMount(fs.kind, fs.attr, fs.options); err != nil {
			if fs.kind == "sysfs" && errors.Is(err, unix.EPERM) {
				*fs.fd = -1 // in a container whose /sys is covered; programs do without
				continue
			}
			return err
		}
	}
	return nil
}

// add opens one host path; what the host does not have is left out.
func (t *tree) add(name string, attr uint64) error {
	info, err := os.Lstat(name)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at %s: %w", name, err)
	}
	if info.Mode()&os.ModeSymlink != 0 {
		link, err := os.Readlink(name)
		if err != nil {
			return fmt.Errorf("read the link %s: %w", name, err)
		}
		t.sources = append(t.sources, source{target: name, link: link})
		return nil
	}
	fd, err := CloneMount(name, attr, true)
	if err != nil {
		return err
	}
	t.sources = append(t.sources, source{target: name, fd: fd, folder: info.IsDir()})
	return nil
}

// CloneMount returns a detached copy of the mount at a host path with further
// attributes set, with all below it if recursive. It needs CAP_SYS_ADMIN.
func CloneMount(name string, attr uint64, recursive bool) (int, error) {
	flags := uint(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC)
	deep := uint(unix.AT_EMPTY_PATH)
	if recursive {
		flags |= unix.AT_RECURSIVE
		deep |= unix.AT_RECURSIVE
	}
	fd, err := unix.OpenTree(unix.AT_FDCWD, name, flags)
	if err != nil {
		return -1, fmt.Errorf("open the mount of %s: %w", path.Base(name), err)
	}
	set := unix.MountAttr{Attr_set: attr, Propagation: unix.MS_PRIVATE}
	if err := unix.MountSetattr(fd, "", deep, &set); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("restrict the mount of %s: %w", path.Base(name), err)
	}
	return fd, nil
}

// newMount makes a detached file system; options are name, value, name, …
func newMount(kind string, attr int, options []string) (int, error) {
	fs, err := unix.Fsopen(kind, unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("make a %s: %w", kind, err)
	}
	defer unix.Close(fs)
	for i := 0; i+1 < len(options); i += 2 {
		if err := unix.FsconfigSetString(fs, options[i], options[i+1]); err != nil {
			return -1, fmt.Errorf("set %s of a %s: %w", options[i], kind, err)
		}
	}
	if err := unix.FsconfigCreate(fs); err != nil {
		return -1, fmt.Errorf("create a %s: %w", kind, err)
	}
	fd, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, attr)
	if err != nil {
		return -1, fmt.Errorf("mount a %s: %w", kind, err)
	}
	return fd, nil
}
