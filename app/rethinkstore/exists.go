package rethinkstore

import (
	"context"
	"slices"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"
)

// Exists reports whether the database is there with what Open makes in it, and makes
// nothing. Its errors are sentences for an operator.
func Exists(ctx context.Context, o Options) (bool, error) {
	if err := o.fill(); err != nil {
		return false, err
	}
	p, err := newPool(&o)
	if err != nil {
		return false, err
	}
	defer p.close()
	s := &Store{options: &o, pool: p}
	var names []string
	if err := s.ask(ctx, r.DBList(), &names); err != nil {
		return false, s.explain(err)
	}
	if !slices.Contains(names, o.Database) {
		return false, nil
	}
	if err := s.ask(ctx, s.db().TableList(), &names); err != nil {
		return false, s.explain(err)
	}
	return slices.Contains(names, metaTable), nil
}
