package helper

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"lyceum/projects/sandbox/stage"
)

// readable is what the helper reads: whom to ask for names, and the host's own
// names. Folders, because these files are replaced.
var readable = []string{"/etc", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager"}

// Confine gives up, on every thread and for ever, what a forwarder does not need:
// new rights by execution, files, and system calls outside of the filter. The
// server has started it without any right of root.
func Confine(filter []uint64) error {
	if _, _, errno := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); errno != 0 {
		return fmt.Errorf("set no_new_privs: %w", errno)
	}
	if err := closeFiles(); err != nil {
		return err
	}
	program, err := stage.Filter(filter)
	if err != nil {
		return err
	}
	_, _, errno := syscall.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(program)))
	runtime.KeepAlive(program)
	if errno != 0 {
		return fmt.Errorf("install the system call filter: %w", errno)
	}
	return nil
}

// Rights of Landlock over files: all that its first version knows. Those of later
// ones (moving, truncating) need a file that is open for writing, which is one of
// these.
const (
	fileRights = unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1
	readRights = unix.LANDLOCK_ACCESS_FS_READ_FILE
)

// closeFiles lets nothing of the file system be opened but what is readable. A
// kernel without Landlock has the user's rights and the filter instead.
func closeFiles() error {
	rules := unix.LandlockRulesetAttr{Handled_access_fs: fileRights}
	fd, _, errno := unix.RawSyscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&rules)), unsafe.Sizeof(rules.Handled_access_fs), 0)
	if errno == unix.ENOSYS || errno == unix.EOPNOTSUPP {
		return nil
	}
	if errno != 0 {
		return fmt.Errorf("make a ruleset for files: %w", errno)
	}
	defer unix.Close(int(fd))
	for _, name := range readable {
		if err := allow(int(fd), name); err != nil {
			return fmt.Errorf("allow to read %s: %w", name, err)
		}
	}
	if _, _, errno := syscall.AllThreadsSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); errno != 0 {
		return fmt.Errorf("restrict files: %w", errno)
	}
	return nil
}

func allow(ruleset int, name string) error {
	at, err := unix.Open(name, unix.O_PATH|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(at)
	rule := unix.LandlockPathBeneathAttr{Allowed_access: readRights, Parent_fd: int32(at)}
	_, _, errno := unix.RawSyscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
