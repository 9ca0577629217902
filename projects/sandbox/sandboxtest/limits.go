package sandboxtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lyceum/projects/sandbox"
)

// RunLimits checks that limits hold, and follow changes while the project runs:
// raised, and lowered under what is in use. What to expect is chosen by what
// is mounted: cgroups of either generation, or none.
func RunLimits(t *testing.T, mode sandbox.Mode, host Host) {
	b := newBench(t, mode, host.Intruder)
	p := b.start(t)
	always := map[string]func(*testing.T, *bench){
		"open files":        testOpenFiles,
		"as doctor says":    testFindings,
		"terminals, raised": testTerminalsRaised,
	}
	bounded := map[string]func(*testing.T, *bench){
		"processes":                    testProcessesChange,
		"memory, raised":               testMemoryRaised,
		"memory, under the use":        testMemoryLowered,
		"processors":                   testProcessorsChange,
		"open files of those that run": testOpenFilesChange,
		"usage":                        testUsage,
	}
	if !p.process.Bounded() {
		bounded = map[string]func(*testing.T, *bench){"of each program": testUnbounded}
	}
	for _, tests := range []map[string]func(*testing.T, *bench){always, bounded} {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) { test(t, b) })
		}
	}
}

// second reports whether the project has cgroups of the second generation.
func (p *project) second() bool {
	_, err := os.Stat(filepath.Join(p.process.Handle().Cgroups[0], "cgroup.controllers"))
	return err == nil
}

// set changes limits and returns what does not hold yet.
func (p *project) set(change sandbox.Limits) string {
	p.t.Helper()
	unmet, err := p.process.SetLimits(p.t.Context(), change.Or(limits).Or(sandbox.DefaultLimits))
	if err != nil {
		p.t.Fatal(err)
	}
	return strings.Join(unmet, " ")
}

// must runs the intruder, which must not fail, and returns what it printed.
func (p *project) must(args ...string) string {
	p.t.Helper()
	out, failure := p.run(args...)
	if failure != "" {
		p.t.Fatalf("%v: %s %s", args, out, failure)
	}
	return out
}

func testOpenFiles(t *testing.T, b *bench) {
	p := b.start(t)
	if out := p.must("files"); out != strconv.FormatInt(sandbox.DefaultLimits.OpenFiles, 10) {
		t.Errorf("a program may have %s files open, want %d", out, sandbox.DefaultLimits.OpenFiles)
	}
}

// testFindings: what doctor says of limits is so.
func testFindings(t *testing.T, b *bench) {
	p := b.start(t)
	if p.process.Bounded() == b.limited() {
		t.Errorf("bounded %t, and doctor says limited %t: %v", p.process.Bounded(), b.limited(), b.sandbox.Findings())
	}
	says := fmt.Sprint(b.sandbox.Findings())
	for _, want := range []string{"96 MiB of memory", "80 processes", "4096 open files"} {
		if !strings.Contains(says, want) {
			t.Errorf("doctor does not say %q: %s", want, says)
		}
	}
	if p.process.Bounded() && strings.Contains(says, "holds after a restart") == p.second() {
		t.Errorf("doctor says of memory that is lowered: %s", says)
	}
}

func testTerminalsRaised(t *testing.T, b *bench) {
	p := b.start(t)
	p.set(sandbox.Limits{Terminals: 90})
	want := "104 ENOSPC" // 90 and some for tmux
	if !b.sandbox.OwnUID() {
		want = "64 ENOSPC" // as at the start: nobody may change it
	}
	if out := p.must("terminals"); out != want {
		t.Errorf("terminals: %q, want %q", out, want)
	}
}

func testProcessesChange(t *testing.T, b *bench) {
	p := b.start(t)
	before, _, _ := strings.Cut(p.must("forks"), " ")
	p.set(sandbox.Limits{Processes: limits.Processes + 40})
	after, _, _ := strings.Cut(p.must("forks"), " ")
	if n, _ := strconv.Atoi(after); n < 20 { // the threads of the program itself take some
		t.Errorf("%s processes, and after 40 more were allowed %s more", before, after)
	}
	p.set(sandbox.Limits{Processes: 20})
	// The shell cannot fork, or what goes before it has no thread.
	out, failure := p.command("/bin/sh", "-c", "/bin/true; echo done")
	if !strings.Contains(out, "fork") && !strings.Contains(out+failure, "newosproc") {
		t.Errorf("under what is used a program could start another: %q %q", out, failure)
	}
}

func testMemoryRaised(t *testing.T, b *bench) {
	p := b.start(t)
	if out, failure := p.run("hold", "120"); failure == "" {
		t.Fatalf("120 MiB of 96: %q", out)
	}
	if unmet := p.set(sandbox.Limits{MemoryBytes: 256 << 20}); unmet != "" {
		t.Error(unmet)
	}
	if out := p.must("hold", "120"); out != "held" {
		t.Errorf("120 MiB of 256: %q", out)
	}
}

// testMemoryLowered: the first generation of cgroups leaves the bound as it was,
// which is said; the second ends the program that does not fit.
func testMemoryLowered(t *testing.T, b *bench) {
	p := b.start(t)
	p.must("hold", "60")
	unmet := p.set(sandbox.Limits{MemoryBytes: 40 << 20})
	held := p.holds()
	if p.second() {
		if held || unmet != "" {
			t.Errorf("the kernel ends what does not fit: held %t, %q", held, unmet)
		}
		return
	}
	if !held || !strings.Contains(unmet, "after a restart of the project") {
		t.Errorf("held %t, said %q", held, unmet)
	}
	if out, failure := p.command("/bin/sh", "-c", "kill -9 -1"); failure != "" && !strings.Contains(failure, "killed") {
		t.Fatal(out, failure)
	}
	for begun := time.Now(); p.usage().MemoryBytes > 30<<20 && time.Since(begun) < answerTime; {
		_, _ = p.command("/bin/true") // the kernel takes it back later
	}
	if unmet := p.set(sandbox.Limits{MemoryBytes: 40 << 20}); unmet != "" {
		t.Errorf("nothing is in use, and %q", unmet)
	}
	if out, failure := p.run("hold", "60"); failure == "" {
		t.Errorf("60 MiB of 40: %q", out)
	}
}

// holds reports whether a program holds memory.
func (p *project) holds() bool {
	out, _ := p.command("/bin/sh", "-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '")
	return strings.Contains(out, "holding")
}

// testProcessorsChange: a program that computes has no bound that it could reach
// with one thread, and then it has.
func testProcessorsChange(t *testing.T, b *bench) {
	p := b.start(t)
	p.must("spin", "60")
	before := p.throttled()
	p.set(sandbox.Limits{CPUs: 0.1})
	p.must("spin", "60")
	if after := p.throttled(); before != 0 || after == 0 {
		t.Errorf("held back %d times of 2 cores and %d times of 0.1", before, after)
	}
}

// throttled reads how often the programs were held back from the processors.
func (p *project) throttled() int {
	p.t.Helper()
	for _, folder := range p.process.Handle().Cgroups {
		data, err := os.ReadFile(filepath.Join(folder, "user", "cpu.stat"))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(data)) {
			if value, ok := strings.CutPrefix(line, "nr_throttled "); ok {
				n, err := strconv.Atoi(strings.TrimSpace(value))
				if err != nil {
					p.t.Fatal(err)
				}
				return n
			}
		}
	}
	p.t.Fatal("nothing says how often it was held back")
	return 0
}

// testOpenFilesChange: a shell that is open has the new number too.
func testOpenFilesChange(t *testing.T, b *bench) {
	p := b.start(t)
	printed := make(chan string, 1)
	go func() { // printed is read
		out, failure := p.run("files", "/home/user/go-on")
		printed <- out + failure
	}()
	deadline := time.Now().Add(answerTime)
	for {
		if _, err := os.Stat(filepath.Join(p.home, "opened")); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the program that opens files does not say that it has")
		}
		_, _ = p.command("/bin/true") // a moment
	}
	want := "4096\n5000"
	if unmet := p.set(sandbox.Limits{OpenFiles: 5000}); unmet != "" {
		var caps [2]unix.CapUserData
		if err := unix.Capget(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &caps[0]); err != nil {
			t.Fatal(err)
		}
		if caps[0].Effective&(1<<unix.CAP_SYS_RESOURCE) != 0 || !strings.Contains(unmet, "new terminals") {
			t.Errorf("with all rights: %s", unmet)
		}
		want = "4096\n4096"
	}
	if err := os.WriteFile(filepath.Join(p.home, "go-on"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := <-printed; got != want {
		t.Errorf("open files before and after: %q, want %q", got, want)
	}
}

func testUsage(t *testing.T, b *bench) {
	p := b.start(t)
	p.must("hold", "40")
	used := p.usage()
	if used.MemoryBytes < 40<<20 || used.MemoryBytes > limits.MemoryBytes {
		t.Errorf("a program holds 40 MiB, and %d are in use", used.MemoryBytes>>20)
	}
	if used.Processes < 1 || used.Processes > limits.Processes {
		t.Errorf("%d processes", used.Processes)
	}
	p.must("spin", "100")
	again := p.usage()
	if again.CPU <= used.CPU {
		t.Errorf("computing took from %v to %v", used.CPU, again.CPU)
	}
	if out, failure := p.command("/bin/dd", "if=/dev/zero", "of=/home/user/file", "bs=1M", "count=48"); failure != "" {
		t.Fatal(out, failure)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(p.home, &fs); err != nil {
		t.Fatal(err)
	}
	inMemory := fs.Type == unix.TMPFS_MAGIC || fs.Type == unix.RAMFS_MAGIC
	if grown := p.usage().MemoryBytes - again.MemoryBytes; grown > 24<<20 && !inMemory {
		t.Errorf("a file of 48 MiB counts as %d MiB of memory", grown>>20)
	}
}

func (p *project) usage() sandbox.Usage {
	p.t.Helper()
	u, err := p.process.Usage()
	if err != nil {
		p.t.Fatal(err)
	}
	return u
}

// testUnbounded: without cgroups each program has bounds of its own, and nobody
// claims more.
func testUnbounded(t *testing.T, b *bench) {
	p := b.start(t)
	if _, err := p.process.Usage(); !errors.Is(err, sandbox.ErrUncounted) {
		t.Errorf("Usage = %v", err)
	}
	if unmet := p.set(sandbox.Limits{MemoryBytes: 64 << 20}); unmet != "" {
		t.Errorf("SetLimits says %q", unmet)
	}
	if out, failure := p.run("hold", "120"); failure == "" {
		t.Errorf("one program could take 120 MiB of 96: %q", out)
	}
	out := p.must("forks")
	if n, _, _ := strings.Cut(out, " "); !strings.HasSuffix(out, "EAGAIN") || len(n) > 2 {
		t.Errorf("forks: %q, at most %d", out, limits.Processes)
	}
	// The forks stay, so there may be no room for a program; the agent is there.
	select {
	case <-p.process.Done():
		t.Error("the agent has ended")
	default:
	}
}
