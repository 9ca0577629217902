package sandboxtest

import (
	"fmt"
	"slices"
	"testing"

	"lyceum/projects/sandbox"
)

// Host is what lies around the sandbox for it to be tried: made by who may.
type Host struct {
	Intruder string   // path of the built program
	Agent    string   // path of the real agent
	Dial     []string // "name=network,address" of what listens on the host
}

// Run checks a mode and returns what it keeps. It ends every process it has
// started.
func Run(t *testing.T, mode sandbox.Mode, host Host) Column {
	ground := newGround(t)
	b := newBench(t, mode, host.Intruder)
	testAttempts(t, b, host)
	for _, e := range []struct {
		escape int
		name   string
		test   func(*testing.T, *bench)
	}{
		{1, "no_link_leads_out", testLinks},
		{3, "ports_of_another_project", testPorts},
		{3, "no_descriptor_comes_from_another_project", testHand},
		{7, "no_signal_ends_the_agent", testSignals},
		{7, "no_forged_signal_ends_the_agent", testForged},
		{7, "the_way_to_programs_is_closed", testHunt},
		{8, "mounts_are_read_only", testMounts},
		{9, "nothing_is_inherited", testStatus},
		{9, "no_program_gives_more", testSetuid},
		{9, "a_program_in_memory_gains_nothing", testFromMemory},
		{10, "fork_bomb_leaves_the_agent", testForks},
		{10, "memory_is_bounded", testMemory},
		{10, "shared_memory_is_bounded", testSharedMemory},
		{10, "processor_is_bounded", testProcessor},
		{10, "terminals_are_bounded", testTerminals},
		{10, "small_file_systems_are_bounded", testFill},
		{10, "disk_is_bounded", testDisk},
		{10, "what_the_kernel_counts_by_user", testCounted},
		{11, "kill_all_spares_the_agent", testKillAll},
		{11, "stop_leaves_nothing", testStop},
		{11, "found_again_by_its_handle", testFind},
		{12, "the_agent_starts_no_bomb", testAgentForks},
		{13, "what_is_limited_is_said", testSaid},
	} {
		b.try(t, e.escape, e.name, func(t *testing.T) { e.test(t, b) })
	}
	testShell(t, b, host, ground)
	return b.column
}

// try runs one test of an escape and notes how it went.
func (b *bench) try(t *testing.T, escape int, name string, test func(t *testing.T)) {
	ran, verdict := false, Open
	if t.Run(fmt.Sprintf("%d/%s", escape, name), func(t *testing.T) {
		ran = true
		test(t)
	}) {
		verdict = Kept
	}
	if ran { // else -run has left it out
		b.column.note(escape, 1, verdict)
	}
}

// limited reports whether the bounds are those of each program only.
func (b *bench) limited() bool {
	return slices.ContainsFunc(b.sandbox.Findings(), func(f sandbox.Finding) bool {
		return f.About == "limits" && f.Level == sandbox.Limited
	})
}

// limits reports whether doctor says that this mode does not keep something, and
// notes its sentence. A test then checks that it is as bad as that, and no worse.
func (b *bench) limits(escape int, about string) bool {
	for _, f := range b.sandbox.Findings() {
		if f.About == about && f.Level == sandbox.Limited {
			b.column.note(escape, 0, Limited, f.Text)
			return true
		}
	}
	return false
}
