package query

import (
	"context"
	"errors"
	"fmt"

	"lyceum/app"
	"lyceum/app/schema"
)

// required are the fields that rows of stored tables must have.
var required = func() map[string][]string {
	names := make(map[string][]string)
	for _, t := range schema.All() {
		if t.Of == "" {
			names[t.Name] = t.Required()
		}
	}
	return names
}()

// Stores is one store of two: each table is in the durable or in the ephemeral
// one, as the schema says. Positions of the two are not comparable; their log
// ids differ.
type Stores struct{ Durable, Ephemeral app.Store }

func (s *Stores) of(table string) app.Store {
	if t, ok := schema.Lookup(table); ok && t.Ephemeral {
		return s.Ephemeral
	}
	return s.Durable
}

// Get implements app.Store.
func (s *Stores) Get(ctx context.Context, table, id string, fields ...string) (app.Record, error) {
	return s.of(table).Get(ctx, table, id, fields...)
}

// Read implements app.Store.
func (s *Stores) Read(ctx context.Context, r app.Range) (app.Page, error) {
	return s.of(r.Table).Read(ctx, r)
}

// Write implements app.Store. A row without a field of an index that has every
// row would be in no list, so it is refused.
func (s *Stores) Write(ctx context.Context, w app.Write) (app.Record, error) {
	for _, name := range required[w.Table] {
		if w.Row != nil && w.Row[name] == nil {
			return app.Record{}, fmt.Errorf("write %s/%s: a row has %s", w.Table, w.ID, name)
		}
	}
	return s.of(w.Table).Write(ctx, w)
}

// Watch implements app.Store.
func (s *Stores) Watch(table string, fn func(app.Batch)) (app.Position, func(), error) {
	return s.of(table).Watch(table, fn)
}

// Close implements app.Store: it closes both.
func (s *Stores) Close() error { return errors.Join(s.Ephemeral.Close(), s.Durable.Close()) }
