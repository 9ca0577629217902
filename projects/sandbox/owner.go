package sandbox

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// asOwner runs fn on a thread that acts as uid and keeps root's rights. Whoever
// makes a user namespace is charged for what is used in it: watches of files,
// queues, locked memory. Made by root, all projects would share root's bounds,
// and one could use them up for the others and for the host.
func asOwner(uid int, fn func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var rights [2]unix.CapUserData
	if err := unix.Capget(&header, &rights[0]); err != nil {
		return fmt.Errorf("read capabilities: %w", err)
	}
	before := unix.Geteuid()
	if err := actAs(uid); err != nil {
		return err
	}
	defer func() {
		if err := actAs(before); err != nil {
			// It cannot be: root is still the saved id. Going on as somebody else
			// could do anything.
			panic(err)
		}
	}()
	if err := unix.Capset(&header, &rights[0]); err != nil {
		return fmt.Errorf("keep capabilities: %w", err)
	}
	return fn()
}

// actAs changes the effective id of the calling thread only. Real and saved id
// stay root's, so that nobody with that uid may signal it.
func actAs(uid int) error {
	const same = ^uintptr(0)
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, same, uintptr(uid), same); errno != 0 {
		return fmt.Errorf("act as user %d: %w", uid, errno)
	}
	return nil
}
