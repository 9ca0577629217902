package forward

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"

	"lyceum/projects/network"
)

// takeUDP begins a session for a datagram that belongs to none; false lets the
// stack tell the program that nobody is there. The stack calls it while it reads
// packets, so it does not wait.
func (f *Forwarder) takeUDP(r *udp.ForwarderRequest) bool {
	c := f.enter(target(r.ID()), session)
	if c == nil {
		return false
	}
	inside, outside, ok := f.openSession(c, r)
	if !ok {
		f.leave(c)
		return false
	}
	go func() { // leave is waited for
		defer f.leave(c)
		exchange(inside, outside, c.cut, f.bounds.SessionIdle)
	}()
	return true
}

func (f *Forwarder) openSession(c *flow, r *udp.ForwarderRequest) (inside, outside net.Conn, ok bool) {
	if f.decide(c.to, now) != network.Allowed {
		return nil, nil, false
	}
	outside, err := net.Dial("udp", c.to.String()) // sends nothing
	if err != nil || !c.own(func() { _ = outside.Close() }) {
		return nil, nil, false
	}
	var queue waiter.Queue
	endpoint, failed := r.CreateEndpoint(&queue)
	if failed != nil {
		return nil, nil, false
	}
	inside = gonet.NewUDPConn(&queue, endpoint)
	return inside, outside, c.own(func() { _ = inside.Close() })
}

// exchange carries datagrams both ways until neither side has sent one for a
// while, or one is gone.
func exchange(inside, outside net.Conn, end func(), idle time.Duration) {
	var moved atomic.Int64
	var both sync.WaitGroup
	carry := func(to, from net.Conn) {
		defer end()
		buffer := make([]byte, maxDatagram)
		for seen := int64(-1); ; {
			_ = from.SetReadDeadline(time.Now().Add(idle)) // fails only when it is closed
			n, err := from.Read(buffer)
			switch {
			case err == nil:
				moved.Add(1)
				_, _ = to.Write(buffer[:n]) // a datagram may be lost
			case !isTimeout(err) || moved.Load() == seen:
				return
			}
			seen = moved.Load()
		}
	}
	both.Go(func() { carry(outside, inside) })
	both.Go(func() { carry(inside, outside) })
	both.Wait()
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}
