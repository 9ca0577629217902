package forward

import (
	"net/netip"
	"sync"

	"lyceum/projects/network"
)

// kind of a flow.
type kind int

const (
	connection kind = iota // of TCP
	session                // of UDP
)

// flow is a connection or a session that is open or being dialled: who has an
// open one knows where it leads, so that a new policy can cut it.
type flow struct {
	to   netip.AddrPort
	kind kind

	mu    sync.Mutex
	ends  []func() // each breaks one end off
	isCut bool
}

// own gives the flow an end, as what breaks it off; false if that was done
// already because the flow has been cut.
func (c *flow) own(breakOff func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isCut {
		breakOff()
		return false
	}
	c.ends = append(c.ends, breakOff)
	return true
}

// cut breaks both ends off; whoever waits for them notices. Ends that have been
// closed in order are none the worse.
func (c *flow) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isCut = true
	for _, breakOff := range c.ends {
		breakOff()
	}
	c.ends = nil
}

// enter counts a flow in, before it is decided about: a policy that changes
// from now on sees it. nil if there are too many.
func (f *Forwarder) enter(to netip.AddrPort, k kind) *flow {
	most := f.bounds.Connections
	if k == session {
		most = f.bounds.Sessions
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open == nil || f.counts[k] >= most {
		return nil
	}
	c := &flow{to: to, kind: k}
	f.open[c] = struct{}{}
	f.counts[k]++
	f.tasks.Add(1)
	return c
}

// leave closes a flow and counts it out.
func (f *Forwarder) leave(c *flow) {
	c.cut()
	f.mu.Lock()
	delete(f.open, c)
	f.counts[c.kind]--
	f.mu.Unlock()
	f.tasks.Done()
}

// Status returns how many flows are open.
func (f *Forwarder) Status() network.Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	return network.Status{Connections: f.counts[connection], Sessions: f.counts[session]}
}
