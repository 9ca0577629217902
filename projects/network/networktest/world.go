package networktest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Addresses of the world. Those that look public are of ranges that nobody here
// can reach: they exist in the namespaces only, which have no way out.
var (
	// Outside are servers that a project may reach.
	Outside = []string{"11.0.0.1", "11.0.0.2", "2a11::1"}
	// Inner are servers of the networks around the machine, behind its router.
	Inner = []string{
		"10.5.5.5", "172.16.5.5", "192.168.5.5", "100.64.5.5", "169.254.169.254", "203.0.113.5", "198.19.5.5", "192.0.2.5",
		"fd55::5", "64:ff9b::a05:505", "2002:a05:505::1", "2001:0:a05:505::1",
	}
	// Near are on the machine's own segment: its router, by all its addresses there.
	Near = []string{"10.9.0.1", "11.9.0.1", "2a09::1"}
	// Own are the machine's.
	Own = []string{"127.0.0.1", "127.0.0.53", "::1", "10.9.0.2", "11.9.0.2", "2a09::2", "11.44.0.1"}
)

// Port is where an echo answers at every address, by TCP and UDP.
const Port = 7000

// World is a machine, its router and what is behind.
type World struct {
	Behind *Namespace
	DNS    *DNS
}

// New makes the namespace of the test a machine with a router, and opens a door
// at every address. It may be called once in a test binary at a time.
func New(t testing.TB) *World {
	t.Helper()
	w := &World{Behind: NewNamespace(t)}
	link := fmt.Sprintf("link add up0 type veth peer name down0 netns /proc/%d/fd/%d", os.Getpid(), w.Behind.file.Fd())
	run(t, "link set lo up", link, "link set up0 up",
		"addr add 10.9.0.2/24 dev up0", "addr add 11.9.0.2/24 dev up0", "addr add 2a09::2/64 dev up0 nodad", "addr add 11.44.0.1/32 dev lo")
	t.Cleanup(func() { run(t, "link del up0", "addr del 11.44.0.1/32 dev lo") })
	w.Behind.Do(t, func() error {
		run(t, "link set lo up", "link set down0 up", "addr add 10.9.0.1/24 dev down0", "addr add 11.9.0.1/24 dev down0", "addr add 2a09::1/64 dev down0 nodad")
		for _, a := range append(append([]string(nil), Outside...), Inner...) {
			run(t, "addr add "+a+" dev lo"+map[bool]string{true: " nodad"}[strings.Contains(a, ":")])
		}
		return nil
	})
	run(t, "route add default via 10.9.0.1", "-6 route add default via 2a09::1")
	w.Behind.Do(t, func() error {
		w.DNS = serveDNS(t)
		return echo(t, Outside, Inner, Near)
	})
	if err := echo(t, Own); err != nil {
		t.Fatal(err)
	}
	useResolver(t, Near[0])
	for _, list := range [][]string{Outside, Inner, Near, Own} {
		for _, a := range list {
			conn, err := net.Dial("tcp", Door(a))
			if err != nil {
				t.Fatalf("the door at %s is not open: %v", a, err)
			}
			_ = conn.Close()
		}
	}
	return w
}

// Door is the address of an echo.
func Door(addr string) string { return net.JoinHostPort(addr, fmt.Sprint(Port)) }

func run(t testing.TB, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			t.Errorf("ip %s: %v: %s", line, err, out)
		}
	}
}

// LoopbackUp switches on the loopback of the calling thread's namespace, as a
// sandbox does.
func LoopbackUp(t testing.TB) { run(t, "link set lo up") }

// useResolver makes the machine ask for names at an address. Main has given the
// test binary mounts of its own.
func useResolver(t testing.TB, addr string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(file, []byte("nameserver "+addr+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	target, err := filepath.EvalSymlinks("/etc/resolv.conf")
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(file, target, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(target, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// Address gives the machine a further address.
func Address(t testing.TB, addr string) {
	t.Helper()
	run(t, "addr add "+addr+" dev lo")
	t.Cleanup(func() { run(t, "addr del "+addr+" dev lo") })
}

// Address gives the namespace a further address, as long as it lasts.
func (n *Namespace) Address(t testing.TB, addr string) {
	t.Helper()
	n.Do(t, func() error {
		run(t, "addr add "+addr+" dev lo")
		return nil
	})
}

// Swallow makes everything that is sent to an address get lost.
func (w *World) Swallow(t testing.TB, addr string) {
	t.Helper()
	w.Behind.Do(t, func() error {
		run(t, "addr del "+addr+" dev lo", "route add blackhole "+addr)
		return nil
	})
}

// Accept listens behind the router and gives who connects.
func (w *World) Accept(t testing.TB, address string) <-chan net.Conn {
	t.Helper()
	var l net.Listener
	w.Behind.Do(t, func() (err error) {
		l, err = net.Listen("tcp", address)
		return err
	})
	t.Cleanup(func() { _ = l.Close() })
	accepted := make(chan net.Conn)
	go func() { // ends with the listener
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- conn
		}
	}()
	return accepted
}
