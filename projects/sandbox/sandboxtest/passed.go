package sandboxtest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Two projects whose people work together find no socket that both can see, so
// that neither gets a descriptor of the other's.
func testHand(t *testing.T, b *bench) {
	p, q := b.start(t), b.start(t)
	out, failure := p.run("keep", "hand")
	doors := strings.Fields(out)
	if failure != "" || len(doors) != 5 {
		t.Fatal(out, failure)
	}
	try := []string{"try"}
	for _, d := range doors {
		try = append(try, "rights:"+d)
	}
	for who, want := range map[*project][]string{p: {"ok"}, q: {"ECONNREFUSED", "ENOENT"}} {
		did := who.attempts(try)
		for _, d := range doors {
			name, _, _ := strings.Cut(d, "=")
			if got := did["3/rights:"+name]; !slices.Contains(want, got) {
				t.Errorf("%s of the first project: %q, want %q", d, got, want)
			}
		}
	}
}

// A hard link would have a file of the host in the home, whatever becomes of the
// host's name for it. Whether the kernel protects hard links is the host's choice
// (protected_hardlinks); that these are other mounts is ours.
func testLinks(t *testing.T, b *bench) {
	p := b.start(t)
	targets := map[string][]string{
		"/etc/os-release": {"EXDEV"}, "/usr/bin/env": {"EXDEV"}, "/etc/passwd": {"EXDEV"}, "/dev/null": {"EXDEV"},
		"/proc/self/status": {"EXDEV"}, "/proc/1/exe": {"EACCES", "EXDEV"},
		// Its own, so that this can fail.
		"/home/user/intruder": {"linked, and read: ok", "EXDEV"},
	}
	if b.sandbox.OwnUID() {
		// As a restored backup may leave it.
		foreign := filepath.Join(p.home, "foreign")
		if err := os.WriteFile(foreign, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		targets["/home/user/foreign"] = []string{"EPERM", "EXDEV", "linked, and read: EACCES"}
	}
	args := []string{"links"}
	for target := range targets {
		args = append(args, target)
	}
	out, failure := p.run(args...)
	did := attempts{}
	if err := json.Unmarshal([]byte(out), &did); err != nil || failure != "" {
		t.Fatal(out, failure, err)
	}
	if len(did) != 4*len(targets) {
		t.Errorf("%d attempts, want %d", len(did), 4*len(targets))
	}
	for what, got := range did {
		if target := strings.Fields(what)[1]; !slices.Contains(targets[target], got) {
			t.Errorf("%s: %q, want one of %q", what, got, targets[target])
		}
	}
	for how, want := range map[string]string{"link": "linked, and read: ok", "descriptor": "linked, and read: ok"} {
		if got := did[how+" /home/user/intruder /home/user"]; got != want {
			t.Errorf("%s of an own file: %q, want %q", how, got, want)
		}
	}
}
