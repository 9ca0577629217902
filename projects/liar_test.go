package projects_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lyceum/app"
	"lyceum/projects"
	"lyceum/projects/files"
	"lyceum/projects/sandbox"
)

// buildProgram builds a static program of this tree.
func buildProgram(t *testing.T, pkg string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", "build", "-ldflags", "-s -w", "-o", path, pkg)
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	code, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// heap is what the server holds, in bytes.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// 12: agents that lie, all at once, beside an honest one. The server stays small,
// the honest project goes on, whoever asks something of a liar gets a sentence,
// and a project that cannot go on says in its row what has happened.
func TestAgentsThatLieHarmNobodyElse(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.Auto)
	w.sandbox = openSandbox(t, sandbox.Auto, buildProgram(t, "lyceum/projects/agent/liar"))
	w.project("honest", nil)
	s := w.enter()
	c, err := s.Client(t.Context(), "honest")
	if err != nil {
		t.Fatal(err)
	}
	sh := openShell(t, c, "t0")
	sh.until(`\$ `)
	before := heap()

	// What becomes of each: an error of the start, the end of the project with a
	// sentence, or a life in which nobody gets anything.
	ends := map[string]string{
		"dies before the hello": "could not be started", "dies after the hello": "ended unexpectedly", "says nothing": "could not be started",
		"has another project": "could not be started", "has another secret": "could not be started",
		"breaks off": "again and again", "sends a huge frame": "again and again",
		"sends frames without end": "", "reads nothing": "", "redirects": "", "is slow": "", "sends JSON without end": "",
		"tells of terminals without end": "", "tells of terminals that cannot be": "",
	}
	w.write("terminals", "t1", app.Row{"id": "t1", "project_id": "liar-tells of terminals without end"})
	for lie := range ends {
		w.project("liar-"+lie, nil)
		w.ask("liar-"+lie, "start")
	}
	for lie, sentence := range ends {
		id := "liar-" + lie
		if sentence == "" {
			w.settled(id, "running")
			asked(t, s, id)
			continue
		}
		w.until(lie+" is told", "projects", id, func(row app.Row) bool {
			state, _ := row["state"].(app.Row)
			message, _ := state["error"].(string)
			return state["state"] == "stopped" && strings.Contains(message, sentence)
		})
	}
	for n := range 20 {
		sh.enter(fmt.Sprintf("echo he''re%d", n))
		sh.until(fmt.Sprintf("here%d", n))
	}
	if after := heap(); after > before+64<<20 {
		t.Errorf("the server grew by %d MiB", (after-before)>>20)
	}
	for lie, sentence := range ends {
		if sentence == "" {
			w.ask("liar-"+lie, "stop")
		}
	}
	for lie := range ends {
		w.until(lie+" is stopped", "projects", "liar-"+lie, func(row app.Row) bool { return stateOf(row) == "stopped" })
	}
}

// asked asks a liar for what pages ask; it may answer wrongly, but with a sentence
// and in time.
func asked(t *testing.T, s *server, id string) {
	t.Helper()
	c, ok := s.Running(id)
	if !ok {
		t.Errorf("%s does not run", id)
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if list, err := c.List(ctx, ""); err == nil {
		t.Errorf("%s lists %v", id, list)
	} else if _, message := app.Public(err); message == "" {
		t.Errorf("%s: %v has no sentence", id, err)
	}
}

// The agent is killed while it does something: who waits for it gets a sentence,
// the row says what has happened, and the next start works.
func TestAnAgentThatDiesInTheMiddle(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.Auto)
	w.project("p1", nil)
	var s *server
	kill := func() {
		for _, pid := range w.agents() {
			if err := unix.Kill(pid, unix.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	s = w.enter(func(h *projects.Host) {
		h.BeforeStop = func(context.Context, string) {
			if w.row("projects", "p1")["title"] == "doomed" {
				kill()
			}
		}
	})
	middle := map[string]func() error{
		"an upload": func() error {
			c, err := s.Client(t.Context(), "p1")
			if err != nil {
				return nil
			}
			_, err = c.Upload(t.Context(), "f", true, &dying{kill: kill})
			return err
		},
		"a save": func() error {
			c, err := s.Client(t.Context(), "p1")
			if err != nil {
				return nil
			}
			unix.Kill(w.agents()[0], unix.SIGSTOP) // so that it is in the middle
			saved := make(chan error, 1)
			go func() {
				_, err := c.WriteDocument(t.Context(), "g", []byte("x"), files.Expect{Absent: true})
				saved <- err
			}()
			kill()
			return <-saved
		},
	}
	for name, act := range middle {
		err := act()
		if kind, message := app.Public(err); kind != app.Unavailable || message == "" {
			t.Errorf("%s: %v is %s %q, want unavailable with a sentence", name, err, kind, message)
		}
		w.until("after "+name+" the end is said", "projects", "p1", func(row app.Row) bool {
			state, _ := row["state"].(app.Row)
			return state["state"] == "stopped" && strings.Contains(fmt.Sprint(state["error"]), "unexpectedly")
		})
	}
	if _, err := s.Client(t.Context(), "p1"); err != nil {
		t.Fatalf("the next start: %v", err)
	}
	w.settled("p1", "running")
	row := maps.Clone(w.row("projects", "p1"))
	row["title"] = "doomed"
	w.write("projects", "p1", row)
	w.ask("p1", "restart")
	if row := w.settled("p1", "running"); row["state"].(app.Row)["error"] != nil {
		t.Errorf("a restart in whose middle the agent died: %v", row)
	}
}

// dying is a file in whose middle the agent is killed.
type dying struct {
	kill func()
	n    int
}

func (d *dying) Read(p []byte) (int, error) {
	if d.n++; d.n == 100 {
		d.kill()
	}
	return len(p), nil
}
