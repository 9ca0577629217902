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

// Stores is one store of several: each table is in the durable one, in the
// ephemeral one, or in that of this server alone, as the schema says. Positions of
// different ones are not comparable; their log ids differ.
type Stores struct {
	Durable, Ephemeral app.Store
	Local              app.Store // nil: Ephemeral has these tables as well
}

func (s *Stores) of(table string) app.Store {
	t, ok := schema.Lookup(table)
	switch {
	case ok && t.Local && s.Local != nil:
		return s.Local
	case ok && t.Ephemeral:
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

// Close implements app.Store: it closes all.
func (s *Stores) Close() error {
	var err error
	if s.Local != nil {
		err = s.Local.Close()
	}
	return errors.Join(err, s.Ephemeral.Close(), s.Durable.Close())
}
