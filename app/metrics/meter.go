// Package metrics counts what a server does: subscriptions, changes and their
// way to the browsers, gets and sets, commits, requests.
//
// Everything that counts is a method with the name of what has happened. It may
// be called from any goroutine, takes some tens of nanoseconds, allocates
// nothing, and does nothing on a nil receiver, so that whoever is measured needs
// no condition and a test needs no meter. What is counted apart (tables, kinds
// of errors, patterns of routes) is known before the first event or bounded: no
// id, no value and no name of a person is ever part of a figure.
//
// Read returns all figures since the start; WritePrometheus writes them. What
// distributions have counted between two readings is their difference.
package metrics

import (
	"sync/atomic"
	"time"
)

// Meter has all figures of one server.
type Meter struct {
	store *Store
	web   *Web
	slow  *Slow

	started time.Time
	tables  map[string]*Table // filled by New, then only read
	order   []*Table          // the same, as they are declared; unknown last
	unknown *Table

	connections atomic.Int64
	nodes       atomic.Pointer[Nodes]
}

// unknown is what a query counts as that names no table that there is.
const unknown = "unknown"

// New returns a meter for the tables of these names.
func New(tables []string) *Meter {
	m := &Meter{
		store: newStore(), web: newWeb(), slow: &Slow{},
		started: time.Now(), tables: make(map[string]*Table, len(tables)),
	}
	for _, name := range tables {
		m.tables[name] = newTable(name)
		m.order = append(m.order, m.tables[name])
	}
	m.unknown = newTable(unknown)
	m.order = append(m.order, m.unknown)
	return m
}

// Table returns the figures of a table, which may be kept. All that New was not
// told of count as one.
func (m *Meter) Table(name string) *Table {
	if m == nil {
		return nil
	}
	if t := m.tables[name]; t != nil {
		return t
	}
	return m.unknown
}

// Store returns the figures of the durable store.
func (m *Meter) Store() *Store {
	if m == nil {
		return nil
	}
	return m.store
}

// Web returns the figures of what goes to and comes from browsers.
func (m *Meter) Web() *Web {
	if m == nil {
		return nil
	}
	return m.web
}

// Slow returns the queries that took long.
func (m *Meter) Slow() *Slow {
	if m == nil {
		return nil
	}
	return m.slow
}

// Connected counts a tab that has come.
func (m *Meter) Connected() {
	if m != nil {
		m.connections.Add(1)
	}
}

// Disconnected counts a tab that has gone.
func (m *Meter) Disconnected() {
	if m != nil {
		m.connections.Add(-1)
	}
}

// Connections is how many tabs are connected.
func (m *Meter) Connections() int64 {
	if m == nil {
		return 0
	}
	return m.connections.Load()
}
