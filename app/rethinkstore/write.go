package rethinkstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lyceum/app"
	"lyceum/app/ordered"
	"lyceum/app/packed"
)

const (
	// maxQueued is how many writes of a table may wait: one full query while
	// another is under way. More wait with their callers, which is the pressure
	// that slows a flood down.
	maxQueued = 256
	// maxBatch is how many rows one query writes: so many share the round trip and
	// the wait for the disks, and the first of them does not wait long.
	maxBatch = 200
	// maxBatchBytes ends a batch early: a long query delays the short ones behind
	// it, and the rest of a batch is far below the 128 MiB that RethinkDB takes.
	maxBatchBytes = 4 << 20
	// writePatience is how long a write is asked for again while the database does
	// not answer; then nobody knows what became of it.
	writePatience = 20 * time.Second
	// tellPatience is how long an acknowledgement then waits for our own feed to
	// tell of the write. A feed that was cut is back within a second.
	tellPatience = 20 * time.Second
)

// pending is a write on its way, encoded by its caller.
type pending struct {
	write app.Write
	key   string // primary key
	row   []byte // nil deletes
	ix    map[string]any
	tag   tag
	why   purpose

	done chan struct{} // closed when the rest stands
	rev  int64         // of the row as it was written; 0: nothing was to be done
	err  error
}

// purpose is why a row is written.
type purpose int

const (
	ordinary  purpose = iota
	removing          // the ephemeral row of a server that is gone
	restoring         // our ephemeral row, which others have removed
)

// Write implements app.Store.
func (s *Store) Write(ctx context.Context, w app.Write) (app.Record, error) {
	return s.write(ctx, w, ordinary)
}

func (s *Store) write(ctx context.Context, w app.Write, why purpose) (app.Record, error) {
	t, err := s.begin(ctx, w.Table)
	if err != nil {
		return app.Record{}, fmt.Errorf("write %s/%s: %w", w.Table, w.ID, err)
	}
	p, err := s.pend(t, w)
	if err != nil {
		return app.Record{}, err
	}
	p.why = why
	if t.ephemeral && w.Row == nil {
		t.own.wrote(app.Record{ID: w.ID}) // before it is done: it must not be restored
	}
	rec, err := s.carryOut(ctx, t, p)
	if err != nil {
		return app.Record{}, fmt.Errorf("write %s/%s: %w", w.Table, w.ID, err)
	}
	return rec, nil
}

func (s *Store) pend(t *table, w app.Write) (*pending, error) {
	if err := ordered.CheckWrite(w); err != nil {
		return nil, err
	}
	p := &pending{write: w, key: primaryKey(w.ID), done: make(chan struct{})}
	if w.Row == nil {
		return p, nil
	}
	p.ix = t.indexed(app.Record{ID: w.ID, Row: w.Row})
	var err error
	p.row, err = packed.Encode(w.Row)
	return p, err
}

// carryOut hands a write to the table's writer and waits until it is done and
// told.
func (s *Store) carryOut(ctx context.Context, t *table, p *pending) (app.Record, error) {
	s.gate.RLock()
	if s.closed {
		s.gate.RUnlock()
		return app.Record{}, errClosed
	}
	s.writes.Add(1)
	s.gate.RUnlock()
	select {
	case t.writer.queue <- p:
	case <-ctx.Done():
		s.writes.Done()
		return app.Record{}, ctx.Err()
	}
	finished := make(chan error, 1)
	go func() { // outlives a caller that goes; Close waits for it
		defer s.writes.Done()
		<-p.done
		finished <- s.settled(t, p)
	}()
	select {
	case err := <-finished:
		if err != nil {
			return app.Record{}, err
		}
	case <-ctx.Done():
		return app.Record{}, app.ErrUnknown
	}
	if p.rev == 0 {
		return app.Record{ID: p.write.ID}, nil
	}
	return app.Record{ID: p.write.ID, Rev: p.rev, Row: p.write.Row}, nil
}

// settled waits until our own watchers, and where it concerns them the other
// servers, have been told of a write that was done.
func (s *Store) settled(t *table, p *pending) error {
	if p.err != nil || p.rev == 0 {
		return p.err
	}
	ctx, cancel := context.WithTimeout(s.ctx, tellPatience)
	defer cancel()
	if err := s.waitTold(ctx, t, p.write.ID, p.rev); err != nil {
		return fmt.Errorf("%w: it is stored, but its feed does not tell of it", app.ErrUnknown)
	}
	return s.agree(ctx, t, p)
}

// waitTold waits until the watchers were told of a revision of a row, or of a
// later one.
func (s *Store) waitTold(ctx context.Context, t *table, id string, rev int64) error {
	s.mu.Lock()
	w := t.history.wait(id, rev)
	s.mu.Unlock()
	if w == nil {
		return nil
	}
	select {
	case <-w.told:
		return nil
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		t.history.leave(id, w)
		return ctx.Err()
	}
}

// writer writes the rows of one table: what comes while a query is under way goes
// into the next one together.
type writer struct {
	store *Store
	table *table
	queue chan *pending
	later []*pending // of keys that are in the batch already; of run alone
}

// run writes until the queue is closed and empty.
func (w *writer) run() {
	for {
		batch := w.collect()
		if len(batch) == 0 {
			return
		}
		w.write(batch)
	}
}

// collect waits for a write and takes what else is there, each key once: the rows
// of one query are written in no order.
func (w *writer) collect() []*pending {
	var batch, later []*pending
	size := 0
	keys := make(map[string]bool)
	take := func(p *pending) {
		if keys[p.key] || len(batch) >= maxBatch || size >= maxBatchBytes {
			later = append(later, p)
			return
		}
		keys[p.key] = true
		size += len(p.row)
		batch = append(batch, p)
	}
	waiting := w.later
	if len(waiting) == 0 {
		p, ok := <-w.queue
		if !ok {
			return nil
		}
		waiting = []*pending{p}
	}
	for _, p := range waiting {
		take(p)
	}
	for len(batch)+len(later) < maxBatch {
		select {
		case p, ok := <-w.queue:
			if !ok {
				w.later = later
				return batch
			}
			take(p)
		default:
			w.later = later
			return batch
		}
	}
	w.later = later
	return batch
}

// write carries out a batch in one query, or in two beside each other: rows that
// may not be there are inserted, others are changed.
func (w *writer) write(batch []*pending) {
	var put, change []*pending
	for _, p := range batch {
		p.tag = tag{w.store.clock.next(), w.store.id}
		switch {
		case p.row == nil || p.write.IfRev > 0 || p.why == restoring:
			change = append(change, p)
		default:
			put = append(put, p)
		}
	}
	both := make(chan struct{})
	go func() {
		defer close(both)
		w.attempt(change, w.change)
	}()
	w.attempt(put, w.put)
	<-both
	for _, p := range batch {
		close(p.done)
	}
}

// document is what a write leaves.
func (w *writer) document(p *pending) map[string]any {
	d := map[string]any{
		fieldID: p.key, fieldRev: p.tag.stamp, fieldBorn: p.tag.stamp, fieldTags: []any{p.tag.term()},
	}
	if p.row == nil {
		d[fieldGone], d[fieldDead] = []byte(p.write.ID), p.tag.stamp
		if p.why == removing {
			d[fieldLost] = true
			d[fieldDead] = p.tag.stamp + (tombstoneAge - lightAge).Microseconds()
		}
		return d
	}
	d[fieldKey], d[fieldRow], d[fieldIndexes] = []byte(p.write.ID), p.row, p.ix
	if w.table.ephemeral {
		d[fieldServer] = w.store.id
	}
	return d
}

// put inserts rows, or replaces those that may be.
func (w *writer) put(ctx context.Context, batch []*pending) (map[string]outcome, error) {
	docs, replacing := make([]any, 0, len(batch)), []any{}
	for _, p := range batch {
		docs = append(docs, w.document(p))
		if p.write.IfRev == app.AnyRev && !w.table.AppendOnly {
			replacing = append(replacing, p.key)
		}
	}
	return w.store.writeOnce(ctx, w.table.putTerm(docs, replacing))
}

// change replaces or deletes rows that are there.
func (w *writer) change(ctx context.Context, batch []*pending) (map[string]outcome, error) {
	keys, writes := make([]any, 0, len(batch)), make(map[string]any, len(batch))
	for _, p := range batch {
		condition := p.write.IfRev
		if condition == app.Absent || w.table.AppendOnly && p.row != nil {
			condition = 0 // no row has it
		}
		keys = append(keys, p.key)
		writes[p.key] = map[string]any{"if": condition, "lost": w.lost(p), "new": w.document(p)}
	}
	return w.store.writeOnce(ctx, w.table.changeTerm(keys, writes))
}

// lost says the tombstones of which server that was gone a write replaces: what
// was removed on purpose stays gone, also if it was gone already.
func (w *writer) lost(p *pending) string {
	switch {
	case p.why == restoring:
		return w.store.id
	case p.why == ordinary && p.row == nil && p.write.IfRev == app.AnyRev:
		return anyServer
	}
	return ""
}

// attempt carries out a query until its outcome is known. It may be done again:
// the tags say what was done before.
func (w *writer) attempt(batch []*pending, do func(context.Context, []*pending) (map[string]outcome, error)) {
	if len(batch) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(w.store.ctx, writePatience)
	defer cancel()
	meter := w.store.options.Meter
	begun, sent, all := time.Now(), false, len(batch)
	pause := pauseFirst
	for {
		outcomes, err := do(ctx, batch)
		if err == nil {
			if batch = w.judge(batch, outcomes, sent); len(batch) > 0 {
				sent = false // with these stamps
				continue
			}
			meter.Committed(all, time.Since(begun))
			return
		}
		_, unsent := errors.AsType[notSentError](err)
		sent = sent || !unsent
		if (passing(err) || errors.Is(err, errUnjudged)) && wait(ctx, &pause) {
			continue
		}
		if sent && (passing(err) || errors.Is(err, errUnjudged)) {
			err = fmt.Errorf("%w: %w", app.ErrUnknown, err)
		}
		meter.CommitFailed()
		for _, p := range batch {
			p.err = whileAway(err)
		}
		return
	}
}

var errUnjudged = errors.New("the database did not say what became of a row")

// judge gives each write of a batch its outcome, but for those that it returns,
// with other stamps: somebody whose clock is ahead has written the row. Where an
// earlier copy was sent, and may have been done and forgotten since, nobody knows.
func (w *writer) judge(batch []*pending, outcomes map[string]outcome, sent bool) (again []*pending) {
	safe := make([]int64, 0, len(batch))
	for _, p := range batch {
		o, there := outcomes[p.key]
		switch {
		case there && o.New != nil && o.New.has(p.tag):
			p.rev = o.New.Rev
			if o.New.Tags[0] != p.tag { // others have written since, over a cut connection
				p.rev = p.tag.stamp
			}
			safe = append(safe, p.tag.stamp)
			w.note(p)
		case there && p.late(o.New):
			w.store.clock.heard(o.New.Rev)
			if sent && len(o.New.Tags) >= keptTags {
				p.err = app.ErrUnknown
				continue
			}
			p.tag.stamp = w.store.clock.next()
			again = append(again, p)
		case p.row != nil:
			p.err = app.ErrConflict
		case p.write.IfRev == app.AnyRev, p.write.IfRev == app.Absent && (!there || o.New == nil || o.New.Dead != 0):
		default:
			p.err = app.ErrConflict
		}
	}
	w.table.follower.heed(safe)
	return again
}

// late reports whether a write was not done only because a document has a revision
// that is not below its stamp.
func (p *pending) late(d *document) bool {
	if d == nil || d.Rev < p.tag.stamp {
		return false
	}
	if d.Dead != 0 {
		return p.write.IfRev <= 0 && (p.row != nil || d.Lost && p.write.IfRev == app.AnyRev)
	}
	return p.write.IfRev == app.AnyRev
}

// note remembers an ephemeral row, to write it again if others remove it.
func (w *writer) note(p *pending) {
	if !w.table.ephemeral || p.row == nil || p.why == restoring && !w.table.own.has(p.write.ID) {
		return
	}
	w.table.own.wrote(app.Record{ID: p.write.ID, Rev: p.rev, Row: p.write.Row})
}
