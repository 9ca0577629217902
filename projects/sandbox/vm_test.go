//go:build vm

package sandbox_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"lyceum/app"
	"lyceum/projects/sandbox"
	"lyceum/projects/sandbox/sandboxtest"
)

// How the machine is that these tests run in; make test-vm says it.
var (
	vmMode    = flag.String("vm.mode", "", "the mode that is found")
	vmV2      = flag.Bool("vm.v2", false, "projects get cgroups of version 2")
	vmProgram = flag.String("vm.intruder", "", "path of the built intruder")
	vmRefused = flag.String("vm.refused", "", "no isolation works, and the sentence has this word")
)

// A machine is found to be what it is, and what is found is what is kept.
func TestVMIsUnderstood(t *testing.T) {
	s, err := sandbox.Open(t.Context(), sandbox.Options{Program: program(t, *vmProgram)})
	if *vmRefused != "" {
		if _, message := app.Public(err); err == nil || !strings.Contains(message, *vmRefused) || !strings.Contains(message, "--isolation=none") {
			t.Fatalf("Open = %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if string(s.Mode()) != *vmMode {
		t.Errorf("mode %s, want %s", s.Mode(), *vmMode)
	}
	bounded := slices.ContainsFunc(s.Findings(), func(f sandbox.Finding) bool { return f.About == "limits" && f.Level == sandbox.OK })
	if bounded != *vmV2 {
		t.Errorf("limits of whole projects: %v, want %v; %v", bounded, *vmV2, s.Findings())
	}
	groups := s.Cgroups("x")
	if len(groups) > 0 != *vmV2 {
		t.Errorf("cgroups of a project: %v", groups)
	}
	for _, g := range groups {
		if _, err := os.Stat(filepath.Join(g, "../../cgroup.controllers")); err != nil || len(groups) != 1 {
			t.Errorf("cgroups %v are not of version 2: %v", groups, err)
		}
	}
}

// A server that is started again beside what an earlier one has left, and a
// doctor beside a server, find the same cgroups as the first.
func TestVMFindsTheSameCgroupsAgain(t *testing.T) {
	if !*vmV2 {
		return // there are none
	}
	p := program(t, *vmProgram)
	var first []string
	for range 3 {
		s, err := sandbox.Open(t.Context(), sandbox.Options{Program: p})
		if err != nil {
			t.Fatal(err)
		}
		groups := s.Cgroups("x")
		if first == nil {
			first = groups
		}
		if !slices.Equal(groups, first) || len(groups) == 0 {
			t.Errorf("cgroups %v, at first %v", groups, first)
		}
	}
}

// A service manager starts the server again while projects run. It can if it does
// so in the server's leaf (DelegateSubgroup=server); the group itself is busy.
func TestVMIsStartedAgainBesideProjects(t *testing.T) {
	if !*vmV2 {
		return
	}
	if in := os.Getenv(startedIn); in != "" {
		startInside(t, in)
		return
	}
	service := "/sys/fs/cgroup/again.service"
	leaf := filepath.Join(service, "server")
	if err := os.MkdirAll(leaf, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, group := range []string{"lyceum/x/user", "lyceum/x", "lyceum", "server", ""} {
			if err := os.Remove(filepath.Join(service, group)); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Error(err)
			}
		}
	})
	start := func(in string) error {
		group, err := os.Open(in)
		if err != nil {
			return err
		}
		defer group.Close()
		cmd := exec.Command("/proc/self/exe", append([]string{"-test.run=^" + t.Name() + "$"}, os.Args[1:]...)...)
		cmd.Env = append(os.Environ(), startedIn+"="+service)
		cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(group.Fd())}
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("in %s: %w\n%s", in, err, out)
		}
		return nil
	}
	for range 2 {
		if err := start(leaf); err != nil {
			t.Fatal(err)
		}
	}
	if err := start(service); !errors.Is(err, unix.EBUSY) {
		t.Errorf("in the group that has groups: %v, want EBUSY", err)
	}
	if weight, err := os.ReadFile(filepath.Join(leaf, "cpu.weight")); err != nil || strings.TrimSpace(string(weight)) != "1000" {
		t.Errorf("the server's weight is %q, %v", weight, err)
	}
}

// startedIn tells the test that it is the server that it starts, and in which
// group.
const startedIn = "VM_STARTED_IN"

// startInside opens the sandbox and leaves the group of a project.
func startInside(t *testing.T, service string) {
	s, err := sandbox.Open(t.Context(), sandbox.Options{Program: program(t, *vmProgram)})
	if err != nil {
		t.Fatal(err)
	}
	want := filepath.Join(service, "lyceum/x")
	if groups := s.Cgroups("x"); len(groups) != 1 || groups[0] != want {
		t.Fatalf("cgroups %v, want %s", groups, want)
	}
	if err := os.MkdirAll(filepath.Join(want, "user"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// The escapes, in the one mode that this machine has.
func TestVMContract(t *testing.T) {
	if *vmRefused != "" || *vmMode != string(sandbox.Root) {
		return // TestContract runs the others
	}
	host := sandboxtest.Host{Intruder: *vmProgram, Agent: *agent}
	inNetwork(t, func() {
		host.Dial = listenEverywhere(t)
		mode := sandbox.Mode(*vmMode)
		write(t, sandboxtest.Table{mode: sandboxtest.Run(t, mode, host)}, []sandbox.Mode{mode})
	})
}
