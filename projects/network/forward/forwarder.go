package forward

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"

	"lyceum/projects/network"
	"lyceum/projects/network/link"
)

// nic is the number of the only interface of the stack.
const nic tcpip.NICID = 1

var (
	project4, project6 = tcpip.AddrFromSlice(link.Project4.AsSlice()), tcpip.AddrFromSlice(link.Project6.AsSlice())
	gateway4, gateway6 = tcpip.AddrFromSlice(link.Gateway4.AsSlice()), tcpip.AddrFromSlice(link.Gateway6.AsSlice())
)

// Forwarder carries one project's connections. Its methods may be called from
// any goroutine.
type Forwarder struct {
	bounds Bounds
	stack  *stack.Stack
	wire   *wire
	policy atomic.Pointer[network.Policy]
	names  *names
	dns    *dns

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	tasks  sync.WaitGroup

	mu     sync.Mutex
	open   map[*flow]struct{} // nil after Close
	counts [2]int             // of open, by kind
}

// New takes over the project's end of the interface, non-blocking, and forwards
// nothing before Run.
func New(ctx context.Context, tun *os.File, policy network.Policy, bounds Bounds) (*Forwarder, error) {
	fd := -1
	raw, err := tun.SyscallConn()
	if err == nil {
		err = raw.Control(func(n uintptr) { fd = int(n) })
	}
	if err != nil {
		return nil, err
	}
	f := &Forwarder{bounds: bounds, wire: &wire{tun: tun, fd: fd}, open: make(map[*flow]struct{})}
	f.ctx, f.cancel = context.WithCancel(ctx)
	f.names = &names{fresh: bounds.NamesFresh, task: f.tasks.Go, known: make(map[string]*name)}
	f.policy.Store(&policy)
	f.stack = stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, ipv6.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol},
	})
	if err := f.setUp(); err != nil {
		return nil, err
	}
	return f, nil
}

// setUp makes the stack one that takes connections to every address.
func (f *Forwarder) setUp() error {
	window := tcpip.TCPReceiveBufferSizeRangeOption{Min: 4 << 10, Default: startWindow, Max: maxWindow}
	send := tcpip.TCPSendBufferSizeRangeOption{Min: 4 << 10, Default: maxWindow, Max: maxWindow}
	sack, moderate := tcpip.TCPSACKEnabled(true), tcpip.TCPModerateReceiveBufferOption(true)
	steps := []func() tcpip.Error{
		func() tcpip.Error { return f.stack.CreateNIC(nic, f.wire) },
		func() tcpip.Error { return f.stack.SetPromiscuousMode(nic, true) },
		func() tcpip.Error { return f.stack.SetSpoofing(nic, true) },
		func() tcpip.Error { return f.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &window) },
		func() tcpip.Error { return f.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &send) },
		func() tcpip.Error { return f.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &sack) },
		func() tcpip.Error { return f.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &moderate) },
		func() tcpip.Error { return f.address(ipv4.ProtocolNumber, gateway4) },
		func() tcpip.Error { return f.address(ipv6.ProtocolNumber, gateway6) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("set up the network stack: %s", err)
		}
	}
	f.stack.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: nic}, {Destination: header.IPv6EmptySubnet, NIC: nic}})
	tcps := tcp.NewForwarder(f.stack, startWindow, f.bounds.HalfOpen, f.takeTCP)
	f.stack.SetTransportProtocolHandler(tcp.ProtocolNumber, tcps.HandlePacket)
	f.stack.SetTransportProtocolHandler(udp.ProtocolNumber, udp.NewForwarder(f.stack, f.takeUDP).HandlePacket)
	var err error
	f.dns, err = newDNS(f)
	return err
}

func (f *Forwarder) address(protocol tcpip.NetworkProtocolNumber, address tcpip.Address) tcpip.Error {
	return f.stack.AddProtocolAddress(nic, tcpip.ProtocolAddress{
		Protocol: protocol, AddressWithPrefix: address.WithPrefix(),
	}, stack.AddressProperties{})
}

// Run forwards until the interface is gone or Close.
func (f *Forwarder) Run() error {
	f.dns.start()
	err := f.wire.read()
	f.Close()
	if errors.Is(err, os.ErrClosed) || errors.Is(err, unix.EBADFD) {
		return nil // the project has ended
	}
	return fmt.Errorf("read from the project: %w", err)
}

// Close ends all connections and waits for it.
func (f *Forwarder) Close() {
	f.cancel()
	f.mu.Lock()
	for c := range f.open {
		c.cut()
	}
	f.open = nil
	f.mu.Unlock()
	_ = f.wire.tun.Close() // a second time is no matter
	f.dns.close()
	f.stack.Close()
	f.tasks.Wait()
	f.stack.Wait()
}

// SetPolicy changes what may be reached, at once: an open connection that would
// be refused now is cut.
func (f *Forwarder) SetPolicy(p network.Policy) {
	f.policy.Store(&p)
	f.names.keep(p.Names())
	f.mu.Lock()
	open := make([]*flow, 0, len(f.open))
	for c := range f.open {
		open = append(open, c)
	}
	f.mu.Unlock()
	for _, c := range open {
		if f.decide(c.to, patient) != network.Allowed {
			c.cut()
		}
	}
}

// pace is whether a decision may wait for the addresses of a name.
type pace bool

const (
	now     pace = false // as last known
	patient pace = true
)

// decide asks the policy about an address, as it and the machine are now.
func (f *Forwarder) decide(to netip.AddrPort, p pace) network.Verdict {
	return f.policy.Load().Decide(to, network.World{Place: place, Named: func(host string, addr netip.Addr) bool {
		return f.names.has(f.ctx, host, addr, p)
	}})
}

func place(addr netip.Addr) network.Place {
	r, err := link.Lookup(addr)
	switch {
	case err != nil:
		return network.Unknown
	case r.Local:
		return network.Own
	case r.Neighbor:
		return network.Segment
	}
	return network.Beyond
}

// target is the address that a program inside has dialled.
func target(id stack.TransportEndpointID) netip.AddrPort {
	addr, _ := netip.AddrFromSlice(id.LocalAddress.AsSlice()) // of four or sixteen bytes
	return netip.AddrPortFrom(addr, id.LocalPort)
}
