package server

import (
	"context"
	"runtime/debug"
	"time"
)

const (
	// giveBackEvery is how often it is looked whether many have left.
	giveBackEvery = 30 * time.Second
	// manyWatches is from how many watches on it matters: they take some dozens of
	// MiB.
	manyWatches = 5000
)

// giveBack returns to the machine the memory that watches have left which came in
// great number and have gone. Go alone would keep it for minutes, in case that they
// come again, while the programs of projects may need it. What stays is moved
// together before: Go gives back whole pages only.
func (s *server) giveBack(ctx context.Context) error {
	tick := time.NewTicker(giveBackEvery)
	defer tick.Stop()
	peak := 0
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		now, most := s.engine.Peak() // a class may come and go between two looks
		var left bool
		if peak, left = manyLeft(max(peak, most), now); left {
			s.engine.Compact()
			debug.FreeOSMemory()
		}
	}
}

// manyLeft reports whether of many watches half or more have gone, and from which
// number on the next ones count.
func manyLeft(peak, now int) (next int, left bool) {
	if peak >= manyWatches && now <= peak/2 {
		return now, true
	}
	return max(peak, now), false
}

// eagerly lets the heap grow faster until done is called: what a start reads stays,
// and to look through it again and again would be a sixth of the start. The heap
// is five times at most what the start keeps.
func eagerly() (done func()) {
	const growth = 400
	before := debug.SetGCPercent(growth)
	return func() { debug.SetGCPercent(before) }
}
