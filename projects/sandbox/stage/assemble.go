package stage

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"lyceum/projects/network/link"
)

// readOnlyProc are parts of /proc that change the host for who may write them.
var readOnlyProc = []string{"bus", "fs", "irq", "sys", "sysrq-trigger"}

// hidden are files and folders that tell about the host more than a project
// needs.
var hidden = []string{
	"proc/acpi", "proc/asound", "proc/interrupts", "proc/kcore", "proc/keys", "proc/latency_stats",
	"proc/sched_debug", "proc/scsi", "proc/timer_list", "proc/timer_stats",
	"sys/firmware", "sys/devices/virtual/powercap",
}

// assemble puts the new root together and makes it the current folder.
func (t *tree) assemble(plan Plan) error {
	if err := attach(t.root, oldRootHit); err != nil {
		return err
	}
	if err := os.Chdir(oldRootHit); err != nil {
		return fmt.Errorf("enter the new root: %w", err)
	}
	for _, name := range []string{"proc", "sys", "dev/pts", "dev/shm", "run/user", "tmp", "home/user", "etc", "var", "root", "mnt", strings.TrimPrefix(CommandsDir, "/")} {
		if err := os.MkdirAll(name, 0o755); err != nil {
			return fmt.Errorf("make the folder %s: %w", name, err)
		}
	}
	for _, s := range t.sources {
		if err := s.place(); err != nil {
			return err
		}
	}
	for target, fd := range map[string]int{"proc": t.proc, "sys": t.sys, "dev/pts": t.pts, "dev/shm": t.shm, "run/user": t.run} {
		if fd < 0 {
			continue
		}
		if err := attach(fd, target); err != nil {
			return err
		}
	}
	if err := generate(plan); err != nil {
		return err
	}
	for _, name := range readOnlyProc {
		if err := coverWithItself("proc/" + name); err != nil {
			return err
		}
	}
	for _, name := range hidden {
		if err := t.hide(name); err != nil {
			return err
		}
	}
	return nil
}

// place attaches a source below the current folder.
func (s source) place() error {
	target := strings.TrimPrefix(s.target, "/")
	if err := os.MkdirAll(path.Dir(target), 0o755); err != nil {
		return fmt.Errorf("make the folder of %s: %w", s.target, err)
	}
	switch {
	case s.link != "":
		if err := os.Symlink(s.link, target); err != nil {
			return fmt.Errorf("link %s: %w", s.target, err)
		}
		return nil
	case s.folder:
		if err := os.MkdirAll(target, 0o755); err != nil {
			return fmt.Errorf("make the folder %s: %w", s.target, err)
		}
	default:
		if err := os.WriteFile(target, nil, 0o444); err != nil {
			return fmt.Errorf("make the file %s: %w", s.target, err)
		}
	}
	return attach(s.fd, target)
}

// attach puts a detached mount at a path and lets go of its descriptor.
func attach(fd int, target string) error {
	if err := unix.MoveMount(fd, "", unix.AT_FDCWD, target, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return fmt.Errorf("mount %s: %w", target, err)
	}
	_ = unix.Close(fd) // the mount stays
	return nil
}

// coverWithItself makes one place read-only.
func coverWithItself(name string) error {
	fd, err := CloneMount(name, unix.MOUNT_ATTR_RDONLY, false)
	if errors.Is(err, unix.ENOENT) {
		return nil // this kernel has none
	}
	if err != nil {
		return err
	}
	return attach(fd, name)
}

// hide covers a file with /dev/null and a folder with an empty one.
func (t *tree) hide(name string) error {
	info, err := os.Lstat(name)
	if err != nil {
		return nil // not there: nothing to hide
	}
	from := "dev/null"
	if info.IsDir() {
		fd, err := newMount("tmpfs", unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOEXEC|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV,
			[]string{"mode", "555", "size", "4096", "nr_inodes", "2"})
		if err != nil {
			return err
		}
		return attach(fd, name)
	}
	fd, err := CloneMount(from, unix.MOUNT_ATTR_NOEXEC, false)
	if err != nil {
		return err
	}
	return attach(fd, name)
}

// generate writes the files that say who and where one is, and the links that
// programs expect.
func generate(plan Plan) error {
	files := map[string]string{
		"etc/passwd": fmt.Sprintf("root:x:0:0:root:/root:/usr/sbin/nologin\nuser:x:%d:%d:user:%s:/bin/bash\n"+
			"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n", plan.UID, plan.GID, Home),
		"etc/group":       fmt.Sprintf("root:x:0:\ntty:x:5:\nuser:x:%d:\nnogroup:x:65534:\n", plan.GID),
		"etc/hosts":       "127.0.0.1 localhost " + plan.Hostname + "\n::1 localhost ip6-localhost ip6-loopback\n",
		"etc/hostname":    plan.Hostname + "\n",
		"etc/resolv.conf": fmt.Sprintf("nameserver %s\noptions timeout:4\n", link.Gateway4), // there while the network is on
		"etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\n" +
			"protocols: files\nservices: files\nethers: files\nrpc: files\n",
	}
	for name, content := range files {
		if err := os.WriteFile(name, []byte(content), 0o444); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	if err := WriteCommands(strings.TrimPrefix(CommandsDir, "/")); err != nil {
		return err
	}
	links := map[string]string{
		"dev/ptmx": "pts/ptmx", "dev/fd": "/proc/self/fd", "dev/stdin": "/proc/self/fd/0",
		"dev/stdout": "/proc/self/fd/1", "dev/stderr": "/proc/self/fd/2",
		"etc/mtab": "/proc/self/mounts", "var/tmp": "/tmp",
	}
	for name, to := range links {
		if err := os.Symlink(to, name); err != nil {
			return fmt.Errorf("link %s: %w", name, err)
		}
	}
	return nil
}
