package forward_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lyceum/projects/network"
	"lyceum/projects/network/forward"
	"lyceum/projects/network/link"
	nt "lyceum/projects/network/networktest"
)

func TestMain(m *testing.M) { nt.Main(m) }

// project is a network namespace with an interface to a forwarder.
type project struct {
	*nt.Namespace
	t testing.TB
	f *forward.Forwarder
}

func newProject(t testing.TB, bounds forward.Bounds, allow ...string) *project {
	t.Helper()
	p := &project{Namespace: nt.NewNamespace(t), t: t}
	fd := -1
	p.Do(t, func() (err error) {
		nt.LoopbackUp(t)
		fd, err = link.Open()
		return err
	})
	var err error
	if p.f, err = forward.New(t.Context(), os.NewFile(uintptr(fd), "tun"), policy(t, "filtered", allow...), bounds); err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		if err := p.f.Run(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() {
		p.f.Close()
		done.Wait()
	})
	return p
}

func policy(t testing.TB, mode string, allow ...string) network.Policy {
	t.Helper()
	p, err := network.Parse(mode, allow)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// waitTime is far above what any step needs.
const waitTime = 10 * time.Second

// dial opens a connection from inside.
func (p *project) dial(how, address string) (conn net.Conn, err error) {
	p.t.Helper()
	p.Do(p.t, func() error {
		d := net.Dialer{Timeout: waitTime, FallbackDelay: -1} // on this thread
		conn, err = d.Dial(how, address)
		return nil
	})
	return conn, err
}

// says tries an address from inside: "" if what was sent came back, otherwise
// why not.
func (p *project) says(how, address string) string {
	p.t.Helper()
	conn, err := p.dial(how, address)
	if err == nil {
		defer conn.Close()
		err = ping(conn)
	}
	for _, known := range []error{unix.ECONNREFUSED, unix.ENETUNREACH, unix.EHOSTUNREACH, unix.ECONNRESET, unix.EACCES, unix.EINVAL} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func ping(conn net.Conn) error {
	if err := conn.SetDeadline(time.Now().Add(waitTime)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("hello")); err != nil {
		return err
	}
	answer := make([]byte, 5)
	if _, err := io.ReadFull(conn, answer); err != nil {
		return err
	}
	if string(answer) != "hello" {
		return fmt.Errorf("%q came back", answer)
	}
	return nil
}

const refused = "connection refused"

// A project with a network reaches what everybody reaches, and nothing of the
// machine or around it, though every door is open to the machine itself.
func TestN2ReachesOutsideOnly(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	nt.New(t)
	p := newProject(t, forward.DefaultBounds)
	for _, how := range []string{"tcp", "udp"} {
		for _, a := range nt.Outside {
			if got := p.says(how, nt.Door(a)); got != "" {
				t.Errorf("%s %s: %s", how, a, got)
			}
		}
		for _, list := range [][]string{nt.Inner, nt.Near, nt.Own, {"0.0.0.0", "::"}} {
			for _, a := range list {
				if got := p.says(how, nt.Door(a)); got != refused {
					t.Errorf("%s %s: %q", how, a, got)
				}
			}
		}
		for _, gateway := range []string{link.Gateway4.String(), link.Gateway6.String()} {
			if got := p.says(how, nt.Door(gateway)); got != refused {
				t.Errorf("%s %s: %q", how, gateway, got)
			}
		}
	}
}

// What the machine gets later is its own too.
func TestN2NewAddressOfTheMachineIsRefused(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	nt.New(t)
	p := newProject(t, forward.DefaultBounds)
	if got := p.says("tcp", nt.Door("11.0.0.2")); got != "" {
		t.Fatal(got)
	}
	nt.Address(t, "11.0.0.2")
	if got := p.says("tcp", nt.Door("11.0.0.2")); got != refused {
		t.Errorf("an address of the machine: %q", got)
	}
}

// A name that leads to a harmless address first and to an inner one then gains
// nothing: what is dialled is checked.
func TestN2NameThatIsBoundAnewIsRefused(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := nt.New(t)
	p := newProject(t, forward.DefaultBounds)
	w.DNS.Set("rebind.test", "11.0.0.1", "169.254.169.254", "127.0.0.1", "10.5.5.5")
	var got []string
	for range 4 {
		addr := p.resolve("udp", "rebind.test")
		got = append(got, addr+" "+p.says("tcp", nt.Door(addr)))
	}
	want := fmt.Sprint([]string{"11.0.0.1 ", "169.254.169.254 " + refused, "127.0.0.1 " + refused, "10.5.5.5 " + refused})
	if fmt.Sprint(got) != want {
		t.Errorf("%q, want %q", fmt.Sprint(got), want)
	}
	w.DNS.Set("tcp.test", "11.0.0.2")
	if addr := p.resolve("tcp", "tcp.test"); addr != "11.0.0.2" {
		t.Errorf("over TCP the name leads to %q", addr)
	}
	if addr := p.resolve("udp", "absent.test"); addr != "rcode 3" {
		t.Errorf("a name that does not exist: %q", addr)
	}
}

// An administrator's name opens an inner server wherever it is, never the
// machine.
func TestN3NameInTheAllowListOpensInnerAddresses(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := nt.New(t)
	bounds := forward.DefaultBounds
	bounds.NamesFresh = 0 // each decision asks
	w.DNS.Set("mirror.school.lan", "10.5.5.5")
	p := newProject(t, bounds, "mirror.school.lan:7000", "192.168.0.0/16:7000", "10.9.0.1:7001")
	for a, want := range map[string]string{"10.5.5.5": "", "192.168.5.5": "", "172.16.5.5": refused, "10.9.0.1": refused} {
		if got := p.says("tcp", nt.Door(a)); got != want {
			t.Errorf("%s: %q, want %q", a, got, want)
		}
	}
	for _, a := range []string{"127.0.0.1", "10.9.0.2", "169.254.169.254"} {
		w.DNS.Set("mirror.school.lan", a)
		if got := p.says("tcp", nt.Door(a)); got != refused {
			t.Errorf("the name leads to %s: %q", a, got)
		}
	}
	w.DNS.Set("mirror.school.lan", "172.16.5.5")
	if got := p.says("tcp", nt.Door("172.16.5.5")); got != "" {
		t.Errorf("the name leads elsewhere now: %q", got)
	}
	if got := p.says("tcp", nt.Door("10.5.5.5")); got != refused {
		t.Errorf("where the name led before: %q", got)
	}
}

// Bytes arrive whole in both directions, and an end of one direction is not one
// of the other.
func TestHalfClosedConnectionGoesOn(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	nt.New(t)
	p := newProject(t, forward.DefaultBounds)
	conn, err := p.dial("tcp", nt.Door("11.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<18)
	go func() { // ends with the connection
		_, _ = conn.Write(sent)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(conn)
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d of %d bytes came back, %v", len(got), len(sent), err)
	}
	p.settles(network.Status{})
}

// Nothing but TCP and UDP is carried, and nobody answers in the name of an
// address that was never asked.
func TestN7EchoIsNotAnswered(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	nt.New(t)
	p := newProject(t, forward.DefaultBounds)
	echo := []byte{8, 0, 0xf7, 0xfd, 0, 1, 0, 1} // with its checksum
	for _, a := range []string{"11.0.0.1", "10.5.5.5", link.Gateway4.String()} {
		conn, err := p.dial("ip4:icmp", a)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write(echo); err != nil {
			t.Fatal(err)
		}
		if got := p.says("tcp", nt.Door("11.0.0.1")); got != "" { // and what came before has been read
			t.Fatal(got)
		}
		_ = conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		if n, err := conn.Read(make([]byte, 100)); err == nil {
			t.Errorf("%s answers an echo with %d bytes", a, n)
		}
	}
}

// What does not come from the project's own address is not carried.
func TestOtherSourcesAreNotCarried(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	nt.New(t)
	p := newProject(t, forward.DefaultBounds)
	p.Address(t, "11.0.0.77")
	p.Do(t, func() error {
		for _, source := range []string{"11.0.0.77", link.Project4.String()} {
			d := net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(source)}}
			conn, err := d.Dial("udp", nt.Door("11.0.0.1"))
			if err != nil {
				return err
			}
			defer conn.Close()
			if source == link.Project4.String() {
				return ping(conn) // the other has been read before this
			}
			if _, err := conn.Write([]byte("x")); err != nil {
				return err
			}
		}
		return nil
	})
	p.settles(network.Status{Sessions: 1})
}

// Datagrams arrive as they were sent, also those that the kernel cuts up.
func TestDatagramsKeepTheirSize(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	nt.New(t)
	p := newProject(t, forward.DefaultBounds)
	conn, err := p.dial("udp", nt.Door("11.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(waitTime))
	buffer := make([]byte, 1<<16)
	for _, size := range []int{0, 1, 1472, 1473, 9000, 65000, 65507} {
		if _, err := conn.Write(bytes.Repeat([]byte{byte(size)}, size)); err != nil {
			t.Fatal(err)
		}
		n, err := conn.Read(buffer)
		if err != nil || n != size || !bytes.Equal(buffer[:n], bytes.Repeat([]byte{byte(size)}, size)) {
			t.Errorf("%d bytes came back as %d, %v", size, n, err)
		}
	}
}

// A connection that breaks on one side breaks on the other: nobody takes a part
// for the whole.
func TestBrokenConnectionIsSeenAsBroken(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := nt.New(t)
	p := newProject(t, forward.DefaultBounds)
	accepted := w.Accept(t, ":7100")
	for _, breaker := range []string{"server", "program"} {
		inside, err := p.dial("tcp", "11.0.0.1:7100")
		if err != nil {
			t.Fatal(err)
		}
		outside := <-accepted
		breaks, sees := outside, inside
		if breaker == "program" {
			breaks, sees = inside, outside
		}
		if err := breaks.(*net.TCPConn).SetLinger(0); err != nil {
			t.Fatal(err)
		}
		_ = breaks.Close()
		_ = sees.SetDeadline(time.Now().Add(waitTime))
		if _, err := sees.Read(make([]byte, 1)); !errors.Is(err, unix.ECONNRESET) {
			t.Errorf("broken by the %s: the other side sees %v", breaker, err)
		}
		_ = sees.Close()
	}
	p.settles(network.Status{})
}

// A new policy holds for connections that are open, too.
func TestN4NewPolicyCutsWhatItRefuses(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	nt.New(t)
	p := newProject(t, forward.DefaultBounds, "10.5.5.5", "172.16.0.0/12")
	open := map[string]net.Conn{}
	for _, a := range []string{"10.5.5.5", "172.16.5.5", "11.0.0.1"} {
		for _, how := range []string{"tcp", "udp"} {
			conn, err := p.dial(how, nt.Door(a))
			if err == nil {
				err = ping(conn)
			}
			if err != nil {
				t.Fatal(a, how, err)
			}
			defer conn.Close()
			open[how+a] = conn
		}
	}
	p.f.SetPolicy(policy(t, "filtered", "172.16.5.5:7000"))
	for name, conn := range open {
		if err := ping(conn); (err == nil) != (name != "tcp10.5.5.5" && name != "udp10.5.5.5") {
			t.Errorf("%s after the list has changed: %v", name, err)
		}
	}
	p.f.SetPolicy(policy(t, "off"))
	for name, conn := range open {
		if err := ping(conn); err == nil {
			t.Errorf("%s goes on with the network off", name)
		}
	}
	if got := p.says("tcp", nt.Door("11.0.0.1")); got != refused {
		t.Errorf("with the network off: %q", got)
	}
	if addr := p.resolve("udp", "outside.test"); addr != "rcode 5" {
		t.Errorf("a name with the network off: %q", addr)
	}
	p.f.SetPolicy(policy(t, "filtered"))
	if got := p.says("tcp", nt.Door("11.0.0.1")); got != "" {
		t.Errorf("on again: %q", got)
	}
}
