package forward

import (
	"context"
	"errors"
	"net"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"

	"lyceum/projects/network"
)

var errDenied = errors.New("denied by the policy")

// takeTCP answers a SYN: it dials first and accepts then, so that a program
// inside sees whether its server is there. The stack calls it in a goroutine of
// its own.
func (f *Forwarder) takeTCP(r *tcp.ForwarderRequest) {
	c := f.enter(target(r.ID()), connection)
	if c == nil {
		r.Complete(true)
		return
	}
	defer f.leave(c)
	outside, err := f.dial(c)
	if err != nil {
		r.Complete(true)
		return
	}
	var queue waiter.Queue
	endpoint, failed := r.CreateEndpoint(&queue)
	r.Complete(failed != nil)
	if failed != nil {
		return
	}
	if c.own(endpoint.Abort) {
		relay(gonet.NewTCPConn(&queue, endpoint), outside, c.cut, f.bounds.HalfClosed)
	}
}

// dial decides about an address and dials it. The answer is looked at once
// more: to an address that has become the machine's own meanwhile, both ends of
// the connection have it.
func (f *Forwarder) dial(c *flow) (*net.TCPConn, error) {
	if f.decide(c.to, patient) != network.Allowed {
		return nil, errDenied
	}
	ctx, cancel := context.WithTimeout(f.ctx, f.bounds.DialTime)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.to.String())
	if err != nil {
		return nil, err
	}
	outside := conn.(*net.TCPConn) // that is what "tcp" gives
	breakOff := func() {
		_ = outside.SetLinger(0) // the server sees that it is broken, not ended
		_ = outside.Close()      // it may be closed already
	}
	if !c.own(breakOff) {
		return nil, errDenied
	}
	if addrOf(outside.LocalAddr()) == c.to.Addr() && f.decide(c.to, patient) != network.Allowed {
		return nil, errDenied
	}
	return outside, nil
}

func addrOf(a net.Addr) netip.Addr {
	p, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr().Unmap()
}
