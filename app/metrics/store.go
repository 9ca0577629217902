package metrics

import (
	"sync/atomic"
	"time"
)

// Store has the figures of the durable store. Its methods do nothing on nil.
type Store struct {
	batch   *Histogram // writes in one commit
	commits *Histogram // how long a commit took
	reads   *Histogram // how long one read of the store took
	failed  atomic.Uint64
	pages   atomic.Int64
	full    atomic.Bool
}

func newStore() *Store {
	return &Store{batch: newHistogram(sizes), commits: newHistogram(durations), reads: newHistogram(durations)}
}

// Committed notes a commit: how many writes it made durable, and how long it
// took with its fsync.
func (s *Store) Committed(writes int, d time.Duration) {
	if s == nil {
		return
	}
	s.batch.Observe(int64(writes))
	s.commits.Observe(int64(d))
}

// CommitFailed counts a commit of which nothing was written.
func (s *Store) CommitFailed() {
	if s != nil {
		s.failed.Add(1)
	}
}

// Read notes one read of a row or of a page of rows.
func (s *Store) Read(d time.Duration) {
	if s == nil {
		return
	}
	s.reads.Observe(int64(d))
}

// LogHas notes about how many pages the write-ahead log has that are not yet
// copied into the database.
func (s *Store) LogHas(pages int) {
	if s != nil {
		s.pages.Store(int64(pages))
	}
}

// Full notes whether writes are refused because the disk has no room.
func (s *Store) Full(full bool) {
	if s != nil {
		s.full.Store(full)
	}
}
