package forward

import (
	"sync"
	"time"
)

// bucket lets rate things pass in a second; after a quiet second as many at
// once.
type bucket struct {
	rate int

	mu   sync.Mutex
	left float64
	at   time.Time // zero: full
}

func (b *bucket) take() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := time.Now()
	most := float64(b.rate)
	if b.at.IsZero() {
		b.left = most
	} else {
		b.left = min(most, b.left+t.Sub(b.at).Seconds()*most)
	}
	b.at = t
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}
