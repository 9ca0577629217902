// Package feed tells the watchers of a store what was committed.
//
// Batches come in the order of the commits (S3), to the watchers of a table in
// the order in which they came; a watcher never misses one and never sees one
// twice. The store calls Tell after a commit is durable and before it
// acknowledges its writes, so what a watcher keeps in memory is up to date when
// a writer goes on.
package feed

import (
	"slices"
	"sync"

	"lyceum/app"
)

// Commit is what one commit changed.
type Commit struct {
	N      int64 // number of its last write
	Tables []TableChanges
}

// TableChanges are the changes of one table in commit order.
type TableChanges struct {
	Table   string
	Changes []app.Change
}

// Add appends a change of a table. Tables stand in the order of their first
// change.
func (c *Commit) Add(table string, change app.Change) {
	c.N = change.N
	for i := range c.Tables {
		if c.Tables[i].Table == table {
			c.Tables[i].Changes = append(c.Tables[i].Changes, change)
			return
		}
	}
	c.Tables = append(c.Tables, TableChanges{table, []app.Change{change}})
}

// Feed knows who watches. It may be used from any goroutine.
type Feed struct {
	log string // fixed

	mu       sync.Mutex        // held while watchers are told
	renewed  map[string]string // table → its log, where that is another one
	n        int64             // of the last commit that was told
	watchers map[string][]*watcher
}

type watcher struct{ fn func(app.Batch) }

// New returns a feed of a new log that begins after write number n.
func New(n int64) *Feed {
	return &Feed{log: app.NewID(), n: n, watchers: make(map[string][]*watcher)}
}

// Position returns the place of write number n in the log.
func (f *Feed) Position(n int64) app.Position { return app.Position{Log: f.log, N: n} }

// PositionOf is Position in the log of a table that may have been renewed.
func (f *Feed) PositionOf(table string, n int64) app.Position {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.positionLocked(table, n)
}

func (f *Feed) positionLocked(table string, n int64) app.Position {
	if log := f.renewed[table]; log != "" {
		return app.Position{Log: log, N: n}
	}
	return f.Position(n)
}

// Renew begins a new log of a table, because changes of it may have been missed,
// and tells its watchers. (S4)
func (f *Feed) Renew(table string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.renewed == nil {
		f.renewed = make(map[string]string)
	}
	f.renewed[table] = app.NewID()
	for _, w := range f.watchers[table] {
		w.fn(app.Batch{Position: f.positionLocked(table, f.n)})
	}
}

// Watch is that of app.Store; the table is known to exist.
func (f *Feed) Watch(table string, fn func(app.Batch)) (app.Position, func()) {
	w := &watcher{fn}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watchers[table] = append(f.watchers[table], w)
	return f.positionLocked(table, f.n), func() {
		f.mu.Lock() // waits until nobody is being told
		defer f.mu.Unlock()
		f.watchers[table] = slices.DeleteFunc(f.watchers[table], func(o *watcher) bool { return o == w })
	}
}

// Tell tells a commit to the watchers of its tables.
func (f *Feed) Tell(c Commit) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n = c.N
	for _, t := range c.Tables {
		batch := app.Batch{Position: f.positionLocked(t.Table, c.N), Changes: t.Changes}
		for _, w := range f.watchers[t.Table] {
			w.fn(batch)
		}
	}
}
