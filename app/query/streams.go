package query

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// streamKey names a stream: equal queries within equal scopes have equal ones.
type streamKey [sha256.Size]byte

// streams are those that somebody reads.
type streams struct {
	mu    sync.Mutex
	byKey map[streamKey]*stream
	most  int            // since byKey was made
	open  int            // subscriptions
	peak  int            // the most of them since somebody asked
	kept  map[string]int // account → bytes that the streams keep which it has opened
}

// dropLocked removes a stream that others must not join any more. A map keeps the
// room that it once had, so a much smaller one is made anew.
func (ss *streams) dropLocked(s *stream) {
	if ss.byKey[s.key] != s {
		return
	}
	ss.most = max(ss.most, len(ss.byKey))
	delete(ss.byKey, s.key)
	const small = 1000
	if n := len(ss.byKey); ss.most > small && n < ss.most/4 {
		byKey := make(map[streamKey]*stream, n)
		maps.Copy(byKey, ss.byKey)
		ss.byKey, ss.most = byKey, n
	}
}

// key names what a query asks within a scope; held says that it is kept as a
// window.
func (q *ask) key(s scope, held bool) streamKey {
	h := sha256.New()
	fmt.Fprintf(h, "%x %t %q %q %q", q.sum, held, s.field, s.account, s.stamp)
	for _, key := range slices.Sorted(maps.Keys(s.keys)) {
		fmt.Fprintf(h, " %q", key)
	}
	return streamKey(h.Sum(nil))
}

// join makes a subscription a reader of the stream of its query within a scope.
func (e *Engine) join(w *Subscription, sc scope) *stream {
	key := w.ask.key(sc, w.held)
	e.streams.mu.Lock()
	defer e.streams.mu.Unlock()
	s := e.streams.byKey[key]
	if s == nil {
		s = &stream{Engine: e, ask: w.ask, scope: sc, key: key, owner: w.caller.AccountID, subs: make(map[*Subscription]int64)}
		if w.held {
			s.window = &window{ask: w.ask, limit: w.ask.limit()}
		}
		s.reader = e.logs[w.ask.table.Stored()].Reader(w.ask.topics(sc), s.wake)
		if showsAccess(w.ask.table) {
			s.stop = e.access.Watch("", func() {
				s.again.Store(true)
				s.wake()
			})
		}
		e.streams.byKey[key] = s
		e.meter.Table(w.ask.table.Name).SharedOpened()
	}
	s.subsMu.Lock()
	defer s.subsMu.Unlock()
	if _, is := s.subs[w]; !is {
		e.streams.open++
		e.streams.peak = max(e.streams.peak, e.streams.open)
	}
	s.subs[w] = 0 // nothing is forgotten before it has found its place
	return s
}

// leave ends the reading of a subscription. The last one closes the stream. (L9)
func (e *Engine) leave(w *Subscription, s *stream) {
	e.streams.mu.Lock()
	defer e.streams.mu.Unlock()
	s.subsMu.Lock()
	if _, is := s.subs[w]; is {
		e.streams.open--
	}
	delete(s.subs, w)
	left := len(s.subs)
	s.subsMu.Unlock()
	if left > 0 || s.closed {
		return
	}
	s.closed = true
	e.meter.Table(s.ask.table.Name).SharedClosed()
	e.streams.giveBackLocked(s)
	s.reader.Close()
	if s.stop != nil {
		s.stop()
	}
	e.streams.dropLocked(s)
}

// forget keeps others from joining a stream that has ended.
func (ss *streams) forget(s *stream) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.dropLocked(s)
}

// reads notes which step a subscription reads next.
func (s *stream) reads(w *Subscription, next int64) {
	s.subsMu.Lock()
	defer s.subsMu.Unlock()
	if _, is := s.subs[w]; is {
		s.subs[w] = next
	}
}

// indexAfterLocked returns the number of the first step after a position of the
// table's log; ok is false if some that came after it are forgotten.
func (s *stream) indexAfterLocked(n int64) (index int64, ok bool) {
	if n < s.dropped {
		return 0, false
	}
	i := slices.IndexFunc(s.steps, func(st *step) bool { return st.pos.N > n })
	if i < 0 {
		i = len(s.steps)
	}
	return s.first + int64(i), true
}

// Streams returns how many subscriptions and how many different streams are open.
func (e *Engine) Streams() (subscriptions, different int) {
	e.streams.mu.Lock()
	defer e.streams.mu.Unlock()
	return e.streams.open, len(e.streams.byKey)
}

// Peak returns how many subscriptions are open, and how many were at once at most
// since it was asked before. It is for one who asks.
func (e *Engine) Peak() (now, most int) {
	e.streams.mu.Lock()
	defer e.streams.mu.Unlock()
	now, most = e.streams.open, e.streams.peak
	e.streams.peak = now
	return now, most
}
