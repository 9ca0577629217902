package web

import (
	"context"
	"sync"

	"lyceum/app"
	"lyceum/app/live"
	"lyceum/app/query"
)

const (
	// maxHeld is how many bytes of rows wait for the browsers of one account at
	// once: some documents of the greatest size. Somebody with two hundred tabs that
	// read nothing costs no more.
	maxHeld = 256 << 20
	// maxWatchesOfAccount is for all tabs of an account together: a hundred for
	// each of its sockets.
	maxWatchesOfAccount = 100 * maxSocketsOfAccount
	// maxWatchesOfAddress is for who has not signed in, and watches the settings of
	// the site.
	maxWatchesOfAddress = 4 * maxSocketsOfAddress
)

// budget counts the bytes that are held for somebody, and lets who would hold too
// many wait. The zero budget is ready.
type budget struct {
	mu    sync.Mutex
	held  map[string]int
	freed chan struct{} // closed when something is given back; nil if nobody waits
}

// take waits until n bytes more may be held. What is larger than the budget may be
// held alone.
func (b *budget) take(ctx context.Context, who string, n int) error {
	for {
		b.mu.Lock()
		if held := b.held[who]; held == 0 || held+n <= maxHeld {
			if b.held == nil {
				b.held = map[string]int{}
			}
			b.held[who] += n
			b.mu.Unlock()
			return nil
		}
		if b.freed == nil {
			b.freed = make(chan struct{})
		}
		freed := b.freed
		b.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// give returns n bytes.
func (b *budget) give(who string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held[who] -= n
	if b.held[who] == 0 {
		delete(b.held, who)
	}
	if b.freed != nil {
		close(b.freed)
		b.freed = nil
	}
}

// hold makes something within the budget of the connection's account and keeps its
// size in bytes held until release.
func (c *connection) hold(ctx context.Context, made func() int) (release func(), err error) {
	if err := c.server.answers.take(ctx, c.who, query.MaxRead); err != nil {
		return nil, err
	}
	n := made()
	c.server.answers.give(c.who, query.MaxRead-n)
	return func() { c.server.answers.give(c.who, n) }, nil
}

// sizeOf estimates the memory of what a watch tells.
func sizeOf(m query.Message) int {
	n := 0
	if m.Answer != nil {
		n = m.Answer.Size()
	}
	for _, c := range m.Changes {
		n += live.Size(c.New) + live.Size(c.Old)
	}
	return n
}

// watchesGate lets one more watch of the connection's account in.
func (c *connection) watchesGate() (leave func(), err error) {
	most := maxWatchesOfAccount
	if !c.caller.SignedIn() {
		most = maxWatchesOfAddress
	}
	leave, ok := c.server.watches.take(c.who, most)
	if !ok {
		return nil, app.Errorf(app.TooLarge, "You may watch %d things in all, no more. Please close some tabs.", most)
	}
	return leave, nil
}
