package main

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// namespaces by name; time has no bit in clone.
var namespaces = map[string]uintptr{
	"user": unix.CLONE_NEWUSER, "mount": unix.CLONE_NEWNS, "pid": unix.CLONE_NEWPID, "net": unix.CLONE_NEWNET,
	"ipc": unix.CLONE_NEWIPC, "uts": unix.CLONE_NEWUTS, "cgroup": unix.CLONE_NEWCGROUP,
}

// arguments are good enough for who may make the calls.
type arguments struct {
	here, root, tmpfs, zero uintptr
	keep                    []any // what they point to
}

func newArguments() arguments {
	root, _ := unix.BytePtrFromString("/")
	tmpfs, _ := unix.BytePtrFromString("tmpfs")
	zeros := new([512]byte)
	return arguments{
		here: ^uintptr(99), // AT_FDCWD, -100
		root: uintptr(unsafe.Pointer(root)), tmpfs: uintptr(unsafe.Pointer(tmpfs)), zero: uintptr(unsafe.Pointer(zeros)),
		keep: []any{root, tmpfs, zeros},
	}
}

// attempts makes system calls and notes how they end.
type attempts map[string]string

func (did attempts) call(name string, number uintptr, args ...uintptr) {
	var a [6]uintptr
	copy(a[:], args)
	_, _, errno := unix.RawSyscall6(number, a[0], a[1], a[2], a[3], a[4], a[5])
	did[name] = word(errno)
}

// tryCalls makes the system calls that a project may not make.
func tryCalls(did attempts) {
	a := newArguments()
	tryNamespaces(did, a)
	tryKernel(did, a)
	trySockets(did)
	tryTables(did)
	tryAgent(did, a)
	runtime.KeepAlive(a.keep)
}

func tryNamespaces(did attempts, a arguments) {
	did.call("4/mount", unix.SYS_MOUNT, a.tmpfs, a.root, a.tmpfs)
	did.call("4/umount2", unix.SYS_UMOUNT2, a.root, unix.MNT_DETACH)
	did.call("4/fsopen", unix.SYS_FSOPEN, a.tmpfs)
	did.call("4/open_tree", unix.SYS_OPEN_TREE, a.here, a.root, unix.OPEN_TREE_CLONE)
	did.call("4/move_mount", unix.SYS_MOVE_MOUNT, a.here, a.root, a.here, a.root)
	did.call("4/mount_setattr", unix.SYS_MOUNT_SETATTR, a.here, a.root, 0, a.zero, 32)
	did.call("4/pivot_root", unix.SYS_PIVOT_ROOT, a.root, a.root)
	did.call("4/chroot", unix.SYS_CHROOT, a.root)
	did.call("4/setns", unix.SYS_SETNS, 0, 0)
	did.call("4/clone3", unix.SYS_CLONE3, a.zero, 64)
	for name, flag := range namespaces {
		did.call("4/unshare_"+name, unix.SYS_UNSHARE, flag)
		pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, flag|uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
		if errno == 0 && pid == 0 {
			unix.RawSyscall(unix.SYS_EXIT, 0, 0, 0) // it has worked: the child goes away
		}
		did["4/clone_"+name] = word(errno)
	}
	did.call("4/unshare_time", unix.SYS_UNSHARE, unix.CLONE_NEWTIME)
}

func tryKernel(did attempts, a arguments) {
	did.call("5/keyctl", unix.SYS_KEYCTL, 0)
	did.call("5/add_key", unix.SYS_ADD_KEY, a.zero, a.zero, a.zero, 0, 0)
	did.call("5/request_key", unix.SYS_REQUEST_KEY, a.zero, a.zero, a.zero, 0)
	did.call("5/bpf", unix.SYS_BPF, 0, a.zero, 48)
	did.call("5/perf_event_open", unix.SYS_PERF_EVENT_OPEN, a.zero, 0, 0, 0, 0)
	did.call("5/io_uring_setup", unix.SYS_IO_URING_SETUP, 1, a.zero)
	did.call("5/userfaultfd", unix.SYS_USERFAULTFD, 1)
	did.call("5/open_by_handle_at", unix.SYS_OPEN_BY_HANDLE_AT, 0, a.zero, 0)
	did.call("5/kexec_load", unix.SYS_KEXEC_LOAD, 0, 0, a.zero, 0)
	did.call("5/init_module", unix.SYS_INIT_MODULE, a.zero, 0, a.zero)
	did.call("5/finit_module", unix.SYS_FINIT_MODULE, 0, a.zero, 0)
	did.call("5/delete_module", unix.SYS_DELETE_MODULE, a.zero, 0)
	did.call("5/syslog", unix.SYS_SYSLOG, 10, 0, 0)
	did.call("5/quotactl", unix.SYS_QUOTACTL, 0, a.root, 0, a.zero)
	did.call("5/settimeofday", unix.SYS_SETTIMEOFDAY, a.zero, 0)
	did.call("5/clock_settime", unix.SYS_CLOCK_SETTIME, 0, a.zero)
	did.call("5/swapon", unix.SYS_SWAPON, a.root, 0)
	did.call("5/acct", unix.SYS_ACCT, a.root)
	did.call("5/reboot", unix.SYS_REBOOT, 0, 0, 0, 0)
	node, _ := unix.BytePtrFromString("/home/user/node")
	did.call("5/mknod", unix.SYS_MKNODAT, a.here, uintptr(unsafe.Pointer(node)), unix.S_IFCHR|0o666, 1<<8|3)
}

func trySockets(did attempts) {
	const xdp, rds, tipc = 44, 21, 30
	for name, family := range map[string]uintptr{
		"packet": unix.AF_PACKET, "vsock": unix.AF_VSOCK, "alg": unix.AF_ALG, "xdp": xdp, "rds": rds, "tipc": tipc,
		"bluetooth": unix.AF_BLUETOOTH, "can": unix.AF_CAN, "key": unix.AF_KEY, "vsock_high": unix.AF_VSOCK | 1<<32,
	} {
		did.call("6/socket_"+name, unix.SYS_SOCKET, family, unix.SOCK_DGRAM, 0)
	}
	did.call("6/socket_raw", unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)
	did.call("6/socket_raw6", unix.SYS_SOCKET, unix.AF_INET6, unix.SOCK_RAW, unix.IPPROTO_ICMPV6)
	did.call("6/netlink_audit", unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_AUDIT)
	did.call("6/netlink_uevent", unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_KOBJECT_UEVENT)
	did.call("6/netlink_route_is_allowed", unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE)
}

func tryAgent(did attempts, a arguments) {
	did.call("7/ptrace", unix.SYS_PTRACE, unix.PTRACE_ATTACH, 1, 0, 0)
	did.call("7/ptrace_seize", unix.SYS_PTRACE, unix.PTRACE_SEIZE, 1, 0, 0)
	zeros := (*[512]byte)(a.keep[2].(*[512]byte))
	var local, remote unix.Iovec
	local.Base, remote.Base = &zeros[0], &zeros[0]
	local.SetLen(8)
	remote.SetLen(8)
	did.call("7/process_vm_readv", unix.SYS_PROCESS_VM_READV, 1, uintptr(unsafe.Pointer(&local)), 1, uintptr(unsafe.Pointer(&remote)), 1)
	if fd, err := unix.PidfdOpen(1, 0); err == nil {
		did.call("7/pidfd_getfd", unix.SYS_PIDFD_GETFD, uintptr(fd), 3, 0)
	}
	did.call("9/setuid_root", unix.SYS_SETUID, 0)
	did.call("9/setgid_root", unix.SYS_SETGID, 0)
	did.call("9/setgroups", unix.SYS_SETGROUPS, 1, a.zero)
}

func word(errno unix.Errno) string {
	if errno == 0 {
		return "ok"
	}
	return unix.ErrnoName(errno)
}
