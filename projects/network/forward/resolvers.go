package forward

import (
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

// ResolvConf is where the host says whom it asks for names.
const ResolvConf = "/etc/resolv.conf"

// reread is how long the file is believed: a laptop changes its network.
const reread = 5 * time.Second

// resolvers are those of the host.
type resolvers struct {
	mu   sync.Mutex
	list []netip.AddrPort
	at   time.Time
}

// now returns them; none if the host has none.
func (r *resolvers) now() []netip.AddrPort {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.at) > reread {
		data, err := os.ReadFile(ResolvConf)
		if err == nil {
			r.list = parseResolvers(string(data))
		}
		r.at = time.Now()
	}
	return r.list
}

const dnsPort = 53

func parseResolvers(text string) []netip.AddrPort {
	var list []netip.AddrPort
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "nameserver" || len(list) == maxResolvers {
			continue
		}
		if addr, err := netip.ParseAddr(fields[1]); err == nil {
			list = append(list, netip.AddrPortFrom(addr, dnsPort))
		}
	}
	return list
}
