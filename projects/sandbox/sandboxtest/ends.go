package sandboxtest

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"lyceum/projects/sandbox"
)

// kill -9 -1 in a terminal is a student's mistake, not the end of the project.
func testKillAll(t *testing.T, b *bench) {
	p := b.start(t)
	if out, failure := p.run("linger"); failure != "" {
		t.Fatal(out, failure)
	}
	if out, failure := p.run("kill-all"); failure != "" {
		t.Fatal(out, failure)
	}
	p.alive()
}

// After a stop there is no process, also none that has left its session and its
// parents.
func testStop(t *testing.T, b *bench) {
	p := b.start(t)
	if out, failure := p.run("linger"); failure != "" {
		t.Fatal(out, failure)
	}
	if n := len(below(t, p.process.Handle().PID)); n == 0 {
		t.Fatal("there is nothing that could be left: the test looks wrongly")
	}
	inside := below(t, p.process.Handle().PID)
	if err := p.process.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, pid := range append(inside, p.process.Handle().PID) {
		if _, err := os.Stat("/proc/" + strconv.Itoa(pid)); err == nil {
			t.Errorf("process %d is left", pid)
		}
	}
	for _, folder := range p.process.Handle().Cgroups {
		if _, err := os.Stat(folder); err == nil {
			t.Errorf("cgroup %s is left", folder)
		}
	}
}

// below returns the host's numbers of the processes in the pid namespace of
// another.
func below(t *testing.T, pid int) (found []int) {
	t.Helper()
	own, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid))
	if err != nil {
		// Without root the namespace of one who may not be looked into is
		// hidden; then its parents tell.
		return children(pid)
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		if err != nil || n == pid {
			continue
		}
		if ns, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", n)); err == nil && ns == own {
			found = append(found, n)
		}
	}
	return found
}

// children returns the direct children of a process: orphans are those of
// process 1.
func children(pid int) (found []int) {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for field := range strings.FieldsSeq(string(data)) {
		if n, err := strconv.Atoi(field); err == nil {
			found = append(found, n)
		}
	}
	return found
}

// The next server has only the handle: it must find this process, and no other
// that has got its number.
func testFind(t *testing.T, b *bench) {
	p := b.start(t)
	h := p.process.Handle()
	p.process.Close() // the server has gone
	found, err := sandbox.Find(h)
	if err != nil {
		t.Fatal(err)
	}
	p.process = found
	p.alive()
	wrong := h
	wrong.StartTime++
	if other, err := sandbox.Find(wrong); err == nil {
		other.Close()
		t.Error("found a process by a number that is another's")
	}
	if err := found.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-found.Done():
	case <-time.After(answerTime):
		t.Error("its end is not seen")
	}
	if _, err := sandbox.Find(h); err == nil {
		t.Error("found a process that has ended")
	}
}
