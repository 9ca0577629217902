package query_test

import (
	"context"
	"log/slog"
	"slices"
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
)

// metered is a site where every query counts as slow.
func metered(t *testing.T, log *slog.Logger) (*query.Engine, *metrics.Meter) {
	t.Helper()
	durable := memstore.New(schema.Tables())
	worldOn(t, durable)
	var names []string
	for _, table := range schema.All() {
		names = append(names, table.Name)
	}
	m := metrics.New(names)
	index, err := access.Open(t.Context(), durable)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := query.New(query.Options{
		Durable: durable, Ephemeral: memstore.New(schema.Ephemeral()), Access: index,
		Log: log, Meter: m, SlowAfter: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Close)
	t.Cleanup(index.Close)
	return engine, m
}

// What a slow query says must not tell an administrator what people write, look
// for, or share with whom: no value, no key of a map, no name that was made up.
func TestTheTextOfASlowQueryHasNoValues(t *testing.T) {
	const secret = "s3cret"
	tests := []struct {
		name    string
		query   any
		options app.Row
		want    string
	}{
		{
			name:  "filter of a get",
			query: list("projects", app.Row{"id": nil, "title": secret}),
			want:  `{"projects": [{"id": null, "title": ?}]}`,
		},
		{
			name:    "operators and options stay, their values do not",
			query:   list("projects", app.Row{"id": nil, "last_edited": app.Row{">": int64(77777), "<=": int64(88888)}, "title": app.Row{"in": []any{secret, "77777"}}}),
			options: app.Row{"limit": int64(777), "order_by": []any{"-last_edited", "title"}},
			want:    `{"projects": [{"id": null, "last_edited": {"<=": ?, ">": ?}, "title": {"in": ?}}]} limit ? order_by -last_edited,title`,
		},
		{
			name:    "keys of a map are accounts",
			query:   list("projects", app.Row{"id": nil, "users": app.Row{secret: app.Row{"role": nil}}}),
			options: app.Row{"order_by": "users." + secret + ".role"},
			want:    `{"projects": [{"id": null, "users": {"?": {"role": null}}}]} order_by users.?`,
		},
		{
			name:  "a set",
			query: one("projects", app.Row{"id": "p1", "title": secret, "action_request": app.Row{"action": "start"}}),
			want:  `{"projects": {"action_request": {"action": ?}, "id": ?, "title": ?}}`,
		},
		{
			name:  "a set with a name that is no field",
			query: one("projects", app.Row{"id": "p1", secret: secret}),
			want:  `{"projects": {"?": ?, "id": ?}}`,
		},
		{
			name:    "a delete",
			query:   one("sessions", app.Row{"id": secret}),
			options: app.Row{"delete": true},
			want:    `{"sessions": {"id": ?}} delete`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log strings.Builder
			engine, m := metered(t, slog.New(slog.NewTextHandler(&log, nil)))
			ctx := app.WithCaller(t.Context(), app.Caller{AccountID: "ada", SessionID: "s-ada"})
			_, err := engine.Run(ctx, tt.query, tt.options, "")
			slow := m.Slow().All()
			if len(slow) != 1 {
				t.Fatalf("%d slow queries, want one (%v)", len(slow), err)
			}
			if slow[0].Text != tt.want {
				t.Errorf("text\n%s\nwant\n%s", slow[0].Text, tt.want)
			}
			for _, told := range []string{slow[0].Text, log.String()} {
				for _, value := range []string{secret, "77777", "88888", " 777", ":777", "ada"} {
					if strings.Contains(told, value) {
						t.Errorf("%s is in %s", value, told)
					}
				}
			}
			if !strings.Contains(log.String(), "level=WARN msg=\"slow query\" table=") {
				t.Errorf("the log says %q, want a warning", log.String())
			}
		})
	}
}

func TestASlowQueryTellsHowManyRowsItTook(t *testing.T) {
	engine, m := metered(t, nil)
	ctx := app.WithCaller(t.Context(), app.Caller{AccountID: "ada", SessionID: "s-ada"})
	if _, err := engine.Run(ctx, list("projects", app.Row{"id": nil, "description": "nothing is called so"}), nil, ""); err != nil {
		t.Fatal(err)
	}
	got := m.Slow().All()[0]
	if got.Table != "projects" || got.Looked != 1 || got.Answered != 0 {
		t.Errorf("slow query %+v, want one row of projects looked at and none answered", got)
	}
}

// A disk that is slow makes all queries slow: a thousand lines a second would
// fill it. The list still has them.
func TestTheLogHasAtMostOneSlowQueryASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		engine, m := metered(t, slog.New(slog.NewTextHandler(&log, nil)))
		ask := func(times int) {
			for range times {
				if _, err := engine.Run(t.Context(), one("site_settings", app.Row{"id": "site", "name": nil}), nil, ""); err != nil {
					t.Fatal(err)
				}
			}
		}
		ask(20)
		time.Sleep(time.Second)
		ask(20)
		if n := len(m.Slow().All()); n != 40 {
			t.Errorf("%d slow queries are remembered, want 40", n)
		}
		if n := strings.Count(log.String(), "slow query"); n != 2 {
			t.Errorf("the log has %d of the slow queries of two seconds, want 2", n)
		}
	})
}

// What an administrator sees of watches must be true while they come and go: who
// is open, how many share, and how long a change takes to reach a browser.
func TestWatchesAreCountedFromTheCommitToTheSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, m := metered(t, nil)
		const network = 5 * time.Millisecond
		as := func(name string) context.Context {
			return app.WithCaller(t.Context(), app.Caller{AccountID: name, SessionID: "s-" + name, ConnectionID: "c-" + name})
		}
		ctx, leave := context.WithCancel(as("ada"))
		var tabs sync.WaitGroup
		for _, shape := range []app.Row{{"id": nil, "title": nil}, {"id": nil, "title": nil}, {"id": nil, "last_edited": nil, "title": nil}} {
			tabs.Go(func() {
				_ = watch(ctx, engine, list("projects", shape), app.Row{"changes": true}, func(query.Message) error {
					time.Sleep(network)
					return nil
				})
			})
		}
		synctest.Wait()
		time.Sleep(time.Second)
		before := figures(m, "projects")
		if before.Watches != 3 || before.Shared != 2 || before.Starts != 3 || before.Delivered != 0 || before.FanOut.Count() != 0 {
			t.Errorf("three watches are open: %+v", before)
		}
		if _, err := engine.Run(as("ada"), one("projects", app.Row{"id": "p1", "title": "Trees"}), nil, "r1"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		after := figures(m, "projects")
		if after.Changed != 1 || after.Delivered != 3 || after.Starts != 3 || after.FanOut.Count() != 3 || after.FanOut.Sum != 3*int64(network) {
			t.Errorf("one change reaches three watches in %v each: %+v", network, after)
		}
		leave()
		tabs.Wait()
		if left := figures(m, "projects"); left.Watches != 0 || left.Shared != 0 {
			t.Errorf("all have left: %+v", left)
		}
		if _, err := engine.Subscribe(t.Context(), list("projects", app.Row{"id": nil}), app.Row{"changes": true}, func() {}); err == nil {
			t.Fatal("a stranger watches projects")
		}
		if refused := figures(m, "projects"); refused.Watches != 0 {
			t.Errorf("a watch that was refused is counted: %+v", refused)
		}
		first := func(q metrics.Query) bool {
			return q.Text == `{"projects": [{"id": null, "title": null}]} changes` && q.Looked == 1 && q.Answered == 1
		}
		slow := m.Slow().All()
		if n := len(slow) - len(slices.DeleteFunc(slices.Clone(slow), first)); n != 2 {
			t.Errorf("slow queries are %+v, want the two equal watches with their one row", slow)
		}
	})
}

func figures(m *metrics.Meter, table string) metrics.TableReading {
	for _, t := range m.Read().Tables {
		if t.Name == table {
			return t
		}
	}
	return metrics.TableReading{}
}
