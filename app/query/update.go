package query

import (
	"context"
	"errors"
	"reflect"

	"lyceum/app"
)

// Update reads a row, lets change work on a copy and writes what it returns if
// nobody else was faster; else it starts again, ten times at most. For clients
// inside the server: it asks nobody for permission. change gets nil where there
// is no row, and returns nil to delete it; if what it returns equals what is
// there nothing is written. An error of change is returned as it is.
func Update(ctx context.Context, store app.Store, table, id string, change func(app.Row) (app.Row, error)) (app.Record, error) {
	for range maxAttempts {
		rec, err := store.Get(ctx, table, id)
		if errors.Is(err, app.ErrNotFound) {
			rec, err = app.Record{ID: id, Rev: app.Absent}, nil
		}
		if err != nil {
			return app.Record{}, err
		}
		row, err := change(app.Clone(rec.Row))
		if err != nil {
			return app.Record{}, err
		}
		if row == nil && rec.Row == nil || row != nil && reflect.DeepEqual(row, rec.Row) {
			return rec, nil
		}
		rec, err = store.Write(ctx, app.Write{Table: table, ID: id, Row: row, IfRev: rec.Rev})
		if !errors.Is(err, app.ErrConflict) {
			return rec, err
		}
	}
	return app.Record{}, app.ErrConflict
}
