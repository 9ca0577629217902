package projects_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/app/query"
	"lyceum/app/schema"
	"lyceum/projects"
	"lyceum/projects/sandbox"
)

// quickIdle warns two seconds before a stop after four.
var quickIdle = projects.IdleTimes{Look: 200 * time.Millisecond, Warning: time.Minute}

func (w *world) idleAfter(seconds int64) {
	w.write("server_settings", "site", app.Row{"id": "site", "project_defaults": app.Row{"idle_seconds": seconds}})
}

func isWarned(row app.Row) bool { return row["stops_at"] != nil }

// Complaint 4: what computes is never stopped as idle, and what nobody uses is,
// after a warning that an act takes back.
func TestIdleProjectsAreStoppedAndBusyOnesAreNot(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	t.Parallel()
	w := newWorld(t, sandbox.Auto)
	w.idleAfter(4)
	saved := make(chan string, 1)
	s := w.enter(func(h *projects.Host) { h.BeforeStop = func(_ context.Context, id string) { saved <- id } })
	for _, id := range []string{"idle", "loop"} {
		w.project(id, nil)
		c, err := s.Client(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		sh := openShell(t, c, "t-"+id)
		if id == "loop" {
			sh.enter("(while :; do :; done) & echo be''gun")
		} else {
			sh.enter("sleep 1000 & echo be''gun") // waits, and does nothing
		}
		sh.until("begun")
	}
	w.settled("idle", "running")
	row := w.until("the warning", "projects", "idle", isWarned)
	if left := time.Until(time.UnixMilli(row["stops_at"].(int64))); left < time.Second || left > 3*time.Second {
		t.Errorf("warned %v before the stop, want two seconds", left)
	}
	visit := query.Set{Table: "project_visits", Op: schema.Create, Row: app.Row{"project_id": "idle"}}
	if _, err := s.Set(t.Context(), visit); err != nil {
		t.Fatal(err)
	}
	w.until("the warning taken back", "projects", "idle", func(row app.Row) bool { return !isWarned(row) && stateOf(row) == "running" })
	w.until("the second warning", "projects", "idle", isWarned)
	row = w.settled("idle", "stopped")
	if why, _ := row["state"].(app.Row)["error"].(string); !strings.Contains(why, "4 seconds") {
		t.Errorf("the row says %q", why)
	}
	if request, _ := row["action_request"].(app.Row); request["action"] != "stop" || request["account_id"] != nil {
		t.Errorf("request = %v", request)
	}
	if isWarned(row) {
		t.Error("a stopped project is said to stop")
	}
	if id := <-saved; id != "idle" {
		t.Errorf("documents of %s were saved", id)
	}
	if row := w.row("projects", "loop"); stateOf(row) != "running" || isWarned(row) {
		t.Errorf("the project that computes: %v", row)
	}
}

// A server that starts does not know who was there: it counts from now, and takes
// back what the one before it has said.
func TestARestartOfTheServerTakesTheWarningBack(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	t.Parallel()
	w := newWorld(t, sandbox.Auto)
	w.idleAfter(4)
	w.project("p1", nil)
	s := w.enter()
	if _, err := s.Client(t.Context(), "p1"); err != nil {
		t.Fatal(err)
	}
	w.settled("p1", "running")
	w.until("the warning", "projects", "p1", isWarned)
	w.leave()
	w.idleAfter(3600)
	w.enter()
	w.until("the warning taken back", "projects", "p1", func(row app.Row) bool { return !isWarned(row) })
	if state := stateOf(w.row("projects", "p1")); state != "running" {
		t.Errorf("the project is %s", state)
	}
}
