package forward

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"

	"lyceum/projects/network"
)

// dns answers for names at the gateway's addresses, by asking the resolvers of
// the host. It passes on what they say, also an address that is refused when it
// is dialled.
type dns struct {
	f         *Forwarder
	resolvers resolvers
	places    chan struct{} // one for each query that waits
	rate      bucket
	packets   []*gonet.UDPConn
	listeners []*gonet.TCPListener
}

func newDNS(f *Forwarder) (*dns, error) {
	d := &dns{f: f, places: make(chan struct{}, f.bounds.Queries), rate: bucket{rate: f.bounds.QueryRate}}
	for _, at := range []struct {
		addr     tcpip.Address
		protocol tcpip.NetworkProtocolNumber
	}{{gateway4, ipv4.ProtocolNumber}, {gateway6, ipv6.ProtocolNumber}} {
		address := tcpip.FullAddress{NIC: nic, Addr: at.addr, Port: dnsPort}
		packets, err := gonet.DialUDP(f.stack, &address, nil, at.protocol)
		if err != nil {
			return nil, fmt.Errorf("answer for names: %w", err)
		}
		d.packets = append(d.packets, packets)
		listener, err := gonet.ListenTCP(f.stack, address, at.protocol)
		if err != nil {
			return nil, fmt.Errorf("answer for names: %w", err)
		}
		d.listeners = append(d.listeners, listener)
	}
	return d, nil
}

func (d *dns) start() {
	for _, p := range d.packets {
		d.f.tasks.Go(func() { d.servePackets(p) })
	}
	for _, l := range d.listeners {
		d.f.tasks.Go(func() { d.serveStreams(l) })
	}
}

func (d *dns) close() {
	for _, p := range d.packets {
		_ = p.Close()
	}
	for _, l := range d.listeners {
		l.Shutdown()
		_ = l.Close()
	}
}

func (d *dns) servePackets(conn *gonet.UDPConn) {
	buffer := make([]byte, maxQuery+1)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return // closed
		}
		query := append([]byte(nil), buffer[:n]...)
		d.spawn(query, func(answer []byte) { _, _ = conn.WriteTo(answer, from) })
	}
}

// spawn answers a query, or forgets it if there are too many: whoever asked
// asks again.
func (d *dns) spawn(query []byte, reply func(answer []byte)) {
	if !isQuery(query) || !d.rate.take() {
		return
	}
	select {
	case d.places <- struct{}{}:
	default:
		return
	}
	d.f.tasks.Go(func() {
		defer func() { <-d.places }()
		reply(d.answer("udp", query))
	})
}

// serveStreams answers over TCP, for answers that are too long for a datagram.
func (d *dns) serveStreams(l *gonet.TCPListener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return // closed
		}
		address := netip.AddrPortFrom(netip.Addr{}, dnsPort)
		c := d.f.enter(address, connection) // counts as any other
		if c == nil || !c.own(func() { _ = conn.Close() }) {
			_ = conn.Close()
			continue
		}
		go func() { // leave is waited for
			defer d.f.leave(c)
			d.serveStream(conn)
		}()
	}
}

// streamIdle is how long who asks over TCP may take for the next question.
const streamIdle = 10 * time.Second

func (d *dns) serveStream(conn net.Conn) {
	for {
		_ = conn.SetDeadline(time.Now().Add(streamIdle)) // fails only when it is closed
		query, err := readFrame(conn, maxQuery)
		if err != nil || !isQuery(query) || !d.rate.take() {
			return
		}
		if writeFrame(conn, d.answer("tcp", query)) != nil {
			return
		}
	}
}

// answer asks one resolver after the other.
func (d *dns) answer(how string, query []byte) []byte {
	if d.f.policy.Load().Mode != network.Filtered {
		return refusal(query, rcodeRefused)
	}
	for _, r := range d.resolvers.now() {
		ctx, cancel := context.WithTimeout(d.f.ctx, d.f.bounds.QueryTime)
		answer, err := ask(ctx, how, r, query)
		cancel()
		if err == nil {
			return answer
		}
	}
	return refusal(query, rcodeFailure)
}

var errAnswer = errors.New("not an answer to the question")

// ask sends one query to one resolver, each from a socket of its own: a port
// that nobody can guess.
func ask(ctx context.Context, how string, resolver netip.AddrPort, query []byte) ([]byte, error) {
	conn, err := new(net.Dialer).DialContext(ctx, how, resolver.String())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, err
		}
	}
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if how == "tcp" {
		if err := writeFrame(conn, query); err != nil {
			return nil, err
		}
		answer, err := readFrame(conn, maxAnswer)
		if err == nil && !answers(answer, query) {
			err = errAnswer
		}
		return answer, err
	}
	if _, err := conn.Write(query); err != nil {
		return nil, err
	}
	buffer := make([]byte, maxDatagram)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return nil, err
		}
		if answers(buffer[:n], query) {
			return buffer[:n], nil
		}
	}
}

// Fields of the header of a message.
const (
	headerBytes  = 12
	offFlags     = 2
	offQuestions = 4
	isAnswer     = 0x80 // of the first byte of flags
	opcodeMask   = 0x78
	rcodeFailure = 2
	rcodeRefused = 5
)

// isQuery reports whether a message is one ordinary question.
func isQuery(m []byte) bool {
	return len(m) > headerBytes && len(m) <= maxQuery && m[offFlags]&(isAnswer|opcodeMask) == 0 &&
		binary.BigEndian.Uint16(m[offQuestions:]) == 1
}

// answers reports whether a message has the number of a question.
func answers(answer, query []byte) bool {
	return len(answer) >= headerBytes && answer[offFlags]&isAnswer != 0 && answer[0] == query[0] && answer[1] == query[1]
}

// refusal is the question with an error.
func refusal(query []byte, rcode byte) []byte {
	m := append([]byte(nil), query...)
	m[offFlags] |= isAnswer
	m[offFlags+1] = m[offFlags+1]&^0x0f | rcode
	return m
}

func readFrame(r io.Reader, most int) ([]byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(head[:]))
	if n > most {
		return nil, errAnswer
	}
	data := make([]byte, n)
	_, err := io.ReadFull(r, data)
	return data, err
}

func writeFrame(w io.Writer, m []byte) error {
	_, err := w.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(m))), m...))
	return err
}
