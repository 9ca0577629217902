package projects_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lyceum/app"
	"lyceum/app/query"
	"lyceum/app/schema"
	"lyceum/projects/sandbox"
)

// recalled opens a terminal as a page does.
func (w *world) recalled(s *server, project, id string) *shell {
	w.t.Helper()
	c, err := s.Client(w.t.Context(), project)
	if err != nil {
		w.t.Fatal(err)
	}
	s.Recall(w.t.Context(), c, id, w.row("terminals", id))
	return openShell(w.t, c, id)
}

func endedWith(why string) func(app.Row) bool {
	return func(row app.Row) bool {
		ended, _ := row["ended"].(app.Row)
		return ended["reason"] == why
	}
}

// A terminal shows after a stop and a start what it had, says that it ended with
// the project, and Enter starts another shell in it; deleting it leaves nothing.
func TestT8TerminalsSurviveAStop(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.Auto)
	w.project("p1", nil)
	row := app.Row{"id": "t1", "project_id": "p1", "title": "Terminal", "account_id": "ada", "created": int64(1)}
	w.write("terminals", "t1", row)
	s := w.enter()
	sh := w.recalled(s, "p1", "t1")
	sh.enter("echo be''fore")
	sh.until("before")
	w.ask("p1", "stop")
	w.settled("p1", "stopped")
	w.until("the end in the row", "terminals", "t1", endedWith("The project was stopped."))

	sh = w.recalled(s, "p1", "t1")
	sh.until(`before(?s:.*)\[20[0-9-]+ [0-9:]+ .*: The project was stopped\.\]`)
	if err := sh.conn.WriteJSON(map[string]string{"op": "restart"}); err != nil {
		t.Fatal(err)
	}
	w.until("another shell", "terminals", "t1", func(row app.Row) bool { return row["ended"] == nil })
	sh.enter("echo af''ter")
	sh.until("after")
	if _, err := s.Set(t.Context(), query.Set{Table: "terminals", Op: schema.Delete, ID: "t1", Row: row}); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(filepath.Join(w.data, "projects/p1/terminals")); len(left) > 0 {
		t.Errorf("%s is left of a terminal that was deleted", left[0].Name())
	}
}

// The machine is restarted, everything is gone: what ran runs again, what was
// stopped or asked to stop does not, and terminals have what was saved last. An
// agent that died by itself is not started again.
func TestProjectsComeBackAfterARestartOfTheMachine(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.Auto)
	s := w.enter()
	for _, id := range []string{"ran", "died", "stopping"} {
		w.project(id, nil)
		w.write("terminals", "t-"+id, app.Row{"id": "t-" + id, "project_id": id, "title": "T", "account_id": "ada", "created": int64(1)})
		sh := w.recalled(s, id, "t-"+id)
		sh.enter("echo be''fore")
		sh.until("before")
		w.settled(id, "running")
	}
	kept := filepath.Join(w.data, "projects/ran/terminals/t-ran")
	for deadline := time.After(waitTime); ; {
		if data, _ := os.ReadFile(kept); bytes.Contains(data, []byte("before")) {
			break
		}
		select {
		case <-deadline:
			t.Fatal("nothing was saved while it ran")
		case <-time.After(10 * time.Millisecond):
		}
	}
	w.leave()
	for _, pid := range w.agents() {
		if err := unix.Kill(pid, unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	w.otherBoot("ran", "stopping")
	w.ask("stopping", "stop")

	s = w.enter()
	w.settled("ran", "running")
	w.settled("stopping", "stopped")
	row := w.settled("died", "stopped")
	if why, _ := row["state"].(app.Row)["error"].(string); why == "" {
		t.Error("nothing says why the project whose agent died is stopped")
	}
	if n := len(w.agents()); n != 1 {
		t.Errorf("%d agents run, want one", n)
	}
	w.until("the end in the row", "terminals", "t-ran", endedWith("The machine was restarted."))
	w.until("the end in the row", "terminals", "t-died", endedWith("The project has ended unexpectedly."))
	w.recalled(s, "ran", "t-ran").until(`before(?s:.*)The machine was restarted\.\]`)
}

// otherBoot makes the records of projects those of a boot before this one.
func (w *world) otherBoot(projects ...string) {
	w.t.Helper()
	records, _ := filepath.Glob(filepath.Join(w.data, "run", "*", "agent.json"))
	for _, name := range records {
		data, err := os.ReadFile(name)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, id := range projects {
			if strings.Contains(string(data), `"project":"`+id+`"`) {
				data = regexp.MustCompile(`"boot":"[^"]*"`).ReplaceAll(data, []byte(`"boot":"earlier"`))
			}
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
}

// The clock was set back by an hour in the middle of a restart, or forward: it is
// carried out once, and ends.
func TestAClockThatJumpsDoesNotConfuseARestart(t *testing.T) {
	if testing.Short() {
		return // needs the agent's program
	}
	w := newWorld(t, sandbox.None)
	for id, jump := range map[string]time.Duration{"back": time.Hour, "forward": -time.Hour} {
		at := time.Now().Add(jump).UnixMilli()
		w.project(id, app.Row{
			"state":          app.Row{"state": "stopped", "since": at},
			"action_request": app.Row{"action": "restart", "time": at, "started": at},
		})
	}
	back, forward := w.history("back"), w.history("forward")
	w.enter()
	for id, states := range map[string]func() string{"back": back, "forward": forward} {
		w.settled(id, "running")
		if got, want := states(), "starting running"; !strings.HasSuffix(got, want) || strings.Count(got, "running") != 1 {
			t.Errorf("%s: states were %q", id, got)
		}
	}
}
