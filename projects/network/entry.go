package network

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"lyceum/app"
)

// Entry is one line of an allow list: addresses or a name, on one port or all.
// Exactly one of Prefix and Host is set.
type Entry struct {
	Prefix netip.Prefix `json:"prefix,omitzero"`
	Host   string       `json:"host,omitempty"` // lower case
	Port   uint16       `json:"port,omitempty"` // 0: every port
}

// maxEntries bounds an allow list; each entry is looked at for each connection.
const maxEntries = 100

// hostName is what may be a name: the labels of RFC 1123.
var hostName = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// Parse makes a policy of what an administrator has set. Its error is a sentence;
// the policy then has what was understood and nothing more.
func Parse(mode string, allow []string) (Policy, error) {
	p := Policy{Mode: Mode(mode)}
	switch p.Mode {
	case "":
		p.Mode = Off
	case Off, Filtered:
	default:
		return Policy{Mode: Off}, app.Errorf(app.Invalid, "The network %q is not known; it is off or filtered.", mode)
	}
	if len(allow) > maxEntries {
		return p, app.Errorf(app.Invalid, "The allow list has %d entries, at most %d.", len(allow), maxEntries)
	}
	var first error
	for _, text := range allow {
		e, err := parseEntry(text)
		if err == nil {
			p.Allow = append(p.Allow, e)
		} else if first == nil {
			first = err
		}
	}
	return p, first
}

// parseEntry reads host, host:port, address, address:port, CIDR and CIDR:port;
// IPv6 with a port stands in brackets.
func parseEntry(text string) (Entry, error) {
	refused := app.Errorf(app.Invalid, "%q in the allow list is not understood; write a name, an address or a network, with or without a port: "+
		"mirror.example.org:443, 10.0.0.5:8080, 10.0.0.0/8, [fd00::/8]:443.", text)
	where, port, err := cutPort(strings.ToLower(strings.TrimSpace(text)))
	if err != nil {
		return Entry{}, refused
	}
	e := Entry{Port: port}
	if prefix, err := netip.ParsePrefix(where); err == nil {
		e.Prefix = prefix.Masked()
	} else if addr, err := netip.ParseAddr(where); err == nil && addr.Zone() == "" {
		e.Prefix = netip.PrefixFrom(addr, addr.BitLen())
	} else if name := strings.TrimSuffix(where, "."); len(name) <= 253 && hostName.MatchString(name) && !allDigits(name) {
		e.Host = name
	} else {
		return Entry{}, refused
	}
	if e.Prefix.IsValid() && e.Prefix.Addr().Is4In6() {
		return Entry{}, refused // as IPv4, please: no such address is ever dialled
	}
	return e, nil
}

// cutPort splits the port off; 0 if there is none.
func cutPort(text string) (where string, port uint16, err error) {
	if inner, ok := strings.CutPrefix(text, "["); ok {
		inner, after, ok := strings.Cut(inner, "]")
		if !ok {
			return "", 0, strconv.ErrSyntax
		}
		if after == "" {
			return inner, 0, nil
		}
		digits, ok := strings.CutPrefix(after, ":")
		if !ok {
			return "", 0, strconv.ErrSyntax
		}
		port, err := parsePort(digits)
		return inner, port, err
	}
	where, digits, found := strings.Cut(text, ":")
	if !found || strings.Contains(digits, ":") { // IPv6 without brackets has no port
		return text, 0, nil
	}
	port, err = parsePort(digits)
	return where, port, err
}

func parsePort(digits string) (uint16, error) {
	n, err := strconv.ParseUint(digits, 10, 16)
	if err == nil && n == 0 {
		err = strconv.ErrRange
	}
	return uint16(n), err
}

// allDigits reports whether a name could be a number, as 3232235521 and 127.1
// are addresses to some programs.
func allDigits(name string) bool { return strings.Trim(name, "0123456789.") == "" }

// lists reports whether the entry names an address itself.
func (e Entry) lists(to netip.AddrPort) bool {
	return e.Prefix.IsValid() && e.Prefix.Contains(to.Addr()) && e.port(to.Port())
}

func (e Entry) port(n uint16) bool { return e.Port == 0 || e.Port == n }
