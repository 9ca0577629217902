package helper_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lyceum/projects"
	nt "lyceum/projects/network/networktest"
	"lyceum/projects/sandbox"
)

func stopAll(t *testing.T, data string) {
	if _, err := projects.StopAll(context.WithoutCancel(t.Context()), data); err != nil {
		t.Errorf("StopAll: %v", err)
	}
}

// helperPID returns the process of the only helper of a data directory, 0 if
// there is none.
func helperPID(t testing.TB, data string) int {
	t.Helper()
	records, _ := filepath.Glob(filepath.Join(data, "run", "*", "network.json"))
	if len(records) != 1 {
		return 0
	}
	text, err := os.ReadFile(records[0])
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	var record struct {
		Process sandbox.Handle `json:"process"`
	}
	if err := errors.Join(err, json.Unmarshal(text, &record)); err != nil {
		t.Fatal(err)
	}
	return record.Process.PID
}

// gone waits until a process has ended.
func gone(t *testing.T, pid int) { becomes(t, pid, "Z") }

// becomes waits until a process has a state, or has ended.
func becomes(t *testing.T, pid int, state string) {
	t.Helper()
	deadline := time.Now().Add(waitTime)
	for {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") "+state+" ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d is %q, not %s", pid, stat, state)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// An administrator opens and closes the network of a project that runs: it
// holds at once, for connections that are open too.
func TestN4LimitsHoldAtOnce(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	nt.New(t)
	s := newSite(t, sandbox.RootUserNS)
	p := s.project("p1", "off")
	if got := p.door("tcp", "11.0.0.1"); got != "unreachable" {
		t.Fatalf("off: %q", got)
	}
	s.limits("p1", "filtered", "10.5.5.5")
	p.becomes("hello", "tcp", "11.0.0.1")
	pid := helperPID(t, s.data)
	p.says(fmt.Sprintf("exec 4<>/dev/tcp/10.5.5.5/%d 5<>/dev/tcp/11.0.0.1/%d", nt.Port, nt.Port))
	s.limits("p1", "filtered", "172.16.5.5:7000")
	p.becomes("hello", "tcp", "172.16.5.5")
	if got := p.says("echo five >&5; read -t 10 x <&5; echo $x; echo four >&4; read -t 10 x <&4 && echo $x"); !strings.HasPrefix(got, "five") || strings.Contains(got, "four\n") || strings.HasSuffix(got, "four") {
		t.Errorf("after the list has changed: %q", got)
	}
	if got := p.door("tcp", "10.5.5.5"); got != "refused" {
		t.Errorf("not in the list any more: %q", got)
	}
	s.shows("p1", "filtered")
	s.limits("p1", "filtered", "not understood!", "10.5.5.5")
	s.note("p1", "not understood!.*is not understood")
	p.becomes("hello", "tcp", "10.5.5.5")
	if now := helperPID(t, s.data); now != pid {
		t.Errorf("the helper was %d and is %d", pid, now)
	}
	s.limits("p1", "off")
	if got := p.says("timeout 10 cat <&5; echo ended $?"); !strings.Contains(got, "reset") {
		t.Errorf("an open connection when the network goes: %q", got)
	}
	p.becomes("unreachable", "tcp", "11.0.0.1")
	gone(t, pid)
	s.note("p1", "")
	s.shows("p1", "off")
	s.limits("p1", "filtered")
	p.becomes("hello", "tcp", "11.0.0.1")
}

// The helper dies: the project is told, and has a network again.
func TestN5HelperThatDiesIsReplaced(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	nt.New(t)
	s := newSite(t, sandbox.Root)
	p := s.project("p1", "filtered")
	p.becomes("hello", "tcp", "11.0.0.1")
	pid := helperPID(t, s.data)
	if err := unix.Kill(positive(t, pid), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.note("p1", "has ended unexpectedly")
	p.becomes("hello", "tcp", "11.0.0.1")
	s.note("p1", "")
	// One that hangs is replaced when it is to be told something.
	pid = helperPID(t, s.data)
	if err := unix.Kill(positive(t, pid), unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	becomes(t, pid, "T") // until then one of its threads may still answer
	s.limits("p1", "filtered", "10.5.5.5")
	gone(t, pid)
	p.becomes("hello", "tcp", "10.5.5.5")
}

// positive keeps a test from ending every process of the machine.
func positive(t *testing.T, pid int) int {
	t.Helper()
	if pid <= 1 {
		t.Fatalf("%d is not a process", pid)
	}
	return pid
}

// A helper has no right but to open sockets, and ends with its project however
// that ends.
func TestHelperHasNoRightsAndEndsWithItsProject(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	nt.New(t)
	s := newSite(t, sandbox.RootUserNS)
	p := s.project("p1", "filtered")
	p.becomes("hello", "tcp", "11.0.0.1")
	pid := helperPID(t, s.data)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	uid := testUIDs.First
	for _, want := range []string{
		fmt.Sprintf("Uid:\t%d\t%d\t%d\t%d\n", uid, uid, uid, uid), fmt.Sprintf("Gid:\t%d\t%d\t%d\t%d\n", uid, uid, uid, uid), "Groups:\t \n",
		"CapInh:\t0000000000000000\n", "CapPrm:\t0000000000000000\n", "CapEff:\t0000000000000000\n", "CapAmb:\t0000000000000000\n",
		"NoNewPrivs:\t1\n", "Seccomp:\t2\n",
	} {
		if !strings.Contains(string(status), want) {
			t.Errorf("status of the helper lacks %q:\n%s", want, status)
		}
	}
	groups, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil || !regexp.MustCompile(`(?m)memory:.*/beside$|^0::.*/beside$`).Match(groups) {
		t.Errorf("the helper is in %s, %v", groups, err)
	}
	// Its agent dies without the server having a part in it.
	s.stop()
	records, _ := filepath.Glob(filepath.Join(s.data, "run", "*", "agent.json"))
	text, err := os.ReadFile(records[0])
	if err != nil {
		t.Fatal(err)
	}
	var record struct {
		Process sandbox.Handle `json:"process"`
	}
	if err := json.Unmarshal(text, &record); err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(positive(t, record.Process.PID), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	gone(t, pid)
}

// A machine without the device says so, in the project, and the project runs.
func TestMachineWithoutTheDeviceSaysSo(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	nt.New(t)
	if err := unix.Mount("none", "/dev/net", "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount("/dev/net", unix.MNT_DETACH) })
	s := newSite(t, sandbox.RootUserNS)
	p := s.project("p1", "filtered")
	s.note("p1", "should have a network but has none: there is no /dev/net/tun; load the kernel's module tun")
	if got := p.door("tcp", "11.0.0.1"); got != "unreachable" {
		t.Errorf("without a device: %q", got)
	}
	found := false
	for _, f := range sandbox.Probe(t.Context(), s.options(t)) {
		if f.About == "network" {
			found = f.Level == sandbox.Limited && strings.Contains(f.Text, "there is no /dev/net/tun")
		}
	}
	if !found {
		t.Error("doctor does not say it")
	}
}

func (s *site) options(t *testing.T) sandbox.Options {
	t.Helper()
	agent, err := program("agent")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = agent.Close() })
	return sandbox.Options{Mode: sandbox.RootUserNS, Program: agent}
}
