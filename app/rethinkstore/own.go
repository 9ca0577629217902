package rethinkstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"lyceum/app"
)

// own are the rows of an ephemeral table that this server has written. When the
// others took it for gone and have removed them, it writes them again: those whose
// rows they are know nothing of it. It does so only where a tombstone says that the
// row went with its server; that is kept for tombstoneAge, so that who was away for
// however long brings nothing back that was removed on purpose. Its methods may be
// called from any goroutine.
type own struct {
	mu   sync.Mutex
	rows map[string]app.Record
	lost bool // some were removed by others
}

// wrote notes a row that was written; without fields it was deleted.
func (o *own) wrote(rec app.Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case rec.Row == nil:
		delete(o.rows, rec.ID)
	case o.rows == nil:
		o.rows = map[string]app.Record{rec.ID: rec}
	case rec.Rev > o.rows[rec.ID].Rev:
		o.rows[rec.ID] = rec
	}
}

// heard notes what another server has made of a row.
func (o *own) heard(d *document) {
	o.mu.Lock()
	defer o.mu.Unlock()
	rec, ok := o.rows[d.row()]
	switch {
	case !ok || d.Rev <= rec.Rev:
	case d.Lost:
		o.lost = true
	default: // deleted on purpose, or another's now
		delete(o.rows, d.row())
	}
}

// lose notes that all rows may have been removed.
func (o *own) lose() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lost = true
}

// missing returns all rows if some may have been removed since the last call.
func (o *own) missing() map[string]app.Record {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.lost {
		return nil
	}
	o.lost = false
	return maps.Clone(o.rows)
}

func (o *own) has(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, ok := o.rows[id]
	return ok
}

// restore writes our ephemeral rows again that others have removed.
func (s *Store) restore(ctx context.Context) {
	for _, t := range s.tables {
		if !t.ephemeral {
			continue
		}
		if rows := t.own.missing(); rows != nil {
			if err := s.restoreTable(ctx, t, rows); err != nil {
				t.own.lose() // the next time
				s.ignore("ephemeral rows were not written again", err)
			}
		}
	}
}

func (s *Store) restoreTable(ctx context.Context, t *table, rows map[string]app.Record) error {
	s.log().Info("other servers took this one for gone, its ephemeral rows are written again", "table", t.Name)
	return together(slices.Collect(maps.Values(rows)), func(rec app.Record) error {
		_, err := s.write(ctx, app.Write{Table: t.Name, ID: rec.ID, Row: rec.Row, IfRev: app.Absent}, restoring)
		if err != nil && !errors.Is(err, app.ErrConflict) {
			return fmt.Errorf("%s: %w", rec.ID, err)
		}
		if t.own.has(rec.ID) {
			return nil
		}
		// Whoever it belongs to has gone meanwhile.
		if _, err := s.Write(ctx, app.Write{Table: t.Name, ID: rec.ID, IfRev: app.AnyRev}); err != nil {
			return fmt.Errorf("%s: %w", rec.ID, err)
		}
		return nil
	})
}
