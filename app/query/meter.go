package query

import (
	"log/slog"
	"sync/atomic"
	"time"

	"lyceum/app/metrics"
)

const (
	// DefaultSlowAfter is from when on a query is a slow one: below a tenth of a
	// second a person does not notice that something was computed.
	DefaultSlowAfter = 100 * time.Millisecond
	// slowLogPause is the least time between two slow queries in the server's
	// log: a disk that is slow makes every query slow. The list has them all.
	slowLogPause = time.Second
)

// meter counts what the engine answers.
type meter struct {
	*metrics.Meter
	log       *slog.Logger
	slowAfter time.Duration
	logged    *atomic.Int64 // when a slow query was last in the log, in nanoseconds
}

func newMeter(o Options) meter {
	m := meter{Meter: o.Meter, log: o.Log, slowAfter: o.SlowAfter, logged: new(atomic.Int64)}
	if m.slowAfter == 0 {
		m.slowAfter = DefaultSlowAfter
	}
	return m
}

var opOf = [...]metrics.Op{opGet: metrics.Get, opSet: metrics.Set, opDelete: metrics.Delete}

// ran counts a query that is over; q is nil if it could not be understood.
func (m meter) ran(q *ask, begun time.Time, a Answer, err error) {
	took := time.Since(begun)
	if q == nil {
		m.Table("").Asked(metrics.Get, took, err)
		return
	}
	m.Table(q.table.Name).Asked(opOf[q.op], took, err)
	if took > m.slowAfter {
		answered := len(a.Rows)
		if a.Row != nil {
			answered = 1
		}
		m.slow(q, took, q.looked, answered)
	}
}

// looked counts the making of a message of a watch, if it took long: the rows had
// to be read.
func (m meter) looked(w *Subscription, begun time.Time, made Message) {
	took := time.Since(begun)
	answered := len(made.Changes)
	if made.Answer != nil {
		answered = len(made.Answer.Rows)
	}
	if took > m.slowAfter && (answered > 0 || w.looked > 0) {
		m.slow(w.ask, took, w.looked, answered)
	}
}

// slow remembers a query that took long, without its values and without who
// asked: an administrator looks for an index that is missing, not for a person.
func (m meter) slow(q *ask, took time.Duration, looked, answered int) {
	text := q.text()
	m.Table(q.table.Name).TookLong()
	m.Slow().Add(metrics.Query{
		At: time.Now(), Table: q.table.Name, Took: took, Text: text, Looked: looked, Answered: answered,
	})
	now, last := time.Now().UnixNano(), m.logged.Load()
	if now-last >= int64(slowLogPause) && m.logged.CompareAndSwap(last, now) {
		m.log.Warn("slow query", "table", q.table.Name, "duration", took, "query", text)
	}
}

// note is what is counted of a message of a watch when it has been written.
type note struct {
	changes int
	at      time.Time // when the store told of the first
	start   bool
}

func noteOf(m Message) note {
	return note{changes: len(m.Changes), at: m.At, start: m.Answer != nil && m.Answer.Start}
}

func (n note) count(t *metrics.Table) {
	if n.start {
		t.StartedAnew()
	}
	if n.changes > 0 {
		t.Delivered(n.changes)
	}
	if !n.at.IsZero() {
		t.FannedOut(time.Since(n.at))
	}
}
