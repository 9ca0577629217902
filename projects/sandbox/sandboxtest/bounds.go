package sandboxtest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"lyceum/projects"
	"lyceum/projects/disk"
	"lyceum/projects/sandbox"
)

// roomAgain waits until a program can be started: those of a fork bomb that has
// ended go one after the other, and until then its group has no room for another.
func (p *project) roomAgain() {
	const tries = 500 // each takes some milliseconds
	for range tries {
		if out, _ := p.command("/bin/echo", "room"); out == "room" {
			return
		}
	}
}

// serves fails when the agent has ended; its programs may be at their bound for
// ever, as when memory outlives who took it.
func (p *project) serves() {
	p.t.Helper()
	if out, failure := p.command(itself, "status"); failure != "" {
		p.t.Errorf("the agent answers %.80q %q", out, failure)
	}
}

// alive fails when the agent has ended or serves no more.
func (p *project) alive() {
	p.t.Helper()
	select {
	case <-p.process.Done():
		p.t.Fatal("the agent has ended")
	default:
	}
	if out, failure := p.command("/bin/echo", "here"); out != "here" {
		p.t.Errorf("the agent answers %q %q", out, failure)
	}
}

// A fork bomb stops at its bound, and the agent goes on serving: it is not in
// the same group.
func testForks(t *testing.T, b *bench) {
	p := b.start(t)
	out, failure := p.run("forks")
	fields := strings.Fields(out)
	if failure != "" || len(fields) != 2 || fields[1] != "EAGAIN" {
		t.Fatalf("fork bomb: %q %q", out, failure)
	}
	if n, _ := strconv.Atoi(fields[0]); n > int(limits.Processes) {
		t.Errorf("%d processes, at most %d", n, limits.Processes)
	}
	p.roomAgain()
	p.alive()
}

// Who takes too much memory is ended or refused, alone. Where only each program
// is bounded, four of them may have four times as much, and no more.
func testMemory(t *testing.T, b *bench) {
	p := b.start(t)
	limited := b.limits(10, "limits")
	done := make(chan string, 4)
	for range cap(done) {
		go func() { // done is read for each
			out, failure := p.run("memory", "private", memoryMost)
			done <- out + " " + failure
		}()
	}
	for range cap(done) {
		out := <-done
		// The Go program may want memory for itself, and fail.
		if !limited && !strings.Contains(out, "signal: killed") ||
			limited && !strings.Contains(out, "refused after") && !strings.Contains(out, "exit status") {
			t.Errorf("memory hog: %q", out)
		}
	}
	p.alive()
}

// memoryMost is where hogs end in MiB, twice what the tests' projects may have.
const memoryMost = "192"

// Memory that has no name and that several programs can have is memory too.
func testSharedMemory(t *testing.T, b *bench) {
	limited := b.limits(10, "limits")
	if said := strings.Join(b.column[10].Said, " "); limited && !strings.Contains(said, "what programs share is not counted") {
		t.Errorf("doctor says %s", said)
	}
	for _, kind := range []string{"anonymous", "file", "segment"} {
		p := b.start(t)
		out, failure := p.run("memory", kind, memoryMost)
		if !limited && !strings.Contains(failure, "signal: killed") || limited && !strings.Contains(out, "no end") {
			t.Errorf("%s: %q %q", kind, out, failure)
		}
		p.serves()
	}
}

// Who computes gets the cores of the project: the kernel says that it was held
// back.
func testProcessor(t *testing.T, b *bench) {
	p := b.start(t)
	limited := b.limits(10, "limits")
	if p.process.Bounded() == limited {
		t.Fatalf("bounded: %v, and doctor says that it is not: %v", p.process.Bounded(), limited)
	}
	if limited {
		return
	}
	p.set(sandbox.Limits{CPUs: 0.05}) // so few that others of this machine do not hold it back before
	p.must("spin", "40")
	if p.throttled() == 0 {
		t.Error("it was not held back")
	}
}

func testTerminals(t *testing.T, b *bench) {
	p := b.start(t)
	out, failure := p.run("terminals")
	fields := strings.Fields(out)
	if failure != "" || len(fields) != 2 || fields[1] != "ENOSPC" {
		t.Fatalf("terminals: %q %q", out, failure)
	}
	if n, _ := strconv.Atoi(fields[0]); n > 64 {
		t.Errorf("%d terminals, at most 64", n)
	}
}

func testFill(t *testing.T, b *bench) {
	p := b.start(t)
	for _, folder := range []string{"/dev/shm", "/run/user"} {
		out, failure := p.run("fill", folder, "1024")
		if want := fmt.Sprintf("%d ENOSPC", limits.SharedMemoryBytes>>20); failure != "" || out != want {
			t.Errorf("fill %s: %q %q, want %q", folder, out, failure, want)
		}
	}
	p.alive()
}

// The disk is bounded by a quota, or it is not and doctor says so.
func testDisk(t *testing.T, b *bench) {
	p := b.start(t)
	said := projects.CheckDisk(b.base, b.sandbox.OwnUID(), sandbox.DefaultLimits)
	bounded := said.Level == sandbox.OK
	if bounded {
		quota, err := disk.OpenQuota(b.base)
		if err != nil {
			t.Fatal(err)
		}
		defer quota.Close()
		if err := quota.Set(p.uid, disk.Bound{Bytes: 12 << 20, Files: 1000}); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := quota.Set(p.uid, disk.Bound{}); err != nil {
				t.Error(err)
			}
		}()
	} else {
		b.column.note(10, 0, Limited, said.Text)
	}
	for _, folder := range []string{"/home/user", "/tmp"} {
		out, failure := p.run("fill", folder, "16")
		if refused := strings.HasSuffix(out, " EDQUOT"); refused != bounded {
			t.Errorf("fill %s: %q %q, and doctor says %v", folder, out, failure, said)
		}
	}
	p.alive()
}

// The kernel counts some things by user: who takes all must not take them from
// another project, whose user is another.
func testCounted(t *testing.T, b *bench) {
	p, q := b.start(t), b.start(t)
	limited := b.limits(10, "isolation")
	for _, what := range []string{"inotify", "queues"} {
		first, failure := p.run("keep", what)
		if failure != "" || strings.HasPrefix(first, "0 ") {
			t.Fatal(first, failure)
		}
		second, failure := q.run("keep", what)
		if failure != "" || strings.HasPrefix(second, "0 ") != limited {
			t.Errorf("%s: %q, then another project %q %q; limited: %v", what, first, second, failure, limited)
		}
	}
}

// An agent that was taken over cannot take the machine: it has a bound of its
// own.
func testAgentForks(t *testing.T, b *bench) {
	p := b.start(t)
	limited := b.limits(12, "limits")
	out, failure := p.command(itself, "forks", "200")
	if bounded := strings.HasSuffix(out, " EAGAIN"); bounded == limited {
		t.Errorf("fork bomb of the agent: %q %q, and doctor says that it is not bounded: %v", out, failure, limited)
	}
}

// What a mode cannot keep is in the lines of doctor; what it can is there as
// well.
func testSaid(t *testing.T, b *bench) {
	said := map[string]sandbox.Level{}
	for _, f := range b.sandbox.Findings() {
		said[f.About] = f.Level
	}
	want := sandbox.OK
	if b.sandbox.Mode() == sandbox.Unprivileged {
		want = sandbox.Limited
	}
	if said["isolation"] != want || said["limits"] != want {
		t.Errorf("doctor says %v of %s", said, b.sandbox.Mode())
	}
}
