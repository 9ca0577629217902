package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"lyceum/app"
	"lyceum/app/wire"
	"lyceum/app/yjs"
)

// room is a document with those who type in it.
type room struct {
	project, path string
	epoch         time.Time // since which times are counted
	typists       []*typist // complete before anybody types
}

// typist is a person in a document: one goroutine presses keys, one reads.
type typist struct {
	room     *room
	tab      *tab
	document any
	origin   string
	doc      *yjs.Doc               // what is read is not merged: only its arrival counts
	pressed  [keysEach]atomic.Int64 // when each key was, in nanoseconds since the epoch
	merged   chan struct{}          // has one for each key that was acknowledged
	seen     samples                // how long others' keys took
}

// enter opens the document and watches its patches.
func (r *room) enter(ctx context.Context, p *person) (*typist, error) {
	tb, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	t := &typist{room: r, tab: tb, origin: app.NewID(), doc: yjs.New(), merged: make(chan struct{}, keysEach)}
	state, err := tb.ask(app.Row{"document_states": app.Row{
		"project_id": r.project, "path": r.path, "document_id": nil, "update": nil, "seq": nil,
	}}, nil, "")
	if err != nil {
		return nil, err
	}
	update, _ := state.Row["update"].([]byte)
	if err := t.doc.ApplyUpdate(update, "server"); err != nil {
		return nil, err
	}
	t.document = state.Row["document_id"]
	_, err = tb.ask(app.Row{"patches": []any{app.Row{
		"document_id": t.document, "seq": app.Row{">": state.Row["seq"]}, "origin": nil, "n": nil, "update": nil,
	}}}, app.Row{"changes": true}, "")
	if err != nil {
		return nil, err
	}
	r.typists = append(r.typists, t)
	return t, nil
}

// press presses all keys, each when it is due and the one before is
// acknowledged.
func (t *typist) press(begin time.Time) error {
	for n := range keysEach {
		due := begin.Add(time.Duration(n) * keyEvery)
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
			due = time.Now()
		}
		t.pressed[n].Store(int64(due.Sub(t.room.epoch)))
		var failed error
		update := t.doc.Transact("key", func() { failed = t.doc.Text("content").Insert(0, "x") })
		if failed != nil {
			return failed
		}
		t.tab.id++
		number := int64(n + 1)
		err := t.tab.send(wire.Ask{ID: t.tab.id, Options: app.Row{"set": true}, Query: app.Row{"patches": app.Row{
			"document_id": t.document, "origin": t.origin, "n_from": number, "n": number, "update": update,
		}}})
		if err != nil {
			return err
		}
		select {
		case _, ok := <-t.merged:
			if !ok {
				return errors.New("the reader has ended")
			}
		case <-time.After(patience):
			return fmt.Errorf("key %d was not acknowledged", number)
		}
	}
	return nil
}

// read reads until all keys of all have come.
func (t *typist) read() error {
	defer close(t.merged)
	merged := 0
	for merged < keysEach || len(t.seen) < keysEach*(len(t.room.typists)-1) {
		m, err := t.tab.next()
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case wire.Answer:
			if m.Start {
				return errors.New("the watch of patches fell behind and began anew")
			}
			merged++
			t.merged <- struct{}{}
		case wire.Changes:
			now := time.Since(t.room.epoch)
			for _, c := range m.Changes {
				n, _ := c.NewVal["n"].(int64)
				for _, other := range t.room.typists {
					if c.NewVal["origin"] == other.origin && other != t && n > 0 && n <= keysEach {
						t.seen = append(t.seen, now-time.Duration(other.pressed[n-1].Load()))
					}
				}
			}
		}
	}
	return nil
}
