// Package migrate brings the rows of a database to the schema of this program.
//
// The layout of a store is the store's own affair; what stands in the rows is
// ours, and this changes it the same way in every store: numbered steps, in
// order, before anything is served. A step is a pure function of one row that
// leaves a row alone which it has changed already. So a process that is killed
// at any point is followed by one that goes through the table again, and two
// servers that start at once do the same and no harm: a row is written only in
// the revision that was looked at.
//
// The number of the last step that is done is itself a row. A database that
// knows more steps than the program is refused with a sentence.
package migrate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"time"

	"lyceum/app"
	"lyceum/app/query"
)

// Step changes the rows of one table. A released one is never changed: a
// database may have gone through it already.
type Step struct {
	Text  string // what becomes of the rows, and why
	Table string
	// Row returns what becomes of a row, nil if it goes. It does not change its
	// argument, and of what it has returned it makes the same again.
	Row func(app.Row) app.Row
}

const (
	// table and rowsID are where the number of the last step stands.
	table  = Table
	rowsID = "rows"
	// tellEvery is after how many rows the log says how far it is: some seconds.
	tellEvery = 100_000
)

// Run carries out the steps that the store has not seen. It fails with a
// sentence for the operator if the store has seen more than there are.
func Run(ctx context.Context, store app.Store, log *slog.Logger) error {
	return run(ctx, store, log, steps)
}

func run(ctx context.Context, store app.Store, log *slog.Logger, steps []Step) error {
	if err := whole(ctx, store); err != nil {
		return err
	}
	done, err := version(ctx, store)
	if err != nil {
		return err
	}
	if err := known(done, len(steps)); err != nil {
		return err
	}
	for i, step := range steps[done:] {
		number := done + int64(i) + 1
		if err := step.run(ctx, store, log.With("part", "migrate", "id", number, "table", step.Table)); err != nil {
			return fmt.Errorf("migration %d of the rows of %s (%s): %w", number, step.Table, step.Text, err)
		}
		if err := raise(ctx, store, number); err != nil {
			return fmt.Errorf("note that migration %d is done: %w", number, err)
		}
	}
	return nil
}

// known fails with a sentence if more steps are done than there are.
func known(done int64, steps int) error {
	if done > int64(steps) {
		return app.Errorf(app.Unavailable, "The database was written by a newer Lyceum: its rows have version %d, "+
			"and this program knows versions up to %d. Start the newer Lyceum again, "+
			"or restore a backup from before the update.", done, steps)
	}
	return nil
}

// version returns the number of the last step that is done.
func version(ctx context.Context, store app.Store) (int64, error) {
	rec, err := store.Get(ctx, table, rowsID)
	if errors.Is(err, app.ErrNotFound) {
		return 0, nil // new, or of the first version: it had no number
	}
	if err != nil {
		return 0, fmt.Errorf("read how far the rows are migrated: %w", err)
	}
	done, ok := rec.Row["version"].(int64)
	if !ok || done < 0 {
		return 0, fmt.Errorf("row %s/%s has the version %v", table, rowsID, rec.Row["version"])
	}
	return done, nil
}

// raise notes that a step is done; another server may have noted more.
func raise(ctx context.Context, store app.Store, number int64) error {
	_, err := query.Update(ctx, store, table, rowsID, func(row app.Row) (app.Row, error) {
		if noted, _ := row["version"].(int64); noted >= number {
			return row, nil
		}
		return app.Row{"id": rowsID, "version": number, "time": time.Now().UnixMilli()}, nil
	})
	return err
}

// run goes through the table, a page at a time.
func (s Step) run(ctx context.Context, store app.Store, log *slog.Logger) error {
	seen, changed := 0, 0
	r := app.Range{Table: s.Table}
	for {
		page, err := store.Read(ctx, r)
		if err != nil {
			return err
		}
		for _, rec := range page.Records {
			if reflect.DeepEqual(s.Row(rec.Row), rec.Row) {
				continue
			}
			if err := s.change(ctx, store, rec.ID); err != nil {
				return fmt.Errorf("row %s: %w", rec.ID, err)
			}
			changed++
		}
		before := seen
		seen += len(page.Records)
		if page.Next == nil {
			if changed > 0 {
				log.InfoContext(ctx, "rows migrated", "rows", changed)
			}
			return nil
		}
		if seen/tellEvery > before/tellEvery {
			log.InfoContext(ctx, "rows are being migrated", "rows", seen)
		}
		r.After = page.Next
	}
}

// change writes what becomes of one row as it is now.
func (s Step) change(ctx context.Context, store app.Store, id string) error {
	_, err := query.Update(ctx, store, s.Table, id, func(row app.Row) (app.Row, error) {
		if row == nil {
			return nil, nil // gone meanwhile
		}
		return s.Row(row), nil
	})
	return err
}
