package network

import "net/netip"

// special is a range of addresses that are not everybody's.
type special struct {
	prefix  netip.Prefix
	verdict Verdict
	inner   bool // of networks such as a school's: a name in the allow list may lead there
}

// specials are the registries of special-purpose addresses (RFC 6890 and what
// came after), and the IPv6 ranges that carry an IPv4 address to where this
// machine or its router would unpack it.
var specials = []special{
	{netip.MustParsePrefix("0.0.0.0/8"), "this network", false},
	{netip.MustParsePrefix("10.0.0.0/8"), "a private address", true},
	{netip.MustParsePrefix("100.64.0.0/10"), "a provider's inner address", true},
	{netip.MustParsePrefix("127.0.0.0/8"), "the loopback", false},
	{netip.MustParsePrefix("169.254.0.0/16"), "a link-local address", false}, // with the metadata of clouds
	{netip.MustParsePrefix("172.16.0.0/12"), "a private address", true},
	{netip.MustParsePrefix("192.0.0.0/24"), "a protocol's address", false},
	{netip.MustParsePrefix("192.0.2.0/24"), "an address for documentation", false},
	{netip.MustParsePrefix("192.88.99.0/24"), "a relay to IPv6", false},
	{netip.MustParsePrefix("192.168.0.0/16"), "a private address", true},
	{netip.MustParsePrefix("198.18.0.0/15"), "an address for measurements", false}, // ours are there too
	{netip.MustParsePrefix("198.51.100.0/24"), "an address for documentation", false},
	{netip.MustParsePrefix("203.0.113.0/24"), "an address for documentation", false},
	{netip.MustParsePrefix("224.0.0.0/4"), "a multicast address", false},
	{netip.MustParsePrefix("240.0.0.0/4"), "a reserved address", false}, // with the broadcast

	{netip.MustParsePrefix("::1/128"), "the loopback", false},
	{netip.MustParsePrefix("::/96"), "an IPv4 address as IPv6", false},
	{netip.MustParsePrefix("::ffff:0:0:0/96"), "an IPv4 address as IPv6", false},
	{netip.MustParsePrefix("64:ff9b::/96"), "an IPv4 address as IPv6", false},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "an IPv4 address as IPv6", false},
	{netip.MustParsePrefix("2001::/23"), "a protocol's address", false}, // with Teredo
	{netip.MustParsePrefix("2001:db8::/32"), "an address for documentation", false},
	{netip.MustParsePrefix("2002::/16"), "an IPv4 address as IPv6", false}, // 6to4
	{netip.MustParsePrefix("3fff::/20"), "an address for documentation", false},
	{netip.MustParsePrefix("fc00::/7"), "a private address", true},
	{netip.MustParsePrefix("fe80::/10"), "a link-local address", false},
	{netip.MustParsePrefix("ff00::/8"), "a multicast address", false},
}

// global6 is all of IPv6 that has been given to anybody.
var global6 = netip.MustParsePrefix("2000::/3")

// rangeOf returns why an address is refused wherever the machine is, and
// whether it is one of inner networks.
func rangeOf(addr netip.Addr) (Verdict, bool) {
	if !addr.IsValid() || addr.Zone() != "" {
		return NotGlobal, false
	}
	for _, s := range specials {
		if s.prefix.Contains(addr) {
			return s.verdict, s.inner
		}
	}
	if addr.Is6() && !global6.Contains(addr) {
		return NotGlobal, false
	}
	return Allowed, false
}
