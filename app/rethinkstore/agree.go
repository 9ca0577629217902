package rethinkstore

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
)

const (
	// agreeFirst is how soon it is asked whether the others have heard: as long as
	// a change takes through the database and back.
	agreeFirst = 2 * time.Millisecond
	// settlePatience bounds how long what is under way may hold up another
	// server's change; access ends it after a second.
	settlePatience = 6 * time.Second
	// maxAcks is how many acknowledgements wait to be written.
	maxAcks = 1000
)

// agreed is what all servers must have heard of: changes of a row up to one write.
type agreed struct {
	table   string
	changes []app.Change
	tag     tag
}

// concerns reports whether all servers must hear of a change.
func (s *Store) concerns(t *table, c app.Change) bool {
	return s.options.Concerns != nil && !t.ephemeral && s.options.Concerns(t.Name, c.Old, c.New)
}

// heard takes changes of others that our watchers were just told of.
func (s *Store) heard(list []agreed) {
	for _, a := range list {
		select {
		case s.peers.acks <- a:
		default: // the other one asks again
			s.log().Error("too many changes of other servers are unanswered", "table", a.table)
		}
	}
}

// acknowledge says of others' changes that we have heard of them.
func (p *peers) acknowledge(ctx context.Context) {
	var parts sync.WaitGroup
	defer parts.Wait()
	for {
		select {
		case a := <-p.acks:
			parts.Go(func() { p.settle(ctx, a) })
		case <-ctx.Done():
			return
		}
	}
}

func (p *peers) settle(ctx context.Context, a agreed) {
	ctx, cancel := context.WithTimeout(ctx, settlePatience+queryPatience)
	defer cancel()
	if settle := p.store.options.Settle; settle != nil {
		settling, done := context.WithTimeout(ctx, settlePatience)
		for _, c := range a.changes {
			settle(settling, a.table, c)
		}
		done()
	}
	row := map[string]any{fieldID: ackKey(p.store.id, a.tag), fieldDead: p.store.clock.next()}
	term := p.store.db().Table(acksTable).Insert(row, r.InsertOpts{Conflict: "replace", Durability: soft})
	err := p.store.pool.query(ctx, term, func() {}, func([]byte) error { return nil })
	p.store.ignore("another server was not told that its change has come", err)
}

// ackKey is the id of the row in which a server says that it has heard of a write.
func ackKey(server string, t tag) string { return fmt.Sprintf("%s/%s/%d", server, t.server, t.stamp) }

// agree waits until all servers have heard of a write of ours that was told here,
// if it concerns them.
func (s *Store) agree(ctx context.Context, t *table, p *pending) error {
	if s.options.Concerns == nil || t.ephemeral {
		return nil
	}
	s.mu.Lock()
	c, known := t.history.change(p.write.ID, p.rev)
	s.mu.Unlock()
	if known && !s.concerns(t, c) {
		return nil // where it is not known what was before, they are asked
	}
	q := question{ask: ask{Table: t.Name, ID: p.write.ID, Rev: p.rev, Stamp: p.tag.stamp}, due: time.Now()}
	if known {
		q.due = q.due.Add(askAfter)
	}
	defer s.peers.ask(p.tag, q)()
	pause := agreeFirst
	for {
		waiting, err := s.peers.unheard(ctx, p.tag)
		if err == nil && len(waiting) == 0 {
			return nil
		}
		if !wait(ctx, &pause) {
			return fmt.Errorf("%w: it is stored, but the servers %q have not answered", app.ErrUnknown, waiting)
		}
	}
}

// unheard are the servers that have not said that they know of a write.
func (p *peers) unheard(ctx context.Context, t tag) ([]string, error) {
	there, _, err := p.others(ctx)
	if err != nil || len(there) == 0 {
		return nil, err
	}
	keys := make([]any, 0, len(there))
	waiting := make(map[string]string, len(there))
	for _, row := range there {
		key := ackKey(row.ID, t)
		keys = append(keys, key)
		waiting[key] = row.Name
	}
	term := p.store.db().Table(acksTable).GetAll(r.Args(keys)).Pluck(fieldID)
	err = p.store.pool.query(ctx, term, func() {}, func(b []byte) error {
		var row document
		err := json.Unmarshal(b, &row)
		delete(waiting, row.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	var list []string
	for _, name := range waiting {
		list = append(list, name)
	}
	return list, nil
}
