package forward

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// lookupTime bounds the search for the addresses of a name.
const lookupTime = 5 * time.Second

// names knows where the names of the allow list lead, by the host's own ways
// (its hosts file too). A project cannot make it ask for anything else.
type names struct {
	fresh time.Duration   // how long an answer is believed
	task  func(fn func()) // runs fn, and is waited for

	mu    sync.Mutex
	known map[string]*name
}

type name struct {
	asking sync.Mutex // held by who asks; above the fields below is names.mu

	addrs []netip.Addr
	at    time.Time
	soon  bool // somebody is about to ask
}

// keep forgets all names but these.
func (n *names) keep(hosts []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for host := range n.known {
		if !slices.Contains(hosts, host) {
			delete(n.known, host)
		}
	}
}

// has reports whether a name leads to an address. Who cannot wait is told what
// was last known, and finds it renewed a moment later.
func (n *names) has(ctx context.Context, host string, addr netip.Addr, p pace) bool {
	n.mu.Lock()
	k := n.known[host]
	if k == nil {
		k = &name{}
		n.known[host] = k
	}
	fresh, led := time.Since(k.at) < n.fresh, slices.Contains(k.addrs, addr)
	ask := !fresh && p == now && !k.soon
	k.soon = k.soon || ask
	n.mu.Unlock()
	switch {
	case fresh:
		return led
	case p == now:
		if ask {
			n.task(func() { n.refresh(ctx, host, k) })
		}
		return led
	}
	n.refresh(ctx, host, k)
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Contains(k.addrs, addr)
}

// refresh asks again, unless somebody just has. A name that cannot be asked for
// leads nowhere.
func (n *names) refresh(ctx context.Context, host string, k *name) {
	k.asking.Lock()
	defer k.asking.Unlock()
	n.mu.Lock()
	fresh := time.Since(k.at) < n.fresh
	n.mu.Unlock()
	if fresh {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	addrs, _ := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	addrs = addrs[:min(len(addrs), maxNamed)]
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	k.addrs, k.at, k.soon = addrs, time.Now(), false
}
