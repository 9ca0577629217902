package projects_test

import (
	"os"
	"testing"

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
	if notice := row["out_of_memory"].(app.Row); notice["program"] != program || notice["time"] == nil {
		t.Errorf("the row says %v, want %s", notice, program)
	}
	if other := w.row("projects", "p2"); other["out_of_memory"] != nil {
		t.Errorf("another project's row says %v", other["out_of_memory"])
	}
	sh.enter("echo st''ill")
	sh.until("still")
}
