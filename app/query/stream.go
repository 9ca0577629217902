package query

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"lyceum/app"
	"lyceum/app/live"
	"lyceum/app/schema"
)

// Bounds of what a stream keeps of what it has worked out. Who has not read it by
// then works it out alone, from the log of the table.
const (
	maxSteps     = 64       // a subscriber is rarely more than a message behind
	maxStepBytes = 64 << 10 // of 10,000 streams that nobody reads: 640 MiB
)

// stream is the changes of one query within one scope. It works out once what
// each change is to the answer, for all subscriptions that ask the same (L8).
// Nobody runs it: whoever reads first works it out, the others find it done.
//
// Locks are taken in the order stream.mu, streams.mu, the log's, subsMu.
type stream struct {
	*Engine
	ask    *ask
	scope  scope
	key    streamKey
	reader *live.Reader
	stop   func() // of the site's access
	again  atomic.Bool
	closed bool   // under streams.mu
	owner  string // the account that has opened it
	kept   int    // bytes that it is charged for; under streams.mu

	mu     sync.Mutex
	opened bool
	err    error // why it cannot go on: subscriptions join another
	until  int64 // changes up to here may be in the rows that were read first
	skip   int64 // changes up to here are
	pos    app.Position

	known  map[string]int64 // the rows of the answer with their revisions; nil if window has them, or nobody needs them
	window *window          // of a query with a limit

	steps   []*step
	first   int64 // number of the first step
	dropped int64 // position before the first step
	bytes   int

	subsMu sync.Mutex
	subs   map[*Subscription]int64 // → the number of the step that it reads next
}

// step is what came of some commits.
type step struct {
	told []told
	keys map[string]bool // of the rows that are in it
	pos  app.Position
	at   time.Time // when the store told of the first
	size int
}

// told is one change of an answer, and what it was made of.
type told struct {
	Change
	id     string
	row    app.Row // after it; nil for a delete
	n, rev int64   // of the change of the table, 0 in a window
	was    bool    // the row was part of the answer before it
	before int64   // and then its revision
}

// errLong says that there are more rows than one answer may have: from now on
// the client has a window.
var errLong = errors.New("more rows than one answer may have")

// wake tells all who read the stream that there is something.
func (s *stream) wake() {
	s.subsMu.Lock()
	defer s.subsMu.Unlock()
	for w := range s.subs {
		w.wake()
	}
}

// has reports whether a stored row is part of the answer. (L5)
func (s *stream) has(row app.Row) bool {
	return row != nil && s.scope.has(row) && s.ask.match(row)
}

// openLocked reads the rows, once. The first reader gets them as they were read.
func (s *stream) openLocked(ctx context.Context) (found, error) {
	limit := s.ask.limit()
	if s.window != nil {
		limit += reserve(limit)
	}
	got, err := s.read(ctx, s.ask, s.scope, limit)
	if err != nil {
		return got, err
	}
	if got.cut && s.window == nil {
		return got, errLong
	}
	if err := s.reader.Seek(got.first); err != nil {
		return got, err
	}
	if err := s.streams.keep(s, s.weighLocked(got.records)); err != nil {
		return got, err
	}
	s.pos, s.until, s.dropped = got.first, got.last.N, got.first.N
	switch {
	case s.window != nil:
		s.window.fill(got.records, got.cut)
	case !s.ask.table.AppendOnly:
		s.known = make(map[string]int64, len(got.records))
		for _, rec := range got.records {
			s.known[rec.ID] = rec.Rev
		}
	}
	s.opened = true
	return got, nil
}

// advanceLocked works out what has come since. ctx is of who asks: if it ends,
// the next one goes on.
func (s *stream) advanceLocked(ctx context.Context) error {
	for {
		if s.err != nil {
			return s.err
		}
		entries, more, err := s.reader.Next()
		if err != nil {
			s.endLocked(err)
			return err
		}
		st := &step{keys: make(map[string]bool), pos: s.reader.Position()}
		concerned := s.again.Swap(false)
		for _, e := range entries {
			if st.at.IsZero() {
				st.at = e.At
			}
			concerned = s.foldLocked(e.Change, st) || concerned
		}
		if err := s.refillLocked(ctx, st, concerned); err != nil {
			return err
		}
		s.pos = st.pos
		s.addLocked(st)
		if len(s.known) > s.ask.table.MaxRows() {
			s.endLocked(errLong)
			return errLong
		}
		if len(st.told) > 0 || !more {
			return nil
		}
	}
}

// foldLocked turns a change of the table into one of the answer. It reports
// whether it concerns the answer. (L3, L5)
func (s *stream) foldLocked(c app.Change, st *step) bool {
	if c.N <= s.skip {
		return false
	}
	c.Old, c.New = s.view(s.ask.table, c.Old), s.view(s.ask.table, c.New)
	is := s.has(c.New)
	if s.window != nil {
		if s.ask.table.Singleton != "" {
			return true
		}
		for _, t := range s.window.take(c, is) {
			s.keepLocked(st, t)
		}
		return false
	}
	before, was := s.known[c.ID]
	if was && before >= c.Rev {
		return false // it was read like this (S2)
	}
	t := told{id: c.ID, n: c.N, rev: c.Rev, was: was, before: before}
	delete(s.known, c.ID)
	if is && s.known != nil {
		s.known[c.ID] = c.Rev
	}
	if s.ask.tells(c, was, is, &t) {
		s.keepLocked(st, t)
	}
	return was || is
}

// tells makes what a change of one row is to the client; false: nothing.
func (q *ask) tells(c app.Change, was, is bool, t *told) (differs bool) {
	switch {
	case is && q.table.AppendOnly:
		t.Change, t.row = q.insert(c.New), c.New
	case q.table.AppendOnly:
		return false
	case was && is:
		t.row = c.New
		t.Change, differs = q.update(c.Old, c.New)
		return differs
	case is:
		t.Change, t.row = q.insert(c.New), c.New
	case was:
		t.Change = q.delete(c.ID, c.Old)
	}
	return was || is
}

func (s *stream) keepLocked(st *step, t told) {
	if t.row != nil {
		st.keys[s.scope.key(t.row)] = true
	}
	st.size += live.Size(t.New) + live.Size(t.Old)
	st.told = append(st.told, t)
}

// refillLocked reads the rows of a window again if it has lost more than its
// reserve, or if the table shows what no row holds.
func (s *stream) refillLocked(ctx context.Context, st *step, concerned bool) error {
	if s.window == nil || !s.window.short() && !concerned {
		return nil
	}
	limit := s.ask.limit()
	// Not ctx: who leaves in the middle would make all the others start anew.
	got, err := s.read(context.WithoutCancel(ctx), s.ask, s.scope, limit+reserve(limit))
	if err != nil {
		// What has been taken out of the log is in the window, and told to nobody.
		s.endLocked(live.ErrTruncated)
		return err
	}
	for _, t := range s.window.refill(got.records, got.cut) {
		s.keepLocked(st, t)
	}
	s.skip, s.until = got.first.N, max(s.until, got.last.N)
	st.pos.N = max(st.pos.N, got.first.N) // what is told now has all up to there
	return nil
}

// addLocked keeps a step, and forgets those that everybody has read or that are
// too many.
func (s *stream) addLocked(st *step) {
	if len(st.told) > 0 {
		s.steps = append(s.steps, st)
		s.bytes += st.size
	}
	s.trimLocked()
}

// end is the number of the step that comes next.
func (s *stream) end() int64 { return s.first + int64(len(s.steps)) }

func (s *stream) trimLocked() {
	oldest := s.end()
	s.subsMu.Lock()
	for _, next := range s.subs {
		oldest = min(oldest, next)
	}
	s.subsMu.Unlock()
	for len(s.steps) > 0 && (s.first < oldest || len(s.steps) > maxSteps || len(s.steps) > 1 && s.bytes > maxStepBytes) {
		s.bytes -= s.steps[0].size
		s.dropped = s.steps[0].pos.N
		s.steps[0] = nil
		s.steps = s.steps[1:]
		s.first++
	}
	if len(s.steps) == 0 {
		s.steps = nil
	}
}

// restLocked is called by a subscription that has read everything. Where few read
// the stream, what all have read is not kept until the next change.
func (s *stream) restLocked() {
	const few = 8
	s.subsMu.Lock()
	n := len(s.subs)
	s.subsMu.Unlock()
	if len(s.steps) > 0 && n <= few {
		s.trimLocked()
	}
}

// endLocked ends the stream: everybody joins another.
func (s *stream) endLocked(err error) {
	s.err = err
	s.known, s.window, s.steps = nil, nil, nil
	s.streams.forget(s)
}

// haveLocked returns the rows that a subscription has which reads step next: what
// is there, with the steps after it taken back, but for what it has read already.
func (s *stream) haveLocked(next int64, has func(told) bool) map[string]int64 {
	have := make(map[string]int64, len(s.known))
	maps.Copy(have, s.known)
	if s.window != nil {
		for _, rec := range s.window.shown() {
			have[rec.ID] = rec.Rev
		}
	}
	for _, st := range slices.Backward(s.steps[next-s.first:]) {
		for _, t := range slices.Backward(st.told) {
			if has(t) {
				continue
			}
			delete(have, t.id)
			if t.was {
				have[t.id] = t.before
			}
		}
	}
	return have
}

// held reports whether a query is answered by a window from the beginning.
func (q *ask) held() bool { return q.opts.limit > 0 || q.table.Singleton != "" }

// showsAccess reports whether a table shows what no row holds.
func showsAccess(t *schema.Table) bool { return t.Field(schema.FirstAccount) != nil }
