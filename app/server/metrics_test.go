package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"lyceum/app"
	"lyceum/app/metrics/metricstest"
	"lyceum/app/wire"
)

// scrape reads the figures of a server as Prometheus does.
func (l *lab) scrape() (text string, samples map[string]float64) {
	l.t.Helper()
	r, err := http.NewRequestWithContext(l.t.Context(), http.MethodGet, l.figures, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	if samples, err = metricstest.Parse(string(data)); err != nil {
		l.t.Fatal(err)
	}
	return string(data), samples
}

// What people have done is in the figures, in both forms; what they have written
// and who they are is in neither.
func TestFiguresSayWhatHasHappenedAndNothingOfWhom(t *testing.T) {
	l := open(t, t.TempDir(), "--metrics-listen", "127.0.0.1:0")
	_, before := l.scrape()
	l.signUp()
	tab := l.tab()
	project := tab.set("projects", app.Row{"id": "new", "title": "Secret theory"})
	tab.send(wire.Ask{ID: 99, Query: app.Row{"projects": app.Row{"id": project["id"], "title": 7}}})
	if m, ok := tab.next().(wire.Failure); !ok {
		t.Fatalf("a title that is a number was taken: %+v", m)
	}
	text, after := l.scrape()
	for name, least := range map[string]float64{
		`lyceum_query_seconds_count{table="projects",op="set"}`:             2,
		`lyceum_query_errors_total{table="projects",kind="invalid"}`:        1,
		`lyceum_commit_seconds_count`:                                       1,
		`lyceum_http_requests_total{route="GET /ws",code="101"}`:            1,
		`lyceum_http_requests_total{route="POST /auth/sign-up",code="200"}`: 1,
		`lyceum_sent_bytes_total{over="websocket"}`:                         1,
	} {
		if grown := after[name] - before[name]; grown < least {
			t.Errorf("%s has grown by %v, want %v or more", name, grown, least)
		}
	}
	id, _ := project["id"].(string)
	for _, told := range []string{id, "Secret", "ada", "example.org"} {
		if strings.Contains(text, told) {
			t.Errorf("%q is in the figures", told)
		}
	}
	tab.until("server_stats", app.Row{"id": nil, "version": nil, "memory": nil}, func(row app.Row) bool {
		return row["version"] == "test" && row["memory"] != nil
	})
	tab.until("table_stats", app.Row{"name": "projects", "sets": nil, "errors": nil}, func(row app.Row) bool {
		return row["sets"] == int64(2) && row["errors"] == int64(1)
	})
}
