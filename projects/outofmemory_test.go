package projects_test

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/projects/sandbox"
)

// A program that takes too much memory is ended, and the row says which: by the
// kernel's log, in each mode that has cgroups.
func TestTheProgramThatRanOutOfMemoryIsNamed(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	for _, mode := range []sandbox.Mode{sandbox.RootUserNS, sandbox.Root} {
		t.Run(string(mode), func(t *testing.T) {
			w := newWorld(t, mode)
			w.runsOut(t, "dd")
		})
	}
}

// Where the log cannot be read it is still noticed; the name is known of what the
// agent has seen.
func TestFullMemoryIsNoticedWithoutTheKernelsLog(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.RootUserNS)
	w.kernelLog = os.DevNull + "/none"
	w.runsOut(t, "dd")
}

// runsOut starts a program that takes what there is, from a shell that does not
// wait for it, so that it is the agent's when it ends.
func (w *world) runsOut(t *testing.T, program string) {
	t.Helper()
	w.project("p1", nil)
	w.project("p2", nil)
	w.write("server_settings", "site", app.Row{"id": "site", "project_defaults": app.Row{"memory_bytes": 64 * mib}})
	s := w.enter()
	c, err := s.Client(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Client(t.Context(), "p2"); err != nil {
		t.Fatal(err)
	}
	sh := openShell(t, c, "t1")
	sh.enter("(dd if=/dev/zero of=/dev/null bs=200M count=1 &)")
	row := w.until("the notice", "projects", "p1", func(row app.Row) bool { return row["out_of_memory"] != nil })
	if notice := row["out_of_memory"].(app.Row); notice["program"] != program || notice["time"] == nil || notice["memory_bytes"] != 64*mib {
		t.Errorf("the row says %v, want %s and 64 MiB", notice, program)
	}
	if other := w.row("projects", "p2"); other["out_of_memory"] != nil {
		t.Errorf("another project's row says %v", other["out_of_memory"])
	}
	sh.enter("echo st''ill")
	sh.until("still")
}

// A program that ends while no server runs is told of by the next one, and not
// again by those after it: from the kernel's log with its name, from the counts
// without.
func TestFullMemoryIsNoticedAfterwards(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	for name, log := range map[string]string{"dd": "", "": os.DevNull + "/none"} {
		t.Run("program "+name, func(t *testing.T) {
			w := newWorld(t, sandbox.RootUserNS)
			w.kernelLog = log
			w.write("server_settings", "site", app.Row{"id": "site", "project_defaults": app.Row{"memory_bytes": 64 * mib}})
			for _, id := range []string{"p1", "p2", "p3"} {
				w.project(id, nil)
				c, err := w.entered().Client(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				sh := openShell(t, c, "t1")
				sh.enter("(until [ -e go ]; do sleep .1; done; dd if=/dev/zero of=/dev/null bs=200M count=1; touch done) & echo wait''ing")
				sh.until("waiting")
			}
			w.leave()
			w.runOut(t, "p1")
			w.enter()
			row := w.until("the notice", "projects", "p1", func(row app.Row) bool { return row["out_of_memory"] != nil })
			notice := row["out_of_memory"].(app.Row)
			if got, _ := notice["program"].(string); got != name {
				t.Errorf("the row says %v, want %q", notice, name)
			}
			w.leave()
			w.runOut(t, "p2")
			row = maps.Clone(w.row("projects", "p1"))
			delete(row, "out_of_memory")
			w.write("projects", "p1", row)
			w.enter()
			told := func(row app.Row) bool { return row["out_of_memory"] != nil }
			w.until("the other's notice", "projects", "p2", told)
			w.runOut(t, "p3")
			w.until("that of the one that ends now", "projects", "p3", told)
			if again := w.row("projects", "p1")["out_of_memory"]; again != nil {
				t.Errorf("it was told again: %v, before %v", again, notice)
			}
		})
	}
}

// runOut has the program that waits in a project take all memory.
func (w *world) runOut(t *testing.T, project string) {
	t.Helper()
	home := filepath.Join(w.data, "projects", project, "home")
	if err := os.WriteFile(filepath.Join(home, "go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(waitTime)
	for {
		if _, err := os.Stat(filepath.Join(home, "done")); err == nil {
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			t.Fatal("the program has not ended")
		}
	}
}
