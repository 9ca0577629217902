package yjs

import (
	"cmp"
	"slices"
)

// span is a run of clocks.
type span struct{ clock, length uint64 }

func (s span) end() uint64 { return s.clock + s.length }

// clientSpans are runs of clocks of one client.
type clientSpans struct {
	client uint64
	spans  []span
}

// deleteSet says which units are deleted. The zero value is empty.
type deleteSet struct {
	clients []clientSpans
	index   map[uint64]int // of clients; nil while there are few
}

// fewClients is up to how many clients a loop is faster than a map.
const fewClients = 8

func (ds *deleteSet) empty() bool { return len(ds.clients) == 0 }

// reset empties the set and keeps its memory.
func (ds *deleteSet) reset() {
	for i := range ds.clients {
		ds.clients[i].spans = ds.clients[i].spans[:0]
	}
	ds.clients, ds.index = ds.clients[:0], nil
}

// of returns the entry of a client, a new one if there is none. It is valid
// until the next call.
func (ds *deleteSet) of(client uint64) *clientSpans {
	if ds.index != nil {
		if i, ok := ds.index[client]; ok {
			return &ds.clients[i]
		}
	} else {
		for i := range ds.clients {
			if ds.clients[i].client == client {
				return &ds.clients[i]
			}
		}
	}
	n := len(ds.clients)
	if n < cap(ds.clients) {
		ds.clients = ds.clients[:n+1]
		ds.clients[n].client = client
	} else {
		ds.clients = append(ds.clients, clientSpans{client: client})
	}
	if ds.index != nil {
		ds.index[client] = n
	} else if n == fewClients {
		ds.index = make(map[uint64]int)
		for i := range ds.clients {
			ds.index[ds.clients[i].client] = i
		}
	}
	return &ds.clients[n]
}

func (ds *deleteSet) add(client, clock, length uint64) {
	c := ds.of(client)
	if n := len(c.spans); n > 0 && c.spans[n-1].end() == clock {
		c.spans[n-1].length += length
		return
	}
	c.spans = append(c.spans, span{clock, length})
}

// normalize sorts the spans of each client and joins those that touch.
func (ds *deleteSet) normalize() {
	for i := range ds.clients {
		ds.clients[i].spans = joinSpans(ds.clients[i].spans)
	}
}

func joinSpans(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.clock, b.clock) })
	n := 0
	for _, s := range spans {
		if n > 0 && spans[n-1].end() >= s.clock {
			spans[n-1].length = max(spans[n-1].end(), s.end()) - spans[n-1].clock
			continue
		}
		spans[n] = s
		n++
	}
	return spans[:n]
}

// write writes the set, the highest client first. It does not change what
// observers of the same set see.
func (ds *deleteSet) write(e *encoder) {
	e.uint(uint64(len(ds.clients)))
	order := ds.clients
	if len(order) > 1 {
		order = slices.Clone(order)
		slices.SortFunc(order, func(a, b clientSpans) int { return cmp.Compare(b.client, a.client) })
	}
	for _, c := range order {
		e.uint(c.client)
		e.uint(uint64(len(c.spans)))
		for _, s := range c.spans {
			e.uint(s.clock)
			e.uint(s.length)
		}
	}
}

// readDeleteSet reads a set and checks that it is as every Yjs writes it: each
// client once, its spans in order, none of them empty. (Browsers keep what they
// cannot delete yet in an encoding that cannot say otherwise.)
func readDeleteSet(d *decoder) deleteSet {
	var ds deleteSet
	for n := d.count(2); n > 0 && d.err == nil; n-- {
		client := d.uint()
		spans := d.count(2)
		if spans == 0 {
			continue
		}
		c := ds.of(client)
		if len(c.spans) > 0 {
			d.fail("deletions of client %d stand twice", client)
			break
		}
		c.spans = make([]span, 0, spans)
		for end := uint64(0); spans > 0 && d.err == nil; spans-- {
			s := span{d.uint(), d.uint()}
			if s.length == 0 || s.clock < end || s.clock > maxClock || s.length > maxClock-s.clock {
				d.fail("deletion of %d from %d on after %d", s.length, s.clock, end)
			}
			end = s.end()
			c.spans = append(c.spans, s)
		}
	}
	return ds
}
