package stage

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// isolate builds the namespaces' contents. The order is the one that works:
// sources are opened before anything is covered, /proc is made while the host's
// is still visible.
func isolate(plan Plan) error {
	if err := unix.Unshare(unix.CLONE_NEWCGROUP); err != nil {
		return fmt.Errorf("unshare the cgroup namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if plan.UserNS {
		// Where /proc/sys is read-only this fails; the filter refuses new
		// namespaces too.
		_ = os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0)
	}
	if plan.NetworkFD != 0 { // while the host's devices can be seen
		if err := giveNetwork(plan.NetworkFD); err != nil {
			return err
		}
	}
	root, err := openSources(plan)
	if err != nil {
		return err
	}
	if err := root.assemble(plan); err != nil {
		return err
	}
	if err := enter(); err != nil {
		return err
	}
	if err := loopbackUp(); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte(plan.Hostname)); err != nil {
		return fmt.Errorf("set the host name: %w", err)
	}
	if err := os.Chdir(Home); err != nil {
		return fmt.Errorf("enter the home: %w", err)
	}
	return nil
}

// enter makes the current folder the root and lets go of the old one.
func enter() error {
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("detach the old root: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return fmt.Errorf("enter the new root: %w", err)
	}
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	if err := unix.MountSetattr(unix.AT_FDCWD, "/", 0, &attr); err != nil {
		return fmt.Errorf("make the root read-only: %w", err)
	}
	return nil
}

// loopbackUp switches on 127.0.0.1 of the new network namespace.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open a socket for the loopback: %w", err)
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req); err != nil {
		return fmt.Errorf("switch on the loopback: %w", err)
	}
	return nil
}
