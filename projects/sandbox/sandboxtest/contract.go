package sandboxtest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lyceum/projects/sandbox"
)

// Host is what lies around the sandbox for it to be tried: made by who may.
type Host struct {
	Intruder string   // path of the built program
	Dial     []string // "name=network,address" of what listens on the host
}

// Run checks a mode. It ends every process it has started.
func Run(t *testing.T, mode sandbox.Mode, host Host) {
	b := newBench(t, mode, host.Intruder)
	escapes := []struct {
		name string
		test func(*testing.T, *bench, Host)
	}{
		{"1-9/single_attempts", testAttempts},
		{"8/mounts_are_read_only", testMounts},
		{"9/nothing_is_inherited", testStatus},
		{"9/no_program_gives_more", testSetuid},
		{"7/no_signal_ends_the_agent", testSignals},
		{"10/fork_bomb_leaves_the_agent", testForks},
		{"10/memory_is_bounded", testMemory},
		{"10/terminals_are_bounded", testTerminals},
		{"10/small_file_systems_are_bounded", testFill},
		{"11/kill_all_spares_the_agent", testKillAll},
		{"11/stop_leaves_nothing", testStop},
		{"11/found_again_by_its_handle", testFind},
	}
	for _, e := range escapes {
		t.Run(e.name, func(t *testing.T) { e.test(t, b, host) })
	}
}

// testAttempts is the table of what a student may try in one line of C.
func testAttempts(t *testing.T, b *bench, host Host) {
	other := b.start(t)
	secret := filepath.Join(other.home, "secret")
	if err := os.WriteFile(secret, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	p := b.start(t)
	args := []string{
		"try", "read:shadow=/etc/shadow", "read:root=/root/.bashrc", "read:data=" + b.base, "read:other=" + secret,
		"read:own_by_host_path=" + p.home, "read:up=/home/user/../../etc/shadow", "pid=" + strconv.Itoa(os.Getpid()),
	}
	for _, d := range host.Dial {
		name, address, _ := strings.Cut(d, "=")
		args = append(args, "dial:"+name+"="+address)
	}
	out, failure := p.run(args...)
	did := make(map[string]string)
	if err := json.Unmarshal([]byte(out), &did); err != nil || failure != "" {
		t.Fatalf("intruder: %s %s %v", out, failure, err)
	}
	for name, got := range did {
		if want := wanted(name); !slices.Contains(want, got) {
			t.Errorf("%s: %q, want %s", name, got, strings.Join(want, " or "))
		}
	}
	const atLeast = 90 // the table itself must not shrink unseen
	if len(did) < atLeast {
		t.Errorf("only %d attempts were made", len(did))
	}
}

// wanted returns the answers that keep a promise. Where the rule names an errno
// it is the only one.
func wanted(name string) []string {
	number, rest, _ := strings.Cut(name, "/")
	switch {
	case number == "1":
		return []string{"ENOENT"}
	case name == "2/kill_of_host":
		return []string{"ESRCH"}
	case name == "2/processes":
		return []string{""}
	case number == "3":
		return []string{"ECONNREFUSED", "ENETUNREACH"}
	case name == "4/clone3":
		return []string{"ENOSYS"}
	case name == "6/netlink_route_is_allowed":
		return []string{"ok"}
	case number == "7" && !strings.Contains(rest, "ptrace") && !strings.Contains(rest, "process_vm"):
		return []string{"EACCES", "EPERM", "ETXTBSY"}
	case number == "8":
		return []string{"EACCES", "EPERM", "EROFS", "ENOENT"}
	case strings.HasPrefix(name, "9/set"):
		return []string{"EPERM", "EINVAL"} // root does not exist in the user namespace
	}
	return []string{"EPERM"}
}

// writable are the places that are the project's own. Of /proc the parts that
// are the host's are covered, of /dev there are single nodes.
var writable = regexp.MustCompile(`^(/home/user|/tmp|/dev/shm|/dev/pts|/run/user|/proc|/dev/(null|zero|full|random|urandom|tty)|/proc/[a-z_]+)$`)

// Files that belong to the project's uid on the host, or that somebody has made
// writable to all, are still not to be written, and no program gives rights.
func testMounts(t *testing.T, b *bench, _ Host) {
	p := b.start(t)
	out, failure := p.command("/bin/cat", "/proc/self/mountinfo")
	if failure != "" {
		t.Fatal(out, failure)
	}
	const mountPoint, options = 4, 5
	seen := 0
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		where, with := fields[mountPoint], strings.Split(fields[options], ",")
		seen++
		if !slices.Contains(with, "nosuid") && where != "/" {
			t.Errorf("%s gives the rights of owners: %s", where, fields[options])
		}
		if !slices.Contains(with, "ro") && !writable.MatchString(where) {
			t.Errorf("%s can be written: %s", where, fields[options])
		}
	}
	for _, covered := range []string{"/proc/sys", "/proc/fs", "/proc/irq"} {
		if !regexp.MustCompile(`(?m) ` + covered + ` ro,`).MatchString(out) {
			t.Errorf("%s is not covered", covered)
		}
	}
	if seen < 20 {
		t.Errorf("only %d mounts:\n%s", seen, out)
	}
}

// A program starts with nothing of the server's: no right, group, descriptor or
// variable.
func testStatus(t *testing.T, b *bench, _ Host) {
	p := b.start(t)
	out, failure := p.run("status")
	if failure != "" {
		t.Fatal(out, failure)
	}
	for _, line := range []string{
		`CapInh:\t0+`, `CapPrm:\t0+`, `CapEff:\t0+`, `CapBnd:\t0+`, `CapAmb:\t0+`, `NoNewPrivs:\t1`, `Seccomp:\t2`, `Groups:\t ?`, `SigIgn:\t0+`, `SigBlk:\t0+`,
	} {
		if !regexp.MustCompile("(?m)^" + line + "$").MatchString(out) {
			t.Errorf("status does not have %q", line)
		}
	}
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		switch fields[0] {
		case "Descriptor:":
			number, _ := strconv.Atoi(fields[1])
			if number > 2 && !strings.Contains(line, "anon_inode") && !strings.Contains(line, "cpu.max") {
				t.Errorf("inherited %s", line)
			}
		case "Environment:":
			if fields[1] != "HOME=/home/user" {
				t.Errorf("inherited %s", line)
			}
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

// Neither a set-user-id program of the host nor one of one's own makes anybody
// more.
func testSetuid(t *testing.T, b *bench, _ Host) {
	p := b.start(t)
	own := filepath.Join(p.home, "intruder")
	if err := os.Chmod(own, 0o755|os.ModeSetuid|os.ModeSetgid); err != nil {
		t.Fatal(err)
	}
	before, _ := p.command("/usr/bin/id", "-u")
	out, failure := p.run("status")
	if failure != "" {
		t.Fatal(out, failure)
	}
	uids := regexp.MustCompile(`(?m)^Uid:\t(\d+)\t(\d+)\t(\d+)\t(\d+)$`).FindStringSubmatch(out)
	if len(uids) != 5 || uids[2] != before || uids[4] != before {
		t.Errorf("set-user-id file: %q, want uid %s", uids, before)
	}
	for _, argv := range [][]string{
		{"/usr/bin/su", "-c", "id"}, {"/usr/bin/newuidmap", "1", "0", "0", "1"},
		{"/usr/bin/unshare", "-Ur", "id"}, {"/usr/bin/chroot", "/", "id"}, {"/usr/bin/mount", "-t", "tmpfs", "x", "/mnt"},
	} {
		if _, err := os.Stat(argv[0]); err != nil {
			continue // the host has no such door
		}
		if out, failure := p.command(argv...); failure == "" {
			t.Errorf("%s worked: %s", argv[0], out)
		}
	}
}

// Every signal to process 1: a student must not be able to end the agent, or
// the shared terminals are gone. It is sent while the agent starts programs,
// which is when a signal without a handler would get through.
func testSignals(t *testing.T, b *bench, _ Host) {
	p := b.start(t)
	done := make(chan string)
	go func() { // done is read
		out, failure := p.run("signals")
		done <- out + failure
	}()
	for {
		select {
		case out := <-done:
			if out != "" {
				t.Error(out)
			}
			p.alive()
			return
		default:
			p.alive()
		}
	}
}

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

// limited reports whether the bounds are those of each program only.
func (b *bench) limited() bool {
	return slices.ContainsFunc(b.sandbox.Findings(), func(f sandbox.Finding) bool {
		return f.About == "limits" && f.Level == sandbox.Limited
	})
}

// A fork bomb stops at its bound, and the agent goes on serving: it is not in
// the same group.
func testForks(t *testing.T, b *bench, _ Host) {
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

// Who takes too much memory is ended or refused, alone.
func testMemory(t *testing.T, b *bench, _ Host) {
	p := b.start(t)
	done := make(chan string, 4)
	for range cap(done) {
		go func() { // done is read for each
			out, failure := p.run("memory")
			done <- out + " " + failure
		}()
	}
	for range cap(done) {
		out := <-done
		if !strings.Contains(out, "signal: killed") && !strings.Contains(out, "refused after") &&
			!(b.limited() && strings.Contains(out, "exit status")) {
			t.Errorf("memory hog: %q", out)
		}
	}
	p.alive()
}

func testTerminals(t *testing.T, b *bench, _ Host) {
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

func testFill(t *testing.T, b *bench, _ Host) {
	p := b.start(t)
	for _, folder := range []string{"/dev/shm", "/run/user"} {
		out, failure := p.run("fill", folder)
		if want := fmt.Sprintf("%d ENOSPC", limits.SharedMemoryBytes>>20); failure != "" || out != want {
			t.Errorf("fill %s: %q %q, want %q", folder, out, failure, want)
		}
	}
	p.alive()
}

// kill -9 -1 in a terminal is a student's mistake, not the end of the project.
func testKillAll(t *testing.T, b *bench, _ Host) {
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
func testStop(t *testing.T, b *bench, _ Host) {
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
func testFind(t *testing.T, b *bench, _ Host) {
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
