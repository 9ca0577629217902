package network_test

import (
	"net/netip"
	"strings"
	"testing"

	"lyceum/projects/network"
)

// around is a machine with a public address, a public neighbour and a router.
var around = network.World{
	Place: func(a netip.Addr) network.Place {
		switch a.String() {
		case "11.0.0.2", "2a00::2", "10.0.0.2":
			return network.Own
		case "11.0.0.1", "2a00::1", "10.0.0.1":
			return network.Segment
		case "11.9.9.9":
			return network.Unknown
		}
		return network.Beyond
	},
	Named: func(host string, a netip.Addr) bool {
		return host == "mirror.school.lan" && strings.Contains(" 10.5.5.5 127.0.0.1 169.254.169.254 10.0.0.2 11.0.0.1 ", " "+a.String()+" ")
	},
}

func decide(t *testing.T, p network.Policy, to string) network.Verdict {
	t.Helper()
	return p.Decide(netip.MustParseAddrPort(to), around)
}

// A student must reach neither the machine nor the network it is in: each class
// of address by its first and last and, in IPv6, in each form that leads to an
// IPv4 address.
func TestN2InnerAddressesAreRefused(t *testing.T) {
	p, err := network.Parse("filtered", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{
		"0.0.0.0:80", "0.255.255.255:80", "10.0.0.0:80", "10.255.255.255:80", "100.64.0.0:80", "100.127.255.255:80",
		"127.0.0.1:80", "127.255.255.255:80", "169.254.169.254:80", "169.254.0.0:80", "172.16.0.0:80", "172.31.255.255:80",
		"192.0.0.1:80", "192.0.2.1:80", "192.88.99.1:80", "192.168.0.0:80", "192.168.255.255:80", "198.18.0.1:80", "198.19.255.255:80",
		"198.51.100.1:80", "203.0.113.1:80", "224.0.0.1:80", "239.255.255.255:80", "240.0.0.0:80", "255.255.255.255:80",
		"[::]:80", "[::1]:80", "[::127.0.0.1]:80", "[::ffff:127.0.0.1]:80", "[::ffff:8.8.8.8]:80", "[::ffff:0:127.0.0.1]:80",
		"[64:ff9b::7f00:1]:80", "[64:ff9b:1::a00:1]:80", "[2002:7f00:1::]:80", "[2002:a9fe:a9fe::1]:80", "[2001:0:1::1]:80",
		"[2001:db8::1]:80", "[2001:1ff::1]:80", "[3fff::1]:80", "[fc00::1]:80", "[fdff::1]:80", "[fe80::1]:80", "[fe80::1%eth0]:80",
		"[febf::1]:80", "[ff02::1]:80", "[100::1]:80", "[4000::1]:80", "[5f00::1]:80", "[1fff::1]:80",
		"11.0.0.2:80", "11.0.0.1:80", "[2a00::2]:80", "[2a00::1]:80", "11.9.9.9:80",
	} {
		if v := decide(t, p, to); v == network.Allowed {
			t.Errorf("%s may be dialled", to)
		}
	}
}

func TestOutsideAddressesAreAllowed(t *testing.T) {
	p, err := network.Parse("filtered", nil)
	if err != nil {
		t.Fatal(err)
	}
	off, err := network.Parse("", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{
		"1.0.0.0:443", "9.255.255.255:80", "11.0.0.3:80", "100.63.255.255:80", "100.128.0.0:80", "126.255.255.255:1", "128.0.0.0:80",
		"169.253.255.255:80", "172.15.255.255:80", "172.32.0.0:80", "192.0.1.0:80", "192.167.255.255:80", "192.169.0.0:80",
		"198.17.255.255:80", "198.20.0.0:80", "223.255.255.255:65535", "[2000::1]:80", "[2001:200::1]:80", "[2003::1]:80", "[3ffe::1]:80",
	} {
		if v := decide(t, p, to); v != network.Allowed {
			t.Errorf("%s: %s", to, v)
		}
		if v := decide(t, off, to); v != network.NetworkOff {
			t.Errorf("%s with the network off: %q", to, v)
		}
	}
}

// What an administrator lists is opened, that port and that address only.
func TestN3AllowListOpensWhatItNames(t *testing.T) {
	p, err := network.Parse("filtered", []string{
		"10.1.0.0/16:8080", " 192.168.1.1 ", "fd00::/16", "[fd01::1]:443", "127.0.0.1:5432", "Mirror.School.LAN.:80", "11.0.0.2:25",
	})
	if err != nil {
		t.Fatal(err)
	}
	for to, open := range map[string]bool{
		"10.1.2.3:8080": true, "10.1.2.3:8081": false, "10.2.0.1:8080": false, "192.168.1.1:1": true, "192.168.1.2:1": false,
		"[fd00::9]:1": true, "[fd01::1]:443": true, "[fd01::1]:444": false, "127.0.0.1:5432": true, "127.0.0.1:5433": false,
		"[::ffff:127.0.0.1]:5432": false, "11.0.0.2:25": true, "11.0.0.2:26": false,
		"10.5.5.5:80": true, "10.5.5.5:81": false, "10.5.5.6:80": false, "11.0.0.1:80": true, "11.0.0.1:81": false,
		// The name leads there too, and whoever answers for it could have said so.
		"127.0.0.1:80": false, "169.254.169.254:80": false, "10.0.0.2:80": false,
	} {
		if v := decide(t, p, to); (v == network.Allowed) != open {
			t.Errorf("%s: verdict %q, open should be %t", to, v, open)
		}
	}
	if names := p.Names(); len(names) != 1 || names[0] != "mirror.school.lan" {
		t.Errorf("names are %q", names)
	}
}

func TestWhatIsNotUnderstoodIsRefused(t *testing.T) {
	for _, text := range []string{
		"", " ", "a b", "10.0.0.0/33", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:", "host:", ":80", "[fd00::1", "[fd00::1]80", "[fd00::1]:x",
		"http://example.org", "example.org/x", "-x.org", "x-.org", "127.1", "2130706433", "fe80::1%eth0", "::ffff:10.0.0.1", "*.example.org",
		strings.Repeat("a", 64) + ".org", strings.Repeat("abcdefgh.", 30) + "org",
	} {
		if p, err := network.Parse("filtered", []string{text}); err == nil {
			t.Errorf("%q was understood as %+v", text, p.Allow)
		}
	}
	if _, err := network.Parse("open", nil); err == nil {
		t.Error(`the mode "open" was understood`)
	}
	if _, err := network.Parse("filtered", make([]string, 101)); err == nil {
		t.Error("101 entries were taken")
	}
}
