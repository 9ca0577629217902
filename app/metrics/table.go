package metrics

import (
	"slices"
	"sync/atomic"
	"time"

	"lyceum/app"
)

// Op is what a query does.
type Op int

// The kinds of queries that are counted apart.
const (
	Get Op = iota
	Set
	Delete
	ops // how many there are
)

// kinds of errors, in the order in which they are counted.
var kinds = []app.Kind{
	app.Invalid, app.Denied, app.NotFound, app.Conflict, app.TooLarge, app.Unavailable, app.Internal,
}

// Table has the figures of one table. Its methods do nothing on nil.
type Table struct {
	name string

	watches   atomic.Int64 // subscriptions open
	shared    atomic.Int64 // distinct queries that they share
	changed   atomic.Uint64
	delivered atomic.Uint64
	starts    atomic.Uint64
	slow      atomic.Uint64
	fanOut    *Histogram
	queries   [ops]*Histogram
	errors    []atomic.Uint64 // by kinds
}

func newTable(name string) *Table {
	t := &Table{name: name, fanOut: newHistogram(durations), errors: make([]atomic.Uint64, len(kinds))}
	for op := range t.queries {
		t.queries[op] = newHistogram(durations)
	}
	return t
}

// WatchOpened counts a subscription that was opened.
func (t *Table) WatchOpened() {
	if t != nil {
		t.watches.Add(1)
	}
}

// WatchClosed counts one that has ended, however.
func (t *Table) WatchClosed() {
	if t != nil {
		t.watches.Add(-1)
	}
}

// SharedOpened counts a query that no other subscription had asked before.
func (t *Table) SharedOpened() {
	if t != nil {
		t.shared.Add(1)
	}
}

// SharedClosed counts one that no subscription asks any more.
func (t *Table) SharedClosed() {
	if t != nil {
		t.shared.Add(-1)
	}
}

// Changed counts changes that the store has told of.
func (t *Table) Changed(n int) {
	if t != nil {
		t.changed.Add(uint64(n))
	}
}

// Delivered counts changes that were written to a browser: one change that ten
// subscriptions get counts ten times.
func (t *Table) Delivered(n int) {
	if t != nil {
		t.delivered.Add(uint64(n))
	}
}

// FannedOut notes how long a change took from the store's telling until it was
// written to the socket of one subscription.
func (t *Table) FannedOut(d time.Duration) {
	if t != nil {
		t.fanOut.Observe(int64(d))
	}
}

// StartedAnew counts an answer of a watch that replaces all rows: the first one,
// and each after a reader has fallen out of the log or its access has changed.
func (t *Table) StartedAnew() {
	if t != nil {
		t.starts.Add(1)
	}
}

// Asked notes a get, a set or a delete, how long it took, and how it ended.
func (t *Table) Asked(op Op, d time.Duration, err error) {
	if t == nil {
		return
	}
	t.queries[op].Observe(int64(d))
	if err != nil {
		kind, _ := app.Public(err)
		t.errors[max(slices.Index(kinds, kind), 0)].Add(1)
	}
}

// TookLong counts a query that is in the list of slow ones.
func (t *Table) TookLong() {
	if t != nil {
		t.slow.Add(1)
	}
}
