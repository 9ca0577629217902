package agent

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestWhatIsComputing(t *testing.T) {
	for _, tt := range []struct {
		name   string
		before Activity
		now    Activity
		busy   bool
	}{
		{"nothing", Activity{}, Activity{}, false},
		{"an editor that waits and a clock", Activity{CPU: time.Hour}, Activity{CPU: time.Hour + 600*time.Millisecond}, false},
		{"a twentieth of a core", Activity{CPU: time.Hour}, Activity{CPU: time.Hour + 3*time.Second}, true},
		{"on a full machine, without getting any", Activity{}, Activity{Waits: true}, true},
		{"a line in a log", Activity{Bytes: 1 << 30}, Activity{Bytes: 1<<30 + 4096}, false},
		{"a slow download", Activity{Bytes: 1 << 30}, Activity{Bytes: 1<<30 + 600_000}, true},
		{"only printing", Activity{}, Activity{Printed: 1 << 20}, false},
		{"another agent, or one that lies", Activity{CPU: time.Hour, Bytes: 1 << 30}, Activity{}, false},
	} {
		if got := tt.now.Busy(tt.before, time.Minute); got != tt.busy {
			t.Errorf("%s: busy = %t", tt.name, got)
		}
	}
}

// grow looks until the programs of this process have done what the test wants.
func grow(t *testing.T, a *activity, enough func(before, now Activity) bool) {
	t.Helper()
	before, err := a.look(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for now := before; !enough(before, now); now, err = a.look(ctx, "") {
		if err != nil {
			t.Fatalf("%v; before %+v, now %+v", err, before, now)
		}
	}
}

func begin(t *testing.T, script string) {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", script)
	cmd.Dir = t.TempDir()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what it has started ends with it
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // or it has ended
		_ = cmd.Wait()
	})
}

// A build is a thousand programs, none of which is there when the agent looks.
func TestShortProgramsAreCounted(t *testing.T) {
	var a activity
	begin(t, "while :; do /bin/true; done")
	grow(t, &a, func(before, now Activity) bool { return now.CPU-before.CPU >= 100*time.Millisecond })
}

func TestABusyLoopRunsAllAlongAndASleepDoesNot(t *testing.T) {
	var a activity
	begin(t, "exec sleep 1000")
	for range 2 {
		if now, err := a.look(t.Context(), ""); err != nil || now.Waits || now.CPU > 0 {
			t.Errorf("a sleep: %+v, %v", now, err)
		}
	}
	begin(t, "while :; do :; done")
	grow(t, &a, func(_, now Activity) bool { return now.Waits })
}

func TestBytesOnDiskAreCounted(t *testing.T) {
	var a activity
	if _, err := a.look(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	begin(t, "while :; do dd if=/dev/zero of=f bs=65536 count=4 conv=fsync 2>/dev/null; done")
	grow(t, &a, func(before, now Activity) bool { return now.Bytes-before.Bytes >= 1<<20 })
}

// What was there before the first look is not counted: after a restart of the
// server nothing must look busy that has been long ago.
func TestTheFirstLookCountsNothing(t *testing.T) {
	begin(t, "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; touch done; exec sleep 1000")
	var spare activity
	grow(t, &spare, func(before, now Activity) bool { return now.CPU > 0 })
	var a activity
	if now, err := a.look(t.Context(), ""); err != nil || now.CPU > 0 || now.Bytes > 0 {
		t.Errorf("the first look: %+v, %v", now, err)
	}
}

// A download that nobody watches is work: what comes and goes over the network of
// the project counts, but not what its programs say to each other, nor what was
// before, nor a device that is made anew.
func TestTheNetworkIsWork(t *testing.T) {
	devices := filepath.Join(t.TempDir(), "dev")
	const head = "Inter-|   Receive                                                |  Transmit\n" +
		" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
	carried := func(lo, in, out int) {
		t.Helper()
		text := fmt.Sprintf(head+"    lo: %d 5 0 0 0 0 0 0 %d 5 0 0 0 0 0 0\n  tun0:%d 7 0 0 0 0 0 0 %d 7 0 0 0 0 0 0\n", lo, lo, in, out)
		if err := os.WriteFile(devices, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const mib = 1 << 20
	isolated, shared := activity{}, activity{}
	total := int64(0)
	for _, step := range []struct{ lo, in, out, more int }{
		{0, 5 * mib, mib, 0}, {900 * mib, 5 * mib, mib, 0}, {900 * mib, 8 * mib, 2 * mib, 4 * mib}, {900 * mib, 0, 0, 0}, {900 * mib, 0, mib, mib},
	} {
		carried(step.lo, step.in, step.out)
		now, err := isolated.look(t.Context(), devices)
		total += int64(step.more)
		if err != nil || now.Bytes < total || now.Bytes > total+mib/2 { // this process writes a little
			t.Errorf("after %+v: %d bytes, want %d, %v", step, now.Bytes, total, err)
		}
		if now, err := shared.look(t.Context(), ""); err != nil || now.Bytes > mib/2 {
			t.Errorf("the machine's network counts: %d bytes, %v", now.Bytes, err)
		}
	}
	if (&service{isolated: true}).devices() != networkDevices || (&service{}).devices() != "" {
		t.Error("the network is not that of the sandbox, or is the machine's")
	}
	if _, err := os.Stat(networkDevices); err != nil {
		t.Error(err)
	}
}

// An agent without a server stays while something computes, and not for a shell
// long gone.
func TestAnAgentWithoutAServerStaysForWork(t *testing.T) {
	s := &service{children: newChildren()}
	old := time.Now().Add(-idleLimit - time.Hour)
	s.lastServer, s.lastWork, s.looked = old, old, time.Now().Add(-idleCheck)
	s.noteWork(t.Context())
	s.noteWork(t.Context())
	if !s.idle() {
		t.Error("nothing to do, and it stays")
	}
	begin(t, "while :; do :; done")
	for s.idle() {
		s.noteWork(t.Context()) // a loop computes; without an end the test runs out of time
	}
}

// The kernel's words, as they are read.
func TestStatFieldsOfAnyName(t *testing.T) {
	name := filepath.Join(t.TempDir(), "stat")
	if err := os.WriteFile(name, []byte(fmt.Sprintf("17 (a) R (b)) S 1 %s", "2 3")), 0o600); err != nil {
		t.Fatal(err)
	}
	if fields := statFields(name); len(fields) != 4 || fields[0] != "S" {
		t.Errorf("fields = %q", fields)
	}
}
