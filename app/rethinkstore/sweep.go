package rethinkstore

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
)

const (
	// tombstoneAge is how long a deleted row leaves a trace. A feed that was away
	// for longer begins anew, and the clocks of servers never differ by as much.
	tombstoneAge = 24 * time.Hour
	// lightAge is the same for what is not kept, and for answers to other servers. A
	// row that went because its server was gone leaves its trace for tombstoneAge:
	// that server may come back and needs to know.
	lightAge = 5 * time.Minute
	// sweepEvery is how often is looked for what can go.
	sweepEvery = time.Minute
	// sweptAtOnce is how many documents one query removes.
	sweptAtOnce = 500
)

// sweepOften removes old tombstones. All servers do it; it harms nobody.
func (s *Store) sweepOften(ctx context.Context) {
	for {
		pause := sweepEvery
		if !wait(ctx, &pause) {
			return
		}
		for _, t := range s.tables {
			s.ignore("tombstones were not swept", s.sweep(ctx, t.Name, t.tombstoneAge()))
		}
		s.ignore("answers were not swept", s.sweep(ctx, acksTable, lightAge))
	}
}

// tombstoneAge is how long a deleted row of the table leaves a trace.
func (t *table) tombstoneAge() time.Duration {
	if t.ephemeral {
		return lightAge
	}
	return tombstoneAge
}

// sweep removes documents that have been dead for an age.
func (s *Store) sweep(ctx context.Context, table string, age time.Duration) error {
	before := s.clock.next() - age.Microseconds()
	for {
		var answer struct {
			Deleted int `json:"deleted"`
		}
		term := s.db().Table(table).Between(0, before, r.BetweenOpts{Index: indexDead}).
			Limit(sweptAtOnce).Delete(r.DeleteOpts{Durability: soft})
		if err := s.ask(ctx, term, &answer); err != nil || answer.Deleted < sweptAtOnce {
			return err
		}
	}
}

// remove takes a server that is gone out of the database, its ephemeral rows
// first: who is stopped in between is followed by one that goes on.
func (p *peers) remove(ctx context.Context, row server) {
	s := p.store
	s.log().Info("server is gone, its ephemeral rows are removed", "id", row.ID)
	if err := p.removeRows(ctx, row.ID); err != nil {
		s.ignore("rows of a server that is gone were not removed", err)
		return
	}
	// Not if it is back: whoever is there must stand there, or changes would not wait
	// for it.
	term := s.db().Table(serversTable).Get(row.ID).Replace(func(old r.Term) any {
		return r.Branch(old.Eq(nil).Or(old.Field("beat").Ne(row.Beat)), old, nil)
	}, r.ReplaceOpts{Durability: hard})
	err := s.ask(ctx, term, nil)
	s.ignore("a server that is gone was not removed", err)
}

// removeRows deletes the ephemeral rows of a server as anybody would.
func (p *peers) removeRows(ctx context.Context, id string) error {
	for _, t := range p.store.tables {
		if !t.ephemeral {
			continue
		}
		var rows []document
		term := t.reading().GetAllByIndex(indexHome, id).Pluck(fieldKey, fieldRev)
		err := p.store.pool.query(ctx, term, func() { rows = nil }, func(b []byte) error {
			var d document
			err := json.Unmarshal(b, &d)
			rows = append(rows, d)
			return err
		})
		if err != nil {
			return err
		}
		err = together(rows, func(d document) error {
			if len(d.Key) == 0 {
				return nil
			}
			_, err := p.store.write(ctx, app.Write{Table: t.Name, ID: string(d.Key), IfRev: d.Rev}, removing)
			if errors.Is(err, app.ErrConflict) {
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
