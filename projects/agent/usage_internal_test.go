package agent

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

// The agent's own time counts, since that of programs that have ended is in it.
func TestUsageIsOfProgramsThatRunAndThatHaveEnded(t *testing.T) {
	all := []program{{life: life{pid: 51}, ticks: 30, threads: 1}, {life: life{pid: 52}, ticks: 4, threads: 3}}
	got := usageOf(all, program{ticks: 200, threads: 6}, func(pid int) int64 { return int64(pid) })
	if want := (Usage{MemoryBytes: 103, Processes: 4, CPU: 2340 * time.Millisecond}); got != want {
		t.Errorf("usage = %+v, want %+v", got, want)
	}
	if own := memoryOf(os.Getpid()); own < 1<<20 || own > 1<<32 {
		t.Errorf("this process has %d bytes of memory", own)
	}
	if gone := memoryOf(1 << 30); gone != 0 {
		t.Errorf("a process that cannot be has %d bytes", gone)
	}
}

// A program that was killed is remembered by its name, one that ended is not.
func TestKilledProgramsAreRemembered(t *testing.T) {
	c := newChildren()
	run := func(script string) {
		t.Helper()
		wait, err := c.spawn(exec.Command("/bin/sh", "-c", script, "hog"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := wait(); err != nil {
			t.Fatal(err)
		}
	}
	run("exit 3")
	run("kill -TERM $$")
	if k := c.killed(); k != nil {
		t.Errorf("killed = %v", k)
	}
	run("kill -KILL $$")
	if k := c.killed(); k == nil || k.Program != "hog" || k.Time == 0 {
		t.Errorf("killed = %v", k)
	}
}
