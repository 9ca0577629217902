package migrate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lyceum/app"
)

// While rows of another store are being copied into a database it carries a mark,
// so that no server serves the half of them and nothing else is copied into it.

const (
	// Table is where this package keeps its rows.
	Table = "migrations"
	// CopyID is the key of the mark.
	CopyID = "copy"
)

// Known fails with a sentence for the operator if the store has seen more steps
// than this program has: its rows may not be understood.
func Known(ctx context.Context, store app.Store) error {
	done, begun, err := progress(ctx, store)
	if err != nil {
		return err
	}
	return known(done, begun, len(steps))
}

// UnfinishedCopy returns of what the store is an unfinished copy, "" if it is
// none.
func UnfinishedCopy(ctx context.Context, store app.Store) (source string, err error) {
	rec, err := store.Get(ctx, Table, CopyID)
	if errors.Is(err, app.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for the mark of a copy: %w", err)
	}
	source, ok := rec.Row["source"].(string)
	if !ok || source == "" {
		return "", fmt.Errorf("row %s/%s names no source", Table, CopyID)
	}
	return source, nil
}

// BeginCopy marks an empty store as a copy of source that is not finished.
func BeginCopy(ctx context.Context, store app.Store, source string, now time.Time) error {
	row := app.Row{"id": CopyID, "source": source, "time": now.UnixMilli()}
	_, err := store.Write(ctx, app.Write{Table: Table, ID: CopyID, Row: row, IfRev: app.Absent})
	if err != nil {
		return fmt.Errorf("mark the target as a copy: %w", err)
	}
	return nil
}

// CopyFinished removes the mark.
func CopyFinished(ctx context.Context, store app.Store) error {
	_, err := store.Write(ctx, app.Write{Table: Table, ID: CopyID, IfRev: app.AnyRev})
	if err != nil {
		return fmt.Errorf("note that the copy is finished: %w", err)
	}
	return nil
}

// whole fails with a sentence for the operator while the store is half a copy.
func whole(ctx context.Context, store app.Store) error {
	source, err := UnfinishedCopy(ctx, store)
	if err == nil && source != "" {
		err = app.Errorf(app.Unavailable, "This database is an unfinished copy of %s. Finish it with lyceum database copy, "+
			"with the same --from and --to as before, or serve the original.", source)
	}
	return err
}
