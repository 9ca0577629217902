package rethinkstore

import (
	"sync"
	"time"
)

// clock gives revisions: microseconds since 1970 of the database's clock, but
// always more than every revision that this server has given or heard of. They
// fit into 53 bits, which is what numbers of RethinkDB hold, for two centuries.
type clock struct {
	mu     sync.Mutex
	last   int64
	offset time.Duration // of the database's clock from ours
}

// next returns a revision that no one of this server has.
func (c *clock) next() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = max(c.last+1, time.Now().Add(c.offset).UnixMicro())
	return c.last
}

// heard notes a revision of whoever gave it.
func (c *clock) heard(rev int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = max(c.last, rev)
}

// set takes the database's clock, which said now between two moments of ours.
func (c *clock) set(now, sent, came time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = now.Sub(sent.Add(came.Sub(sent) / 2))
}
