// Package stats shows administrators what the server does, as rows of
// table_stats, server_stats, slow_queries and database_nodes.
//
// The figures are counted by package metrics all the time; rows are made of them
// only while an administrator watches, every two seconds, and only those that
// have changed are written. When the last one leaves, the rows go. Rates and
// times are the difference to a reading of at most a minute ago; the readings are
// kept while somebody watches, so the first seconds are of a shorter time, which
// window_ms says.
package stats

import (
	"context"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/metrics"
	"lyceum/app/schema"
)

const (
	// pause is between two writings of the rows: eyes follow no faster, and the
	// rows are themselves changes that cost something.
	pause = 2 * time.Second
	// window is of how long rates and times are: long enough to be calm, short
	// enough to show what one has just changed.
	window = time.Minute
	// stopTimeout bounds the removal of the rows, which are in memory.
	stopTimeout = time.Second
)

// tables that are kept true.
const (
	ofTables = "table_stats"
	ofServer = "server_stats"
	ofSlow   = "slow_queries"
	ofNodes  = "database_nodes"
)

// Options are what Stats needs.
type Options struct {
	Store   app.Store // with the ephemeral tables
	Access  *access.Index
	Meter   *metrics.Meter
	Data    string  // the folder whose disk is looked at
	Limits  app.Row // of projects, as they are built in
	Version string
	Log     *slog.Logger
}

// Stats keeps the rows. Run owns all but watching.
type Stats struct {
	o    Options
	wake chan struct{} // holds one token: somebody has come or the last has gone

	mu       sync.Mutex
	watching map[string]int // by table

	readings []reading                     // the oldest first, over at most window
	written  map[string]map[string]app.Row // table → id → row
}

// reading is what is compared with a later one.
type reading struct {
	metrics.Reading
	process metrics.Process
}

// New returns stats that show nothing before Run.
func New(o Options) *Stats {
	return &Stats{
		o: o, wake: make(chan struct{}, 1), watching: make(map[string]int),
		written: map[string]map[string]app.Row{ofTables: {}, ofServer: {}, ofSlow: {}, ofNodes: {}},
	}
}

// Watcher is a query.Watcher of one of the tables.
type Watcher struct {
	stats *Stats
	table string
}

// Watchers returns who has to be told of whoever watches, by table.
func (s *Stats) Watchers() map[string]Watcher {
	all := make(map[string]Watcher)
	for table := range s.written {
		all[table] = Watcher{s, table}
	}
	return all
}

// Watched implements query.Watcher. Who may see nothing makes no work.
func (w Watcher) Watched(ctx context.Context, _ app.Row) (release func(), err error) {
	if !w.stats.o.Access.Administrator(app.CallerFrom(ctx)) {
		return func() {}, nil
	}
	w.stats.add(w.table, 1)
	return sync.OnceFunc(func() { w.stats.add(w.table, -1) }), nil
}

func (s *Stats) add(table string, n int) {
	s.mu.Lock()
	before := s.watching[table]
	s.watching[table] += n
	turned := before == 0 || s.watching[table] == 0
	s.mu.Unlock()
	if turned {
		select {
		case s.wake <- struct{}{}:
		default: // it will look anyway
		}
	}
}

func (s *Stats) watched(table string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watching[table] > 0
}

// Run keeps the rows until ctx ends.
func (s *Stats) Run(ctx context.Context) error {
	tick := time.NewTicker(pause)
	tick.Stop()
	defer tick.Stop()
	busy := false
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.wake:
		case <-tick.C:
			s.look()
		}
		now := s.watched(ofTables) || s.watched(ofServer) || s.watched(ofSlow) || s.watched(ofNodes)
		switch {
		case now && !busy:
			tick.Reset(pause)
			s.look()
		case !now:
			tick.Stop()
			s.readings = nil
		}
		busy = now
		s.show(ctx)
	}
}

// look takes a reading and forgets those that are too old.
func (s *Stats) look() {
	process, err := metrics.ReadProcess(s.o.Data)
	if err != nil { // what could be read is worth more than nothing
		s.o.Log.Warn("figures of the process not read", "part", "stats", "err", err)
	}
	s.readings = append(s.readings, reading{s.o.Meter.Read(), process})
	now := s.readings[len(s.readings)-1].At
	for now.Sub(s.readings[0].At) > window {
		s.readings = s.readings[1:]
	}
}

// show brings the rows of each table to what they have to be: none where nobody
// watches.
func (s *Stats) show(ctx context.Context) {
	for table, written := range s.written {
		rows := make(map[string]app.Row)
		if s.watched(table) && len(s.readings) > 0 {
			rows = s.rows(table)
		}
		for id, row := range rows {
			if !reflect.DeepEqual(row, written[id]) {
				s.write(ctx, table, id, row)
			}
		}
		for id := range written {
			if rows[id] == nil {
				s.write(ctx, table, id, nil)
			}
		}
	}
}

// write writes a row, or removes it.
func (s *Stats) write(ctx context.Context, table, id string, row app.Row) {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	if _, err := s.o.Store.Write(ctx, app.Write{Table: table, ID: id, Row: row, IfRev: app.AnyRev}); err != nil {
		s.o.Log.WarnContext(ctx, "figures not written", "part", "stats", "table", table, "err", err)
		return
	}
	if row == nil {
		delete(s.written[table], id)
	} else {
		s.written[table][id] = row
	}
}

// rows returns what a table has to show, by id.
func (s *Stats) rows(table string) map[string]app.Row {
	first, last := s.readings[0], s.readings[len(s.readings)-1]
	rows := make(map[string]app.Row)
	switch table {
	case ofServer:
		rows[schema.ServerStatsID] = serverRow(first, last, s.o)
	case ofTables:
		for i, t := range last.Tables {
			rows[t.Name] = tableRow(first.Tables[i], t, last.At.Sub(first.At))
		}
	case ofNodes:
		for _, n := range last.Nodes.List {
			rows[n.Name] = nodeRow(n, last.Nodes.At)
		}
	case ofSlow:
		for _, q := range s.o.Meter.Slow().All() {
			row := slowRow(q)
			rows[row["id"].(string)] = row
		}
	}
	return rows
}
