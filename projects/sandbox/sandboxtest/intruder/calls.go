package main

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// System calls and requests that x/sys does not name.
const (
	sysOpenTreeAttr = 467
	sysFileSetattr  = 469
	fsSetXattr      = 0x401c5820 // FS_IOC_FSSETXATTR
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
	did.call("4/fspick", unix.SYS_FSPICK, a.here, a.root, 0)
	did.call("4/open_tree_attr", sysOpenTreeAttr, a.here, a.root, unix.OPEN_TREE_CLONE, a.zero, 32)
}

func tryKernel(did attempts, a arguments) {
	did.call("5/keyctl", unix.SYS_KEYCTL, 0)
	did.call("5/add_key", unix.SYS_ADD_KEY, a.zero, a.zero, a.zero, 0, 0)
	did.call("5/request_key", unix.SYS_REQUEST_KEY, a.zero, a.zero, a.zero, 0)
	did.call("5/bpf", unix.SYS_BPF, 0, a.zero, 48)
	did.call("5/perf_event_open", unix.SYS_PERF_EVENT_OPEN, a.zero, 0, 0, 0, 0)
	did.call("5/io_uring_setup", unix.SYS_IO_URING_SETUP, 1, a.zero)
	did.call("5/io_uring_enter", unix.SYS_IO_URING_ENTER, 0, 0, 0, 0, 0)
	did.call("5/io_uring_register", unix.SYS_IO_URING_REGISTER, 0, 0, 0, 0)
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
	did.call("5/kexec_file_load", unix.SYS_KEXEC_FILE_LOAD, 0, 0, 0, a.zero, 0)
	did.call("5/quotactl_fd", unix.SYS_QUOTACTL_FD, 0, 0, 0, a.zero)
	did.call("5/fanotify_init", unix.SYS_FANOTIFY_INIT, 0, 0)
	did.call("5/kcmp", unix.SYS_KCMP, 1, uintptr(os.Getpid()), 0, 0, 0)
	did.call("5/process_madvise", unix.SYS_PROCESS_MADVISE, 0, a.zero, 1, unix.MADV_DONTNEED, 0)
	did.call("5/file_setattr", sysFileSetattr, a.here, a.root, a.zero, 24, 0)
	did.call("5/adjtimex", unix.SYS_ADJTIMEX, uintptr(unsafe.Pointer(&unix.Timex{Modes: unix.ADJ_TICK, Tick: 10_000})))
	const readImpliesExec = 0x0400000
	did.call("5/personality", unix.SYS_PERSONALITY, readImpliesExec)
	tryKnobs(did, a)
	node, _ := unix.BytePtrFromString("/home/user/node")
	did.call("5/mknod", unix.SYS_MKNODAT, a.here, uintptr(unsafe.Pointer(node)), unix.S_IFCHR|0o666, 1<<8|3)
}

// tryKnobs are the arguments of harmless calls that are not.
func tryKnobs(did attempts, a arguments) {
	char := byte('x')
	const high = 1 << 32 // the kernel does not look there; a filter might
	did.call("5/ioctl_TIOCSTI", unix.SYS_IOCTL, 0, unix.TIOCSTI, uintptr(unsafe.Pointer(&char)))
	did.call("5/ioctl_TIOCSTI_high", unix.SYS_IOCTL, 0, unix.TIOCSTI|high, uintptr(unsafe.Pointer(&char)))
	did.call("5/ioctl_TIOCLINUX", unix.SYS_IOCTL, 0, unix.TIOCLINUX, uintptr(unsafe.Pointer(&char)))
	// The id of the project's quota; zero is what a file has that has none.
	did.call("10/quota_project", unix.SYS_IOCTL, 0, fsSetXattr, a.zero)
	did.call("10/priority", unix.SYS_SETPRIORITY, unix.PRIO_PROCESS, 0, minus(20))
	did.call("10/real_time", unix.SYS_SCHED_SETSCHEDULER, 0, unix.SCHED_FIFO, uintptr(unsafe.Pointer(&[1]int32{1})))
	did.call("10/core_files", unix.SYS_SETRLIMIT, unix.RLIMIT_CORE, uintptr(unsafe.Pointer(&unix.Rlimit{Cur: 2, Max: 2})))
	// Limits of the agent: it could neither open files nor start programs then.
	var now unix.Rlimit
	if err := unix.Prlimit(1, unix.RLIMIT_NOFILE, nil, &now); err != nil {
		did["7/limits_of_agent"] = reason(err)
		return
	}
	did.call("7/limits_of_agent", unix.SYS_PRLIMIT64, 1, unix.RLIMIT_NOFILE, uintptr(unsafe.Pointer(&now)), 0)
	did.call("7/limits_of_agent_high", unix.SYS_PRLIMIT64, 1|high, unix.RLIMIT_NOFILE, uintptr(unsafe.Pointer(&now)), 0)
	for _, tid := range threads(1) {
		did.call("7/limits_of_agents_thread", unix.SYS_PRLIMIT64, uintptr(tid), unix.RLIMIT_NOFILE, uintptr(unsafe.Pointer(&now)), 0)
	}
}

func minus(n int) uintptr { return uintptr(-n) }

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
	const kinds = 32 // the kernel's bound
	for kind := range uintptr(kinds) {
		name := fmt.Sprintf("6/netlink_%d", kind)
		if kind == unix.NETLINK_ROUTE {
			name = "6/netlink_route_is_allowed"
		}
		did.call(name, unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW, kind)
	}
	// Their names load modules of the kernel that nobody needs.
	for name, protocol := range map[string]uintptr{
		"sctp": unix.IPPROTO_SCTP, "dccp": unix.IPPROTO_DCCP, "udplite": unix.IPPROTO_UDPLITE, "l2tp": unix.IPPROTO_L2TP, "smc": 256,
	} {
		for family, in := range map[string]uintptr{"": unix.AF_INET, "6": unix.AF_INET6} {
			did.call("6/socket_"+name+family, unix.SYS_SOCKET, in, unix.SOCK_STREAM, protocol)
		}
	}
	var pair [2]int32
	for name, family := range map[string]uintptr{"tipc": tipc, "vsock": unix.AF_VSOCK, "inet": unix.AF_INET} {
		did.call("6/socketpair_"+name, unix.SYS_SOCKETPAIR, family, unix.SOCK_STREAM, 0, uintptr(unsafe.Pointer(&pair)))
	}
	did.call("6/socketpair_unix_is_allowed", unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_STREAM, 0, uintptr(unsafe.Pointer(&pair)))
	did.call("6/socket_udp_is_allowed", unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_UDP)
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
	did.call("7/process_vm_writev", unix.SYS_PROCESS_VM_WRITEV, 1, uintptr(unsafe.Pointer(&local)), 1, uintptr(unsafe.Pointer(&remote)), 1)
	if fd, err := unix.PidfdOpen(1, 0); err == nil {
		const few = 16 // its sockets, pipes and the doors of its cgroup are among them
		for n := range uintptr(few) {
			did.call(fmt.Sprintf("7/pidfd_getfd_%d", n), unix.SYS_PIDFD_GETFD, uintptr(fd), n, 0)
		}
		_ = unix.Close(fd)
	} else {
		did["7/pidfd_open"] = reason(err)
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
