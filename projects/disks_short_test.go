package projects_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"lyceum/app"
	"lyceum/projects/sandbox"
)

// smallDisk makes the test binary the process that has a small disk here, in a
// namespace of its own, as its folder for what is temporary.
var smallDisk = flag.String("projects.smalldisk", "", "mount a small disk at this folder and serve from it")

// One project fills the disk of the server. It is stopped, what is still free is
// kept for the store, nobody's upload takes that, and the others go on; when
// there is room they work again without a restart.
func TestU7AFullDiskStopsOnlyWhoHasFilledIt(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	if *smallDisk != "" {
		if err := unix.Mount("none", *smallDisk, "tmpfs", 0, "size=64M"); err != nil {
			t.Fatal(err)
		}
		t.Setenv("TMPDIR", *smallDisk)
		fillTheDisk(t)
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+t.Name()+"$", "-test.v", "-projects.smalldisk="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Unshareflags: syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("%v\n%s", err, out)
	}
}

func fillTheDisk(t *testing.T) {
	w := newWorld(t, sandbox.RootUserNS)
	w.project("greedy", nil)
	w.project("other", nil)
	w.limitDisk("greedy", 40*mib)
	s := w.enter()
	greedy, err := s.Client(t.Context(), "greedy")
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.Client(t.Context(), "other")
	if err != nil {
		t.Fatal(err)
	}
	shell := openShell(t, other, "t1")
	openShell(t, greedy, "t1").enter(`cat /dev/zero >big`)
	row := w.settled("greedy", "stopped")
	state := row["state"].(app.Row)
	if why, _ := state["error"].(string); !strings.Contains(why, "because the disk of the server is nearly full. This project uses") {
		t.Errorf("it says %q", why)
	}
	said := writes(t.Context(), other)
	for _, name := range []string{"upload", "create", "mkdir", "save"} {
		if !strings.Contains(said[name], "disk of the server is nearly full") {
			t.Errorf("%s of another project: %q", name, said[name])
		}
	}
	shell.enter("echo goes o''n")
	shell.until("goes on")
	if err := os.Remove(filepath.Join(w.data, "projects", "greedy", "home", "big")); err != nil {
		t.Fatal(err)
	}
	w.eventually("what another project is refused", "", func() string { return writes(t.Context(), other)["upload"] })
}
