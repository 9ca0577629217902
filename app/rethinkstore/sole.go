package rethinkstore

import (
	"context"
	"slices"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
)

// What only one server may have (Options.Sole) has a row in metaTable that names
// who has it. The row is only ever changed under the condition of what stands
// there, so one server has it at any time, however many start at once (V4). Who
// has it looks every second whether it still does, and ends if not.

// soleAfter is how long a server that has what is ours is listened to before it is
// taken over: one that was killed says nothing in it.
const soleAfter = 3 * beatEvery

// holder is the row of who has what only one server may have.
type holder struct {
	By   string `json:"by"` // id in serversTable
	Name string `json:"name"`
}

func (p *peers) soleTerm() r.Term {
	return p.store.db().Table(metaTable).Get(primaryKey("sole/" + p.store.options.Sole))
}

// takeSole takes what nobody has, or who is named in from, and returns who has it
// then. To do it twice is to do it once.
func (p *peers) takeSole(ctx context.Context, from string) (holder, error) {
	s := p.store
	mine := map[string]any{fieldID: primaryKey("sole/" + s.options.Sole), "by": s.id, "name": s.options.Name}
	term := p.soleTerm().Replace(func(old r.Term) any {
		return r.Branch(old.Eq(nil).Or(old.Field("by").Eq(from)), mine, old)
	}, r.ReplaceOpts{ReturnChanges: "always", Durability: hard})
	return replaced[holder](ctx, s, term)
}

// claim takes what only this server may have, or fails with a sentence if another
// one that is there has it. We are there by then, so that the others can see it.
func (p *peers) claim(ctx context.Context) error {
	if p.store.options.Sole == "" {
		return nil
	}
	var first server // how the holder was first seen
	var since time.Time
	from := ""
	for {
		h, err := p.takeSole(ctx, from)
		if err != nil {
			return err
		}
		if h.By == p.store.id {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.sole = true
			return nil
		}
		there, _, err := p.others(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(there, func(row server) bool { return row.ID == h.By })
		switch {
		case i < 0: // it was closed, or taken out
			from = h.By
		case there[i].ID != first.ID:
			first, since = there[i], time.Now()
		case there[i].Beat != first.Beat:
			return app.Errorf(app.Conflict, "A server with the same data directory, or a copy of it, uses this database already, on %s. "+
				"Stop that one first; two of them would both start the same projects.", h.Name)
		case time.Since(since) > soleAfter:
			from = h.By
		}
		pause := beatEvery / 4
		if !wait(ctx, &pause) {
			return ctx.Err()
		}
	}
}

// hold looks whether we still have what we have claimed, and ends the program if
// another server has it.
func (p *peers) hold(ctx context.Context) {
	p.mu.Lock()
	sole := p.sole
	p.mu.Unlock()
	if !sole {
		return
	}
	h, err := p.takeSole(ctx, "")
	if err != nil {
		p.store.ignore("who has the data directory could not be read", err)
		return
	}
	if h.By == p.store.id {
		return
	}
	p.mu.Lock()
	sole, p.sole = p.sole, false // said once, and not of what was released meanwhile
	p.mu.Unlock()
	if !sole {
		return
	}
	p.store.options.Fatal(app.Errorf(app.Conflict, "A server with the same data directory, or a copy of it, was started on %s while this one could not reach the database. "+
		"This one ends; its projects go on running here. End them with lyceum stop projects, and start only one of the two.", h.Name))
}

// release lets the next server have at once what only one may have.
func (p *peers) release(ctx context.Context) error {
	s := p.store
	if s.options.Sole == "" {
		return nil
	}
	p.mu.Lock()
	p.sole = false
	p.mu.Unlock()
	term := p.soleTerm().Replace(func(old r.Term) any {
		return r.Branch(old.Eq(nil).Or(old.Field("by").Ne(s.id)), old, nil)
	}, r.ReplaceOpts{Durability: hard})
	return s.ask(ctx, term, nil)
}
