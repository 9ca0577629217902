package yjs

// transaction collects what changes until commit.
type transaction struct {
	doc    *Doc
	origin any
	local  bool
	number uint64

	deletes deleteSet
	touched []*clientLog // logs that have got longer
	splits  []ID         // structs that might be joined to their neighbours again

	// journal has what an update did, so that one that turns out to be
	// unacceptable can be taken back. Local edits are not written down.
	journal journal
	refused error
	waiting bool   // what is integrated now had to wait; it cannot be refused any more
	scans   uint64 // structs passed while looking for places
}

// begin opens a transaction.
func (d *Doc) begin(origin any, local bool) *transaction {
	tx := d.spare
	if tx == nil {
		tx = &transaction{doc: d}
	}
	d.spare = nil
	d.number++
	tx.origin, tx.local, tx.number = origin, local, d.number
	d.tx = tx
	return tx
}

// release makes a closed transaction ready to be used again. Its memory is kept
// if it is little.
func (tx *transaction) release() {
	const keep = 1024 // entries; an update seldom has more
	tx.deletes.reset()
	if len(tx.deletes.clients) > keep || cap(tx.journal.steps) > keep || cap(tx.splits) > keep || cap(tx.touched) > keep {
		*tx = transaction{doc: tx.doc}
	} else {
		clear(tx.journal.steps)
		clear(tx.touched)
		*tx = transaction{
			doc: tx.doc, deletes: tx.deletes, splits: tx.splits[:0], touched: tx.touched[:0],
			journal: journal{steps: tx.journal.steps[:0]},
		}
	}
	tx.doc.spare = tx
}

// touch returns the log of a client, which is about to grow.
func (tx *transaction) touch(client uint64) *clientLog {
	d := tx.doc
	l := d.log(client)
	if l == nil {
		l = &clientLog{client: client}
		d.logs[client] = l
		d.last = l
	}
	if l.touched != tx.number {
		l.touched, l.before = tx.number, l.end
		tx.touched = append(tx.touched, l)
	}
	return l
}

// existed says whether a struct was there before the transaction.
func (tx *transaction) existed(id ID) bool {
	l := tx.doc.log(id.Client)
	return l.touched != tx.number || id.Clock < l.before
}

// commit closes the transaction: it forgets what is deleted, joins structs, and
// tells observers. It returns the update if it is wanted.
func (tx *transaction) commit(wanted bool) []byte {
	d := tx.doc
	d.tx = nil
	tx.deletes.normalize()
	if d.gc {
		tx.collect()
	}
	for _, c := range tx.deletes.clients {
		l := d.log(c.client)
		for i := len(c.spans) - 1; i >= 0; i-- {
			l.joinRange(c.spans[i].clock, c.spans[i].end())
		}
	}
	for _, l := range tx.touched {
		l.joinSince(l.before)
	}
	for i := len(tx.splits) - 1; i >= 0; i-- {
		d.log(tx.splits[i].Client).joinAround(tx.splits[i].Clock)
	}
	if l := d.log(d.clientID); !tx.local && l != nil && l.touched == tx.number {
		d.clientID = d.unusedClient() // somebody else uses ours
	}
	var update []byte
	if (wanted || len(d.observers) > 0) && !(tx.deletes.empty() && len(tx.touched) == 0) {
		update = tx.encode()
	}
	origin := tx.origin
	tx.release()
	if update != nil {
		for _, o := range d.observers {
			o.fn(update, origin)
		}
	}
	return update
}

// collect replaces what was deleted by a note of its length.
func (tx *transaction) collect() {
	for _, c := range tx.deletes.clients {
		l := tx.doc.log(c.client)
		for i := len(c.spans) - 1; i >= 0; i-- {
			s := c.spans[i]
			p := l.find(s.clock)
			for ok := true; ok && l.at(p).id.Clock < s.end(); p, ok = l.next(p) {
				if it := l.at(p); it.deleted && it.content.kind != kindGC {
					it.collect(false)
				}
			}
		}
	}
}

// collect forgets the content of a deleted item, and also its place if its
// parent is forgotten.
func (it *item) collect(parentGone bool) {
	if t := it.content.typ; t != nil {
		for child := t.start; child != nil; {
			next := child.right
			child.collect(true)
			child = next
		}
		for _, child := range t.entries {
			for child != nil {
				next := child.left
				child.collect(true)
				child = next
			}
		}
		t.start, t.entries, t.markers = nil, nil, nil
	}
	if parentGone {
		*it = item{id: it.id, length: it.length, deleted: true}
		return
	}
	it.content = content{kind: kindDeleted}
}

// encode writes the update of the transaction.
func (tx *transaction) encode() []byte {
	var e encoder
	vector := make([]clientClock, 0, len(tx.touched))
	for _, l := range tx.touched {
		vector = append(vector, clientClock{l.client, l.before})
	}
	tx.doc.writeStructs(&e, vector)
	tx.deletes.write(&e)
	return e.buf
}
