// Package yjs is the document format of Yjs, update format V1, in Go: text,
// arrays and maps that many edit at once and that become equal wherever the same
// updates arrive, in whatever order and however often.
//
// It reads and writes the same bytes as the npm package yjs in the version that
// frontend/package.json pins; that package is the oracle of its tests. Formats,
// embeds, XML and subdocuments pass through unchanged.
//
// What comes from outside is hostile. An update is decoded and checked before
// the document is touched, an update that fails leaves the document as it was,
// nothing panics, and memory is bounded by the input.
//
// One goroutine owns a document: nothing here locks. Functions that have no
// document (MergeUpdates, DiffUpdate, Validate …) may be called by any.
package yjs

import (
	"crypto/rand"
	"encoding/binary"
	"slices"
)

// Doc is a document.
type Doc struct {
	clientID uint64
	gc       bool

	logs  map[uint64]*clientLog
	roots map[string]*shared
	last  *clientLog // the log looked up last

	pending pending

	tx          *transaction // the open one
	spare       *transaction // a closed one, to be used again
	number      uint64       // of transactions so far
	scanned     uint64       // see place
	observers   []observer
	observerIDs uint64
}

type observer struct {
	id uint64
	fn func(update []byte, origin any)
}

// Option is a setting of New.
type Option func(*Doc)

// WithClientID sets the client that edits of this document are made by. Two
// documents that edit at the same time must never share one. The default is a
// random number of 32 bits.
func WithClientID(id uint64) Option {
	return func(d *Doc) { d.clientID = id & maxInteger }
}

// WithGC says whether deleted content is forgotten at the end of a transaction.
// The default is true.
func WithGC(on bool) Option { return func(d *Doc) { d.gc = on } }

// New returns an empty document.
func New(opts ...Option) *Doc {
	d := &Doc{
		gc:    true,
		logs:  make(map[uint64]*clientLog),
		roots: make(map[string]*shared),
	}
	d.clientID = d.unusedClient()
	for _, opt := range opts {
		opt(d)
	}
	return d
}

// unusedClient returns a random client that has made nothing here.
func (d *Doc) unusedClient() uint64 {
	for {
		var b [4]byte
		rand.Read(b[:]) // never fails (crypto/rand)
		if id := uint64(binary.LittleEndian.Uint32(b[:])); d.logs[id] == nil {
			return id
		}
	}
}

// ClientID returns the client that edits of this document are made by. It
// changes if another's update uses the same.
func (d *Doc) ClientID() uint64 { return d.clientID }

// OnUpdate calls fn after every transaction that changed something, with the
// update that brings others to the same state and the origin given to
// ApplyUpdate or Transact. fn may keep the update but not change it, and
// it may edit the document.
func (d *Doc) OnUpdate(fn func(update []byte, origin any)) (stop func()) {
	d.observerIDs++
	id := d.observerIDs
	d.observers = append(slices.Clip(d.observers), observer{id, fn})
	return func() {
		d.observers = slices.DeleteFunc(slices.Clone(d.observers), func(o observer) bool { return o.id == id })
	}
}

// Transact runs f and makes one update of all its edits, which it returns; nil
// if nothing changed. Edits outside of Transact are a transaction each. Inside
// of another Transact it runs f as a part of that and returns nil.
func (d *Doc) Transact(origin any, f func()) (update []byte) {
	if d.tx != nil {
		f()
		return nil
	}
	tx := d.begin(origin, true)
	defer func() { update = tx.commit(true) }() // also when f panics: what was done stands
	f()
	return nil
}

// edit runs f in the open transaction or in one of its own.
func (d *Doc) edit(f func(tx *transaction)) {
	if d.tx != nil {
		f(d.tx)
		return
	}
	tx := d.begin(nil, true)
	defer tx.commit(false)
	f(tx)
}

// root returns the type of a name.
func (d *Doc) root(name string) *shared {
	t := d.roots[name]
	if t == nil {
		t = &shared{doc: d, name: name}
		d.roots[name] = t
	}
	return t
}

// log returns what a client has made, or nil.
func (d *Doc) log(client uint64) *clientLog {
	if d.last != nil && d.last.client == client {
		return d.last
	}
	l := d.logs[client]
	if l != nil {
		d.last = l
	}
	return l
}

// state returns the next clock of a client.
func (d *Doc) state(client uint64) uint64 {
	if l := d.log(client); l != nil {
		return l.end
	}
	return 0
}

// find returns the struct that holds id, which must exist.
func (d *Doc) find(id ID) *item {
	l := d.log(id.Client)
	return l.at(l.find(id.Clock))
}
