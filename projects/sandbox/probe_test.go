package sandbox_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"lyceum/app"
	"lyceum/projects/sandbox"
	"lyceum/projects/sandbox/sandboxtest"
)

// program returns the intruder as an agent.
func program(t *testing.T, path string) *sandbox.Program {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := sandbox.NewProgram(data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// 13: in a container whose /proc is covered in part, user namespaces cannot have
// a /proc of their own. The server then goes on without them, and who insists
// on them is told why it does not work.
func TestCoveredProcFallsBackAndSaysWhy(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	p := program(t, sandboxtest.Build(t, t.TempDir(), sandboxtest.Intruder))
	done := make(chan struct{})
	go func() { // done is waited for
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread and its mounts end with this goroutine
		if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
			t.Error(err)
			return
		}
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			t.Error(err)
			return
		}
		if err := unix.Mount("none", "/proc/sys", "tmpfs", 0, ""); err != nil {
			t.Error(err)
			return
		}
		// /proc/sys holds the id of the boot, which the server reads.
		if err := os.MkdirAll("/proc/sys/kernel/random", 0o755); err != nil {
			t.Error(err)
			return
		}
		if err := os.WriteFile("/proc/sys/kernel/random/boot_id", []byte("test\n"), 0o444); err != nil {
			t.Error(err)
			return
		}
		_, err := sandbox.Open(t.Context(), sandbox.Options{Mode: sandbox.RootUserNS, Program: p})
		if kind, message := app.Public(err); kind != app.Unavailable || !strings.Contains(message, "Parts of /proc are covered") {
			t.Errorf("Open with a covered /proc = %v", err)
		}
		s, err := sandbox.Open(t.Context(), sandbox.Options{Program: p})
		if err != nil || s.Mode() != sandbox.Root {
			t.Errorf("Open(auto) with a covered /proc = %v, %v; want mode root", s, err)
		}
	}()
	<-done
}

// 13: a machine that allows no user namespaces says which setting it is.
func TestSwitchedOffNamespacesAreSaid(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	if *asUser != "" {
		openWhereSwitchedOff(t)
		return
	}
	folder := openFolder(t)
	intruder := sandboxtest.Build(t, folder, sandboxtest.Intruder)
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(folder, "test")
	if err := os.WriteFile(binary, self, 0o755); err != nil {
		t.Fatal(err)
	}
	const outside, inside = 1_899_999_997, 1000
	temp := filepath.Join(folder, "tmp")
	if err := os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(temp, outside, outside); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-test.run=^TestSwitchedOffNamespacesAreSaid$", "-test.v", "-intruder="+intruder)
	cmd.Dir = temp
	cmd.Env = []string{"TMPDIR=" + temp}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: inside, HostID: outside, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: inside, HostID: outside, Size: 1}},
		Credential:  &syscall.Credential{Uid: inside, Gid: inside, NoSetGroups: true},
		AmbientCaps: []uintptr{unix.CAP_SYS_RESOURCE},
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("in a namespace of its own: %v\n%s", err, out)
	}
}

// 13: what forbids namespaces to ordinary users has a name, and the sentence says
// it with the way out. The settings are of kernels that this one is not, so they
// stand in a /proc/sys of the test; that it is covered makes the start fail.
func TestWhatForbidsNamespacesIsNamed(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	if *words != "" {
		_, err := sandbox.Open(t.Context(), sandbox.Options{Program: program(t, *asUser)})
		if kind, message := app.Public(err); kind != app.Unavailable || !strings.Contains(message, *words) || !strings.Contains(message, "as root") {
			t.Errorf("Open = %v", err)
		}
		return
	}
	folder := openFolder(t)
	intruder := sandboxtest.Build(t, folder, sandboxtest.Intruder)
	for _, c := range []struct{ setting, value, words string }{
		{"kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"},
		{"kernel/apparmor_restrict_unprivileged_userns", "1", "lyceum apparmor | sudo tee /etc/apparmor.d/lyceum"},
		{"kernel/ostype", "Linux", "Parts of /proc are covered"},
	} {
		done := make(chan struct{})
		go func() { // done is waited for
			defer close(done)
			runtime.LockOSThread() // never unlocked: the thread and its mounts end with this goroutine
			if err := coverSettings(c.setting, c.value); err != nil {
				t.Error(err)
				return
			}
			again(t, folder, "^TestWhatForbidsNamespacesIsNamed$", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 1_899_999_996, Gid: 1_899_999_996}},
				sandboxtest.Host{Intruder: intruder}, "-words="+c.words)
		}()
		<-done
	}
}

// coverSettings puts another /proc/sys in front of the kernel's, for this thread.
func coverSettings(setting, value string) error {
	err := errors.Join(unix.Unshare(unix.CLONE_NEWNS), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		unix.Mount("none", "/proc/sys", "tmpfs", 0, ""))
	if err != nil {
		return err
	}
	for name, text := range map[string]string{setting: value, "kernel/random/boot_id": "test"} {
		path := filepath.Join("/proc/sys", name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text+"\n"), 0o444)); err != nil {
			return err
		}
	}
	return nil
}

func openWhereSwitchedOff(t *testing.T) {
	if err := os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0); err != nil {
		t.Fatal(err)
	}
	p := program(t, *asUser)
	_, err := sandbox.Open(t.Context(), sandbox.Options{Program: p})
	if _, message := app.Public(err); err == nil || !strings.Contains(message, "max_user_namespaces") || !strings.Contains(message, "--isolation=none") {
		t.Errorf("Open = %v", err)
	}
	findings := sandbox.Probe(t.Context(), sandbox.Options{Program: p})
	if len(findings) != 1 || findings[0].Level != sandbox.Missing {
		t.Errorf("Probe = %v", findings)
	}
}

// Who asks for no isolation gets none, and is told.
func TestNoneSaysThatNothingIsKept(t *testing.T) {
	if testing.Short() {
		return // builds a program
	}
	s, err := sandbox.Open(t.Context(), sandbox.Options{Mode: sandbox.None, Program: program(t, sandboxtest.Build(t, t.TempDir(), sandboxtest.Intruder))})
	if err != nil {
		t.Fatal(err)
	}
	if f := s.Findings()[0]; f.Level != sandbox.Missing || !strings.Contains(f.Text, "not isolated") {
		t.Errorf("doctor says %v", f)
	}
}

// None is for who says so, and everything it lacks is said.
func TestNoneIsNeverChosenAndAlwaysSaid(t *testing.T) {
	_, err := sandbox.Open(t.Context(), sandbox.Options{Mode: "docker"})
	if !app.IsKind(err, app.Invalid) {
		t.Errorf("Open(docker) = %v", err)
	}
	for _, mode := range []sandbox.Mode{sandbox.RootUserNS, sandbox.Root, sandbox.Unprivileged, sandbox.None} {
		if !mode.Valid() || mode.Words() == "not known" {
			t.Errorf("mode %s has no words", mode)
		}
	}
	if sandbox.Mode("docker").Valid() {
		t.Error("docker is a mode")
	}
}
