package auth

import (
	"net/netip"
	"sync"
	"time"

	"lyceum/app"
)

// Bounds of failed attempts. Ten for an account leave room for caps lock and an
// old password, and let nobody try a dictionary: 1,440 a day. A class shares one
// network address, so an address has a hundred.
const (
	attemptWindow      = 10 * time.Minute
	attemptsOfAccount  = 10
	attemptsOfAddress  = 100
	maxAttemptsTracked = 50_000 // about 10 MB; beyond it an arbitrary one is forgotten
)

// limiter counts failed attempts by key. An attempt is counted before it is
// made, so that attempts at the same time count too, and taken back when it
// succeeds.
type limiter struct {
	mu   sync.Mutex
	seen map[string]attempts
}

type attempts struct {
	n     int
	until time.Time // when they are forgotten
}

// take counts one attempt against every key, or none and an error if one of
// them has had too many.
func (l *limiter) take(now time.Time, keys ...limitKey) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range keys {
		if a := l.seen[k.name]; a.n >= k.max && now.Before(a.until) {
			minutes := int((a.until.Sub(now) + time.Minute - 1) / time.Minute)
			return app.Errorf(app.Unavailable, "There were too many attempts that failed. Please try again in %d minutes, "+
				"or ask an administrator for a link that signs you in.", minutes)
		}
	}
	for _, k := range keys {
		a, known := l.seen[k.name]
		if !now.Before(a.until) {
			a = attempts{until: now.Add(attemptWindow)}
		}
		if !known {
			l.makeRoomLocked(now)
		}
		a.n++
		l.seen[k.name] = a
	}
	return nil
}

// giveBack undoes take for an attempt that has succeeded.
func (l *limiter) giveBack(keys ...limitKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range keys {
		if a := l.seen[k.name]; a.n > 1 {
			a.n--
			l.seen[k.name] = a
		} else {
			delete(l.seen, k.name)
		}
	}
}

func (l *limiter) makeRoomLocked(now time.Time) {
	if len(l.seen) < maxAttemptsTracked {
		return
	}
	for name, a := range l.seen {
		if !now.Before(a.until) {
			delete(l.seen, name)
		}
	}
	for name := range l.seen {
		if len(l.seen) < maxAttemptsTracked {
			return
		}
		delete(l.seen, name)
	}
}

// limitKey is what attempts are counted by.
type limitKey struct {
	name string
	max  int
}

func accountKey(email string) limitKey { return limitKey{"account " + email, attemptsOfAccount} }

// addressKey counts by the address, for IPv6 by the network of 64 bits that one
// customer has.
func addressKey(address string) limitKey {
	if ip, err := netip.ParseAddr(address); err == nil {
		ip = ip.Unmap()
		if ip.Is6() {
			if network, err := ip.WithZone("").Prefix(64); err == nil {
				return limitKey{"address " + network.String(), attemptsOfAddress}
			}
		}
		address = ip.String()
	}
	return limitKey{"address " + address, attemptsOfAddress}
}
