package projects_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/projects/sandbox"
)

// bound reads what the kernel bounds the programs of the only project by; either
// generation of cgroups has one of the names.
func (w *world) bound(names ...string) string {
	w.t.Helper()
	for _, folder := range w.cgroups() {
		for _, name := range names {
			if data, err := os.ReadFile(filepath.Join(folder, name)); err == nil {
				return strings.TrimSpace(string(data))
			}
		}
	}
	w.t.Fatalf("nothing of %v in %v", names, w.cgroups())
	return ""
}

func (w *world) memory() string { return w.bound("user/memory.max", "user/memory.limit_in_bytes") }

// eventually waits for what no row tells.
func (w *world) eventually(what, want string, now func() string) {
	w.t.Helper()
	deadline := time.Now().Add(waitTime)
	for now() != want {
		if time.Now().After(deadline) {
			w.t.Fatalf("%s: %q, want %q", what, now(), want)
		}
		<-time.After(2 * time.Millisecond) // the kernel tells nobody
	}
}

const mib = int64(1) << 20

// A project follows its limits while it runs: those of the site, and its own
// above them; what was changed while no server ran holds when one does.
func TestU1U2LimitsFollowTheirRows(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.RootUserNS)
	w.project("p1", nil)
	w.write("server_settings", "site", app.Row{"id": "site", "project_defaults": app.Row{"memory_bytes": 300 * mib, "processes": int64(77)}})
	s := w.enter()
	if _, err := s.Client(t.Context(), "p1"); err != nil {
		t.Fatal(err)
	}
	if m, p := w.memory(), w.bound("user/pids.max"); m != strconv.FormatInt(300*mib, 10) || p != "77" {
		t.Errorf("started with memory %s and processes %s, want what the site says", m, p)
	}
	w.write("project_limits", "p1", app.Row{"project_id": "p1", "memory_bytes": 400 * mib})
	w.eventually("its own limit", strconv.FormatInt(400*mib, 10), w.memory)
	w.write("server_settings", "site", app.Row{"id": "site", "project_defaults": app.Row{"memory_bytes": 200 * mib, "processes": int64(66)}})
	w.eventually("a limit of the site", "66", func() string { return w.bound("user/pids.max") })
	if m := w.memory(); m != strconv.FormatInt(400*mib, 10) {
		t.Errorf("the limit of the project gave way to that of the site: %s", m)
	}
	w.write("project_limits", "p1", app.Row{"project_id": "p1", "memory_bytes": 400 * mib, "open_files": int64(300)})
	w.eventually("open files in a new terminal", "300", w.openFiles(s))

	w.leave()
	w.write("project_limits", "p1", nil) // while no server runs
	w.enter()
	w.eventually("the limit of the site", strconv.FormatInt(200*mib, 10), w.memory)
}

// openFiles returns how many files a new shell may have open.
func (w *world) openFiles(s *server) func() string {
	return func() string {
		w.t.Helper()
		c, ok := s.Running("p1")
		if !ok {
			w.t.Fatal("it does not run")
		}
		sh := openShell(w.t, c, app.NewID())
		sh.enter("echo =$(ulimit -n)=")
		return sh.until("=([0-9]+)=")[1]
	}
}

// Memory that is lowered under what is in use: the first generation of cgroups
// cannot, which is said, and holds after the restart; the second ends the program.
func TestMemoryLoweredUnderTheUseIsSaid(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.RootUserNS)
	w.project("p1", nil)
	s := w.enter()
	c, err := s.Client(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}
	release, err := s.Usage().Watched(t.Context(), app.Row{"project_id": "p1"})
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	openShell(t, c, "t1").enter("dd if=/dev/zero bs=90M count=1 | sleep 1000") // nobody reads what it holds
	w.until("a program that holds 90 MiB", "project_usage", "p1", func(row app.Row) bool {
		memory, _ := row["memory_bytes"].(int64)
		return memory > 90*mib
	})
	w.write("project_limits", "p1", app.Row{"project_id": "p1", "memory_bytes": 64 * mib})
	w.until("what cannot be, or the program that was ended", "projects", "p1", func(row app.Row) bool {
		reason, _ := row["restart_reason"].(string)
		return row["out_of_memory"] != nil || strings.Contains(reason, "64 MiB") && strings.Contains(reason, "after a restart")
	})
	w.ask("p1", "restart")
	row := w.settled("p1", "running")
	if row["restart_reason"] != nil || row["out_of_memory"] != nil {
		t.Errorf("after the restart: %v", row)
	}
	w.eventually("the limit", strconv.FormatInt(64*mib, 10), w.memory)
}

// What a project uses is shown while somebody looks, with or without cgroups.
func TestU3U4UsageIsShownWhileSomebodyLooks(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	for mode, bounded := range map[sandbox.Mode]bool{sandbox.RootUserNS: true, sandbox.None: false} {
		t.Run(string(mode), func(t *testing.T) {
			w := newWorld(t, mode)
			w.project("p1", nil)
			w.write("project_limits", "p1", app.Row{"project_id": "p1", "cpus": 1.5, "idle_seconds": int64(0)})
			w.write("server_settings", "site", app.Row{"id": "site", "project_defaults": app.Row{"idle_seconds": int64(1800)}})
			s := w.enter()
			var release func()
			w.eventually("the server", "runs", func() string {
				var err error
				if release, err = s.Usage().Watched(t.Context(), app.Row{"project_id": "p1"}); err != nil {
					return err.Error()
				}
				return "runs"
			})
			row := w.until("the limits of a project that does not run", "project_usage", "p1", func(row app.Row) bool { return row != nil })
			limits := row["limits"].(app.Row)
			if row["memory_bytes"] != nil || limits["cpus"] != 1.5 || limits["idle_seconds"] != int64(0) || limits["processes"] != sandbox.DefaultLimits.Processes {
				t.Errorf("while it does not run: %v", row)
			}
			if defaults := row["defaults"].(app.Row); defaults["cpus"] != sandbox.DefaultLimits.CPUs || defaults["idle_seconds"] != int64(1800) {
				t.Errorf("without limits of its own it would have %v", defaults)
			}
			if _, err := s.Usage().Watched(t.Context(), app.Row{"project_id": "mistyped"}); err == nil || err.Error() != "There is no such project." {
				t.Errorf("a project that there is not: %v", err)
			}
			if row["bounded"] != bounded {
				t.Errorf("bounded: %v", row)
			}
			w.until("that it has no files", "project_usage", "p1", func(row app.Row) bool {
				return row["disk_bytes"] == int64(0) && (row["disk_by"] == "polling" || row["disk_by"] == "quota")
			})
			c, err := s.Client(t.Context(), "p1")
			if err != nil {
				t.Fatal(err)
			}
			openShell(t, c, "t1").enter("head -c 3000000 /dev/zero >f; dd if=/dev/zero bs=50M count=1 | sleep 1000 & while :; do :; done")
			w.until("programs that hold 50 MB and compute", "project_usage", "p1", func(row app.Row) bool {
				memory, _ := row["memory_bytes"].(int64)
				cpus, _ := row["cpus"].(float64)
				processes, _ := row["processes"].(int64)
				files, _ := row["disk_bytes"].(int64)
				return files >= 3_000_000 && memory > 45*mib && memory < 250*mib && cpus > 0 && cpus < 4 && processes >= 1 && row["terminals"] == int64(1)
			})
			w.write("project_limits", "p1", app.Row{"project_id": "p1", "cpus": 2.5})
			w.until("a new limit", "project_usage", "p1", func(row app.Row) bool {
				limits, _ := row["limits"].(app.Row)
				return limits["cpus"] == 2.5
			})
			w.ask("p1", "stop")
			w.until("the end", "project_usage", "p1", func(row app.Row) bool { return row != nil && row["memory_bytes"] == nil })
			release()
			w.until("the row of a project that nobody watches", "project_usage", "p1", func(row app.Row) bool { return row == nil })
		})
	}
}

// A thousand terminals asked for: those within the limit are there, the others are
// refused with a sentence, and the shell goes on.
func TestTerminalsBeyondTheLimitAreRefused(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.Auto)
	w.project("p1", nil)
	w.write("project_limits", "p1", app.Row{"project_id": "p1", "terminals": int64(2)})
	c, err := w.enter().Client(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}
	openShell(t, c, "t1")
	openShell(t, c, "t2")
	const asked = 1000
	for n := range asked {
		conn, err := c.DialTerminal(t.Context(), "more"+strconv.Itoa(n), url.Values{"from": {"0"}, "viewer": {"v"}, "name": {"Ada"}, "write": {"1"}, "create": {"1"}})
		if err == nil {
			_ = conn.Close()
			t.Fatal("a third terminal was given")
		}
		if _, message := app.Public(err); message != "This project may have 2 terminals at once; end one, or ask the administrator." {
			t.Fatalf("a third terminal: %v", err)
		}
	}
	sh := openShell(t, c, "t1")
	sh.enter("echo go''es on")
	sh.until("goes on")
}
