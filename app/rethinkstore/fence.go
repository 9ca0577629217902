package rethinkstore

import (
	"context"
	"time"
)

// moment is a time by two clocks: the one stands still while the machine sleeps,
// the other can be set. What is over by one of them is over.
type moment struct {
	awake time.Time // carries the monotonic clock
	wall  time.Time // carries none
}

func thisMoment() moment {
	now := time.Now()
	return moment{awake: now, wall: now.Round(0)}
}

func (m moment) add(d time.Duration) moment { return moment{m.awake.Add(d), m.wall.Add(d)} }

// after reports whether m is later than other by either clock.
func (m moment) after(other moment) bool {
	return m.awake.After(other.awake) || m.wall.After(other.wall)
}

// late reports whether the others may take this server for gone. Right after a
// sleep guard has not seen it yet.
func (p *peers) late() bool {
	if p.store.options.Concerns == nil {
		return false
	}
	now := p.store.options.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	return now.after(p.alive)
}

// guard fences this server while the others may take it for gone. Where nothing
// concerns them that never matters.
func (p *peers) guard(ctx context.Context) {
	s := p.store
	if s.options.Concerns == nil {
		return
	}
	for {
		pause := beatEvery / 10
		if !wait(ctx, &pause) {
			return
		}
		late := p.late()
		switch {
		case late && s.fenced.CompareAndSwap(false, true):
			s.log().Error("no sign of life reaches the database, nothing is answered until it does")
			s.renewAll()
		case !late && s.fenced.CompareAndSwap(true, false):
			s.log().Info("the database is there again")
			s.renewAll()
		}
	}
}

// renewAll makes the watchers of what is kept begin anew.
func (s *Store) renewAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tables {
		if !t.ephemeral {
			s.feed.Renew(t.Name)
		}
	}
}
