package live

import (
	"maps"
	"slices"
	"sort"
	"time"

	"lyceum/app"
)

// Bounds of what one Next returns, so that one message stays small and the
// memory of a reader that lags does too.
const (
	maxNext      = 500
	maxNextBytes = 2 << 20
)

// Entry is one change as a reader gets it.
type Entry struct {
	app.Change
	At time.Time // when the store told of it
}

// Reader reads the changes of some topics from a position on. Next and Seek belong
// to one goroutine at a time; Close may be called from any.
type Reader struct {
	log    *Log
	wake   func()
	topics []*topic
	id     string // the order of commits that pos is of
	pos    int64

	// Topics that may hold something after pos: what the others hold is older.
	// A reader of ten thousand topics looks at the one that has changed.
	dirty    map[*topic]struct{}
	allDirty bool
}

// Reader returns a reader that stands at the end of the log. wake is called after
// each commit that concerns it; it must neither block nor call the log. Close the
// reader.
func (l *Log) Reader(topics []string, wake func()) *Reader {
	r := &Reader{log: l, wake: wake}
	names := slices.Clone(topics)
	slices.Sort(names)
	names = slices.Compact(names)
	r.topics = make([]*topic, len(names))
	l.mu.Lock()
	defer l.mu.Unlock()
	r.id, r.pos = l.id, l.last
	for i, name := range names {
		r.topics[i] = l.topicLocked(name)
		r.topics[i].readers[r] = struct{}{}
	}
	return r
}

// Close makes the log forget the reader. wake may still be running once. (L9)
func (r *Reader) Close() {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	for _, t := range r.topics {
		delete(t.readers, r)
		r.log.releaseLocked(t)
	}
	r.topics, r.dirty = nil, nil
}

// signalLocked notes that a topic has changed.
func (r *Reader) signalLocked(t *topic) {
	if len(r.topics) == 1 {
		r.allDirty = true
	} else if !r.allDirty {
		if r.dirty == nil {
			r.dirty = make(map[*topic]struct{})
		}
		r.dirty[t] = struct{}{}
	}
	r.wake()
}

// changedLocked are the topics that Next has to look at.
func (r *Reader) changedLocked() []*topic {
	if r.allDirty {
		return r.topics
	}
	return slices.Collect(maps.Keys(r.dirty))
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
	r.id, r.pos, r.allDirty = l.id, pos.N, true
	return nil
}

// Position returns how far the reader has read.
func (r *Reader) Position() app.Position { return app.Position{Log: r.id, N: r.pos} }

// Next returns what came after the reader's position, oldest first, and moves
// it. more says that there is more at once. ErrTruncated: start anew. (L2, L7)
func (r *Reader) Next() (entries []Entry, more bool, err error) {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.id != l.id {
		return nil, false, ErrTruncated
	}
	var found []*entry
	for _, t := range r.changedLocked() {
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
			return entries, true, nil
		}
		bytes += e.size
		entries = append(entries, Entry{e.change, e.at})
		r.pos = e.change.N
	}
	r.pos = max(r.pos, l.last)
	clear(r.dirty)
	r.allDirty = false
	return entries, false, nil
}
