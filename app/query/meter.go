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
		m.slow(q, took, answered)
	}
}

// slow remembers a query that took long, without its values and without who
// asked: an administrator looks for an index that is missing, not for a person.
func (m meter) slow(q *ask, took time.Duration, answered int) {
	text := q.text()
	m.Table(q.table.Name).TookLong()
	m.Slow().Add(metrics.Query{
		At: time.Now(), Table: q.table.Name, Took: took, Text: text, Looked: q.looked, Answered: answered,
	})
	now, last := time.Now().UnixNano(), m.logged.Load()
	if now-last >= int64(slowLogPause) && m.logged.CompareAndSwap(last, now) {
		m.log.Warn("slow query", "table", q.table.Name, "duration", took, "query", text)
	}
}
