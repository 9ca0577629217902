package query_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/memstore"
	"lyceum/app/query"
	"lyceum/app/schema"
)

// busy is an engine over some projects of ada, p0 and so on.
func busy(b *testing.B, projects int) *query.Engine {
	b.Helper()
	store := memstore.New(schema.Tables())
	put := func(table, id string, row app.Row) {
		if _, err := store.Write(b.Context(), app.Write{Table: table, ID: id, Row: row, IfRev: app.AnyRev}); err != nil {
			b.Fatal(err)
		}
	}
	put("accounts", "ada", app.Row{"id": "ada", "name": "Ada", "created": int64(1)})
	for i := range projects {
		id := fmt.Sprint("p", i)
		put("projects", id, app.Row{"id": id, "title": "x", "last_edited": int64(1), "users": app.Row{"ada": app.Row{"role": "owner"}}})
	}
	index, err := access.Open(b.Context(), store)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(index.Close)
	engine, err := query.New(query.Options{Durable: store, Ephemeral: memstore.New(schema.Ephemeral()), Access: index})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(engine.Close)
	return engine
}

// What one change costs while ten thousand watches are open, ten of which it
// concerns: from the set until the last of the ten has been told. (L8)
func BenchmarkChangeBesideTenThousandWatches(b *testing.B) {
	const projects, watches = 1000, 10
	engine := busy(b, projects)
	ctx, stop := context.WithCancel(app.WithCaller(b.Context(), app.Caller{AccountID: "ada"}))
	var open, over, told sync.WaitGroup
	for i := range projects * watches {
		open.Add(1)
		q := list("projects", app.Row{"id": fmt.Sprint("p", i%projects), "title": nil})
		over.Go(func() {
			_ = watch(ctx, engine, q, app.Row{"changes": true}, func(m query.Message) error {
				if m.Answer != nil {
					open.Done()
				} else {
					told.Add(-len(m.Changes))
				}
				return nil
			})
		})
	}
	open.Wait()
	n := 0
	for b.Loop() {
		n++
		told.Add(watches)
		if _, err := engine.Run(ctx, one("projects", app.Row{"id": "p7", "title": fmt.Sprint(n)}), nil, ""); err != nil {
			b.Fatal(err)
		}
		told.Wait()
	}
	stop()
	over.Wait()
}

// What a hundred thousand watches leave in memory that have come and gone, as a
// ratio to the heap before. (L9)
func BenchmarkMemoryAfterHundredThousandWatches(b *testing.B) {
	engine := busy(b, 1)
	ctx := app.WithCaller(b.Context(), app.Caller{AccountID: "ada"})
	heap := func() float64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	const n = 100_000
	watches := make([]query.Watch, n)
	for b.Loop() {
		before := heap()
		for i := range watches {
			q := list("projects", app.Row{"id": "p0", "title": nil, "description": app.Row{"!=": fmt.Sprint(i)}})
			var err error
			if watches[i], err = engine.Subscribe(ctx, q, app.Row{"changes": true}, func() {}); err != nil {
				b.Fatal(err)
			}
			if _, ok, err := watches[i].Next(ctx); !ok || err != nil {
				b.Fatal(ok, err)
			}
			watches[i].Sent()
		}
		open := heap()
		for i := range watches {
			watches[i].Close()
			watches[i] = nil
		}
		b.ReportMetric((open-before)/n, "bytes/watch")
		after := heap()
		b.ReportMetric(after/before, "after/before")
		b.ReportMetric((after-before)/(1<<20), "MiB-left")
	}
}
