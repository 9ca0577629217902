package networktest

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

// DNS is the resolver of the machine. Names without addresses do not exist.
type DNS struct {
	mu    sync.Mutex
	names map[string][]string
	asked int
}

// Set gives a name addresses: each question is answered with the next, the last
// from then on, as a name that is bound anew is.
func (d *DNS) Set(name string, addrs ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.names[name] = addrs
}

// Asked returns how many questions have come.
func (d *DNS) Asked() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}

func serveDNS(t testing.TB) *DNS {
	t.Helper()
	d := &DNS{names: make(map[string][]string)}
	p, err := net.ListenPacket("udp", ":53")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", ":53")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = p.Close(), l.Close() })
	go func() { // ends with the socket
		buffer := make([]byte, 4096)
		for {
			n, from, err := p.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = p.WriteTo(d.answer(buffer[:n]), from)
		}
	}()
	go func() { // ends with the listener
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			buffer := make([]byte, 4096)
			if n, err := conn.Read(buffer); err == nil && n > 2 {
				answer := d.answer(buffer[2:n])
				_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
			}
			_ = conn.Close()
		}
	}()
	return d
}

// answer knows one question and records of type A.
func (d *DNS) answer(query []byte) []byte {
	const header, typeA = 12, 1
	labels, at := []string{}, header
	for query[at] != 0 {
		n := int(query[at])
		labels = append(labels, string(query[at+1:at+1+n]))
		at += 1 + n
	}
	end := at + 5 // the zero, type and class
	kind := binary.BigEndian.Uint16(query[at+1:])
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	name := strings.ToLower(strings.Join(labels, "."))
	addrs, exists := d.names[name]
	m := append([]byte(nil), query[:end]...)
	copy(m[2:header], []byte{0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0})
	if !exists {
		m[3] |= 3 // no such name
		return m
	}
	if kind != typeA {
		return m
	}
	m[7] = 1
	m = append(m, 0xc0, header, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4)
	m = append(m, netip.MustParseAddr(addrs[0]).AsSlice()...)
	if len(addrs) > 1 {
		d.names[name] = addrs[1:]
	}
	return m
}
