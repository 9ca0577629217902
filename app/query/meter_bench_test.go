package query_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/memstore"
	"lyceum/app/metrics"
	"lyceum/app/query"
	"lyceum/app/schema"
	"lyceum/app/sqlitestore"
)

// What counting costs the two things that are done most: a get of one row and a
// set with its fsync, through the language, on the store that the server has.
// Both engines do it in turn, a round each; "ratio" is the median round with a
// meter by the one without.
func BenchmarkMeter(b *testing.B) {
	const round = 50
	with, without := onSQLite(b, metrics.New([]string{"projects"})), onSQLite(b, nil)
	ctx := app.WithCaller(b.Context(), app.Caller{AccountID: "ada"})
	n := 0
	acts := map[string]func(e *query.Engine) error{
		"get": func(e *query.Engine) error {
			_, err := e.Run(ctx, one("projects", app.Row{"id": "p1", "title": nil}), nil, "")
			return err
		},
		"commit": func(e *query.Engine) error {
			n++
			_, err := e.Run(ctx, one("projects", app.Row{"id": "p1", "title": fmt.Sprint(n)}), nil, "")
			return err
		},
	}
	for _, name := range []string{"get", "commit"} {
		b.Run(name, func(b *testing.B) {
			timed := func(e *query.Engine) time.Duration {
				begun := time.Now()
				for range round {
					if err := acts[name](e); err != nil {
						b.Fatal(err)
					}
				}
				return time.Since(begun)
			}
			var metered, plain []time.Duration
			for b.Loop() {
				metered, plain = append(metered, timed(with)), append(plain, timed(without))
			}
			b.ReportMetric(0, "ns/op") // of rounds of both; it says nothing
			b.ReportMetric(float64(median(plain))/round, "ns/plain")
			b.ReportMetric(float64(median(metered))/float64(median(plain)), "ratio")
		})
	}
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// onSQLite is an engine over a file with one account and its project.
func onSQLite(b *testing.B, m *metrics.Meter) *query.Engine {
	b.Helper()
	store, err := sqlitestore.Open(b.Context(), filepath.Join(b.TempDir(), "lyceum.db"), schema.Tables(), sqlitestore.WithMeter(m.Store()))
	if err != nil {
		b.Fatal(err)
	}
	put := func(table, id string, row app.Row) {
		if _, err := store.Write(b.Context(), app.Write{Table: table, ID: id, Row: row, IfRev: app.AnyRev}); err != nil {
			b.Fatal(err)
		}
	}
	put("accounts", "ada", app.Row{"id": "ada", "name": "Ada", "created": int64(1)})
	put("projects", "p1", app.Row{"id": "p1", "title": "x", "users": app.Row{"ada": app.Row{"role": "owner"}}})
	index, err := access.Open(b.Context(), store)
	if err != nil {
		b.Fatal(err)
	}
	engine, err := query.New(query.Options{Durable: store, Ephemeral: memstore.New(schema.Ephemeral()), Access: index, Meter: m})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		engine.Close()
		index.Close()
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	return engine
}
