package rethinktest

import (
	"slices"
	"strings"
)

// initialBatch is how many initial rows go into one answer: few, so that changes
// come between them (159).
const initialBatch = 50

// initial are the rows that a feed has still to tell first. They are read while
// the table is written: a change of one that is told already goes into the
// queue, a change of one that is not is told with the row.
type initial struct {
	keys []place // in the order of telling, those told are gone
	rows map[string]*row
	at   place // how far the telling is
}

// A place is where a row comes in an order that has nothing to do with its key.
type place struct {
	hash uint64
	key  string
}

func (a place) compare(b place) int {
	switch {
	case a.hash < b.hash:
		return -1
	case a.hash > b.hash:
		return 1
	}
	return strings.Compare(a.key, b.key)
}

// ahead reports whether a change is of a row whose place has not come yet.
func (in *initial) ahead(c change) bool {
	return place{hashOf(c.key()), c.key()}.compare(in.at) > 0
}

// set says what a row is that is still to be told; nil: it is gone.
func (in *initial) set(key string, hash uint64, r *row) {
	at := place{hash, key}
	i, found := slices.BinarySearchFunc(in.keys, at, place.compare)
	switch {
	case r == nil && found:
		in.keys = slices.Delete(in.keys, i, i+1)
	case r != nil && !found:
		in.keys = slices.Insert(in.keys, i, at)
	}
	in.rows[key] = r
}

// takeInitial is the next initial rows, and at their end the state. The caller
// holds the table's mutex.
func (f *feed) takeInitial(n int) ([]datum, error) {
	in := f.initial
	if in == nil {
		return nil, nil
	}
	var out []datum
	for len(in.keys) > 0 && len(out) < min(n, initialBatch) {
		at := in.keys[0]
		r := in.rows[at.key]
		in.keys, in.at = in.keys[1:], at
		delete(in.rows, at.key)
		v, err := f.pass(r, true)
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		for range f.watch.source.times(r) {
			out = append(out, told{kind: "initial", new: v}.object(f.options))
		}
	}
	if len(in.keys) == 0 {
		f.initial = nil
		if f.options.states {
			out = append(out, told{kind: "state", state: "ready"}.object(f.options))
		}
	} else {
		f.signal()
	}
	return out, nil
}
