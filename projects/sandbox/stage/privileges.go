package stage

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// dropPrivileges gives up every capability for ever and installs the filter.
// All of it is per thread: the caller's is locked and about to exec.
func dropPrivileges(plan Plan) error {
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil && err != unix.EINVAL {
			return fmt.Errorf("drop capability %d from the bounding set: %w", c, err)
		}
	}
	if plan.SetID {
		if err := setID(plan.UID, plan.GID); err != nil {
			return err
		}
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("clear ambient capabilities: %w", err)
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&header, &none[0]); err != nil {
		return fmt.Errorf("drop capabilities: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	return installFilter(plan.Filter)
}

// setID becomes the project's uid. The raw calls change this thread only, which
// is the one that goes on.
func setID(uid, gid int) error {
	if _, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, 0, 0, 0); errno != 0 {
		return fmt.Errorf("drop groups: %w", errno)
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESGID, uintptr(gid), uintptr(gid), uintptr(gid)); errno != 0 {
		return fmt.Errorf("become group %d: %w", gid, errno)
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)); errno != 0 {
		return fmt.Errorf("become user %d: %w", uid, errno)
	}
	return nil
}

// Pack and unpack a filter instruction as one number, so that a plan is JSON.

// Pack returns an instruction as a number.
func Pack(code uint16, jt, jf uint8, k uint32) uint64 {
	return uint64(code)<<48 | uint64(jt)<<40 | uint64(jf)<<32 | uint64(k)
}

func unpack(n uint64) unix.SockFilter {
	return unix.SockFilter{Code: uint16(n >> 48), Jt: uint8(n >> 40), Jf: uint8(n >> 32), K: uint32(n)}
}

// Filter unpacks a program for the kernel.
func Filter(packed []uint64) (*unix.SockFprog, error) {
	if len(packed) == 0 {
		return nil, fmt.Errorf("the plan has no system call filter")
	}
	program := make([]unix.SockFilter, len(packed))
	for i, n := range packed {
		program[i] = unpack(n)
	}
	return &unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}, nil
}

func installFilter(packed []uint64) error {
	program, err := Filter(packed)
	if err != nil {
		return err
	}
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(program)))
	if errno != 0 {
		return fmt.Errorf("install the system call filter: %w", errno)
	}
	return nil
}
