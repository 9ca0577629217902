package helper_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	nt "lyceum/projects/network/networktest"
	"lyceum/projects/sandbox"
)

// Escape 3, from inside a real sandbox with real sockets, in every mode that
// isolates, with the network on and off. Every door is open to the machine
// itself.
func TestN1N2ProjectsReachNothingAroundThem(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	if *asUser {
		testModes(t, sandbox.Unprivileged)
		return
	}
	w := nt.New(t)
	w.DNS.Set("outside.test", "11.0.0.1")
	w.DNS.Set("inner.test", "10.5.5.5")
	w.DNS.Set("machine.test", "127.0.0.1")
	testModes(t, sandbox.RootUserNS, sandbox.Root)
	t.Run("unprivileged", func(t *testing.T) { runAsUser(t, t.Name()) })
}

func testModes(t *testing.T, modes ...sandbox.Mode) {
	for _, mode := range modes {
		t.Run(string(mode), func(t *testing.T) {
			s := newSite(t, mode)
			on := s.project("on", "filtered")
			on.becomes("hello", "tcp", "11.0.0.1")
			testOn(t, on)
			off := s.project("off", "off")
			for _, how := range []string{"tcp", "udp"} {
				for _, a := range append(append(append([]string{"198.18.0.1"}, nt.Outside...), nt.Inner...), nt.Near...) {
					if got := off.door(how, a); got != "unreachable" {
						t.Errorf("off, %s %s: %q", how, a, got)
					}
				}
			}
			if got := off.door("tcp", "outside.test"); got == "hello" || got == "" {
				t.Errorf("off, a name: %q", got)
			}
			other := s.project("other", "filtered", "10.5.5.5:7000", "172.16.0.0/12")
			other.becomes("hello", "tcp", "11.0.0.1")
			for a, want := range map[string]string{"10.5.5.5": "hello", "172.16.5.5": "hello", "192.168.5.5": "refused"} {
				if got := other.door("tcp", a); got != want {
					t.Errorf("with an allow list, %s: %q, want %q", a, got, want)
				}
			}
			// Another project's ports, by every address that it has.
			other.says(fmt.Sprintf("exec 9< <(exec perl -MIO::Socket::INET -e '$|=1; $s=IO::Socket::INET->new(LocalPort=>%d,Listen=>9) or die; print qq(up\\n); while($c=$s->accept){print $c $_ while <$c>}'); read x <&9; echo $x", nt.Port+1))
			on = s.shell("on") // the one before has been silent for long
			for _, a := range []string{"198.18.0.2", "198.18.0.1", "10.9.0.2"} {
				if got := on.says(fmt.Sprintf("(exec 3<>/dev/tcp/%s/%d)", a, nt.Port+1)); !strings.Contains(got, "refused") {
					t.Errorf("another project's port at %s: %q", a, got)
				}
			}
		})
	}
}

func testOn(t *testing.T, on *shell) {
	for _, how := range []string{"tcp", "udp"} {
		for _, a := range append([]string{"outside.test"}, nt.Outside...) {
			if got := on.door(how, a); got != "hello" {
				t.Errorf("%s %s: %q", how, a, got)
			}
		}
		mapped := []string{"::ffff:10.5.5.5", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "inner.test", "machine.test", "0.0.0.0", "::"}
		for _, list := range [][]string{nt.Inner, nt.Near, nt.Own, mapped, {"198.18.0.1"}} {
			for _, a := range list {
				if got := on.door(how, a); got != "refused" {
					t.Errorf("%s %s: %q", how, a, got)
				}
			}
		}
	}
}

// runAsUser runs a test again as somebody without rights, who may use TUNs as on
// an ordinary Debian.
func runAsUser(t *testing.T, name string) {
	t.Helper()
	folder, err := build()
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(folder, "test")
	if err := os.WriteFile(binary, self, 0o755); err != nil {
		t.Fatal(err)
	}
	const nobodys = 1_899_999_996
	temp, err := os.MkdirTemp("", "lyceum-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(temp) })
	if err := os.Chown(temp, nobodys, nobodys); err != nil {
		t.Fatal(err)
	}
	openTUN(t)
	cmd := exec.Command(binary, "-test.run=^"+strings.Split(name, "/")[0]+"$", "-test.v", "-in-namespaces", "-as-user", "-programs="+folder)
	cmd.Dir = temp
	cmd.Env = []string{"TMPDIR=" + temp, "PATH=/usr/bin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobodys, Gid: nobodys}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: ") {
		t.Errorf("as an ordinary user: %v\n%s", err, out)
	}
}

// openTUN lets everybody use the device, in this test's mounts.
func openTUN(t *testing.T) {
	t.Helper()
	node := filepath.Join(t.TempDir(), "tun")
	if err := unix.Mknod(node, unix.S_IFCHR|0o666, int(unix.Mkdev(10, 200))); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(node, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(node, "/dev/net/tun", "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount("/dev/net/tun", unix.MNT_DETACH) })
}
