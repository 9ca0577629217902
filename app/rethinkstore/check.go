package rethinkstore

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
)

const (
	// checkEvery is how often it is looked whether somebody has changed a table so
	// that it does not hold what is promised any more (S8). A query that misses
	// something says so at once; less safe writes are only found so.
	checkEvery = 10 * time.Second
	// recheckEvery is the same while something is wrong.
	recheckEvery = time.Second
)

// errChanged is the sentence while a table is not as it was made. What is wrong
// with it stands in the log, for an administrator.
var errChanged = app.Errorf(app.Unavailable, "Somebody has changed a table or an index in the database, and nothing of it is answered until that is put right. Please tell an administrator of this server.")

// fault is why nothing of a table is answered; the zero value: nothing is wrong.
type fault struct{ there atomic.Bool }

// changed reports whether the database says that something is missing there, or
// not as it was made. Only tables that others have changed give such errors.
func changed(err error) bool {
	if _, ok := errors.AsType[r.RQLOpFailedError](err); ok {
		return !unavailable(said(err))
	}
	_, ok := errors.AsType[r.RQLNonExistenceError](err)
	return ok
}

// check looks whether a table is what was asked for, and from then on nothing of
// it is answered, or everything again. It returns the table's identity and what is
// wrong with it; where that could not be found, all stays as it is.
func (s *Store) check(ctx context.Context, t *table) (identity string, err error) {
	identity, err = s.verify(ctx, t)
	wrong := errors.Is(err, errNotAsMade) || changed(err)
	switch {
	case wrong && t.fault.there.CompareAndSwap(false, true):
		_, sentence := app.Public(err)
		s.log().Error("table was changed by somebody, nothing of it is answered", "table", t.Name, "text", sentence, "err", err)
		s.renew(t)
	case err == nil && t.fault.there.CompareAndSwap(true, false):
		s.log().Info("table is as it must be again", "table", t.Name)
		s.renew(t)
	}
	return identity, err
}

// checkOften checks all tables until ctx ends.
func (s *Store) checkOften(ctx context.Context) {
	next := checkEvery
	for {
		pause := next
		if !wait(ctx, &pause) {
			return
		}
		next = checkEvery
		for _, t := range s.tables {
			_, err := s.check(ctx, t)
			s.ignore("table was not looked at", err)
			if t.fault.there.Load() {
				next = recheckEvery
			}
		}
	}
}

// sound answers why nothing of a table can be answered now, nil if it can. Where
// this server is fenced because of a table, that is said.
func (s *Store) sound(t *table) error {
	if t.fault.there.Load() {
		return errChanged
	}
	if !s.fenced.Load() && !s.peers.late() {
		return nil
	}
	for _, other := range s.tables {
		if other.fault.there.Load() {
			return errChanged
		}
	}
	return errFenced
}
