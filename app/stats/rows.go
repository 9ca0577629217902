package stats

import (
	"math"
	"runtime"
	"strconv"
	"time"

	"lyceum/app"
	"lyceum/app/metrics"
	"lyceum/app/schema"
)

// pageBytes is SQLite's size of a page in the write-ahead log.
const pageBytes = 4096

// tableRow is a row of table_stats: what was counted between two readings, and
// since the start.
func tableRow(first, last metrics.TableReading, over time.Duration) app.Row {
	row := app.Row{
		"name": last.Name, "subscriptions": last.Watches, "shared_queries": last.Shared,
		"new_starts": int64(last.Starts), "slow": int64(last.Slow),
		"gets":   int64(last.Queries[metrics.Get].Count()),
		"sets":   int64(last.Queries[metrics.Set].Count() + last.Queries[metrics.Delete].Count()),
		"errors": failures(last),
	}
	rate(row, "changes_per_second", last.Changed-first.Changed, over)
	rate(row, "delivered_per_second", last.Delivered-first.Delivered, over)
	spread(row, "fan_out", last.FanOut.Minus(first.FanOut), 0.5, 0.99)
	spread(row, "get", last.Queries[metrics.Get].Minus(first.Queries[metrics.Get]), 0.99)
	spread(row, "set", last.Queries[metrics.Set].Minus(first.Queries[metrics.Set]), 0.99)
	return row
}

func failures(t metrics.TableReading) int64 {
	var n uint64
	for _, count := range t.Errors {
		n += count
	}
	return int64(n)
}

// serverRow is the row of server_stats.
func serverRow(first, last reading, o Options) app.Row {
	over := last.At.Sub(first.At)
	p, store := last.process, last.Store
	row := app.Row{
		"id": schema.ServerStatsID, "time": last.At.UnixMilli(), "window_ms": over.Milliseconds(),
		"started": last.Started.UnixMilli(), "version": o.Version, "project_limits": o.Limits, "connections": last.Connections,
		"commits_failed": int64(store.Failed), "tables_refused": int64(last.Nodes.Refused), "wal_bytes": store.LogPages * pageBytes, "disk_full": store.Full,
		"processors": int64(runtime.GOMAXPROCS(0)), "memory": p.Resident, "heap": p.Heap,
		"goroutines": int64(p.Goroutines), "open_files": int64(p.OpenFiles),
		"disk_free": p.DiskFree, "disk_size": p.DiskSize,
	}
	var watches, shared int64
	var changed, delivered uint64
	var fanOut metrics.Distribution
	for i, t := range last.Tables {
		if own(t.Name) {
			continue // who looks is not what is looked at
		}
		watches, shared = watches+t.Watches, shared+t.Shared
		changed += t.Changed - first.Tables[i].Changed
		delivered += t.Delivered - first.Tables[i].Delivered
		fanOut = fanOut.Plus(t.FanOut.Minus(first.Tables[i].FanOut))
	}
	row["subscriptions"], row["shared_queries"] = watches, shared
	rate(row, "changes_per_second", changed, over)
	rate(row, "delivered_per_second", delivered, over)
	spread(row, "fan_out", fanOut, 0.5, 0.99)
	commits, batch := store.Commits.Minus(first.Store.Commits), store.Batch.Minus(first.Store.Batch)
	rate(row, "commits_per_second", commits.Count(), over)
	spread(row, "commit", commits, 0.5, 0.99)
	if batch.Count() > 0 {
		row["writes_per_commit"] = rounded(batch.Mean())
	}
	rate(row, "requests_per_second", requests(last)-requests(first), over)
	rate(row, "sent_per_second", total(last.Web.Sent)-total(first.Web.Sent), over)
	rate(row, "received_per_second", total(last.Web.Received)-total(first.Web.Received), over)
	if over > 0 {
		row["cpu"] = rounded((p.CPU - first.process.CPU).Seconds() / over.Seconds())
	}
	return row
}

// own reports whether a table is one of those that this package keeps.
func own(table string) bool {
	return table == ofTables || table == ofServer || table == ofSlow || table == ofNodes
}

func requests(r reading) (n uint64) {
	for _, q := range r.Web.Requests {
		n += q.N
	}
	return n
}

func total(by map[metrics.Wire]uint64) (n uint64) {
	for _, bytes := range by {
		n += bytes
	}
	return n
}

// rate puts how many there were a second, where there is a time in which.
func rate(row app.Row, name string, n uint64, over time.Duration) {
	if over > 0 {
		row[name] = rounded(float64(n) / over.Seconds())
	}
}

// spread puts quantiles of durations in milliseconds, where there were any.
func spread(row app.Row, name string, d metrics.Distribution, quantiles ...float64) {
	if d.Count() == 0 {
		return
	}
	for _, q := range quantiles {
		ms := d.Quantile(q) / float64(time.Millisecond)
		row[name+"_p"+strconv.Itoa(int(math.Round(q*100)))+"_ms"] = rounded(ms)
	}
}

// rounded leaves three digits behind the point, more than anybody reads: a row
// that is the same is not written again.
func rounded(v float64) float64 { return math.Round(v*1000) / 1000 }

// nodeRow is a row of database_nodes.
func nodeRow(n metrics.Node, at time.Time) app.Row {
	row := app.Row{"name": n.Name, "up": n.Up, "time": at.UnixMilli(), "tables": int64(n.Tables)}
	if n.Host != "" {
		row["host"] = n.Host
	}
	if n.Version != "" {
		row["version"] = n.Version
	}
	if !n.Started.IsZero() {
		row["started"] = n.Started.UnixMilli()
	}
	return row
}

// slowRow is a row of slow_queries.
func slowRow(q metrics.Query) app.Row {
	return app.Row{
		"id": strconv.FormatUint(q.N, 10), "time": q.At.UnixMilli(), "table": q.Table,
		"duration_ms": rounded(q.Took.Seconds() * 1000), "text": q.Text,
		"looked_at": int64(q.Looked), "answered": int64(q.Answered),
	}
}
