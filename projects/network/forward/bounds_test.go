package forward_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lyceum/projects/network"
	"lyceum/projects/network/forward"
	"lyceum/projects/network/link"
	nt "lyceum/projects/network/networktest"
)

// settles waits until as many flows are open.
func (p *project) settles(want network.Status) {
	p.t.Helper()
	deadline := time.Now().Add(waitTime)
	for p.f.Status() != want {
		if time.Now().After(deadline) {
			p.t.Fatalf("%+v are open, want %+v", p.f.Status(), want)
		}
		<-time.After(time.Millisecond)
	}
}

// resolve asks the gateway for a name: the address, or "rcode n".
func (p *project) resolve(how, name string) string {
	p.t.Helper()
	conn, err := p.dial(how, link.Gateway4.String()+":53")
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close()
	query := []byte{0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	for label := range strings.SplitSeq(name, ".") {
		query = append(append(query, byte(len(label))), label...)
	}
	query = append(query, 0, 0, 1, 0, 1)
	if how == "tcp" {
		query = append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)
	}
	_ = conn.SetDeadline(time.Now().Add(waitTime))
	if _, err := conn.Write(query); err != nil {
		p.t.Fatal(err)
	}
	answer := make([]byte, 1024)
	n, err := conn.Read(answer)
	if err != nil {
		return err.Error()
	}
	answer = answer[:n]
	if how == "tcp" {
		answer = answer[2:]
	}
	if rcode := answer[3] & 0x0f; rcode != 0 {
		return fmt.Sprintf("rcode %d", rcode)
	}
	return net.IP(answer[len(answer)-4:]).String()
}

// A program that opens connections without end gets so many, and its others go
// on.
func TestN6ConnectionsAreBounded(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	nt.New(t)
	bounds := forward.DefaultBounds
	bounds.Connections, bounds.Sessions, bounds.SessionIdle = 8, 4, 200*time.Millisecond
	p := newProject(t, bounds)
	first, err := p.dial("tcp", nt.Door("11.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	refusals := 0
	for range 20 {
		conn, err := p.dial("tcp", nt.Door("11.0.0.1"))
		if err != nil {
			refusals++
			continue
		}
		defer conn.Close()
	}
	if refusals != 20-7 || ping(first) != nil {
		t.Errorf("%d of 20 further connections are refused; the first: %v", refusals, ping(first))
	}
	for range 20 {
		conn, err := p.dial("udp", nt.Door("11.0.0.1"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = conn.Write([]byte("x"))
	}
	p.settles(network.Status{Connections: 8, Sessions: 4})
	p.settles(network.Status{Connections: 8}) // they are idle
	if got := p.says("udp", nt.Door("11.0.0.1")); got != "" {
		t.Errorf("after the idle ones have ended: %s", got)
	}
}

// Attempts that nobody answers take a bounded number of places, and each ends.
func TestN6AttemptsWithoutAnAnswerEnd(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := nt.New(t)
	w.Swallow(t, "11.0.0.2")
	bounds := forward.DefaultBounds
	bounds.HalfOpen, bounds.DialTime = 4, 300*time.Millisecond
	p := newProject(t, bounds)
	p.Do(t, func() error {
		for range 30 {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
			if err := unix.Connect(fd, &unix.SockaddrInet4{Port: nt.Port, Addr: [4]byte{11, 0, 0, 2}}); err != unix.EINPROGRESS {
				return err
			}
		}
		for range 50 {
			if n := p.f.Status().Connections; n > bounds.HalfOpen {
				t.Errorf("%d attempts are under way", n)
			}
			<-time.After(time.Millisecond)
		}
		return nil
	})
	p.settles(network.Status{})
}

// Who asks for names without end is answered at a bounded rate.
func TestN6QuestionsForNamesAreBounded(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := nt.New(t)
	bounds := forward.DefaultBounds
	bounds.QueryRate = 10
	p := newProject(t, bounds)
	w.DNS.Set("a.test", "11.0.0.1")
	conn, err := p.dial("udp", link.Gateway4.String()+":53")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const questions = 500
	query := append([]byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, "\x01a\x04test\x00\x00\x01\x00\x01"...)
	began := time.Now()
	for range questions {
		if _, err := conn.Write(query); err != nil {
			t.Fatal(err)
		}
	}
	for _, odd := range []string{"", "x", string(query[:12]), strings.Repeat("x", 5000), "\x00\x01\x81\x80" + string(query[4:]), "\x00\x01\x01\x00\x00\x02" + string(query[6:])} {
		_, _ = conn.Write([]byte(odd))
	}
	p.settlesDNS(w, conn)
	most := 10 + int(10*time.Since(began).Seconds()) + 1
	if n := w.DNS.Asked(); n < 10 || n > most {
		t.Errorf("%d of %d questions have been passed on, at most %d should be", n, questions, most)
	}
}

// settlesDNS waits until a question is answered again.
func (p *project) settlesDNS(w *nt.World, conn net.Conn) {
	p.t.Helper()
	buffer := make([]byte, 1024)
	_ = conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	for {
		if _, err := conn.Read(buffer); err != nil {
			return
		}
	}
}

// A program that has gone away cannot keep a connection whose server says
// nothing; one that waits for a slow answer can.
func TestSilentHalfOfAConnectionEnds(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := nt.New(t)
	bounds := forward.DefaultBounds
	bounds.HalfClosed = 300 * time.Millisecond
	p := newProject(t, bounds)
	accepted := w.Accept(t, ":7100")
	conn, err := p.dial("tcp", "11.0.0.1:7100")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	server := <-accepted
	defer server.Close()
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 10)
	_ = conn.SetReadDeadline(time.Now().Add(waitTime))
	for range 8 { // more than HalfClosed altogether
		<-time.After(100 * time.Millisecond)
		if _, err := server.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(buffer); err != nil {
			t.Fatalf("while the server still speaks: %v", err)
		}
	}
	p.settles(network.Status{})
}

// A reader that has stopped holds what its window holds, and the server waits.
func TestSlowReaderIsBounded(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := nt.New(t)
	p := newProject(t, forward.DefaultBounds)
	accepted := w.Accept(t, ":7100")
	conn, err := p.dial("tcp", "11.0.0.1:7100")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	server := <-accepted
	defer server.Close()
	sent := 0
	chunk := make([]byte, 1<<20)
	for sent < 1<<30 {
		_ = server.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
		n, err := server.Write(chunk)
		sent += n
		if err != nil {
			break
		}
	}
	const most = 64 << 20 // the kernel's windows on both sides are most of it
	if sent > most {
		t.Errorf("%d bytes were taken for a program that reads none", sent)
	}
	if got := p.says("tcp", nt.Door("11.0.0.1")); got != "" {
		t.Errorf("another connection meanwhile: %s", got)
	}
}
