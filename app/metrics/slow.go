package metrics

import (
	"slices"
	"sync"
	"time"
)

// maxSlow is how many slow queries are remembered: what a person looks through.
const maxSlow = 100

// Query is one that took long. It says nothing of who asked, and its text has no
// value of it.
type Query struct {
	N        uint64 // 1 is the first since the start
	At       time.Time
	Table    string
	Took     time.Duration
	Text     string
	Looked   int // rows that were looked at
	Answered int // rows of the answer
}

// Slow remembers the last slow queries. Its methods do nothing on nil.
type Slow struct {
	mu   sync.Mutex
	n    uint64
	last []Query // the oldest first
}

// Add remembers a query; its N is given here.
func (s *Slow) Add(q Query) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	q.N = s.n
	if len(s.last) == maxSlow {
		copy(s.last, s.last[1:])
		s.last = s.last[:maxSlow-1]
	}
	s.last = append(s.last, q)
}

// All returns what is remembered, the oldest first.
func (s *Slow) All() []Query {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.last)
}
