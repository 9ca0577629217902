package network

import (
	"net/netip"
	"slices"
)

// Mode is what a project has of the network.
type Mode string

// The modes. Off is the default: what a class does on the machine needs no
// network, and whoever opens it for a project does so knowingly.
const (
	Off      Mode = "off"
	Filtered Mode = "filtered"
)

// Policy is what one project may reach.
type Policy struct {
	Mode  Mode    `json:"mode"`
	Allow []Entry `json:"allow,omitempty"`
}

// Place is where an address lies as seen from this machine now.
type Place int

// The places. An address that nobody can place is Unknown and refused.
const (
	Unknown Place = iota
	Beyond        // reached through a router
	Segment       // on a network that this machine is part of: no router in between
	Own           // of this machine itself, or a broadcast of its networks
)

// Verdict is why an address is refused; "" means that it may be dialled.
type Verdict string

// The verdicts that do not come from the table of ranges.
const (
	Allowed    Verdict = ""
	NetworkOff Verdict = "the network is off"
	OwnAddress Verdict = "an address of this machine"
	OwnSegment Verdict = "a neighbour of this machine"
	Unplaced   Verdict = "no way to it"
	NotGlobal  Verdict = "not a global address"
)

// World is what a decision needs to know beside the policy. Both may be asked
// several times.
type World struct {
	Place func(netip.Addr) Place
	// Named reports whether a name now leads to an address.
	Named func(host string, addr netip.Addr) bool
}

// Decide says whether the project may dial an address. It is asked for each
// connection, and again for each open one when the policy changes.
func (p Policy) Decide(to netip.AddrPort, w World) Verdict {
	if p.Mode != Filtered {
		return NetworkOff
	}
	addr := to.Addr()
	if addr.Is4In6() {
		return "an IPv4 address as IPv6" // the kernel would dial the former
	}
	if slices.ContainsFunc(p.Allow, func(e Entry) bool { return e.lists(to) }) {
		return Allowed
	}
	verdict, inner := rangeOf(addr)
	if verdict == Allowed {
		switch w.Place(addr) {
		case Beyond:
			return Allowed
		case Segment:
			verdict, inner = OwnSegment, true
		case Own:
			return OwnAddress
		default:
			return Unplaced
		}
	}
	// A name in the list opens addresses of inner networks, wherever it leads
	// to. It never opens the machine or what is linked to it: who answers for
	// the name could otherwise point it there.
	if !inner || w.Place(addr) == Own {
		return verdict
	}
	for _, e := range p.Allow {
		if e.Host != "" && e.port(to.Port()) && w.Named(e.Host, addr) {
			return Allowed
		}
	}
	return verdict
}

// Names returns the names of the allow list, each once.
func (p Policy) Names() []string {
	var names []string
	for _, e := range p.Allow {
		if e.Host != "" && !slices.Contains(names, e.Host) {
			names = append(names, e.Host)
		}
	}
	return names
}
