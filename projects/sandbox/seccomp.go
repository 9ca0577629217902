package sandbox

import (
	"fmt"
	"slices"

	"github.com/elastic/go-seccomp-bpf/arch"
	"github.com/moby/profiles/seccomp"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"lyceum/projects/sandbox/stage"
)

// rule allows or answers one system call when all conditions hold.
type rule struct {
	number     uint32
	conditions []specs.LinuxSeccompArg
	result     uint32
}

const (
	allow      = unix.SECCOMP_RET_ALLOW
	refuse     = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	notThere   = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	maxProgram = 4096 // the kernel's bound
)

// filter translates the profile that containers have been using for years into
// a program for this machine: what it does not name is refused (EPERM), also
// every call of another architecture's table. Ours are stricter.
func filter() ([]uint64, error) {
	info, err := arch.GetInfo("")
	if err != nil {
		return nil, fmt.Errorf("system calls of this architecture: %w", err)
	}
	rs := &specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{}}}
	profile, err := seccomp.GetDefaultProfile(rs)
	if err != nil {
		return nil, fmt.Errorf("load the system call profile: %w", err)
	}
	rules := ours(info)
	for _, call := range profile.Syscalls {
		if call.Action != specs.ActAllow || !translatable(call.Args) {
			continue // stricter than the profile, never laxer
		}
		for _, name := range call.Names {
			if number, known := info.SyscallNames[name]; known && !slices.Contains(ownRules, name) {
				rules = append(rules, rule{uint32(number), call.Args, allow})
			}
		}
	}
	program := assemble(uint32(info.ID), info.ID == arch.X86_64.ID, rules)
	if len(program) > maxProgram {
		return nil, fmt.Errorf("the system call filter has %d instructions, the kernel takes %d", len(program), maxProgram)
	}
	return program, nil
}

func translatable(args []specs.LinuxSeccompArg) bool {
	for _, a := range args {
		if a.Op != specs.OpEqualTo && a.Op != specs.OpMaskedEqual {
			return false
		}
	}
	return true
}

// Offsets in seccomp_data, and the mark of the x32 table, whose numbers would
// pass as others.
const (
	offNumber = 0
	offArch   = 4
	offArgs   = 16
	x32Mark   = 0x40000000
)

// assemble makes the program. Each rule is a block that leaves the call's number
// in the accumulator, so that blocks can follow each other in any order; the
// library that offers this does not reload it after a condition, and compares
// the argument with the numbers that follow.
func assemble(id uint32, x32 bool, rules []rule) []uint64 {
	const (
		load    = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal   = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		atLeast = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
		and     = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K
		ret     = unix.BPF_RET | unix.BPF_K
	)
	program := []uint64{
		stage.Pack(load, 0, 0, offArch),
		stage.Pack(equal, 1, 0, id),
		stage.Pack(ret, 0, 0, refuse),
		stage.Pack(load, 0, 0, offNumber),
	}
	if x32 {
		program = append(program, stage.Pack(atLeast, 0, 1, x32Mark), stage.Pack(ret, 0, 0, refuse))
	}
	for _, r := range rules {
		if len(r.conditions) == 0 {
			program = append(program, stage.Pack(equal, 0, 1, r.number), stage.Pack(ret, 0, 0, r.result))
			continue
		}
		// Both halves of each argument: load, mask, compare.
		const perCondition = 6
		left := len(r.conditions)*perCondition + 1 // to the reload
		program = append(program, stage.Pack(equal, 0, uint8(left+1), r.number))
		for _, c := range r.conditions {
			mask, want := ^uint64(0), c.Value
			if c.Op == specs.OpMaskedEqual {
				mask, want = c.Value, c.ValueTwo
			}
			at := uint32(offArgs + 8*c.Index)
			program = append(program, // little-endian: the low half is first
				stage.Pack(load, 0, 0, at), stage.Pack(and, 0, 0, uint32(mask)), stage.Pack(equal, 0, uint8(left-3), uint32(want)),
				stage.Pack(load, 0, 0, at+4), stage.Pack(and, 0, 0, uint32(mask>>32)), stage.Pack(equal, 0, uint8(left-6), uint32(want>>32)))
			left -= perCondition
		}
		program = append(program, stage.Pack(ret, 0, 0, r.result), stage.Pack(load, 0, 0, offNumber))
	}
	return append(program, stage.Pack(ret, 0, 0, refuse))
}
