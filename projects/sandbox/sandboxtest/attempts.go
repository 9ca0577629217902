package sandboxtest

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// attempts are what a student may try in one line of C: its name, "1/shadow", and
// how it ended.
type attempts map[string]string

// testAttempts makes all that are a single act, as a program that the project
// has started, and as the agent itself: an agent that was taken over is no nearer
// to the host.
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
	const atLeast = 170 // the table itself must not shrink unseen
	did := p.attempts(args)
	if len(did) < atLeast {
		t.Errorf("only %d attempts were made", len(did))
	}
	byEscape := map[int]attempts{}
	for name, got := range did {
		text, _, _ := strings.Cut(name, "/")
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("attempt %q has no number", name)
		}
		if byEscape[n] == nil {
			byEscape[n] = attempts{}
		}
		byEscape[n][name] = got
	}
	for _, n := range slices.Sorted(maps.Keys(byEscape)) {
		b.try(t, n, "single_attempts", byEscape[n].check)
		b.column.note(n, len(byEscape[n])-1, Kept)
	}
	asAgent := p.attempts(append([]string{itself}, args...))
	maps.DeleteFunc(asAgent, func(name, _ string) bool { return strings.HasPrefix(name, "7/") }) // it may look at itself
	if len(asAgent) < atLeast/2 {
		t.Errorf("only %d attempts were made by the agent", len(asAgent))
	}
	b.try(t, 12, "attempts_of_the_agent_itself", asAgent.check)
	b.column.note(12, len(asAgent)-1, Kept)
}

// itself has the agent of the tests make the attempts instead of a program.
const itself = "itself"

func (p *project) attempts(args []string) attempts {
	p.t.Helper()
	run := p.run
	if args[0] == itself {
		run = p.command
	}
	out, failure := run(args...)
	did := attempts{}
	if err := json.Unmarshal([]byte(out), &did); err != nil || failure != "" {
		p.t.Fatalf("intruder: %s %s %v", out, failure, err)
	}
	return did
}

func (did attempts) check(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(did)) {
		if want := wanted(name); !slices.Contains(want, did[name]) {
			t.Errorf("%s: %q, want %s", name, did[name], strings.Join(want, " or "))
		}
	}
}

// wanted returns the answers that keep a promise. Where the rule names an errno
// it is the only one.
func wanted(name string) []string {
	number, rest, _ := strings.Cut(name, "/")
	switch {
	case strings.HasSuffix(name, "_is_allowed"):
		return []string{"ok"}
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
	case name == "7/sweep":
		return []string{"ok"}
	case strings.HasPrefix(rest, "sweep_read_"):
		return []string{"EACCES", "EPERM", ""} // Linux 6.1 opens the timers of another, and has none to tell
	case number == "7" && !strings.Contains(rest, "ptrace") && !strings.Contains(rest, "process_vm") && !strings.Contains(rest, "pidfd") && !strings.Contains(rest, "limits"):
		return []string{"EACCES", "EPERM", "ETXTBSY"}
	case number == "8":
		return []string{"EACCES", "EPERM", "EROFS", "ENOENT"}
	case strings.HasPrefix(name, "9/set"):
		return []string{"EPERM", "EINVAL"} // root does not exist in the user namespace
	case name == "10/priority":
		return []string{"EACCES"}
	}
	return []string{"EPERM"}
}

// What listens inside one project cannot be reached from another, by its port
// nor by its name.
func testPorts(t *testing.T, b *bench) {
	p, q := b.start(t), b.start(t)
	out, failure := p.run("keep", "ports")
	doors := strings.Fields(out)
	if failure != "" || len(doors) != 2 {
		t.Fatal(out, failure)
	}
	dials := []string{"try"}
	for _, d := range doors {
		dials = append(dials, "dial:"+d)
	}
	for who, want := range map[*project]string{p: "ok", q: "ECONNREFUSED"} {
		did := who.attempts(dials)
		for _, d := range doors {
			name, _, _ := strings.Cut(d, "=")
			if got := did["3/dial:"+name]; got != want {
				t.Errorf("%s of the first project: %q, want %q", name, got, want)
			}
		}
	}
}
