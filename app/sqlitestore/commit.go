package sqlitestore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"lyceum/app"
	"lyceum/app/feed"
	"lyceum/app/ordered"
)

// commit makes a batch durable, then tells the watchers, then the writers.
func (s *Store) commit(ctx context.Context, batch []*pending) {
	begun := time.Now()
	var c feed.Commit
	var err error
	if broken := s.broken.Load(); broken != nil {
		err = *broken
	} else {
		c, err = s.attempt(ctx, batch)
	}
	switch {
	case err != nil:
		// A conflict may have been one with a write that has not happened, so
		// all of them fail alike.
		s.meter.CommitFailed()
		for _, p := range batch {
			p.rec, p.err = app.Record{}, fmt.Errorf("write %s/%s: %w", p.write.Table, p.write.ID, err)
		}
	case len(c.Tables) > 0:
		s.meter.Committed(int(c.N-s.n), time.Since(begun))
		s.meter.LogHas(s.walPages)
		s.n = c.N
		s.feed.Tell(c)
		if s.full {
			s.full = false
			s.meter.Full(false)
			s.log.Info("disk has room again", "part", "store")
		}
	}
	for _, p := range batch {
		close(p.done)
	}
}

// attempt writes a batch in one transaction. A write whose condition does not
// hold has its own error and is not in it; an error of attempt is one of all.
func (s *Store) attempt(ctx context.Context, batch []*pending) (feed.Commit, error) {
	var c feed.Commit
	if err := s.write.exec(ctx, beginWrite); err != nil {
		return c, s.notWritten(ctx, fmt.Errorf("begin: %w", err))
	}
	n := s.n
	for _, p := range batch {
		change, err := s.apply(ctx, p, n+1)
		if err != nil {
			return c, s.notWritten(ctx, err)
		}
		if change != nil {
			n++
			c.Add(p.table.Name, *change)
		}
	}
	if len(c.Tables) == 0 {
		if err := rolledBack(ctx, s.conn, nil); err != nil {
			return c, s.fail(err)
		}
		return c, nil
	}
	if err := s.write.exec(ctx, setLastWrite, n); err != nil {
		return c, s.notWritten(ctx, err)
	}
	if err := s.commitTx(ctx); err != nil {
		return c, s.commitFailed(ctx, err)
	}
	return c, nil
}

// apply checks the condition of one write and carries it out. The change is nil
// if there is none; then p has its answer.
func (s *Store) apply(ctx context.Context, p *pending, n int64) (*app.Change, error) {
	t, w := p.table, p.write
	var rev int64
	var old app.Row
	err := s.write.query(ctx, t.old, 2, func(row []driver.Value) (more bool, err error) {
		rev, old, err = s.write.record(row, nil)
		return false, err
	}, w.ID)
	if err != nil {
		return nil, fmt.Errorf("read %s/%s: %w", t.Name, w.ID, err)
	}
	switch {
	case !ordered.Holds(w, rev, t.AppendOnly):
		p.err = app.ErrConflict
		return nil, nil
	case old == nil && w.Row == nil:
		p.rec = app.Record{ID: w.ID}
		return nil, nil
	case w.Row == nil:
		err = s.write.exec(ctx, t.remove, w.ID)
	default:
		err = s.write.exec(ctx, t.put, w.ID, n, p.row)
	}
	if err == nil {
		err = s.reindex(ctx, p, old)
	}
	if err != nil {
		return nil, fmt.Errorf("write %s/%s: %w", t.Name, w.ID, err)
	}
	s.walPages += 2 + len(p.row)/pageSize
	p.rec = app.Record{ID: w.ID, Rev: n, Row: w.Row}
	return &app.Change{N: n, ID: w.ID, Rev: n, Old: old, New: w.Row}, nil
}

// reindex removes the entries that the row has no longer and adds the new ones.
func (s *Store) reindex(ctx context.Context, p *pending, old app.Row) error {
	for i, ix := range p.table.indexes {
		if ix.Same(old, p.write.Row) {
			continue
		}
		gone, come := difference(ix.Keys(old), p.keys[i])
		for _, key := range gone {
			if err := s.write.exec(ctx, ix.remove, key, p.write.ID); err != nil {
				return err
			}
		}
		for _, key := range come {
			if err := s.write.exec(ctx, ix.add, key, p.write.ID); err != nil {
				return err
			}
		}
		s.walPages += len(gone) + len(come)
	}
	return nil
}

// notWritten ends a transaction that was not to be committed.
func (s *Store) notWritten(ctx context.Context, err error) error {
	err = rolledBack(ctx, s.conn, err)
	if _, ok := errors.AsType[rollbackError](err); ok {
		return s.fail(err)
	}
	if full(err) {
		return s.noRoom(err)
	}
	return s.judged(err)
}

// commitFailed judges an error of COMMIT. When the log could not be written for
// want of room its commit record is not on disk, so nothing has happened.
// Anything else, above all a failed fsync, leaves the outcome unknown.
func (s *Store) commitFailed(ctx context.Context, err error) error {
	if !notWrittenForRoom(err) {
		return s.fail(err)
	}
	err = rolledBack(ctx, s.conn, err)
	if _, ok := errors.AsType[rollbackError](err); ok {
		return s.fail(err)
	}
	return s.noRoom(err)
}

func (s *Store) noRoom(err error) error {
	if !s.full {
		s.full = true
		s.meter.Full(true)
		s.log.Error("disk is full, writes are refused", "part", "store", "err", err)
	}
	return noRoom(err)
}

// fail ends the process, by way of the hook: what the kernel answers to a second
// fsync says nothing of what the first has lost (S6).
func (s *Store) fail(err error) error {
	broken := fmt.Errorf("the store has stopped after an error: %w", err)
	err = fmt.Errorf("%w: %w", app.ErrUnknown, broken)
	s.broken.Store(&broken)
	s.fatal(err)
	return err
}
