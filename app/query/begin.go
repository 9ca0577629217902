package query

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"time"

	"lyceum/app"
	"lyceum/app/live"
)

// start makes the first answer: the rows, or that the client may go on from where
// it says that it is. (L1, L4)
func (w *Subscription) start(ctx context.Context) (Message, bool, error) {
	sc, stamp, err := w.may()
	if err != nil {
		return Message{}, false, err
	}
	after := w.resume
	w.resume = nil
	// A scope that is newer than its stamp is not what the client had.
	if after != nil && w.engine.access.Stamp(w.caller.AccountID) == stamp {
		m, ok, err := w.goOn(ctx, sc, stamp, *after)
		if ok || err != nil {
			return m, ok, err
		}
	}
	records, cut, err := w.arrive(ctx, sc, stamp)
	if err != nil {
		return Message{}, false, err
	}
	if cut && w.ask.table.AppendOnly {
		return Message{}, false, app.Errorf(app.TooLarge, "There are more rows of %s than one answer may have; ask for newer ones.", w.ask.table.Name)
	}
	rows := make([]app.Row, 0, len(records))
	keys := make(map[string]bool)
	for _, rec := range records {
		rows = append(rows, w.ask.project(rec.Row))
		keys[sc.key(rec.Row)] = true
	}
	pos := w.next.position()
	return Message{
		Answer:   &Answer{List: true, Rows: rows, Start: true, Cut: cut && w.ask.opts.limit == 0, Position: &pos},
		Position: pos, Still: w.still(keys),
	}, true, nil
}

// arrive joins the stream of a scope and returns its rows as they are at w.next.
func (w *Subscription) arrive(ctx context.Context, sc scope, stamp string) (records []app.Record, cut bool, err error) {
	s := w.engine.join(w, sc)
	w.next = place{stream: s, stamp: stamp}
	s.mu.Lock()
	if !s.opened {
		defer s.mu.Unlock()
		got, err := s.openLocked(ctx)
		if errors.Is(err, errLong) && w.ask.table.AppendOnly {
			return nil, true, nil
		}
		if err != nil {
			w.drop()
			return nil, false, err
		}
		w.looked = got.looked
		w.next.pos, w.next.until, w.next.index = s.pos, s.until, s.first
		if s.window != nil {
			return slices.Clone(s.window.shown()), w.more(s), nil
		}
		return got.records, got.cut, nil
	}
	if err := s.advanceLocked(ctx); err != nil {
		s.mu.Unlock()
		w.drop()
		return nil, false, err
	}
	w.next.pos, w.next.until, w.next.index = s.pos, s.until, s.end()
	s.reads(w, w.next.index)
	if s.window != nil {
		defer s.mu.Unlock()
		return slices.Clone(s.window.shown()), w.more(s), nil
	}
	s.mu.Unlock()
	return w.reread(ctx, sc)
}

// more reports whether a window has rows that are not shown.
func (w *Subscription) more(s *stream) bool {
	return s.window.more || len(s.window.records) > s.window.limit
}

// reread reads the rows of a stream that others have opened, which does not keep
// them. They are newer than its steps.
func (w *Subscription) reread(ctx context.Context, sc scope) (records []app.Record, cut bool, err error) {
	got, err := w.engine.read(ctx, w.ask, sc, w.ask.limit())
	w.looked = got.looked
	if err == nil && got.cut && !w.ask.table.AppendOnly {
		err = errLong
	}
	if err != nil {
		w.drop()
		return nil, false, err
	}
	w.next.pos = got.first
	w.next.skip, w.next.until = got.first.N, got.last.N
	if got.last.N > got.first.N {
		w.next.early = make(map[string]int64, len(got.records))
		for _, rec := range got.records {
			w.next.early[rec.ID] = rec.Rev
		}
	}
	return got.records, got.cut, nil
}

// goOn answers a client that comes back, if all that came since is known and its
// access is what it was. (L4)
func (w *Subscription) goOn(ctx context.Context, sc scope, stamp string, after app.Position) (Message, bool, error) {
	table := w.ask.table.Stored()
	at := place{stamp: stamp, pos: app.Position{Log: w.engine.logs[table].Position().Log, N: after.N}}
	if after != at.position() || after.N > w.engine.toldOf(table) {
		return Message{}, false, nil
	}
	if _, cut, err := w.arrive(ctx, sc, stamp); err != nil || cut && !w.held {
		if errors.Is(err, errLong) || errors.Is(err, live.ErrTruncated) {
			err = nil // a new start will tell
		}
		w.drop()
		return Message{}, false, err
	}
	at.stream, at.until = w.next.stream, w.next.until
	if !w.seek(&at) {
		w.drop()
		return Message{}, false, nil
	}
	w.next = at
	return Message{
		Answer:   &Answer{List: true, Rows: []app.Row{}, Position: &after},
		Position: after, Still: w.still(nil),
	}, true, nil
}

// seek finds the position of a place: among the steps of its stream, or in the
// log of the table.
func (w *Subscription) seek(at *place) bool {
	s := at.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil || !s.opened {
		return false
	}
	if w.held {
		return w.seekWindowLocked(at)
	}
	at.alone = s.alone(at.pos)
	return at.alone != nil
}

// seekWindowLocked finds the position of a place in a stream that keeps a window:
// between two of its steps, or, where those are forgotten, by taking back from the
// window what has come since.
func (w *Subscription) seekWindowLocked(at *place) bool {
	s := at.stream
	index, ok := s.indexAfterLocked(at.pos.N)
	if at.index = index; ok && at.pos.N >= s.until {
		return true
	}
	r := s.alone(at.pos)
	if r == nil {
		return false
	}
	defer r.Close()
	known := s.toldOf(s.ask.table.Stored()) >= max(s.until, s.pos.N)
	entries, more, err := r.Next()
	if err != nil || more || !known || s.until > s.pos.N {
		return false // it is long ago: the rows are shorter
	}
	told, ok := s.missedLocked(entries)
	if !ok {
		return false
	}
	at.index = s.end()
	at.missed = &step{keys: make(map[string]bool), pos: s.pos}
	for _, t := range told {
		s.keepLocked(at.missed, t)
	}
	return true
}

// missedLocked returns what a client is to be told of a window that has not seen
// some changes of the table.
func (s *stream) missedLocked(entries []live.Entry) (list []told, ok bool) {
	if s.ask.table.Singleton != "" && len(entries) > 0 {
		return nil, false // its rows are not those of the log
	}
	before := &window{ask: s.ask, limit: s.window.limit, records: slices.Clone(s.window.records), more: s.window.more}
	later := int64(math.MaxInt64 / 2) // a revision for what is put back
	for _, e := range slices.Backward(entries) {
		if e.N > s.pos.N {
			continue
		}
		later++
		old := s.view(s.ask.table, e.Old)
		before.take(app.Change{ID: e.ID, Rev: later, New: old}, s.has(old))
		if before.short() {
			return nil, false
		}
	}
	return before.refill(s.window.records, s.window.more), true
}

// alone returns a reader of what concerns the stream from a position on; nil if
// the log has forgotten it.
func (s *stream) alone(pos app.Position) *live.Reader {
	r := s.logs[s.ask.table.Stored()].Reader(s.ask.topics(s.scope), func() {})
	if err := r.Seek(pos); err != nil {
		r.Close()
		return nil
	}
	return r
}

// rescope takes a change of access in: rows that the caller may see no longer go,
// rows that it may see now come; nothing else is disturbed. (L5, W5)
func (w *Subscription) rescope(ctx context.Context) (Message, bool, error) {
	sc, stamp, err := w.may()
	if err != nil {
		return Message{}, false, err
	}
	if sc.equal(w.at.stream.scope) {
		w.at.stamp = stamp
		if w.at.alone != nil {
			return w.readAlone(ctx)
		}
		return w.read(ctx)
	}
	have, ok := w.have(ctx)
	if !ok {
		return Message{}, false, live.ErrTruncated // so slow a client gets the rows again
	}
	records, cut, err := w.arrive(ctx, sc, stamp)
	if err == nil && cut && !w.held {
		err = errLong
	}
	if err != nil {
		return Message{}, false, err
	}
	changes, keys := w.differences(have, records, sc)
	if len(changes) == 0 {
		w.place(w.next) // it is there already
		w.next = place{}
		return w.read(ctx)
	}
	return w.message(changes, keys, time.Time{}), true, nil
}

// have returns the rows that the client has, if that is known.
func (w *Subscription) have(ctx context.Context) (map[string]int64, bool) {
	s := w.at.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.at.alone != nil || w.at.missed != nil || w.at.index < s.first {
		return nil, false
	}
	// What the client has read must be in the stream too.
	sure := s.toldOf(s.ask.table.Stored())
	if s.advanceLocked(ctx) != nil || w.at.index < s.first || sure < max(w.at.skip, w.at.until) {
		return nil, false
	}
	return s.haveLocked(w.at.index, w.has), true
}

// differences are what makes rows that a client has into others.
func (w *Subscription) differences(have map[string]int64, records []app.Record, sc scope) (changes []Change, keys map[string]bool) {
	stays := make(map[string]bool, len(records))
	for _, rec := range records {
		stays[rec.ID] = true
	}
	for _, id := range slices.Sorted(maps.Keys(have)) {
		if !stays[id] {
			changes = append(changes, w.ask.delete(id, nil))
		}
	}
	keys = make(map[string]bool)
	for _, rec := range records {
		before, was := have[rec.ID]
		if was && before == rec.Rev {
			continue
		}
		change := w.ask.insert(rec.Row)
		if was {
			change = w.ask.replacement(w.ask.project(rec.Row))
		}
		changes = append(changes, change)
		keys[sc.key(rec.Row)] = true
	}
	return changes, keys
}
