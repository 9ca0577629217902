// Package memstore keeps tables in memory, until the process ends: the ephemeral
// tables (W4), and the reference that other stores are compared with.
//
// A write costs time in proportion to the size of its table (the entries of an
// index are one sorted slice), which is nothing for the tens of thousands of
// rows that ephemeral tables have. Nothing is kept of a deleted row: the rev of
// a write is its number in the store, so that it rises over deletes (S1) without
// tombstones.
package memstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"lyceum/app"
	"lyceum/app/feed"
	"lyceum/app/ordered"
)

var errClosed = errors.New("store is closed")

// Store implements app.Store.
type Store struct {
	tables map[string]*table // fixed
	feed   *feed.Feed

	writing sync.Mutex // held over a write and the telling of it: commit order

	mu     sync.RWMutex
	n      int64
	closed bool
}

type table struct {
	app.Table
	rows    map[string]app.Record
	primary entries
	indexes []*index
}

type index struct {
	ordered.Index
	entries entries
}

// New returns an empty store of these tables. It panics when two tables or
// indexes have one name or an index is declared wrongly, which are mistakes in
// the program.
func New(tables []app.Table) *Store {
	s := &Store{tables: make(map[string]*table, len(tables)), feed: feed.New(0)}
	for _, declared := range tables {
		if s.tables[declared.Name] != nil {
			panic(fmt.Sprintf("memstore: table %q is declared twice", declared.Name))
		}
		t := &table{Table: declared, rows: make(map[string]app.Record)}
		for _, ix := range declared.Indexes {
			compiled, err := ordered.Compile(ix)
			if err != nil || t.index(ix.Name) != nil {
				panic(fmt.Sprintf("memstore: table %q: index %q is declared twice or wrongly: %v", t.Name, ix.Name, err))
			}
			t.indexes = append(t.indexes, &index{Index: compiled})
		}
		s.tables[declared.Name] = t
	}
	return s
}

func (t *table) index(name string) *index {
	i := slices.IndexFunc(t.indexes, func(ix *index) bool { return ix.Name == name })
	if i < 0 {
		return nil
	}
	return t.indexes[i]
}

// begin answers the table for a call, or why there can be none.
func (s *Store) begin(ctx context.Context, name string) (*table, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t := s.tables[name]
	if t == nil {
		return nil, fmt.Errorf("no table %q in this store", name)
	}
	return t, nil
}

// Get implements app.Store.
func (s *Store) Get(ctx context.Context, table, id string, fields ...string) (app.Record, error) {
	t, err := s.begin(ctx, table)
	if err != nil {
		return app.Record{}, fmt.Errorf("get %s/%s: %w", table, id, err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return app.Record{}, fmt.Errorf("get %s/%s: %w", table, id, errClosed)
	}
	rec, ok := t.rows[id]
	if !ok {
		return app.Record{}, app.ErrNotFound
	}
	return rec.Only(fields), nil
}

// Write implements app.Store. It is done when it returns, so its outcome is
// never unknown.
func (s *Store) Write(ctx context.Context, w app.Write) (app.Record, error) {
	t, err := s.begin(ctx, w.Table)
	if err != nil {
		return app.Record{}, fmt.Errorf("write %s/%s: %w", w.Table, w.ID, err)
	}
	if err := ordered.CheckWrite(w); err != nil {
		return app.Record{}, err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	rec, change, err := s.apply(t, w)
	if err != nil {
		return app.Record{}, err
	}
	if change != nil {
		var c feed.Commit
		c.Add(t.Name, *change)
		s.feed.Tell(c)
	}
	return rec, nil
}

// apply changes the row. The change is nil if there was none to make.
func (s *Store) apply(t *table, w app.Write) (app.Record, *app.Change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return app.Record{}, nil, fmt.Errorf("write %s/%s: %w", w.Table, w.ID, errClosed)
	}
	old, ok := t.rows[w.ID]
	if !ordered.Holds(w, old.Rev, t.AppendOnly) {
		return app.Record{}, nil, app.ErrConflict
	}
	if !ok && w.Row == nil {
		return app.Record{ID: w.ID}, nil, nil
	}
	s.n++
	rec := app.Record{ID: w.ID, Rev: s.n, Row: w.Row}
	if w.Row == nil {
		delete(t.rows, w.ID)
	} else {
		t.rows[w.ID] = rec
	}
	t.reindex(w.ID, old.Row, w.Row)
	return rec, &app.Change{N: s.n, ID: w.ID, Rev: rec.Rev, Old: old.Row, New: w.Row}, nil
}

func (t *table) reindex(id string, old, new app.Row) {
	here := ordered.Place{Key: []byte(id)}
	if old != nil && new == nil {
		t.primary.remove(here)
	}
	if old == nil && new != nil {
		t.primary.insert(here)
	}
	for _, ix := range t.indexes {
		for _, key := range ix.Keys(old) {
			ix.entries.remove(ordered.Place{Key: key, ID: id})
		}
		for _, key := range ix.Keys(new) {
			ix.entries.insert(ordered.Place{Key: key, ID: id})
		}
	}
}

// Watch implements app.Store.
func (s *Store) Watch(table string, fn func(app.Batch)) (app.Position, func(), error) {
	if s.tables[table] == nil {
		return app.Position{}, nil, fmt.Errorf("watch: no table %q in this store", table)
	}
	pos, stop := s.feed.Watch(table, fn)
	return pos, stop, nil
}

// Close implements app.Store. What was in the store is gone.
func (s *Store) Close() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}
