package copydb

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"reflect"
	"sync"

	"lyceum/app"
	"lyceum/app/packed"
)

// pageRows is how many rows are read and written at once. The largest, pages of
// patches, have up to a megabyte, of which two pages on each side are in memory.
const pageRows = 256

// rows are those of a table of one store, in the order of their ids.
type rows struct {
	store app.Store
	r     app.Range
	page  []app.Record
	last  bool
}

func newRows(store app.Store, table string) *rows {
	return &rows{store: store, r: app.Range{Table: table, Limit: pageRows}}
}

// first returns the next row without taking it; false if there is none.
func (s *rows) first(ctx context.Context) (app.Record, bool, error) {
	for len(s.page) == 0 {
		if s.last {
			return app.Record{}, false, nil
		}
		page, err := s.store.Read(ctx, s.r)
		if err != nil {
			return app.Record{}, false, err
		}
		s.page, s.r.After, s.last = page.Records, page.Next, page.Next == nil
	}
	return s.page[0], true, nil
}

func (s *rows) take() { s.page = s.page[1:] }

// walk calls fn for each id that either side has, with what is there: a record
// without a row if there is nothing.
func walk(ctx context.Context, o Options, table string, fn func(from, to app.Record) error) error {
	from, to := newRows(o.From, table), newRows(o.To, table)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		a, isA, err := from.first(ctx)
		if err != nil {
			return fmt.Errorf("read the source: %w", err)
		}
		b, isB, err := to.first(ctx)
		if err != nil {
			return fmt.Errorf("read the target: %w", err)
		}
		switch {
		case !isA && !isB:
			return nil
		case isA && (!isB || a.ID < b.ID):
			b = app.Record{}
		case isB && (!isA || b.ID < a.ID):
			a = app.Record{}
		}
		if a.Row != nil {
			from.take()
		}
		if b.Row != nil {
			to.take()
		}
		if marks(table, a.ID) || marks(table, b.ID) {
			continue
		}
		if err := fn(a, b); err != nil {
			return err
		}
	}
}

func equal(a, b app.Row) bool { return reflect.DeepEqual(a, b) }

// batch is what is written together: stores make few commits of it.
type batch struct {
	to     app.Store
	table  app.Table
	writes []app.Write
	wrote  int64
}

// add puts what makes the target's row equal to the source's.
func (b *batch) add(ctx context.Context, from, to app.Record) error {
	w := app.Write{Table: b.table.Name, ID: from.ID, Row: from.Row, IfRev: to.Rev}
	if from.Row == nil {
		w.ID = to.ID
	}
	if b.table.AppendOnly && from.Row != nil && to.Row != nil {
		// Cannot be replaced: it goes first, and is written where there is none.
		if _, err := b.to.Write(ctx, app.Write{Table: w.Table, ID: w.ID, IfRev: to.Rev}); err != nil {
			return fmt.Errorf("replace row %s: %w", w.ID, err)
		}
		w.IfRev = app.Absent
	}
	b.writes = append(b.writes, w)
	if len(b.writes) < pageRows {
		return nil
	}
	return b.flush(ctx)
}

// flush writes what was added and waits for all of it.
func (b *batch) flush(ctx context.Context) error {
	var all sync.WaitGroup
	errs := make([]error, len(b.writes))
	for i, w := range b.writes {
		all.Go(func() {
			if err := b.write(ctx, w); err != nil {
				errs[i] = fmt.Errorf("row %s: %w", w.ID, err)
			}
		})
	}
	all.Wait()
	b.wrote += int64(len(b.writes))
	b.writes = b.writes[:0]
	for _, err := range errs {
		if errors.Is(err, app.ErrConflict) {
			return app.Errorf(app.Conflict, "Somebody else writes to the target. Stop every server that uses it, and run the same command again.")
		}
		if err != nil {
			return err // the first is enough: the others mostly say the same
		}
	}
	return nil
}

// write writes one row. A write of an earlier run, whose outcome nobody waited for,
// may have come first.
func (b *batch) write(ctx context.Context, w app.Write) error {
	_, err := b.to.Write(ctx, w)
	if !errors.Is(err, app.ErrConflict) && !errors.Is(err, app.ErrUnknown) {
		return err
	}
	rec, readErr := b.to.Get(ctx, w.Table, w.ID)
	if errors.Is(readErr, app.ErrNotFound) && w.Row == nil || readErr == nil && equal(rec.Row, w.Row) {
		return nil
	}
	return err
}

// digest is a sum over ids and rows in the order of the walk.
type digest struct{ hash hash.Hash }

func newDigest() digest { return digest{sha256.New()} }

func (d digest) add(table string, rec app.Record) error {
	row, err := packed.Encode(rec.Row)
	if err != nil {
		return fmt.Errorf("row %s: %w", rec.ID, err)
	}
	// Lengths keep "a"+"bc" apart from "ab"+"c".
	fmt.Fprintf(d.hash, "%d:%s %d:%s %d:", len(table), table, len(rec.ID), rec.ID, len(row))
	_, err = d.hash.Write(row)
	return err
}

func (d digest) sum() [sha256.Size]byte { return [sha256.Size]byte(d.hash.Sum(nil)) }
