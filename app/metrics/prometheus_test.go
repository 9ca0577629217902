package metrics_test

import (
	"strings"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/app/metrics"
	"lyceum/app/metrics/metricstest"
)

// scrape returns the samples of a meter.
func scrape(t *testing.T, m *metrics.Meter) map[string]float64 {
	t.Helper()
	process, err := metrics.ReadProcess(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := metrics.WritePrometheus(&text, `v1 "quoted\`, m.Read(), process); err != nil {
		t.Fatal(err)
	}
	samples, err := metricstest.Parse(text.String())
	if err != nil {
		t.Fatal(err)
	}
	return samples
}

func TestEveryFigureCanBeScraped(t *testing.T) {
	m := metrics.New([]string{"projects", "patches"})
	everything(m)
	m.Table("projects").WatchOpened()
	m.Table("patches").Asked(metrics.Delete, 30*time.Microsecond, app.ErrConflict)
	m.Table("made up").Asked(metrics.Get, 0, nil)
	m.Store().Full(true)
	m.Web().Answered("GET /ws", 101)
	m.Web().Answered("GET /ws", 101)
	got := scrape(t, m)
	want := map[string]float64{
		`lyceum_build_info{version="v1 \"quoted\\"}`:                          1,
		`lyceum_subscriptions{table="projects"}`:                              1,
		`lyceum_shared_queries{table="projects"}`:                             0,
		`lyceum_changes_committed_total{table="projects"}`:                    1,
		`lyceum_changes_delivered_total{table="projects"}`:                    10,
		`lyceum_new_starts_total{table="projects"}`:                           1,
		`lyceum_slow_queries_total{table="projects"}`:                         1,
		`lyceum_fan_out_seconds_bucket{table="projects",le="0.0005"}`:         0,
		`lyceum_fan_out_seconds_bucket{table="projects",le="0.001"}`:          1,
		`lyceum_fan_out_seconds_sum{table="projects"}`:                        0.001,
		`lyceum_query_seconds_count{table="projects",op="set"}`:               1,
		`lyceum_query_seconds_bucket{table="patches",op="delete",le="2e-05"}`: 0,
		`lyceum_query_seconds_bucket{table="patches",op="delete",le="5e-05"}`: 1,
		`lyceum_query_seconds_count{table="unknown",op="get"}`:                1,
		`lyceum_query_errors_total{table="projects",kind="denied"}`:           1,
		`lyceum_query_errors_total{table="patches",kind="conflict"}`:          1,
		`lyceum_commit_writes_bucket{le="2"}`:                                 0,
		`lyceum_commit_writes_bucket{le="4"}`:                                 1,
		`lyceum_commit_writes_sum`:                                            3,
		`lyceum_commit_seconds_count`:                                         1,
		`lyceum_commits_failed_total`:                                         1,
		`lyceum_store_read_seconds_bucket{le="1e-05"}`:                        1,
		`lyceum_wal_pages`:   10,
		`lyceum_disk_full`:   1,
		`lyceum_connections`: 0,
		`lyceum_http_requests_total{route="GET /ws",code="101"}`: 2,
		`lyceum_sent_bytes_total{over="http"}`:                   10,
		`lyceum_received_bytes_total{over="websocket"}`:          10,
	}
	for name, value := range want {
		if n, ok := got[name]; !ok || n != value {
			t.Errorf("%s = %v (there: %t), want %v", name, n, ok, value)
		}
	}
	for _, name := range []string{
		"process_resident_memory_bytes", "process_open_fds", "go_goroutines",
		"go_memory_classes_heap_objects_bytes", "lyceum_disk_size_bytes", "process_start_time_seconds",
	} {
		if got[name] <= 0 {
			t.Errorf("%s = %v, want more than nothing", name, got[name])
		}
	}
}

// A client chooses paths and names of tables; neither may make series.
func TestTheNumberOfSeriesIsBounded(t *testing.T) {
	m := metrics.New([]string{"projects"})
	before := len(scrape(t, m))
	for i := range 2000 {
		m.Web().Answered("GET /", i)
		m.Table(strings.Repeat("x", i)).Changed(1)
	}
	if n := len(scrape(t, m)) - before; n > 501 {
		t.Errorf("%d new series, want at most 501", n)
	}
}

// An operator's alarm rings by these; where the database is a file there are none.
func TestNodesOfTheDatabaseCanBeScraped(t *testing.T) {
	m := metrics.New(nil)
	for name := range scrape(t, m) {
		if strings.HasPrefix(name, "lyceum_database") {
			t.Errorf("a file has %s", name)
		}
	}
	nodes := metrics.Nodes{At: time.Now(), Refused: 3, List: []metrics.Node{{Name: "lab1", Up: true}, {Name: `la"b2`}}}
	m.SeeNodes(nodes)
	got := scrape(t, m)
	for name, want := range map[string]float64{
		`lyceum_database_node_up{node="lab1"}`:   1,
		`lyceum_database_node_up{node="la\"b2"}`: 0,
		`lyceum_database_tables_refused`:         3,
	} {
		if value, there := got[name]; !there || value != want {
			t.Errorf("%s is %v (%t), want %v", name, value, there, want)
		}
	}
	for range 1000 {
		nodes.List = append(nodes.List, metrics.Node{Name: "many"})
	}
	m.SeeNodes(nodes)
	if n := len(m.Read().Nodes.List); n > 100 {
		t.Errorf("%d nodes are kept", n)
	}
}
