package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"lyceum/app"
	"lyceum/app/ordered"
	"lyceum/app/packed"
)

const (
	// maxQueued is how many writes may wait for the writer: one full commit
	// while another one is under way. More wait with their callers, which is the
	// pressure that slows a flood down.
	maxQueued = 256
	// maxBatch is how many writes one commit takes: enough to share an fsync
	// between everybody who waits, few enough that the first does not wait long.
	maxBatch = 256
	// maxBatchBytes ends a batch early: the size that a disk takes in some
	// hundredths of a second.
	maxBatchBytes = 4 << 20
)

// Who has a pending write: the caller may take it back until the writer has
// taken it.
const (
	waiting int32 = iota
	taken
	withdrawn
)

// pending is a write on its way to the disk, encoded by its caller so that the
// one writer has little to do.
type pending struct {
	write app.Write
	table *table
	row   []byte     // nil deletes
	keys  [][][]byte // of the row, for each index
	state atomic.Int32

	done chan struct{} // closed when rec and err stand
	rec  app.Record
	err  error
}

// Write implements app.Store. While the disk is full it fails with
// app.Unavailable and has changed nothing.
func (s *Store) Write(ctx context.Context, w app.Write) (app.Record, error) {
	p, err := s.pend(w)
	if err == nil {
		err = s.enqueue(ctx, p)
	}
	if err != nil {
		return app.Record{}, fmt.Errorf("write %s/%s: %w", w.Table, w.ID, err)
	}
	select {
	case <-p.done:
		return p.rec, p.err
	case <-ctx.Done():
	}
	if p.state.CompareAndSwap(waiting, withdrawn) {
		return app.Record{}, fmt.Errorf("write %s/%s: %w", w.Table, w.ID, ctx.Err())
	}
	select {
	case <-p.done:
		return p.rec, p.err
	default:
		return app.Record{}, fmt.Errorf("write %s/%s: %w", w.Table, w.ID, app.ErrUnknown)
	}
}

func (s *Store) pend(w app.Write) (*pending, error) {
	t := s.tables[w.Table]
	if t == nil {
		return nil, errors.New("no such table in this store")
	}
	if err := ordered.CheckWrite(w); err != nil {
		return nil, err
	}
	p := &pending{write: w, table: t, keys: make([][][]byte, len(t.indexes)), done: make(chan struct{})}
	if w.Row == nil {
		return p, nil
	}
	for i, ix := range t.indexes {
		p.keys[i] = ix.Keys(w.Row)
	}
	var err error
	p.row, err = packed.Encode(w.Row)
	return p, err
}

func (s *Store) enqueue(ctx context.Context, p *pending) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.closed {
		return errClosed
	}
	select {
	case s.queue <- p:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run writes until the queue is closed and empty.
func (s *Store) run(ctx context.Context) {
	defer close(s.stopped)
	for first := range s.queue {
		if batch := s.collect(first); len(batch) > 0 {
			s.commit(ctx, batch)
			s.checkpointIfDue(ctx)
		}
	}
	s.checkpoint(ctx, truncate)
}

// collect takes first and what else has come meanwhile, without what its callers
// have taken back.
func (s *Store) collect(first *pending) []*pending {
	var batch []*pending
	size := 0
	take := func(p *pending) {
		if p.state.CompareAndSwap(waiting, taken) {
			batch = append(batch, p)
			size += len(p.row)
		}
	}
	take(first)
	for len(batch) < maxBatch && size < maxBatchBytes {
		select {
		case p, ok := <-s.queue:
			if !ok {
				return batch
			}
			take(p)
		default:
			return batch
		}
	}
	return batch
}
