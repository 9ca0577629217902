package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/elastic/go-seccomp-bpf/arch"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// Beside is a program of ours that runs outside of a project's sandbox, for it:
// as the project's user, with bounds of its own, in the host's network and file
// system, and with no rights.
type Beside struct {
	Program   *Program
	Name      string // argv[0]
	UID       int    // of the project; only with a mode that has them
	Files     []*os.File
	Arguments []string
}

// StartBeside starts a program. From descriptor 3 on it finds Files, then a pidfd
// of the project's agent, then itself. It is in the project's cgroup when this
// returns; until then it must wait for something on a pipe that only the caller
// has the other end of, and end if nothing comes.
func (s *Sandbox) StartBeside(ctx context.Context, p *Process, b Beside) (*Process, error) {
	if s.mode == None {
		return nil, errors.New("a project that is not isolated has nothing beside it")
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	program, err := duplicate(b.Program.file)
	if err != nil {
		return nil, err
	}
	defer program.Close()
	agent, err := duplicate(p.pidfd)
	if err != nil {
		return nil, err
	}
	defer agent.Close()
	pidfd := -1
	attr := &os.ProcAttr{
		Dir: "/", Files: append([]*os.File{null, null, null}, b.Files...), Env: besideEnvironment(),
		Sys: &syscall.SysProcAttr{Setsid: true, PidFD: &pidfd},
	}
	if s.mode.ownUID() {
		attr.Sys.Credential = &syscall.Credential{Uid: uint32(b.UID), Gid: uint32(b.UID)}
	}
	attr.Files = append(attr.Files, agent, program)
	path := fmt.Sprintf("/proc/self/fd/%d", len(attr.Files)-1)
	child, err := os.StartProcess(path, append([]string{b.Name}, b.Arguments...), attr)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", b.Name, err)
	}
	pid := child.Pid // Release makes it -1, which to kill is everybody
	if err := child.Release(); err != nil {
		return nil, err
	}
	beside, err := adopt(pid, pidfd, s.mode, group{})
	if err != nil {
		return nil, fmt.Errorf("%w; %s ends by itself", err, b.Name)
	}
	if err := (group{p.handle.Cgroups}).enterBeside(pid); err != nil {
		return nil, errors.Join(fmt.Errorf("enter the cgroup: %w", err), beside.Kill(ctx))
	}
	return beside, nil
}

// Bounds of what runs beside a sandbox, in a leaf of its own: the project's
// programs cannot use them up, and what a project makes a helper keep is nothing
// to the agent. With the most connections, none of which is read, a helper has
// some 120 MB.
const (
	besideLeaf        = "beside"
	besideMemoryBytes = 256 << 20
	besideThreads     = 64
)

// besideEnvironment keeps a helper small: what it carries is garbage soon.
func besideEnvironment() []string {
	return []string{"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "GOMAXPROCS=2", "GOGC=50", "GOMEMLIMIT=192MiB"}
}

// enterBeside makes the leaf of what runs beside the sandbox, with its bounds, and
// moves a process there.
func (g group) enterBeside(pid int) error {
	if len(g.Folders) == 0 {
		return nil // this mode has none
	}
	for _, folder := range g.Folders {
		if err := os.MkdirAll(filepath.Join(folder, besideLeaf), 0o755); err != nil {
			return err
		}
	}
	memory := "/memory.limit_in_bytes"
	if g.v2() {
		memory = "/memory.max"
	}
	err := errors.Join(g.write(besideLeaf+memory, strconv.FormatInt(besideMemoryBytes, 10)), g.write(besideLeaf+"/pids.max", strconv.Itoa(besideThreads)))
	if err != nil {
		return err
	}
	for _, folder := range g.Folders {
		if err := writeExisting(filepath.Join(folder, besideLeaf, "cgroup.procs"), strconv.Itoa(pid)); err != nil {
			return err
		}
	}
	return nil
}

// besideCalls is all that a helper that opens sockets needs of the kernel.
var besideCalls = []string{
	"accept4", "bind", "brk", "clock_gettime", "clock_nanosleep", "close", "connect", "epoll_create1", "epoll_ctl", "epoll_pwait",
	"eventfd2", "exit", "exit_group", "fcntl", "fstat", "futex", "getpeername", "getpid", "getrandom", "getsockname", "getsockopt", "gettid",
	"landlock_restrict_self", "listen", "lseek", "madvise", "membarrier", "mincore", "mmap", "mprotect", "mremap", "munmap", "nanosleep",
	"newfstatat", "openat", "pipe2", "poll", "ppoll", "pread64", "prctl", "prlimit64", "read", "readv", "recvfrom", "recvmmsg", "recvmsg",
	"restart_syscall", "rseq", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sched_getaffinity", "sched_yield", "sendmmsg", "sendmsg",
	"sendto", "set_robust_list", "setsockopt", "shutdown", "sigaltstack", "tgkill", "uname", "write", "writev",
}

// BesideFilter is the system call filter of a helper: no execution, no new
// process, no socket but of the internet and to ask for routes. The host's unix
// sockets are none of its business; the one that it serves was made for it.
func BesideFilter() ([]uint64, error) {
	info, err := arch.GetInfo("")
	if err != nil {
		return nil, fmt.Errorf("system calls of this architecture: %w", err)
	}
	is := func(index uint, value uint64) specs.LinuxSeccompArg {
		return specs.LinuxSeccompArg{Index: index, Value: value, Op: specs.OpEqualTo}
	}
	socket := uint32(info.SyscallNames["socket"])
	rules := []rule{
		{number: uint32(info.SyscallNames["clone3"]), result: notThere}, // clone, whose flags can be seen, is taken then
		{socket, []specs.LinuxSeccompArg{is(0, unix.AF_INET)}, allow},
		{socket, []specs.LinuxSeccompArg{is(0, unix.AF_INET6)}, allow},
		{socket, []specs.LinuxSeccompArg{is(0, unix.AF_NETLINK), is(2, unix.NETLINK_ROUTE)}, allow},
	}
	for _, name := range besideCalls {
		if number, known := info.SyscallNames[name]; known {
			rules = append(rules, rule{number: uint32(number), result: allow})
		}
	}
	thread := specs.LinuxSeccompArg{Index: 0, Value: unix.CLONE_THREAD, ValueTwo: unix.CLONE_THREAD, Op: specs.OpMaskedEqual}
	rules = append(rules, rule{uint32(info.SyscallNames["clone"]), []specs.LinuxSeccompArg{thread}, allow})
	return assemble(uint32(info.ID), info.ID == arch.X86_64.ID, rules), nil
}
