package link

import (
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Route is what the kernel would do with a packet.
type Route struct {
	Local    bool // to this machine: an address of an interface, a broadcast
	Neighbor bool // to a network that an interface is part of
}

// ErrUnreachable says that the kernel has no way to an address.
var ErrUnreachable = errors.New("no route")

// Prefixes as wide as these are no network of neighbours, although no router is
// named: a tunnel takes the whole internet, sometimes in two halves or by
// eighths.
const (
	wide4 = 8
	wide6 = 16
)

// Lookup asks the kernel for the route to an address, now: addresses of
// interfaces come and go.
func Lookup(addr netip.Addr) (Route, error) {
	family, wide := uint8(unix.AF_INET), uint8(wide4)
	if addr.Is6() {
		family, wide = unix.AF_INET6, wide6
	}
	m := newMessage(unix.RTM_GETROUTE, 0, bytesOf(&unix.RtMsg{
		Family: family, Dst_len: uint8(addr.BitLen()), Flags: unix.RTM_F_FIB_MATCH | unix.RTM_F_LOOKUP_TABLE,
	}))
	m.add(unix.RTA_DST, addr.AsSlice())
	kind, body, err := m.talk()
	switch {
	case errors.Is(err, unix.ENETUNREACH), errors.Is(err, unix.EHOSTUNREACH), errors.Is(err, unix.EACCES), errors.Is(err, unix.EINVAL):
		return Route{}, ErrUnreachable
	case err != nil:
		return Route{}, fmt.Errorf("look up a route: %w", err)
	case kind != unix.RTM_NEWROUTE || len(body) < unix.SizeofRtMsg:
		return Route{}, errShort
	}
	const dstLen, typ = 1, 7 // of struct rtmsg
	switch body[typ] {
	case unix.RTN_UNICAST:
	case unix.RTN_LOCAL, unix.RTN_BROADCAST, unix.RTN_ANYCAST, unix.RTN_MULTICAST:
		return Route{Local: true}, nil
	default:
		return Route{}, ErrUnreachable
	}
	router := false
	attributes(body[unix.SizeofRtMsg:], func(kind uint16, _ []byte) {
		switch kind {
		case unix.RTA_GATEWAY, unix.RTA_VIA, unix.RTA_MULTIPATH:
			router = true
		}
	})
	return Route{Neighbor: !router && body[dstLen] >= wide}, nil
}
