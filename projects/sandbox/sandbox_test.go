package sandbox_test

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"lyceum/projects/sandbox"
	"lyceum/projects/sandbox/sandboxtest"
)

// With these flags the test binary is the ordinary user of the test as root.
var (
	asUser = flag.String("intruder", "", "path of the built intruder: check the mode unprivileged")
	dials  = flag.String("dials", "", "what listens on the host, separated by spaces")
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(m.Run())
}

// The contract, in every mode that isolates. A machine without root or user
// namespaces cannot say whether they work: it fails.
func TestContract(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	if *asUser != "" {
		sandboxtest.Run(t, sandbox.Unprivileged, sandboxtest.Host{Intruder: *asUser, Dial: strings.Fields(*dials)})
		return
	}
	if os.Geteuid() != 0 {
		t.Fatal("this needs root: run make test as root, or go test -short")
	}
	// The server may have further groups; a project must not.
	if err := syscall.Setgroups([]int{4, 27}); err != nil {
		t.Fatal(err)
	}
	folder := openFolder(t)
	host := sandboxtest.Host{Intruder: sandboxtest.Build(t, folder)}
	inNetwork(t, func() {
		host.Dial = listenEverywhere(t)
		for _, mode := range []sandbox.Mode{sandbox.RootUserNS, sandbox.Root} {
			t.Run(string(mode), func(t *testing.T) { sandboxtest.Run(t, mode, host) })
		}
		t.Run("unprivileged", func(t *testing.T) { runAsUser(t, folder, host) })
	})
}

// openFolder returns a folder that every user can enter, as t.TempDir is not.
func openFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "lyceum-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

// runAsUser runs this test again as somebody without rights.
func runAsUser(t *testing.T, folder string, host sandboxtest.Host) {
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(folder, "test")
	if err := os.WriteFile(binary, self, 0o755); err != nil {
		t.Fatal(err)
	}
	const nobodys = 1_899_999_998
	temp := filepath.Join(folder, "tmp")
	if err := os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(temp, nobodys, nobodys); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-test.run=^TestContract$", "-test.v", "-intruder="+host.Intruder, "-dials="+strings.Join(host.Dial, " "))
	cmd.Dir = temp
	cmd.Env = []string{"TMPDIR=" + temp, "PATH=/usr/bin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobodys, Gid: nobodys}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("as an ordinary user: %v\n%s", err, out)
	}
	if !strings.Contains(string(out), "--- PASS: TestContract") {
		t.Errorf("the contract was not run:\n%s", out)
	}
}

// inNetwork runs fn in a network namespace of the test's own: the addresses that
// are probed exist nowhere else, and what leaves a broken sandbox ends there.
func inNetwork(t *testing.T, fn func()) {
	t.Helper()
	done := make(chan error, 1)
	go func() { // done is waited for
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			err = addresses()
		}
		if err == nil {
			fn()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// hosts are addresses that a project might want to reach: of the machine, of
// its network, of the cloud that it runs in.
var hosts = []string{"127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254"}

func addresses() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for i, host := range hosts {
		name := "lo"
		if i > 0 {
			name = fmt.Sprintf("lo:%d", i)
		}
		req, err := unix.NewIfreq(name)
		if err != nil {
			return err
		}
		if err := req.SetInet4Addr(net.ParseIP(host).To4()); err != nil {
			return err
		}
		if err := unix.IoctlIfreq(fd, unix.SIOCSIFADDR, req); err != nil {
			return fmt.Errorf("set %s: %w", host, err)
		}
		req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
		if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req); err != nil {
			return fmt.Errorf("switch on %s: %w", host, err)
		}
	}
	return nil
}

// listenEverywhere opens a door at every address and checks that it is open.
func listenEverywhere(t *testing.T) (dials []string) {
	t.Helper()
	door := func(name, network, address string) {
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		conn, err := net.Dial(network, l.Addr().String())
		if err != nil {
			t.Fatalf("the door at %s is not open: %v", address, err)
		}
		_ = conn.Close()
		dials = append(dials, name+"="+network+","+l.Addr().String())
	}
	for _, host := range hosts {
		door(host, "tcp", host+":0")
	}
	door("loopback6", "tcp", "[::1]:0")
	door("abstract", "unix", "@lyceum-test-"+fmt.Sprint(os.Getpid()))
	for _, d := range dials[:len(hosts)] {
		name, address, _ := strings.Cut(d, "=tcp,")
		dials = append(dials, "mapped_"+name+"=mapped,"+address)
	}
	return dials
}
