package metrics

import (
	"bufio"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// ContentType is that of what WritePrometheus writes.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

var (
	opNames   = map[Op]string{Get: "get", Set: "set", Delete: "delete"}
	wireNames = map[Wire]string{HTTP: "http", Socket: "websocket"}
)

// WritePrometheus writes a reading in Prometheus's text format. A distribution
// that has counted nothing is left out: twenty tables would else be two thousand
// lines of zeros.
func WritePrometheus(w io.Writer, version string, r Reading, p Process) error {
	out := &page{Writer: bufio.NewWriter(w)}
	out.family("lyceum_build_info", "gauge", "The version that runs; always 1.")
	out.sample("lyceum_build_info", 1, "version", version)
	out.tables(r)
	out.store(r.Store)
	out.nodes(r.Nodes)
	out.web(r)
	out.process(r, p)
	return out.Flush()
}

// page is what is being written. Its errors are those of Flush.
type page struct{ *bufio.Writer }

func (p *page) family(name, kind, help string) {
	_, _ = p.WriteString("# HELP " + name + " " + help + "\n# TYPE " + name + " " + kind + "\n")
}

// one writes a family of one sample.
func (p *page) one(name, kind, help string, value float64) {
	p.family(name, kind, help)
	p.sample(name, value)
}

// escape makes a value of a label.
var escape = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

// sample writes a line; labels are names and values in turn.
func (p *page) sample(name string, value float64, labels ...string) {
	_, _ = p.WriteString(name)
	for i := 0; i < len(labels); i += 2 {
		before := ","
		if i == 0 {
			before = "{"
		}
		_, _ = p.WriteString(before + labels[i] + `="` + escape.Replace(labels[i+1]) + `"`)
	}
	if len(labels) > 0 {
		_, _ = p.WriteString("}")
	}
	_, _ = p.WriteString(" " + number(value) + "\n")
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// distribution writes the samples of a histogram.
func (p *page) distribution(name string, d Distribution, labels ...string) {
	var n uint64
	for i, count := range d.Counts {
		n += count
		bound := "+Inf"
		if i < len(d.kind.bounds) {
			bound = strconv.FormatFloat(float64(d.kind.bounds[i])*d.kind.unit, 'g', 10, 64)
		}
		p.sample(name+"_bucket", float64(n), append(slices.Clone(labels), "le", bound)...)
	}
	p.sample(name+"_sum", float64(d.Sum)*d.kind.unit, labels...)
	p.sample(name+"_count", float64(n), labels...)
}

func (p *page) tables(r Reading) {
	each := func(name, kind, help string, value func(TableReading) float64) {
		p.family(name, kind, help)
		for _, t := range r.Tables {
			p.sample(name, value(t), "table", t.Name)
		}
	}
	each("lyceum_subscriptions", "gauge", "Watches that are open.", func(t TableReading) float64 { return float64(t.Watches) })
	each("lyceum_shared_queries", "gauge", "Distinct queries that the watches share.", func(t TableReading) float64 { return float64(t.Shared) })
	each("lyceum_changes_committed_total", "counter", "Changes that were committed, of tables that clients may read.", func(t TableReading) float64 { return float64(t.Changed) })
	each("lyceum_changes_delivered_total", "counter", "Changes that were written to browsers.", func(t TableReading) float64 { return float64(t.Delivered) })
	each("lyceum_new_starts_total", "counter", "Answers of watches that replace all rows.", func(t TableReading) float64 { return float64(t.Starts) })
	each("lyceum_slow_queries_total", "counter", "Queries over the bound of slow ones.", func(t TableReading) float64 { return float64(t.Slow) })
	p.family("lyceum_fan_out_seconds", "histogram", "From the store's telling of a change until it was written to a socket.")
	for _, t := range r.Tables {
		if t.FanOut.Count() > 0 {
			p.distribution("lyceum_fan_out_seconds", t.FanOut, "table", t.Name)
		}
	}
	p.family("lyceum_query_seconds", "histogram", "Gets, sets and deletes.")
	for _, t := range r.Tables {
		for op := range ops {
			if d := t.Queries[op]; d.Count() > 0 {
				p.distribution("lyceum_query_seconds", d, "table", t.Name, "op", opNames[op])
			}
		}
	}
	p.family("lyceum_query_errors_total", "counter", "Gets, sets and deletes that were refused or failed.")
	for _, t := range r.Tables {
		for _, kind := range slices.Sorted(maps.Keys(t.Errors)) {
			p.sample("lyceum_query_errors_total", float64(t.Errors[kind]), "table", t.Name, "kind", string(kind))
		}
	}
}

func (p *page) store(s StoreReading) {
	p.family("lyceum_commit_seconds", "histogram", "Commits with their fsync.")
	p.distribution("lyceum_commit_seconds", s.Commits)
	p.family("lyceum_commit_writes", "histogram", "Writes that one commit made durable.")
	p.distribution("lyceum_commit_writes", s.Batch)
	p.one("lyceum_commits_failed_total", "counter", "Commits of which nothing was written.", float64(s.Failed))
	p.family("lyceum_store_read_seconds", "histogram", "Reads of a row or of a page of rows.")
	p.distribution("lyceum_store_read_seconds", s.Reads)
	p.one("lyceum_wal_pages", "gauge", "Pages of the write-ahead log that are not in the database yet, about.", float64(s.LogPages))
	full := 0.0
	if s.Full {
		full = 1
	}
	p.one("lyceum_disk_full", "gauge", "1 while writes are refused for want of room.", full)
}

func (p *page) web(r Reading) {
	p.one("lyceum_connections", "gauge", "Tabs that are connected.", float64(r.Connections))
	p.family("lyceum_http_requests_total", "counter", "Requests that were answered, by pattern of the route.")
	for _, q := range r.Web.Requests {
		p.sample("lyceum_http_requests_total", float64(q.N), "route", q.Pattern, "code", strconv.Itoa(q.Status))
	}
	bytes := func(name, help string, by map[Wire]uint64) {
		p.family(name, "counter", help)
		for over := range wires {
			p.sample(name, float64(by[over]), "over", wireNames[over])
		}
	}
	bytes("lyceum_sent_bytes_total", "Bytes that went to browsers.", r.Web.Sent)
	bytes("lyceum_received_bytes_total", "Bytes that came from browsers.", r.Web.Received)
}

func (p *page) process(r Reading, process Process) {
	p.one("process_start_time_seconds", "gauge", "When the server was started, since 1970.", float64(r.Started.UnixMilli())/1000)
	p.one("process_cpu_seconds_total", "counter", "Processor time.", process.CPU.Seconds())
	p.one("process_resident_memory_bytes", "gauge", "Memory, as the kernel counts it.", float64(process.Resident))
	p.one("process_open_fds", "gauge", "Open files and sockets.", float64(process.OpenFiles))
	p.one("go_goroutines", "gauge", "Goroutines.", float64(process.Goroutines))
	p.one("go_memory_classes_heap_objects_bytes", "gauge", "Memory of objects, those not yet collected too.", float64(process.Heap))
	p.one("lyceum_disk_free_bytes", "gauge", "Room that is left for the data.", float64(process.DiskFree))
	p.one("lyceum_disk_size_bytes", "gauge", "Size of the file system of the data.", float64(process.DiskSize))
}
