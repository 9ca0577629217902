package rethinktest

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// tableFaults are what a table does wrong now.
type tableFaults struct {
	cutBefore, cutAfter int  // writes to come whose connection is cut
	held                bool // writes are shown, and not acknowledged
	failed              bool // there is no primary
	failures            int  // of the primary, ever
	feedsHeld           bool
	feedDelay           time.Duration
	skips               int // changes to come that feeds lose
	shuffle             *rand.Rand
}

// wire holds answers back. The zero value lets them pass.
type wire struct {
	mu    sync.Mutex
	delay time.Duration
	gate  chan struct{} // open when closed; nil: no gate
}

// pass waits until an answer may go, and reports whether the connection is still
// there.
func (w *wire) pass(ctx context.Context) bool {
	w.mu.Lock()
	delay, gate := w.delay, w.gate
	w.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
		}
	}
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}

// DelayAnswers makes every answer, feeds included, wait so long; 0 ends that.
func (s *Server) DelayAnswers(d time.Duration) {
	s.wire.mu.Lock()
	defer s.wire.mu.Unlock()
	s.wire.delay = d
}

// HoldAnswers keeps every answer back, and what was asked is done all the same,
// until release is called.
func (s *Server) HoldAnswers() (release func()) {
	gate := make(chan struct{})
	s.wire.mu.Lock()
	defer s.wire.mu.Unlock()
	s.wire.gate = gate
	return sync.OnceFunc(func() { close(gate) })
}

// DropConnections cuts every connection; new ones are taken.
func (s *Server) DropConnections() {
	for _, m := range s.nodes {
		m.drop()
	}
}

// CutEvery cuts every connection again and again, until stop is called.
func (s *Server) CutEvery(d time.Duration) (stop func()) {
	ticker, done := time.NewTicker(d), make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		for {
			select {
			case <-ticker.C:
				s.DropConnections()
			case <-done:
				return
			}
		}
	})
	return sync.OnceFunc(func() {
		ticker.Stop()
		close(done)
		work.Wait()
	})
}

// DropNode cuts the connections of one node.
func (s *Server) DropNode(i int) { s.nodes[i].drop() }

// RefuseConnections takes no new connection, and keeps those that are there,
// until Start.
func (s *Server) RefuseConnections() {
	for _, m := range s.nodes {
		m.refuse()
	}
}

// CutBefore cuts the connection of each of the next n writes of a table, before
// anything of it is written.
func (s *Server) CutBefore(db, name string, n int) {
	s.fault(db, name, func(t *table) { t.faults.cutBefore = n })
}

// CutAfter cuts the connection of each of the next n writes of a table when all
// of it is written, so that the client does not learn of it.
func (s *Server) CutAfter(db, name string, n int) {
	s.fault(db, name, func(t *table) { t.faults.cutAfter = n })
}

// HoldWrites lets writes of a table happen and be seen by feeds and by reads,
// but not be safe: they are not acknowledged, and majority reads wait. They are
// so until release is called, or FailPrimary takes them back.
func (s *Server) HoldWrites(db, name string) (release func()) {
	s.fault(db, name, func(t *table) { t.faults.held = true })
	return func() {
		s.fault(db, name, func(t *table) { t.faults.held, t.unsafe = false, nil })
	}
}

// FailPrimary loses the primary of a table: writes that were held are taken back
// and their clients told that nobody knows; feeds are aborted (record 150); and
// reads, writes and feeds are refused until elect is called, which makes another
// primary. The feeds that were told of what is taken back never hear of that.
func (s *Server) FailPrimary(db, name string) (elect func()) {
	defer s.data.changed()
	s.fault(db, name, func(t *table) {
		for _, c := range slices.Backward(t.unsafe) {
			t.put(change{old: c.new, new: c.old})
		}
		t.unsafe = nil
		t.faults.held = false
		t.faults.failed = true
		t.faults.failures++
		t.abortFeeds()
	})
	return func() {
		s.fault(db, name, func(t *table) { t.faults.failed = false })
		s.data.changed()
	}
}

// Kill ends all nodes as kill -9 does: writes of soft durability are lost that
// were not followed by a sync.
func (s *Server) Kill() {
	s.Stop()
	for _, t := range s.data.all() {
		t.mu.Lock()
		for _, c := range slices.Backward(t.unsynced) {
			t.put(change{old: c.new, new: c.old})
		}
		t.unsynced = nil
		t.mu.Unlock()
	}
}

// Feeds counts the open feeds of a table.
func (s *Server) Feeds(db, name string) int {
	t := s.data.lookup(db, name)
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.feeds)
}

// AllFeeds counts the open feeds of all tables, and the tables that have one.
func (s *Server) AllFeeds() (feeds, tables int) {
	for _, t := range s.data.all() {
		t.mu.Lock()
		n := len(t.feeds)
		t.mu.Unlock()
		feeds += n
		tables += min(n, 1)
	}
	return feeds, tables
}

// patience is how long AwaitFeeds waits: a test that is stuck ends with a word.
const patience = 30 * time.Second

// AwaitFeeds waits until so many feeds of a table are open: a feed is closed
// without the client waiting for it.
func (s *Server) AwaitFeeds(db, name string, n int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	t := s.data.lookup(db, name)
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.waking(ctx)()
	for len(t.feeds) != n && ctx.Err() == nil {
		t.settled.Wait()
	}
	if len(t.feeds) != n {
		s.t.Errorf("table %s.%s has %d open feeds, want %d", db, name, len(t.feeds), n)
	}
}

// SkipChanges makes the feeds of a table lose the next n changes. Each feed is
// told that it lost them, once it reads on (record 168).
func (s *Server) SkipChanges(db, name string, n int) {
	s.fault(db, name, func(t *table) { t.faults.skips = n })
}

// DelayFeeds tells the feeds of a table each change so much later.
func (s *Server) DelayFeeds(db, name string, d time.Duration) {
	s.fault(db, name, func(t *table) { t.faults.feedDelay = d })
}

// HoldFeeds tells the feeds of a table nothing until release is called. Their
// queues are bounded as ever.
func (s *Server) HoldFeeds(db, name string) (release func()) {
	s.fault(db, name, func(t *table) { t.faults.feedsHeld = true })
	return func() { s.fault(db, name, func(t *table) { t.faults.feedsHeld = false }) }
}

// SilenceFeeds makes the feeds of a table that are open now stay open and tell
// nothing any more, without a word: what feeds over an index do that was dropped
// (152). Those that are opened afterwards tell.
func (s *Server) SilenceFeeds(db, name string) {
	s.fault(db, name, func(t *table) {
		for f := range t.feeds {
			f.silent = true
		}
	})
}

// ShuffleFeeds tells changes of different rows that wait together in any order
// from now on; those of one row stay in theirs. With HoldFeeds a test says what
// waits together.
func (s *Server) ShuffleFeeds(db, name string, seed uint64) {
	s.fault(db, name, func(t *table) { t.faults.shuffle = rand.New(rand.NewPCG(seed, seed)) })
}

// SetAcks makes an administrator's change of a table: how many replicas must have a
// write that is acknowledged, "majority" or "single". Here it shows in the table's
// configuration alone.
func (s *Server) SetAcks(db, name, acks string) {
	s.fault(db, name, func(t *table) { t.config.writeAcks = acks })
}

// Double gives the name of a database, or of a table as db.table, to another one too:
// what two nodes make of a name that both are asked for at once.
func (s *Server) Double(name string) {
	s.data.mu.Lock()
	defer s.data.mu.Unlock()
	s.data.twice[name] = true
}

// Misplace makes the cluster say that a node is at another address, as one in a
// container does of its loopback.
func (s *Server) Misplace(i int, address string) {
	m := s.nodes[i]
	m.mu.Lock()
	defer m.mu.Unlock()
	m.said = address
}

// fault changes a table, and wakes all that may be waiting for it.
func (s *Server) fault(db, name string, fn func(*table)) {
	t := s.data.lookup(db, name)
	t.mu.Lock()
	defer t.mu.Unlock()
	fn(t)
	t.settled.Broadcast()
	for f := range t.feeds {
		f.signal()
	}
}
