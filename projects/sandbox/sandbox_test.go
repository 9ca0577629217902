package sandbox_test

import (
	"encoding/json"
	"errors"
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

// table is for make attack-sandbox: there what this machine cannot run is said
// and is no failure.
var table = flag.String("table", "", "file for the table mode × escape")

// With these flags the test binary is the ordinary user of the test as root.
var (
	asUser = flag.String("intruder", "", "path of the built intruder: check the mode unprivileged")
	agent  = flag.String("agent", "", "path of the real agent, then")
	words  = flag.String("words", "", "what is said when namespaces are forbidden, then")
	column = flag.String("column", "", "file for what the mode keeps, then; else the table is shown")
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
		got := sandboxtest.Run(t, sandbox.Unprivileged, sandboxtest.Host{Intruder: *asUser, Agent: *agent, Dial: strings.Fields(*dials)})
		if *column == "" {
			write(t, sandboxtest.Table{sandbox.Unprivileged: got}, []sandbox.Mode{sandbox.Unprivileged})
			return
		}
		data, err := json.Marshal(got)
		if err = errors.Join(err, os.WriteFile(*column, data, 0o600)); err != nil {
			t.Fatal(err)
		}
		return
	}
	folder := openFolder(t)
	host := sandboxtest.Host{
		Intruder: sandboxtest.Build(t, folder, sandboxtest.Intruder), Agent: sandboxtest.Build(t, folder, sandboxtest.Agent),
	}
	kept := sandboxtest.Table{}
	modes := []sandbox.Mode{sandbox.RootUserNS, sandbox.Root, sandbox.Unprivileged}
	if os.Geteuid() != 0 {
		if *table == "" {
			t.Fatal("this needs root: run make test as root, or go test -short")
		}
		modes = modes[2:]
		kept[sandbox.Unprivileged] = sandboxtest.Run(t, sandbox.Unprivileged, host)
		write(t, kept, modes)
		return
	}
	// The server may have further groups; a project must not.
	if err := syscall.Setgroups([]int{4, 27}); err != nil {
		t.Fatal(err)
	}
	inNetwork(t, func() {
		host.Dial = listenEverywhere(t)
		for _, mode := range modes[:2] {
			t.Run(string(mode), func(t *testing.T) { kept[mode] = sandboxtest.Run(t, mode, host) })
		}
		t.Run("unprivileged", func(t *testing.T) { kept[sandbox.Unprivileged] = runAsUser(t, folder, host) })
	})
	write(t, kept, modes)
}

// write shows the table and checks that it has no hole.
func write(t *testing.T, kept sandboxtest.Table, modes []sandbox.Mode) {
	t.Helper()
	var text strings.Builder
	err := kept.Write(&text, modes)
	if *table == "" {
		t.Log("\n" + text.String())
	} else {
		err = errors.Join(err, os.WriteFile(*table, []byte(text.String()), 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	if !kept.Whole(modes) {
		t.Error("an escape is open, or was not tried")
	}
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
func runAsUser(t *testing.T, folder string, host sandboxtest.Host) (kept sandboxtest.Column) {
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
	said := filepath.Join(temp, "column")
	cmd := exec.Command(binary, "-test.run=^TestContract$", "-test.v", "-intruder="+host.Intruder, "-agent="+host.Agent,
		"-dials="+strings.Join(host.Dial, " "), "-column="+said)
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
	data, err := os.ReadFile(said)
	if err = errors.Join(err, json.Unmarshal(data, &kept)); err != nil {
		t.Errorf("what the mode keeps: %v", err)
	}
	return kept
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
