package copydb_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"lyceum/app"
	"lyceum/app/copydb"
	"lyceum/app/memstore"
	"lyceum/app/migrate"
	"lyceum/app/schema"
	"lyceum/app/sqlitestore"
)

// kinds are the stores that are copied between.
var kinds = map[string]func(t *testing.T) app.Store{
	"memory": func(*testing.T) app.Store { return memstore.New(schema.Tables()) },
	"SQLite": func(t *testing.T) app.Store { return openFile(t, filepath.Join(t.TempDir(), "lyceum.db")) },
}

func openFile(t *testing.T, path string) app.Store {
	t.Helper()
	s, err := sqlitestore.Open(t.Context(), path, schema.Tables())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // a second Close does nothing
	return s
}

func put(t *testing.T, s app.Store, table, id string, row app.Row) {
	t.Helper()
	if _, err := s.Write(t.Context(), app.Write{Table: table, ID: id, Row: row, IfRev: app.AnyRev}); err != nil {
		t.Fatal(err)
	}
}

// fill writes what the types of a row can be, ids of every kind, an append-only
// table, more than a page, and rows that were deleted.
func fill(t *testing.T, s app.Store) {
	t.Helper()
	for i := range 700 {
		put(t, s, "projects", fmt.Sprintf("p%04d", i), app.Row{
			"id": fmt.Sprintf("p%04d", i), "title": fmt.Sprint("Graphs ", i), "last_edited": int64(i),
			"half": 0.5, "whole": 1.0, "yes": true, "bytes": []byte{0, 255}, "list": []any{int64(1), "x", []any{}},
			"map": app.Row{"a.b": app.Row{}, "": "empty name"},
		})
	}
	put(t, s, "projects", "p0003", nil)
	for _, id := range []string{" ", "é", "z\x00z", strings.Repeat("long", 80)} {
		put(t, s, "server_settings", id, app.Row{"id": id})
	}
	for i := range 300 {
		put(t, s, "patches", fmt.Sprintf("d1 %06d", i), app.Row{"seq": int64(i), "update": []byte{byte(i)}})
	}
	if err := migrate.Run(t.Context(), s, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
}

func options(from, to app.Store) copydb.Options {
	return copydb.Options{From: from, To: to, Tables: schema.Tables(), Source: "sqlite:/old/lyceum.db"}
}

// An operator who moves must find everything again, whichever way they go.
func TestEveryRowIsCopiedBetweenAllStores(t *testing.T) {
	for from, openFrom := range kinds {
		for to, openTo := range kinds {
			t.Run(from+" to "+to, func(t *testing.T) {
				source, target := openFrom(t), openTo(t)
				fill(t, source)
				var last copydb.Progress
				o := options(source, target)
				o.Tell = func(p copydb.Progress) { last = p }
				result, err := copydb.Copy(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				const rows = 700 - 1 + 4 + 300 + 1
				if result.Rows != rows || result.Wrote != rows || len(result.Digest) != 64 {
					t.Errorf("copied %+v, want %d rows", result, rows)
				}
				if last.Doing != copydb.Comparing || last.Done != rows || last.Total != rows {
					t.Errorf("the last progress is %+v", last)
				}
				rec, err := target.Get(t.Context(), "projects", "p0001")
				if err != nil || rec.Row["title"] != "Graphs 1" || rec.Row["whole"] != 1.0 {
					t.Errorf("target has %v, %v", rec.Row, err)
				}
				if err := migrate.Run(t.Context(), target, slog.New(slog.DiscardHandler)); err != nil {
					t.Errorf("the copy cannot be served: %v", err)
				}
			})
		}
	}
}

// The digest must not depend on the store, or it proves nothing.
func TestTheDigestIsThatOfTheRows(t *testing.T) {
	digests := map[string]bool{}
	for _, open := range kinds {
		source := open(t)
		fill(t, source)
		put(t, source, "migrations", "rows", app.Row{"id": "rows", "version": int64(1), "time": int64(5)}) // at another time in each
		result, err := copydb.Copy(t.Context(), options(source, memstore.New(schema.Tables())))
		if err != nil {
			t.Fatal(err)
		}
		digests[result.Digest] = true
		put(t, source, "projects", "p0001", app.Row{"id": "p0001", "title": "other"})
		again, err := copydb.Copy(t.Context(), options(source, memstore.New(schema.Tables())))
		if err != nil {
			t.Fatal(err)
		}
		if again.Digest == result.Digest {
			t.Error("another row has the same digest")
		}
	}
	if len(digests) != 1 {
		t.Errorf("the same rows have the digests %v", digests)
	}
}

// errKilled is what a store says whose process is gone.
var errKilled = errors.New("killed")

// mortal lets a number of writes through.
type mortal struct {
	app.Store
	left atomic.Int64
}

func (m *mortal) Write(ctx context.Context, w app.Write) (app.Record, error) {
	if m.left.Add(-1) < 0 {
		return app.Record{}, errKilled
	}
	return m.Store.Write(ctx, w)
}

// A copy of hours that is cut by a power failure goes on where it was; until it
// is whole nobody serves it.
func TestACopyThatWasCutGoesOn(t *testing.T) {
	for to, open := range kinds {
		t.Run(to, func(t *testing.T) {
			source, target := memstore.New(schema.Tables()), open(t)
			fill(t, source)
			for _, writes := range []int64{1, 2, 100, 257, 500} {
				cut := &mortal{Store: target}
				cut.left.Store(writes)
				o := options(source, cut)
				if _, err := copydb.Copy(t.Context(), o); !errors.Is(err, errKilled) {
					t.Fatalf("cut after %d writes: %v", writes, err)
				}
				err := migrate.Run(t.Context(), target, slog.New(slog.DiscardHandler))
				if !app.IsKind(err, app.Unavailable) || !strings.Contains(err.Error(), "unfinished copy of sqlite:/old/lyceum.db") {
					t.Fatalf("half a copy is served: %v", err)
				}
			}
			// Meanwhile somebody has used the source.
			put(t, source, "projects", "p0001", app.Row{"id": "p0001", "title": "changed"})
			put(t, source, "projects", "p0002", nil)
			put(t, source, "projects", "p00000", app.Row{"id": "p00000"})
			put(t, source, "patches", "d1 000001", nil)
			put(t, source, "patches", "d1 000001", app.Row{"seq": int64(9)})
			result, err := copydb.Copy(t.Context(), options(source, target))
			if err != nil {
				t.Fatal(err)
			}
			if result.Wrote >= result.Rows {
				t.Errorf("%d of %d rows were written again", result.Wrote, result.Rows)
			}
			rec, err := target.Get(t.Context(), "projects", "p0001")
			if err != nil || rec.Row["title"] != "changed" {
				t.Errorf("target has %v, %v", rec.Row, err)
			}
			if _, err := target.Get(t.Context(), "projects", "p0002"); !errors.Is(err, app.ErrNotFound) {
				t.Errorf("a row that the source lost meanwhile is there: %v", err)
			}
		})
	}
}

// late is a store whose writes are done after an earlier run of the copy has
// sent them.
type late struct {
	app.Store
	before func(w app.Write)
}

func (l late) Write(ctx context.Context, w app.Write) (app.Record, error) {
	l.before(w)
	return l.Store.Write(ctx, w)
}

// A write of a run that was cut may arrive while the next run is under way; a
// write of somebody else must not pass for one.
func TestWritesOfAnEarlierRunMayArriveLate(t *testing.T) {
	for _, other := range []bool{false, true} {
		source, target := memstore.New(schema.Tables()), memstore.New(schema.Tables())
		fill(t, source)
		o := options(source, late{target, func(w app.Write) {
			if w.ID == "p0042" {
				if other {
					w.Row = app.Row{"id": "p0042", "title": "somebody else's"}
				}
				put(t, target, w.Table, w.ID, w.Row)
			}
		}})
		_, err := copydb.Copy(t.Context(), o)
		if other != app.IsKind(err, app.Conflict) || !other && err != nil {
			t.Errorf("of somebody else: %t, Copy = %v", other, err)
		}
	}
}

// Ctrl-C must end it soon, and cost nothing.
func TestACancelledCopyGoesOn(t *testing.T) {
	source, target := memstore.New(schema.Tables()), memstore.New(schema.Tables())
	fill(t, source)
	ctx, cancel := context.WithCancel(t.Context())
	_, stop, err := target.Watch("projects", func(app.Batch) { cancel() })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if _, err := copydb.Copy(ctx, options(source, target)); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	if page, err := target.Read(t.Context(), app.Range{Table: "patches"}); err != nil || len(page.Records) > 0 {
		t.Errorf("it went on to another table: %v", err)
	}
	if _, err := copydb.Copy(t.Context(), options(source, target)); err != nil {
		t.Error(err)
	}
}

// liar loses a part of one row.
type liar struct{ app.Store }

func (l liar) Write(ctx context.Context, w app.Write) (app.Record, error) {
	if w.ID == "p0500" {
		w.Row = app.Row{"id": "p0500", "title": "Graphs 500", "whole": int64(1)}
	}
	return l.Store.Write(ctx, w)
}

// A store that does not keep what it is given must not pass for a copy.
func TestARowThatDiffersIsFound(t *testing.T) {
	source, target := memstore.New(schema.Tables()), memstore.New(schema.Tables())
	fill(t, source)
	_, err := copydb.Copy(t.Context(), options(source, liar{target}))
	if !app.IsKind(err, app.Conflict) || !strings.Contains(err.Error(), "row p0500 of projects is not the same") {
		t.Fatalf("Copy = %v", err)
	}
	if copying, err := migrate.UnfinishedCopy(t.Context(), target); err != nil || copying == "" {
		t.Errorf("the mark is gone: %v", err)
	}
}

func TestWhatCannotBeCopiedIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	tests := []struct {
		name string
		make func(t *testing.T, source, target app.Store)
		want string
	}{
		{"a target with rows", func(t *testing.T, _, target app.Store) {
			put(t, target, "server_settings", "x", app.Row{"id": "x"})
		}, "The target is not empty: its table server_settings has rows"},
		{"a copy of something else", func(t *testing.T, _, target app.Store) {
			if err := migrate.BeginCopy(t.Context(), target, "sqlite:/other.db", testTime); err != nil {
				t.Fatal(err)
			}
		}, "unfinished copy of sqlite:/other.db, not of sqlite:/old/lyceum.db"},
		{"half a copy as source", func(t *testing.T, source, _ app.Store) {
			if err := migrate.BeginCopy(t.Context(), source, "sqlite:/other.db", testTime); err != nil {
				t.Fatal(err)
			}
		}, "The source is itself an unfinished copy of sqlite:/other.db"},
		{"a source of a newer program", func(t *testing.T, source, _ app.Store) {
			put(t, source, "migrations", "rows", app.Row{"id": "rows", "version": int64(999)})
		}, "written by a newer Lyceum: its rows have version 999"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			source, target := memstore.New(schema.Tables()), memstore.New(schema.Tables())
			put(t, source, "projects", "p1", app.Row{"id": "p1"})
			tt.make(t, source, target)
			_, err := copydb.Copy(t.Context(), options(source, target))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Copy = %v, want %q", err, tt.want)
			}
			if _, err := target.Get(t.Context(), "projects", "p1"); !errors.Is(err, app.ErrNotFound) {
				t.Errorf("a row was written: %v", err)
			}
		})
	}
}

// A server was started on the source while its rows were copied: the copy is not
// called finished, and no server serves it, until it was compared again.
func TestACopyOfWhatIsUsedMeanwhileIsNotFinished(t *testing.T) {
	source, target := memstore.New(schema.Tables()), memstore.New(schema.Tables())
	fill(t, source)
	o := options(source, target)
	used := errors.New("a server uses it")
	o.Unused = func(context.Context) error { return used }
	if _, err := copydb.Copy(t.Context(), o); !errors.Is(err, used) {
		t.Errorf("Copy = %v", err)
	}
	if from, err := migrate.UnfinishedCopy(t.Context(), target); err != nil || from != o.Source {
		t.Errorf("the target is an unfinished copy of %q, %v", from, err)
	}
	o.Unused = nil
	if result, err := copydb.Copy(t.Context(), o); err != nil || result.Wrote != 0 {
		t.Errorf("again: %+v, %v", result, err)
	}
}
