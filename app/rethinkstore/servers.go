package rethinkstore

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
)

// Several servers on one database promise each other this (W4, W5):
//
// Each says every second in its row of serversTable that it is there. One that
// could not for fenceAfter answers nothing and takes nothing any more, and its
// watchers of tables that Concerns names begin anew, when it is back; the others
// take it for gone after goneAfter, which is longer, and then delete its ephemeral
// rows, which it writes again when it is back. Each measures by its own clock since
// when a row has not changed, while it could look.
//
// A write that concerns all servers is acknowledged when each that is there has
// told its watchers of it and has settled what was under way, or is gone. It
// costs one read of two small tables, and where there are others a change of
// acksTable by each of them: some milliseconds; seconds where a server had not to
// tell of this write by itself, but of a later one, and is asked. A server writes its row before it
// reads who may what, and the row is read after the write is stored, so none
// is overlooked: it either reads the change itself or is waited for.
//
// Not promised: a write that a server has sent before it was fenced, and that
// the database carries out more than goneAfter - fenceAfter later, may still be
// stored.
const (
	beatEvery  = time.Second
	fenceAfter = 5 * time.Second
	goneAfter  = 10 * time.Second
	// leavePatience bounds the farewell of a server that is closed.
	leavePatience = 3 * time.Second
)

var errFenced = app.Errorf(app.Unavailable, "This server has lost its connection to the database. Please try again.")

// server is a row of serversTable.
type server struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Beat int64  `json:"beat"`
	Left bool   `json:"left"` // it was closed; only its ephemeral rows are there
	Rows int64  `json:"rows"` // Options.Rows; 0 of a program that did not say it yet
	Asks []ask  `json:"asks"` // what others have not answered
}

// sight is when another server was last seen to be there.
type sight struct {
	beat  int64
	since time.Time
}

// peers are the servers on the database.
type peers struct {
	store *Store
	acks  chan agreed

	mu     sync.Mutex
	seen   map[string]sight
	looked time.Time // when the others were read last
	alive  moment    // until when the others believe in us, and some more
	beat   int64
	said   bool // our row was written
	left   bool // farewell was said
	sole   bool // we have what only one server may have
	asks   map[tag]question
}

func newPeers(s *Store) *peers {
	return &peers{store: s, acks: make(chan agreed, maxAcks), seen: make(map[string]sight), asks: make(map[tag]question)}
}

func (p *peers) table() r.Term {
	return p.store.db().Table(serversTable, r.TableOpts{ReadMode: majority})
}

// join says that this server is there.
func (p *peers) join(ctx context.Context) error { return p.say(ctx, false) }

// leave says that this server is closed: another one, or the next, removes its
// ephemeral rows.
func (p *peers) leave() error {
	ctx, cancel := context.WithTimeout(p.store.ctx, leavePatience)
	defer cancel()
	if err := p.say(ctx, true); err != nil {
		return err
	}
	return p.release(ctx)
}

// say writes our row.
func (p *peers) say(ctx context.Context, left bool) error {
	p.mu.Lock()
	if p.left { // who has said farewell must not seem to be there again
		p.mu.Unlock()
		return nil
	}
	p.left = left
	p.beat++
	o := p.store.options
	row := map[string]any{fieldID: p.store.id, "name": o.Name, "beat": p.beat, "left": left, "rows": o.Rows, "asks": p.dueLocked()}
	p.mu.Unlock()
	begun := p.store.options.now()
	term := p.store.db().Table(serversTable).Insert(row, r.InsertOpts{Conflict: "replace", Durability: hard, ReturnChanges: "always"})
	var answer struct {
		Changes []struct {
			Old *server `json:"old_val"`
		} `json:"changes"`
	}
	err := p.store.pool.query(ctx, term, func() {}, func(b []byte) error { return json.Unmarshal(b, &answer) })
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.said && len(answer.Changes) > 0 && answer.Changes[0].Old == nil { // others have removed us
		for _, t := range p.store.tables {
			t.own.lose()
		}
	}
	p.said = true
	p.alive = begun.add(fenceAfter)
	return nil
}

// look reads who is there and notes since when each has said nothing.
func (p *peers) look(ctx context.Context) (there []server, err error) {
	err = p.store.pool.query(ctx, p.table(), func() { there = nil }, func(b []byte) error {
		var row server
		err := json.Unmarshal(b, &row)
		there = append(there, row)
		return err
	})
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	// Who could not look does not know who was silent: where the database was away
	// nobody could say anything.
	blind := now.Sub(p.looked) > fenceAfter
	p.looked = now
	for _, row := range there {
		if old, ok := p.seen[row.ID]; !ok || old.beat != row.Beat || blind {
			p.seen[row.ID] = sight{row.Beat, now}
		}
	}
	for id := range p.seen {
		if !slices.ContainsFunc(there, func(row server) bool { return row.ID == id }) {
			delete(p.seen, id)
		}
	}
	return there, nil
}

// others reads the other servers, those that are there and those that are gone.
func (p *peers) others(ctx context.Context) (there, gone []server, err error) {
	all, err := p.look(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, row := range all {
		switch {
		case row.ID == p.store.id:
		case row.Left, time.Since(p.seen[row.ID].since) > goneAfter:
			gone = append(gone, row)
		default:
			there = append(there, row)
		}
	}
	return there, gone, err
}

// Servers returns the names of the other servers that use the database now. One
// that was killed is among them for some seconds.
func (s *Store) Servers(ctx context.Context) ([]string, error) {
	there, _, err := s.peers.others(ctx)
	if err != nil {
		return nil, whileAway(err)
	}
	list := make([]string, 0, len(there))
	for _, row := range there {
		list = append(list, row.Name)
	}
	slices.Sort(list)
	return list, nil
}

// run says that we are there, takes others out that are gone, and answers for
// changes of theirs.
func (p *peers) run(ctx context.Context) {
	var parts sync.WaitGroup
	defer parts.Wait()
	parts.Go(func() { p.acknowledge(ctx) })
	parts.Go(func() { p.guard(ctx) })
	gone := make(chan []server, 1)
	parts.Go(func() { p.tidy(ctx, gone) })
	own := reserved(ctx)
	for {
		pause := beatEvery
		if !wait(ctx, &pause) {
			return
		}
		if !p.store.current() {
			continue // who hears nothing must not pretend to be there
		}
		if err := p.say(own, false); err != nil {
			p.store.ignore("sign of life was not written", err)
			continue
		}
		p.hold(own)
		p.store.ignore("the database's clock was not read", p.store.setClock(own))
		there, away, err := p.others(own)
		p.store.ignore("other servers could not be read", err)
		p.store.answer(there)
		select {
		case gone <- away:
		default: // it is at work yet; the next time
		}
	}
}

// tidy writes our ephemeral rows again that others have removed, and removes those
// of servers that are gone. Thousands of rows take longer than a server may be
// silent, so this is beside the signs of life.
func (p *peers) tidy(ctx context.Context, gone <-chan []server) {
	for {
		select {
		case list := <-gone:
			p.store.restore(ctx)
			for _, row := range list {
				p.remove(ctx, row)
			}
		case <-ctx.Done():
			return
		}
	}
}

// current reports whether the feeds of the tables that concern all servers run.
func (s *Store) current() bool {
	for _, t := range s.tables {
		if s.options.Concerns != nil && !t.ephemeral && !t.follower.alive() {
			return false
		}
	}
	return true
}
