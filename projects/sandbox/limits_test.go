package sandbox_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"lyceum/projects/sandbox"
	"lyceum/projects/sandbox/sandboxtest"
)

// Limits in every mode, and on a machine without cgroups.
func TestLimits(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	if os.Geteuid() != 0 {
		t.Fatal("this needs root: run make test as root, or go test -short")
	}
	folder := openFolder(t)
	host := sandboxtest.Host{Intruder: sandboxtest.Build(t, folder, sandboxtest.Intruder)}
	for _, mode := range []sandbox.Mode{sandbox.RootUserNS, sandbox.Root} {
		t.Run(string(mode), func(t *testing.T) { sandboxtest.RunLimits(t, mode, host) })
	}
	t.Run("unprivileged", func(t *testing.T) {
		const nobodys = 1_899_999_997
		again(t, folder, "^TestLimitsAgain$/unprivileged", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobodys, Gid: nobodys}}, host)
	})
	t.Run("without cgroups", func(t *testing.T) {
		again(t, folder, "^TestLimitsAgain$/root", &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}, host)
	})
}

// TestLimitsAgain is the part of TestLimits that runs in a process of its own.
func TestLimitsAgain(t *testing.T) {
	if *asUser == "" {
		return // started by TestLimits
	}
	host := sandboxtest.Host{Intruder: *asUser}
	t.Run("unprivileged", func(t *testing.T) { sandboxtest.RunLimits(t, sandbox.Unprivileged, host) })
	t.Run("root", func(t *testing.T) {
		uncover(t, "/sys/fs/cgroup")
		sandboxtest.RunLimits(t, sandbox.RootUserNS, host)
	})
}

// again runs a test in a process with other rights.
func again(t *testing.T, folder, run string, attr *syscall.SysProcAttr, host sandboxtest.Host, args ...string) {
	t.Helper()
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	temp, err := os.MkdirTemp(folder, "again")
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(temp, "test")
	if err := os.WriteFile(binary, self, 0o755); err != nil {
		t.Fatal(err)
	}
	if c := attr.Credential; c != nil {
		if err := os.Chown(temp, int(c.Uid), int(c.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(binary, slices.Concat([]string{"-test.run=" + run, "-test.v", "-intruder=" + host.Intruder}, args)...)
	cmd.Dir = temp
	cmd.Env = []string{"TMPDIR=" + temp, "PATH=/usr/bin:/bin"}
	cmd.SysProcAttr = attr
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+strings.NewReplacer("^", "", "$", "").Replace(run)) {
		t.Errorf("%s: %v\n%s", run, err, out)
	}
}

// uncover takes away every mount below a place. It is called in a mount namespace
// of the test's own.
func uncover(t *testing.T, place string) {
	t.Helper()
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	if err := unix.Unmount(place, unix.MNT_DETACH); err != nil {
		t.Fatal(err)
	}
}
