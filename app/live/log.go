package live

import (
	"errors"
	"slices"
	"sync"
	"time"

	"lyceum/app"
)

// ErrTruncated says that the log no longer holds, or never held, what came
// after a position: start anew. (L4)
var ErrTruncated = errors.New("position is no longer in the log")

// Bounds of a log. A browser that was away for some seconds on a busy site
// finds its changes in it; twenty tables at their bound are 640 MiB, and only
// the two busiest ever come near it.
const (
	MaxEntries = 20_000
	MaxBytes   = 32 << 20
)

// Log holds the latest changes of a table. Its methods may be called from any
// goroutine; Append does not block.
type Log struct {
	topicsOf   func(app.Change) []string
	maxEntries int
	maxBytes   int

	mu      sync.Mutex
	id      string // of the store's order of commits
	last    int64  // the newest change that is known
	dropped int64  // changes up to this one are forgotten
	entries []*entry
	bytes   int
	topics  map[string]*topic
}

type entry struct {
	change app.Change
	at     time.Time
	size   int
	topics []*topic
}

// topic is what readers of one topic share. It lives as long as it has entries
// or readers.
type topic struct {
	name    string
	entries []*entry
	dropped int64 // the last change of this topic that is forgotten
	readers map[*Reader]struct{}
}

// NewLog returns an empty log that begins after pos. topicsOf returns the
// topics that a change concerns, before it and after.
func NewLog(pos app.Position, topicsOf func(app.Change) []string) *Log {
	return newLog(pos, topicsOf, MaxEntries, MaxBytes)
}

func newLog(pos app.Position, topicsOf func(app.Change) []string, maxEntries, maxBytes int) *Log {
	return &Log{
		topicsOf: topicsOf, maxEntries: maxEntries, maxBytes: maxBytes,
		id: pos.Log, last: pos.N, dropped: pos.N, topics: make(map[string]*topic),
	}
}

// Append takes in one commit and wakes the readers that it concerns.
func (l *Log) Append(b app.Batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b.Position.Log != l.id {
		l.resetLocked(b.Position)
		return
	}
	now := time.Now()
	for _, c := range b.Changes {
		l.addLocked(c, now)
	}
	l.last = max(l.last, b.Position.N)
	for len(l.entries) > l.maxEntries || l.bytes > l.maxBytes && len(l.entries) > 0 {
		l.dropLocked()
	}
}

// resetLocked begins anew after a gap: every reader will be told.
func (l *Log) resetLocked(pos app.Position) {
	l.id, l.last, l.dropped = pos.Log, pos.N, pos.N
	l.entries, l.bytes = nil, 0
	for name, t := range l.topics {
		t.entries, t.dropped = nil, pos.N
		for r := range t.readers {
			r.signalLocked(t)
		}
		if len(t.readers) == 0 {
			delete(l.topics, name)
		}
	}
}

func (l *Log) addLocked(c app.Change, now time.Time) {
	names := l.topicsOf(c)
	slices.Sort(names)
	names = slices.Compact(names)
	e := &entry{change: c, at: now, size: Size(c.Old) + Size(c.New), topics: make([]*topic, len(names))}
	l.entries = append(l.entries, e)
	l.bytes += e.size
	l.last = max(l.last, c.N)
	for i, name := range names {
		t := l.topicLocked(name)
		e.topics[i] = t
		t.entries = append(t.entries, e)
		for r := range t.readers {
			r.signalLocked(t)
		}
	}
}

// topicLocked returns the topic of a name. What was known of it before is
// forgotten with the oldest entry of the log.
func (l *Log) topicLocked(name string) *topic {
	t := l.topics[name]
	if t == nil {
		t = &topic{name: name, dropped: l.dropped, readers: make(map[*Reader]struct{})}
		l.topics[name] = t
	}
	return t
}

func (l *Log) dropLocked() {
	e := l.entries[0]
	l.entries[0] = nil
	l.entries = l.entries[1:]
	l.bytes -= e.size
	l.dropped = e.change.N
	for _, t := range e.topics {
		t.entries[0] = nil
		t.entries = t.entries[1:]
		t.dropped = e.change.N
		l.releaseLocked(t)
	}
}

func (l *Log) releaseLocked(t *topic) {
	if len(t.entries) == 0 && len(t.readers) == 0 && l.topics[t.name] == t {
		delete(l.topics, t.name)
	}
}

// Position returns where the log ends.
func (l *Log) Position() app.Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return app.Position{Log: l.id, N: l.last}
}

// Number returns the number of the change of a topic with a revision; ok is false
// if the log does not hold it. A store's revisions need not be its numbers.
func (l *Log) Number(topic string, rev int64) (n int64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.topics[topic]
	if t == nil {
		return 0, false
	}
	for _, e := range slices.Backward(t.entries) {
		if e.change.Rev == rev {
			return e.change.N, true
		}
	}
	return 0, false
}

// Size estimates the memory of a value in bytes.
func Size(v any) int {
	const word = 16 // an interface value
	switch v := v.(type) {
	case string:
		return word + len(v)
	case []byte:
		return word + len(v)
	case []any:
		n := word
		for _, e := range v {
			n += Size(e)
		}
		return n
	case map[string]any:
		n := word
		for k, e := range v {
			n += 2*word + len(k) + Size(e)
		}
		return n
	}
	return word
}
