package yjs

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// ErrPending is in the chain of the error about an update that depends on so
// much that has not arrived that it cannot be kept.
var ErrPending = errors.New("too much waits for updates that have not arrived")

// What may wait. A tab sends in order, and asks for what is missing; so little
// waits, and not for long. The bounds are above a long day of editing offline,
// and each arrival looks once at every client that waits.
const (
	maxPendingStructs = 50_000
	maxPendingClients = 1_000
	maxPendingBytes   = 8 << 20
	maxPendingDeletes = 50_000
)

// pending is what waits for something that has not arrived.
type pending struct {
	structs map[uint64][]*item // by client, in order of clock; may overlap
	deletes map[uint64][]span  // by client, in order, apart
	items   int
	bytes   int
	spans   int
}

// Pending says whether a part of an update waits for something that has not
// arrived. Who sees it should ask others for what this document's StateVector
// lacks.
func (d *Doc) Pending() bool { return d.pending.items+d.pending.spans > 0 }

// room returns an error if more cannot be kept.
func (p *pending) room(rest []section, deletes *deleteSet) error {
	if len(rest) == 0 && deletes.empty() {
		return nil
	}
	items, size, spans := p.items, p.bytes, p.spans
	clients := max(len(p.structs)+len(rest), len(p.deletes)+len(deletes.clients))
	for _, s := range rest {
		items += len(s.items)
		for _, it := range s.items {
			size += it.size()
		}
	}
	for _, c := range deletes.clients {
		spans += len(c.spans)
	}
	if items > maxPendingStructs || clients > maxPendingClients || size > maxPendingBytes || spans > maxPendingDeletes {
		return fmt.Errorf("%w: %d structs of %d bytes and %d deletions", ErrPending, items, size, spans)
	}
	return nil
}

// size is about how much memory an item takes beside its fixed part.
func (it *item) size() int {
	n := len(it.content.data)
	if it.key != nil {
		n += len(*it.key)
	}
	if it.ref != nil {
		n += len(it.ref.root)
	}
	return n
}

func (p *pending) add(rest []section, deletes *deleteSet) {
	for _, s := range rest {
		for _, it := range s.items {
			it.content.data = bytes.Clone(it.content.data) // let go of the rest of the update
		}
	}
	p.keep(rest)
	p.keepDeletes(deletes)
}

// keep adds structs and drops those that are there twice. A Skip is dropped
// too: the gap is seen without it.
func (p *pending) keep(rest []section) {
	for _, s := range rest {
		old := p.structs[s.client]
		if p.structs == nil {
			p.structs = make(map[uint64][]*item)
		}
		all := slices.Concat(old, s.items)
		if len(old) > 0 {
			slices.SortStableFunc(all, func(a, b *item) int { return cmp.Compare(a.id.Clock, b.id.Clock) })
		}
		end := uint64(0)
		all = slices.DeleteFunc(all, func(it *item) bool {
			if it.content.kind == kindSkip || it.end() <= end {
				return true
			}
			end = it.end()
			return false
		})
		p.count(old, -1)
		p.count(all, 1)
		p.structs[s.client] = all
	}
}

func (p *pending) count(items []*item, sign int) {
	p.items += sign * len(items)
	for _, it := range items {
		p.bytes += sign * it.size()
	}
}

// take removes all structs that wait and returns them, the highest client first.
func (p *pending) take() []section {
	all := p.sections()
	p.structs, p.items, p.bytes = nil, 0, 0
	return all
}

// sections returns the structs that wait, the highest client first.
func (p *pending) sections() []section {
	all := make([]section, 0, len(p.structs))
	for client, items := range p.structs {
		all = append(all, section{client, items})
	}
	sortSections(all)
	return all
}

// ready says whether a struct that waits can be applied now. Yjs remembers one
// clock a client instead, and with some orders of arrival forgets what waits.
func (p *pending) ready(d *Doc) bool {
	for client, items := range p.structs {
		it, state := items[0], d.state(client)
		if it.end() <= state {
			return true // there by another way
		}
		if it.id.Clock > state {
			continue
		}
		if _, missing := d.missing(it); !missing {
			return true
		}
	}
	return false
}

func (p *pending) keepDeletes(ds *deleteSet) {
	for _, c := range ds.clients {
		if p.deletes == nil {
			p.deletes = make(map[uint64][]span)
		}
		old := p.deletes[c.client]
		p.spans -= len(old)
		all := append(old, c.spans...)
		if len(old) > 0 && old[len(old)-1].end() >= c.spans[0].clock {
			all = joinSpans(all)
		}
		p.deletes[c.client] = all
		p.spans += len(all)
	}
}

// applyDeletes deletes what has arrived.
func (p *pending) applyDeletes(tx *transaction) {
	for client, spans := range p.deletes {
		if spans[0].clock >= tx.doc.state(client) {
			continue
		}
		p.spans -= len(spans)
		delete(p.deletes, client)
		rest := tx.applyDeletes([]clientSpans{{client, spans}})
		p.keepDeletes(&rest)
	}
}
