package stats_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/memstore"
	"lyceum/app/metrics"
	"lyceum/app/query"
	"lyceum/app/schema"
	"lyceum/app/stats"
)

// site is an engine with stats that run, for root, who is administrator, and ada.
type site struct {
	t      *testing.T
	engine *query.Engine
	meter  *metrics.Meter
	writes *writes
	data   string
	log    *strings.Builder
}

// writes counts the writes to the ephemeral tables.
type writes struct {
	app.Store

	mu      sync.Mutex
	byTable map[string]int
}

func (w *writes) Write(ctx context.Context, one app.Write) (app.Record, error) {
	w.mu.Lock()
	w.byTable[one.Table]++
	w.mu.Unlock()
	return w.Store.Write(ctx, one)
}

func (w *writes) of(table string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.byTable[table]
}

func (w *writes) all() (n int) {
	for _, table := range all {
		n += w.of(table)
	}
	return n
}

// run plays a story, within synctest.
func run(t *testing.T, story func(t *testing.T, s *site)) {
	synctest.Test(t, func(t *testing.T) {
		durable := memstore.New(schema.Tables())
		for _, id := range []string{"root", "ada"} {
			put(t, durable, "accounts", id, app.Row{"id": id, "name": id, "administrator": id == "root", "created": int64(1)})
			put(t, durable, "sessions", "s-"+id, app.Row{"id": "s-" + id, "account_id": id, "created": int64(1), "expires": time.Now().Add(24 * time.Hour).UnixMilli()})
		}
		index, err := access.Open(t.Context(), durable)
		if err != nil {
			t.Fatal(err)
		}
		defer index.Close()
		s := &site{t: t, meter: metrics.New(append([]string{"projects"}, all...)), data: t.TempDir(), log: &strings.Builder{}}
		s.writes = &writes{Store: memstore.New(schema.Ephemeral()), byTable: map[string]int{}}
		s.engine, err = query.New(query.Options{
			Durable: durable, Ephemeral: s.writes, Access: index, Meter: s.meter,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer s.engine.Close()
		kept := stats.New(stats.Options{
			Store: s.engine.Store(), Access: index, Meter: s.meter, Data: s.data, Version: "v1",
			Log: slog.New(slog.NewTextHandler(s.log, nil)),
		})
		for table, watcher := range kept.Watchers() {
			s.engine.Watchers[table] = watcher
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- kept.Run(ctx) }()
		defer func() {
			cancel()
			<-done
		}()
		story(t, s)
	})
}

func put(t *testing.T, store app.Store, table, id string, row app.Row) {
	t.Helper()
	if _, err := store.Write(t.Context(), app.Write{Table: table, ID: id, Row: row, IfRev: app.AnyRev}); err != nil {
		t.Fatal(err)
	}
}

func (s *site) as(ctx context.Context, name string) context.Context {
	if name == "" {
		return ctx
	}
	return app.WithCaller(ctx, app.Caller{AccountID: name, SessionID: "s-" + name, ConnectionID: "c-" + name})
}

// watch watches all fields of a table until leave; seen is what has been sent.
func (s *site) watch(name, table string) (seen *[]query.Message, leave func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.as(s.t.Context(), name))
	seen = new([]query.Message)
	done := make(chan struct{})
	go func() {
		defer close(done)
		woken := make(chan struct{}, 1)
		sub, err := s.engine.Subscribe(ctx, app.Row{table: []any{shapeOf(table)}}, app.Row{"changes": true}, func() {
			select {
			case woken <- struct{}{}:
			default:
			}
		})
		if err != nil {
			return // sees nothing
		}
		defer sub.Close()
		for {
			m, ok, err := sub.Next(ctx)
			switch {
			case err != nil:
				return
			case ok:
				*seen = append(*seen, m)
				sub.Sent()
				continue
			}
			select {
			case <-woken:
			case <-ctx.Done():
				return
			}
		}
	}()
	synctest.Wait()
	return seen, func() {
		cancel()
		<-done
	}
}

// shapeOf asks for every field of a table.
func shapeOf(table string) app.Row {
	declared, _ := schema.Lookup(table)
	shape := app.Row{}
	for _, f := range declared.Fields {
		shape[f.Name] = nil
	}
	return shape
}

// rows asks for all rows of a table.
func (s *site) rows(name, table string) []app.Row {
	s.t.Helper()
	a, err := s.engine.Run(s.as(s.t.Context(), name), app.Row{table: []any{shapeOf(table)}}, nil, "")
	if err != nil {
		return []app.Row{{"error": err.Error()}}
	}
	return a.Rows
}

// pass lets time go by. Only within synctest.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

var all = []string{"table_stats", "server_stats", "slow_queries", "database_nodes"}

// A server that is left alone must neither wake up nor write.
func TestNothingIsWrittenWhileNobodyWatches(t *testing.T) {
	run(t, func(t *testing.T, s *site) {
		s.meter.Slow().Add(metrics.Query{At: time.Now(), Table: "projects", Text: "{}"})
		pass(time.Hour)
		if n := s.writes.all(); n != 0 {
			t.Errorf("%d writes without a watcher", n)
		}
		_, leave := s.watch("root", "slow_queries")
		pass(time.Minute)
		if n := s.writes.of("slow_queries"); n != 1 || s.writes.all() != n {
			t.Errorf("%d writes, %d of them of slow_queries, which is watched; want its one row once", s.writes.all(), n)
		}
		leave()
		pass(time.Second)
		if rows := s.rows("root", "slow_queries"); len(rows) != 0 {
			t.Errorf("left behind: %v", rows)
		}
		before := s.writes.all()
		if err := os.Remove(s.data); err != nil { // whoever looks at the disk will say that it is not there
			t.Fatal(err)
		}
		pass(time.Hour)
		if after := s.writes.all(); after != before || s.log.Len() > 0 {
			t.Errorf("after the last watcher has left: %d writes, said %s", after-before, s.log)
		}
	})
}

func TestRowsAreWrittenOnceInTwoSecondsForAllWhoWatch(t *testing.T) {
	run(t, func(t *testing.T, s *site) {
		for range 3 {
			_, leave := s.watch("root", "server_stats")
			defer leave()
		}
		first := s.writes.of("server_stats")
		pass(20 * time.Second)
		if n := s.writes.of("server_stats") - first; first != 1 || n != 10 {
			t.Errorf("%d writes at once and %d in 20 seconds, want 1 and 10", first, n)
		}
		if n := s.writes.of("table_stats"); n != 0 {
			t.Errorf("%d writes to a table that nobody watches", n)
		}
	})
}

// What the rows say is what has happened, in the last minute and not before.
func TestRowsSayWhatHasHappenedInTheLastMinute(t *testing.T) {
	run(t, func(t *testing.T, s *site) {
		projects := s.meter.Table("projects")
		projects.FannedOut(time.Second) // before anybody watches
		projects.WatchOpened()
		s.meter.Connected()
		for _, table := range all {
			_, leave := s.watch("root", table)
			defer leave()
		}
		row := s.find("table_stats", "name", "projects")
		if _, there := row["fan_out_p99_ms"]; there || row["subscriptions"] != int64(1) || row["changes_per_second"] != nil {
			t.Errorf("at first %v, want what is open and no rates", row)
		}
		projects.Changed(20)
		projects.Delivered(40)
		projects.FannedOut(time.Millisecond)
		projects.Asked(metrics.Get, time.Millisecond, app.ErrNotFound)
		s.meter.Store().Committed(10, 2*time.Millisecond)
		pass(10 * time.Second)
		row = s.find("table_stats", "name", "projects")
		if row["changes_per_second"] != 2.0 || row["delivered_per_second"] != 4.0 || row["errors"] != int64(1) || row["gets"] != int64(1) {
			t.Errorf("after ten seconds %v", row)
		}
		if p99, _ := row["fan_out_p99_ms"].(float64); p99 <= 0 || p99 > 1 {
			t.Errorf("p99 of the fan-out is %v ms, want that of the one millisecond", row["fan_out_p99_ms"])
		}
		server := s.find("server_stats", "id", "server")
		if server["window_ms"] != int64(10_000) || server["connections"] != int64(1) || server["version"] != "v1" ||
			server["writes_per_commit"] == nil || server["commits_per_second"] != 0.1 || server["changes_per_second"] != 2.0 {
			t.Errorf("the server's row is %v", server)
		}
		for _, name := range []string{"memory", "heap", "goroutines", "open_files", "disk_size", "started", "processors"} {
			if n, _ := server[name].(int64); n <= 0 {
				t.Errorf("%s = %v, want more than nothing", name, server[name])
			}
		}
		pass(2 * time.Minute)
		row = s.find("table_stats", "name", "projects")
		if row["changes_per_second"] != 0.0 || row["fan_out_p99_ms"] != nil {
			t.Errorf("two minutes later %v, want a quiet table", row)
		}
	})
}

func (s *site) find(table, field, value string) app.Row {
	s.t.Helper()
	for _, row := range s.rows("root", table) {
		if row[field] == value {
			return row
		}
	}
	s.t.Fatalf("%s has no row %s", table, value)
	return nil
}

func TestSlowQueriesComeAndTheOldestGo(t *testing.T) {
	run(t, func(t *testing.T, s *site) {
		seen, leave := s.watch("root", "slow_queries")
		defer leave()
		add := func(n int) {
			for range n {
				s.meter.Slow().Add(metrics.Query{
					At: time.Now(), Table: "projects", Took: 250 * time.Millisecond, Text: `{"projects": [{"id": ?}]}`, Looked: 7, Answered: 3,
				})
			}
			pass(2 * time.Second)
		}
		add(1)
		want := app.Row{
			"id": "1", "time": time.Now().Add(-2 * time.Second).UnixMilli(), "table": "projects", "duration_ms": 250.0,
			"text": `{"projects": [{"id": ?}]}`, "looked_at": int64(7), "answered": int64(3),
		}
		if got := s.rows("root", "slow_queries"); len(got) != 1 || fmt.Sprint(got[0]) != fmt.Sprint(want) {
			t.Errorf("slow queries are %v, want %v", got, want)
		}
		add(120)
		if got := s.rows("root", "slow_queries"); len(got) != 100 {
			t.Errorf("%d slow queries, want the last 100", len(got))
		}
		if len(*seen) < 2 {
			t.Errorf("%d messages were sent to the watcher", len(*seen))
		}
	})
}

// What a server does is no business of a plain account, nor of a stranger; and
// neither may make it work by watching.
func TestQ9StatsAreForAdministratorsAlone(t *testing.T) {
	run(t, func(t *testing.T, s *site) {
		s.meter.Slow().Add(metrics.Query{At: time.Now(), Table: "projects", Text: "{}"})
		for _, name := range []string{"ada", ""} {
			for _, table := range all {
				seen, leave := s.watch(name, table)
				pass(10 * time.Second)
				if n := s.writes.all(); n != 0 {
					t.Errorf("%q watches %s and %d rows are written", name, table, n)
				}
				leave()
				for _, m := range *seen {
					if len(m.Changes) > 0 || m.Answer != nil && len(m.Answer.Rows) > 0 {
						t.Errorf("%q is sent %+v of %s", name, m, table)
					}
				}
			}
		}
		s.meter.SeeNodes(metrics.Nodes{At: time.Now(), List: []metrics.Node{{Name: "lab1"}}})
		for _, table := range all {
			_, leave := s.watch("root", table)
			defer leave()
		}
		pass(2 * time.Second)
		for _, table := range all {
			if len(s.rows("root", table)) == 0 {
				t.Errorf("root sees nothing of %s, so this test sees nothing", table)
			}
			if rows := s.rows("ada", table); len(rows) != 0 {
				t.Errorf("ada sees %v of %s", rows, table)
			}
			if rows := s.rows("", table); len(rows) != 1 || rows[0]["error"] == nil {
				t.Errorf("a stranger gets %v of %s, want to be asked to sign in", rows, table)
			}
			seen, leave := s.watch("ada", table)
			pass(10 * time.Second)
			leave()
			for _, m := range *seen {
				if len(m.Changes) > 0 || m.Answer != nil && len(m.Answer.Rows) > 0 {
					t.Errorf("ada is sent %+v of %s while root watches", m, table)
				}
			}
		}
	})
}

// The page says which node is away while somebody looks at it.
func TestRowsSayHowTheNodesOfTheDatabaseAre(t *testing.T) {
	run(t, func(t *testing.T, s *site) {
		_, leave := s.watch("root", "database_nodes")
		defer leave()
		pass(2 * time.Second)
		if rows := s.rows("root", "database_nodes"); len(rows) != 0 {
			t.Errorf("a file has the nodes %v", rows)
		}
		at := time.Now()
		s.meter.SeeNodes(metrics.Nodes{At: at, Refused: 2, List: []metrics.Node{
			{Name: "lab1", Host: "lab1.example.org", Version: "2.4.4", Started: at.Add(-time.Hour), Up: true, Tables: 20}, {Name: "lab2", Tables: 20},
		}})
		pass(2 * time.Second)
		up, away := s.find("database_nodes", "name", "lab1"), s.find("database_nodes", "name", "lab2")
		if up["up"] != true || up["version"] != "2.4.4" || up["host"] != "lab1.example.org" || up["tables"] != int64(20) || up["started"] != at.Add(-time.Hour).UnixMilli() {
			t.Errorf("lab1 is %v", up)
		}
		if _, known := away["started"]; away["up"] != false || known {
			t.Errorf("lab2 is %v", away)
		}
		s.meter.SeeNodes(metrics.Nodes{At: at, List: []metrics.Node{{Name: "lab1", Up: true}}})
		pass(2 * time.Second)
		if rows := s.rows("root", "database_nodes"); len(rows) != 1 {
			t.Errorf("after lab2 has left: %v", rows)
		}
	})
}

// An administrator who is one no longer sees nothing more, also of what is being
// watched.
func TestL5WhoIsNoAdministratorAnyMoreSeesNoStats(t *testing.T) {
	run(t, func(t *testing.T, s *site) {
		seen, leave := s.watch("root", "server_stats")
		defer leave()
		pass(4 * time.Second)
		put(t, s.engine.Store(), "accounts", "root", app.Row{"id": "root", "name": "root", "administrator": false, "created": int64(1)})
		synctest.Wait()
		n := len(*seen)
		pass(time.Minute)
		for _, m := range (*seen)[n:] {
			for _, c := range m.Changes {
				if c.Action != "delete" {
					t.Errorf("sent afterwards: %+v", c)
				}
			}
		}
	})
}
