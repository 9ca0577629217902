package metrics

import (
	"cmp"
	"slices"
	"time"

	"lyceum/app"
)

// Reading has all figures at about one moment, counted since the start.
type Reading struct {
	At          time.Time
	Started     time.Time
	Connections int64
	Tables      []TableReading // as they are declared
	Store       StoreReading
	Web         WebReading
	Nodes       Nodes
}

// TableReading has the figures of one table.
type TableReading struct {
	Name      string
	Watches   int64 // open now
	Shared    int64 // distinct queries among them
	Changed   uint64
	Delivered uint64
	Starts    uint64
	Slow      uint64
	FanOut    Distribution
	Queries   map[Op]Distribution
	Errors    map[app.Kind]uint64 // only those that there were
}

// StoreReading has the figures of the durable store.
type StoreReading struct {
	Batch    Distribution // writes in a commit
	Commits  Distribution
	Reads    Distribution
	Failed   uint64
	LogPages int64
	Full     bool
}

// WebReading has what went to and came from browsers.
type WebReading struct {
	Requests       []Requests // sorted
	Sent, Received map[Wire]uint64
}

// Requests is how many requests of a route were answered with a status.
type Requests struct {
	Pattern string
	Status  int
	N       uint64
}

// Read returns all figures; a nil meter has none.
func (m *Meter) Read() Reading {
	if m == nil {
		return Reading{At: time.Now()}
	}
	r := Reading{
		At: time.Now(), Started: m.started, Connections: m.Connections(),
		Store: m.store.read(), Web: m.web.read(),
	}
	if n := m.nodes.Load(); n != nil {
		r.Nodes = *n
	}
	for _, t := range m.order {
		r.Tables = append(r.Tables, t.read())
	}
	return r
}

func (t *Table) read() TableReading {
	r := TableReading{
		Name: t.name, Watches: t.watches.Load(), Shared: t.shared.Load(),
		Changed: t.changed.Load(), Delivered: t.delivered.Load(), Starts: t.starts.Load(), Slow: t.slow.Load(),
		FanOut: t.fanOut.Read(), Queries: make(map[Op]Distribution, ops), Errors: make(map[app.Kind]uint64),
	}
	for op, h := range t.queries {
		r.Queries[Op(op)] = h.Read()
	}
	for i := range t.errors {
		if n := t.errors[i].Load(); n > 0 {
			r.Errors[kinds[i]] = n
		}
	}
	return r
}

func (s *Store) read() StoreReading {
	return StoreReading{
		Batch: s.batch.Read(), Commits: s.commits.Read(), Reads: s.reads.Read(),
		Failed: s.failed.Load(), LogPages: s.pages.Load(), Full: s.full.Load(),
	}
}

func (w *Web) read() WebReading {
	r := WebReading{Sent: make(map[Wire]uint64, wires), Received: make(map[Wire]uint64, wires)}
	for over := range wires {
		r.Sent[over], r.Received[over] = w.sent[over].Load(), w.received[over].Load()
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	for key, n := range w.requests {
		r.Requests = append(r.Requests, Requests{key.pattern, key.status, n.Load()})
	}
	slices.SortFunc(r.Requests, func(a, b Requests) int {
		return cmp.Or(cmp.Compare(a.Pattern, b.Pattern), cmp.Compare(a.Status, b.Status))
	})
	return r
}
