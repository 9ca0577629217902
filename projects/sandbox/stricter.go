package sandbox

import (
	"github.com/elastic/go-seccomp-bpf/arch"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// ownRules are the calls that the profile allows and we allow in part: it has no
// say in them.
var ownRules = []string{"clone3", "socket", "socketpair", "prlimit64"}

// protocols are what programs use over the internet. Every other number makes
// the kernel load a module that nobody needs.
var protocols = []uint64{0, unix.IPPROTO_TCP, unix.IPPROTO_UDP, unix.IPPROTO_ICMP, unix.IPPROTO_ICMPV6, unix.IPPROTO_MPTCP}

// faults are the signals of an error in the program. The agent is told of all
// signals, but its runtime believes that the kernel means these if they carry a
// code, and ends. So nobody sends them with one.
var faults = []uint64{
	uint64(unix.SIGILL), uint64(unix.SIGTRAP), uint64(unix.SIGBUS), uint64(unix.SIGFPE), uint64(unix.SIGSEGV), uint64(unix.SIGSTKFLT), uint64(unix.SIGSYS),
}

// requests of ioctl that act on others: typing into a terminal, pasting into it,
// giving a file to another project of the disk quota.
var requests = []uint64{unix.TIOCSTI, unix.TIOCLINUX, 0x401c5820} // the last: FS_IOC_FSSETXATTR

// ours are the rules that come first.
func ours(info *arch.Info) (rules []rule) {
	add := func(result uint32, call string, conditions ...specs.LinuxSeccompArg) {
		rules = append(rules, rule{uint32(info.SyscallNames[call]), conditions, result})
	}
	// The C library falls back to clone, whose flags a filter can see.
	add(notThere, "clone3")
	// AF_VSOCK is isolated by nothing else; the others have had holes.
	add(allow, "socket", equal(0, unix.AF_UNIX))
	add(allow, "socketpair", equal(0, unix.AF_UNIX))
	add(allow, "socket", equal(0, unix.AF_NETLINK), equal(2, unix.NETLINK_ROUTE))
	for _, family := range []uint64{unix.AF_INET, unix.AF_INET6} {
		for _, protocol := range protocols {
			add(allow, "socket", equal(0, family), equal32(2, protocol))
		}
	}
	// The limits of other processes can be read; those of the agent would end it.
	const ownProcess, nothingNew = 0, 0
	add(allow, "prlimit64", equal32(0, ownProcess))
	add(allow, "prlimit64", equal(2, nothingNew))
	add(allow, "pidfd_send_signal", equal(2, 0)) // without a code
	for _, signal := range faults {
		add(refuse, "pidfd_send_signal", equal32(1, signal))
		add(refuse, "rt_sigqueueinfo", equal32(1, signal))
		add(refuse, "rt_tgsigqueueinfo", equal32(2, signal))
		add(refuse, "fcntl", equal32(1, unix.F_SETSIG), equal32(2, signal))
	}
	for _, request := range requests {
		add(refuse, "ioctl", equal32(1, request))
	}
	return rules
}

func equal(index uint, value uint64) specs.LinuxSeccompArg {
	return specs.LinuxSeccompArg{Index: index, Value: value, Op: specs.OpEqualTo}
}

// equal32 looks at the half that the kernel looks at: with the other half one
// could pass by.
func equal32(index uint, value uint64) specs.LinuxSeccompArg {
	return specs.LinuxSeccompArg{Index: index, Value: 1<<32 - 1, ValueTwo: value, Op: specs.OpMaskedEqual}
}
