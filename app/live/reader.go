package live

import (
	"slices"
	"sort"

	"lyceum/app"
)

// Bounds of what one Next returns, so that one message stays small and the
// memory of a reader that lags does too.
const (
	maxNext      = 500
	maxNextBytes = 2 << 20
)

// Reader reads the changes of some topics from a position on. Wake may be
// received from anywhere; the methods belong to one goroutine.
type Reader struct {
	log    *Log
	wake   chan struct{}
	topics []string
	id     string // the order of commits that pos is of
	pos    int64
}

// Reader returns a reader that stands at the end of the log. Close it.
func (l *Log) Reader(topics []string) *Reader {
	r := &Reader{log: l, wake: make(chan struct{}, 1)}
	l.mu.Lock()
	defer l.mu.Unlock()
	r.id, r.pos = l.id, l.last
	r.setLocked(topics)
	return r
}

// Close makes the log forget the reader. (L9)
func (r *Reader) Close() {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	r.setLocked(nil)
}

// Wake gives a value after changes that concern the reader, or after Signal.
func (r *Reader) Wake() <-chan struct{} { return r.wake }

// Signal wakes the reader. It may be called from any goroutine.
func (r *Reader) Signal() { r.signal() }

func (r *Reader) signal() {
	select {
	case r.wake <- struct{}{}:
	default: // it will wake anyway
	}
}

// Topics replaces the topics. New ones are read from the reader's position on.
func (r *Reader) Topics(topics []string) {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	r.setLocked(topics)
}

func (r *Reader) setLocked(topics []string) {
	for _, name := range topics { // before the old ones go: what both have is kept
		r.log.topicLocked(name).readers[r] = struct{}{}
	}
	for _, name := range r.topics {
		if slices.Contains(topics, name) {
			continue
		}
		if t := r.log.topics[name]; t != nil {
			delete(t.readers, r)
			r.log.releaseLocked(name, t)
		}
	}
	r.topics = slices.Clone(topics)
}

// Seek moves the reader, or returns ErrTruncated if the log cannot tell all that
// came after pos. A position that is newer than the log is taken: the log is
// about to get there.
func (r *Reader) Seek(pos app.Position) error {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if pos.Log != l.id || pos.N < l.dropped {
		return ErrTruncated
	}
	r.id, r.pos = l.id, pos.N
	return nil
}

// Position returns how far the reader has read.
func (r *Reader) Position() app.Position { return app.Position{Log: r.id, N: r.pos} }

// Next returns what came after the reader's position, oldest first, and moves
// it. more says that there is more at once. ErrTruncated: start anew. (L2, L7)
func (r *Reader) Next() (changes []app.Change, more bool, err error) {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.id != l.id {
		return nil, false, ErrTruncated
	}
	var found []*entry
	for _, name := range r.topics {
		t := l.topics[name]
		if t.dropped > r.pos {
			return nil, false, ErrTruncated
		}
		i := sort.Search(len(t.entries), func(i int) bool { return t.entries[i].change.N > r.pos })
		found = append(found, t.entries[i:min(len(t.entries), i+maxNext+1)]...)
	}
	slices.SortFunc(found, func(a, b *entry) int { return int(a.change.N - b.change.N) })
	found = slices.Compact(found) // a change of two topics
	bytes := 0
	for i, e := range found {
		if i == maxNext || i > 0 && bytes+e.size > maxNextBytes {
			return changes, true, nil
		}
		bytes += e.size
		changes = append(changes, e.change)
		r.pos = e.change.N
	}
	r.pos = max(r.pos, l.last)
	return changes, false, nil
}
