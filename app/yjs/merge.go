package yjs

import (
	"container/heap"
	"fmt"
)

// MergeUpdates makes one update of several, without a document. It needs not
// all that they depend on: what is missing is left out as a gap. Applying the
// result is applying all of them.
func MergeUpdates(updates ...[]byte) ([]byte, error) {
	parsed := make([]*update, len(updates))
	for i, data := range updates {
		u, err := parseUpdate(data)
		if err != nil {
			return nil, fmt.Errorf("update %d: %w", i, err)
		}
		parsed[i] = u
	}
	if len(updates) == 1 {
		return append([]byte(nil), updates[0]...), nil
	}
	return mergeParsed(parsed), nil
}

func mergeParsed(updates []*update) []byte {
	var m merger
	for i, u := range updates {
		r := &reader{sections: u.sections, turn: i}
		if r.settle() {
			m.readers = append(m.readers, r)
		}
	}
	heap.Init(&m.readers)
	for len(m.readers) > 0 {
		r := m.readers[0]
		m.step(r)
		if r.cur == nil {
			heap.Pop(&m.readers)
			continue
		}
		m.turn--
		r.turn = m.turn
		heap.Fix(&m.readers, 0)
	}
	if m.held != nil {
		m.out.write(m.held, 0)
	}
	var ds deleteSet
	for _, u := range updates {
		for _, c := range u.deletes.clients {
			to := ds.of(c.client)
			to.spans = append(to.spans, c.spans...)
		}
	}
	ds.normalize()
	return m.out.finish(&ds)
}

// merger writes the structs of several readers in order of client and clock.
// What it writes is byte for byte what Yjs writes: GCs are joined only where
// the reader changes. (Except where one reader has a GC and another an item at
// the same clock. Either will do, and which of them Yjs takes depends on how
// JavaScript sorts with an order that contradicts itself.)
type merger struct {
	readers readers
	turn    int
	held    *item // the struct that is written next; it may still be joined
	out     writer
}

// step writes from r, the reader that is furthest behind, until another may be.
func (m *merger) step(r *reader) {
	client := r.cur.id.Client
	switch {
	case m.held == nil:
		m.held = r.cur
		r.next()
	case !m.advance(r, client):
		return
	case client != m.held.id.Client:
		m.hold(r.cur)
		r.next()
	case m.held.end() < r.cur.id.Clock:
		gap := &item{id: ID{client, m.held.end()}, length: r.cur.id.Clock - m.held.end(), deleted: true}
		gap.content.kind = kindSkip
		m.hold(gap)
	default:
		it := r.cur
		if known := m.held.end() - it.id.Clock; known > 0 {
			it = it.slice(known)
		}
		if m.held.content.kind == kindGC && it.content.kind == kindGC {
			m.held.length += it.length
		} else {
			m.hold(it)
			r.next()
		}
	}
	for r.cur != nil && r.cur.id.Client == client && r.cur.id.Clock == m.held.end() {
		m.hold(r.cur)
		r.next()
	}
}

// advance skips what is written already and says whether r is still the reader
// to go on with.
func (m *merger) advance(r *reader, client uint64) bool {
	skipped := false
	for r.cur != nil && r.cur.id.Client >= m.held.id.Client && r.cur.end() <= m.held.end() {
		r.next()
		skipped = true
	}
	return r.cur != nil && r.cur.id.Client == client && !(skipped && r.cur.id.Clock > m.held.end())
}

func (m *merger) hold(it *item) {
	m.out.write(m.held, 0)
	m.held = it
}

// reader steps over the structs of an update that are not Skips.
type reader struct {
	sections []section
	index    int
	cur      *item // nil at the end
	turn     int   // among equals, the reader that was used last goes on
}

// settle sets cur to the struct at index or the first one after it.
func (r *reader) settle() bool {
	for len(r.sections) > 0 {
		items := r.sections[0].items
		for ; r.index < len(items); r.index++ {
			if items[r.index].content.kind != kindSkip {
				r.cur = items[r.index]
				return true
			}
		}
		r.sections, r.index = r.sections[1:], 0
	}
	r.cur = nil
	return false
}

func (r *reader) next() {
	r.index++
	r.settle()
}

// readers is a heap: the highest client, then the lowest clock.
type readers []*reader

func (h readers) Len() int { return len(h) }

func (h readers) Less(i, j int) bool {
	a, b := h[i], h[j]
	if a.cur.id.Client != b.cur.id.Client {
		return a.cur.id.Client > b.cur.id.Client
	}
	if a.cur.id.Clock != b.cur.id.Clock {
		return a.cur.id.Clock < b.cur.id.Clock
	}
	return a.turn < b.turn
}

func (h readers) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h *readers) Push(x any) { *h = append(*h, x.(*reader)) }

func (h *readers) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

// mergePending adds what waits to an encoded state, for somebody who has known.
func (d *Doc) mergePending(state []byte, known map[uint64]uint64) ([]byte, error) {
	u, err := parseUpdate(state)
	if err != nil {
		return nil, fmt.Errorf("read own state: %w", err)
	}
	deletes := &update{}
	for client, spans := range d.pending.deletes {
		deletes.deletes.clients = append(deletes.deletes.clients, clientSpans{client, spans})
	}
	waiting := &update{}
	for _, s := range d.pending.sections() {
		items := make([]*item, 0, len(s.items))
		for _, it := range s.items {
			if len(items) > 0 || it.end() > known[s.client] {
				own := *it // merging changes it
				items = append(items, &own)
			}
		}
		if len(items) > 0 {
			waiting.sections = append(waiting.sections, section{s.client, items})
		}
	}
	return mergeParsed([]*update{u, deletes, waiting}), nil
}
