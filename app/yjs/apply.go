package yjs

import (
	"bytes"
	"errors"
)

// ApplyUpdate brings an update into the document. What depends on units that
// have not arrived waits (see Pending) and is applied when they do.
//
// The update is decoded and checked first. An error, of which the chain has
// ErrFormat, ErrRefused or ErrPending, leaves the document as it was. It must
// not be called inside of Transact.
func (d *Doc) ApplyUpdate(update []byte, origin any) error {
	if d.tx != nil {
		return errors.New("apply update: a transaction is open")
	}
	u, err := parseUpdate(bytes.Clone(update)) // the document keeps parts of it
	if err != nil {
		return err
	}
	tx := d.begin(origin, false)
	rest := tx.integrateAll(u.sections)
	deletes := tx.applyDeletes(u.deletes.clients)
	tx.checkSplits()
	if tx.refused == nil {
		tx.refused = d.pending.room(rest, &deletes)
	}
	if err := tx.refused; err != nil {
		tx.undo()
		return err
	}
	d.pending.add(rest, &deletes)
	tx.retry()
	tx.commit(false)
	return nil
}

// retry applies what waits, as far as it can be.
func (tx *transaction) retry() {
	p := &tx.doc.pending
	p.applyDeletes(tx)
	tx.waiting = true
	for !tx.tired() && p.ready(tx.doc) {
		p.keep(tx.integrateAll(p.take()))
		p.applyDeletes(tx)
	}
}

// checkSplits refuses an update that leaves two values of a key alive: browsers
// would throw when the map is deleted. It happens when a value of several units
// is cut.
func (tx *transaction) checkSplits() {
	for _, id := range tx.splits {
		if id.Clock == 0 {
			continue // not a split, but what was deleted with its parent
		}
		left := tx.doc.find(ID{id.Client, id.Clock - 1})
		if left.key != nil && !left.deleted && left.right != nil {
			tx.refuse("two values of key %.40q", *left.key)
		}
	}
}

// applyDeletes deletes what the document has of these spans and returns the
// rest.
func (tx *transaction) applyDeletes(clients []clientSpans) (rest deleteSet) {
	for _, c := range clients {
		state := tx.doc.state(c.client)
		for _, s := range c.spans {
			if s.end() > state {
				missing := max(s.clock, state)
				rest.add(c.client, missing, s.end()-missing)
			}
			if s.clock < state {
				tx.deleteSpan(tx.doc.log(c.client), s.clock, min(s.end(), state))
			}
		}
	}
	return rest
}

// deleteSpan deletes the units from clock to end, which the log has.
func (tx *transaction) deleteSpan(l *clientLog, clock, end uint64) {
	p := l.find(clock)
	if it := l.at(p); !it.deleted && it.id.Clock < clock {
		tx.split(l, p, clock-it.id.Clock)
		p = l.find(clock)
	}
	for ok := true; ok; p, ok = l.next(p) {
		it := l.at(p)
		if it.id.Clock >= end {
			return
		}
		if it.deleted {
			continue
		}
		if end < it.end() {
			tx.split(l, p, end-it.id.Clock)
			tx.delete(it)
			return
		}
		tx.delete(it)
	}
}
