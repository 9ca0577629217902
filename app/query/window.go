package query

import (
	"maps"
	"slices"

	"lyceum/app"
)

// window is the first rows of an ordered answer. It holds some more than it
// shows, so that most of what leaves it is replaced without asking the store. It
// decides and does nothing else. (L6)
type window struct {
	ask     *ask
	limit   int          // rows that are shown
	records []app.Record // in order; the first limit of them are shown
	more    bool         // there are rows behind records
}

// reserve is how many rows beyond its limit a window holds: few, since every
// subscription of its own keeps them in memory, and enough that reading again is
// rare.
func reserve(limit int) int { return min(max(limit/4, 4), 100) }

// fill takes what was read: at most limit and the reserve.
func (w *window) fill(records []app.Record, more bool) { w.records, w.more = records, more }

func (w *window) shown() []app.Record { return w.records[:min(w.limit, len(w.records))] }

// short reports whether rows must be read again: there are more than are held,
// and they are needed.
func (w *window) short() bool { return w.more && len(w.records) < w.limit }

func (w *window) index(id string) int {
	return slices.IndexFunc(w.records, func(r app.Record) bool { return r.ID == id })
}

// take puts one change of a row in; is says whether the row is part of the answer
// after it. It returns what the client is told.
func (w *window) take(c app.Change, is bool) []told {
	was := w.index(c.ID)
	var old app.Record
	if was >= 0 {
		if old = w.records[was]; old.Rev >= c.Rev {
			return nil // it was read like this
		}
		w.records = slices.Delete(w.records, was, was+1)
	}
	to := -1
	if is {
		rec := app.Record{ID: c.ID, Rev: c.Rev, Row: c.New}
		at, _ := slices.BinarySearchFunc(w.records, rec, w.ask.opts.before)
		if at < len(w.records) || !w.more { // else it is among those that are not held
			w.records, to = slices.Insert(w.records, at, rec), at
		}
	}
	out := w.moved(old, was, to)
	if most := w.limit + reserve(w.limit); len(w.records) > most {
		clear(w.records[most:])
		w.records, w.more = w.records[:most], true
	}
	return out
}

// moved tells what it means that a row has gone from one place to another; -1 is
// outside.
func (w *window) moved(old app.Record, was, to int) []told {
	shownBefore, shownNow := was >= 0 && was < w.limit, to >= 0 && to < w.limit
	switch {
	case shownBefore && shownNow:
		return w.stays(old, w.records[to])
	case shownBefore:
		out := []told{w.leaves(old)}
		if len(w.records) >= w.limit {
			out = append(out, w.enters(w.records[w.limit-1]))
		}
		return out
	case shownNow:
		var out []told
		if len(w.records) > w.limit {
			out = append(out, w.leaves(w.records[w.limit]))
		}
		return append(out, w.enters(w.records[to]))
	}
	return nil
}

func (w *window) enters(rec app.Record) told {
	return told{Change: w.ask.insert(rec.Row), id: rec.ID, row: rec.Row}
}

// stays tells how a row that was shown and is has changed, if it has.
func (w *window) stays(old, rec app.Record) []told {
	change, differs := w.ask.update(old.Row, rec.Row)
	if !differs {
		return nil
	}
	return []told{{Change: change, id: rec.ID, row: rec.Row, was: true, before: old.Rev}}
}

func (w *window) leaves(rec app.Record) told {
	return told{Change: w.ask.delete(rec.ID, rec.Row), id: rec.ID, was: true, before: rec.Rev}
}

// refill takes what was read again and returns the difference to what was shown.
func (w *window) refill(records []app.Record, more bool) []told {
	before := make(map[string]app.Record, w.limit)
	for _, rec := range w.shown() {
		before[rec.ID] = rec
	}
	w.fill(records, more)
	stays := make(map[string]bool, w.limit)
	for _, rec := range w.shown() {
		stays[rec.ID] = true
	}
	var out []told
	for _, id := range slices.Sorted(maps.Keys(before)) {
		if !stays[id] {
			out = append(out, w.leaves(before[id]))
		}
	}
	for _, rec := range w.shown() {
		old, was := before[rec.ID]
		if !was {
			out = append(out, w.enters(rec))
		} else {
			out = append(out, w.stays(old, rec)...)
		}
	}
	return out
}
