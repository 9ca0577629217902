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
// The number of the last step that is done is itself a row, and so is that of the
// last one that was begun. A database that knows more steps than the program is
// refused with a sentence. Where several servers may use a store, nothing is
// begun while one of an older program does, and none can start afterwards that
// knows this note. One that was cut off all that time is not seen.
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

// Shared is a store that several servers may use at once.
type Shared interface {
	app.Store
	// Alone fails with a sentence for the operator while servers use the store
	// whose program knows fewer steps than this one: they would write rows as they
	// were before. A server counts before it reads what was begun.
	Alone(ctx context.Context) error
}

// Steps returns how many steps this program knows.
func Steps() int64 { return int64(len(steps)) }

// Run carries out the steps that the store has not seen. It fails with a
// sentence for the operator if the store has seen more than there are, or if
// servers of an older program use it.
func Run(ctx context.Context, store app.Store, log *slog.Logger) error {
	return run(ctx, store, log, steps)
}

func run(ctx context.Context, store app.Store, log *slog.Logger, steps []Step) error {
	if err := whole(ctx, store); err != nil {
		return err
	}
	done, begun, err := progress(ctx, store)
	if err != nil {
		return err
	}
	if err := known(done, begun, len(steps)); err != nil {
		return err
	}
	if done == int64(len(steps)) {
		return nil
	}
	if err := begin(ctx, store, int64(len(steps))); err != nil {
		return err
	}
	for i, step := range steps[done:] {
		number := done + int64(i) + 1
		if err := step.run(ctx, store, log.With("part", "migrate", "id", number, "table", step.Table)); err != nil {
			return fmt.Errorf("migration %d of the rows of %s (%s): %w", number, step.Table, step.Text, err)
		}
		if err := raise(ctx, store, number, number); err != nil {
			return fmt.Errorf("note that migration %d is done: %w", number, err)
		}
	}
	return nil
}

// begin notes up to which step is about to be run, unless servers of an older
// program use the store. One that starts while this looks either is seen after the
// note, or sees the note and is refused. The note stays when the second look
// fails: who stops these servers then has no way to start them again by mistake.
func begin(ctx context.Context, store app.Store, last int64) error {
	shared, several := store.(Shared)
	if several {
		if err := shared.Alone(ctx); err != nil {
			return err
		}
	}
	if err := raise(ctx, store, 0, last); err != nil {
		return fmt.Errorf("note that migrations up to %d are begun: %w", last, err)
	}
	if several {
		return shared.Alone(ctx)
	}
	return nil
}

// known fails with a sentence if more steps are begun than there are.
func known(done, begun int64, steps int) error {
	if begun > int64(steps) && done <= int64(steps) {
		return app.Errorf(app.Unavailable, "A newer Lyceum has begun to change this database to version %d, "+
			"and this program knows versions up to %d. Start the newer Lyceum again, "+
			"or restore a backup from before the update.", begun, steps)
	}
	if begun > int64(steps) {
		return app.Errorf(app.Unavailable, "The database was written by a newer Lyceum: its rows have version %d, "+
			"and this program knows versions up to %d. Start the newer Lyceum again, "+
			"or restore a backup from before the update.", begun, steps)
	}
	return nil
}

// progress returns the numbers of the last steps that are done and begun.
func progress(ctx context.Context, store app.Store) (done, begun int64, err error) {
	rec, err := store.Get(ctx, table, rowsID)
	if errors.Is(err, app.ErrNotFound) {
		return 0, 0, nil // new, or of the first version: it had no number
	}
	if err != nil {
		return 0, 0, fmt.Errorf("read how far the rows are migrated: %w", err)
	}
	done, ok := rec.Row["version"].(int64)
	if !ok || done < 0 {
		return 0, 0, fmt.Errorf("row %s/%s has the version %v", table, rowsID, rec.Row["version"])
	}
	begun, _ = rec.Row["begun"].(int64) // older programs did not note it
	return done, max(done, begun), nil
}

// raise notes up to where steps are done and begun; another server may have noted
// more.
func raise(ctx context.Context, store app.Store, done, begun int64) error {
	_, err := query.Update(ctx, store, table, rowsID, func(row app.Row) (app.Row, error) {
		notedDone, _ := row["version"].(int64)
		notedBegun, _ := row["begun"].(int64)
		if row != nil && notedDone >= done && notedBegun >= begun {
			return row, nil
		}
		return app.Row{"id": rowsID, "version": max(notedDone, done), "begun": max(notedBegun, begun), "time": time.Now().UnixMilli()}, nil
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
