package projects_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"lyceum/app"
	"lyceum/app/query"
	"lyceum/app/schema"
	"lyceum/projects"
	"lyceum/projects/sandbox"
)

// Demo 5: Bob sets a row, everybody sees each step, and the row says who asked
// and when.
func TestRestartIsARow(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.Auto)
	w.project("p1", nil)
	states := w.history("p1")
	w.enter()
	w.ask("p1", "start")
	w.settled("p1", "running")
	before := w.agents()
	at := w.ask("p1", "restart")
	row := w.settled("p1", "running")
	if got, want := states(), "starting running stopping stopped starting running"; got != want {
		t.Errorf("states were %q, want %q", got, want)
	}
	r := row["action_request"].(app.Row)
	if r["account_id"] != "ada" || r["time"] != at || r["started"] == nil || r["finished"] == nil || r["error"] != nil {
		t.Errorf("request = %v", r)
	}
	if row["title"] != "T" || row["isolation"] == "" {
		t.Errorf("row = %v", row)
	}
	after := w.agents()
	if len(before) != 1 || len(after) != 1 || before[0] == after[0] {
		t.Errorf("agents before %v, after %v: want one, and another", before, after)
	}
	if unix.Kill(before[0], 0) == nil {
		t.Errorf("process %d is left", before[0])
	}
}

// The story of a night: the server is killed, the shell goes on, the next server
// finds the same shell with its variables.
func TestAgentsOutliveTheServer(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.Auto)
	w.project("p1", nil)
	s := w.enter()
	c, err := s.Client(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}
	sh := openShell(t, c, "t1")
	sh.enter("x=41; echo re''ady")
	sh.until("ready")
	agents := w.agents()

	w.leave()
	var found atomic.Int64
	s = w.enter(func(h *projects.Host) { h.OnRunning = func(string) { found.Add(1) } })
	c, ok := s.Running("p1")
	if !ok {
		t.Fatal("the agent was not found again")
	}
	if now := w.agents(); len(now) != 1 || now[0] != agents[0] {
		t.Errorf("agents %v, before %v", now, agents)
	}
	sh = openShell(t, c, "t1")
	sh.enter("echo =$((x+1))=")
	sh.until("=42=")
	w.leave()
	if found.Load() != 1 {
		t.Errorf("OnRunning was called %d times for the agent that was found", found.Load())
	}
}

// From the terminal: what a student sees, and that his mistakes do not end the
// project.
func TestShellIsInside(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	for _, mode := range []sandbox.Mode{sandbox.RootUserNS, sandbox.Root} {
		t.Run(string(mode), func(t *testing.T) {
			w := newWorld(t, mode)
			w.project("p1", nil)
			c, err := w.enter().Client(t.Context(), "p1")
			if err != nil {
				t.Fatal(err)
			}
			sh := openShell(t, c, "t1")
			sh.enter("pwd; env | sort | tr '\\n' '|'; echo; ls /proc | grep -c '^[0-9]'; cat /etc/shadow; ls " + w.data + "; hostname; echo en''d")
			sh.until("end")
			out := sh.seen.String()
			for _, want := range []string{
				"/home/user", "HOME=/home/user", "LANG=C.UTF-8", "SHELL=/bin/bash", "TERM=xterm-256color", "USER=user",
				"/etc/shadow: No such file", w.data + "': No such file", "project",
			} {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in the terminal", want)
				}
			}
			for _, never := range []string{"GOMAXPROCS", "GOGC", "SECRET", "root:"} {
				if strings.Contains(out, never) {
					t.Errorf("%q in the terminal", never)
				}
			}
			if t.Failed() {
				t.Log(out)
			}
			sh.enter("(setsid sleep 1000 &); kill -9 -1; echo sp''ared") // who kills all does not kill himself
			sh.until("spared")
			sh2 := openShell(t, c, "t2")
			sh2.enter("echo al''ive")
			sh2.until("alive")
			for signal := 1; signal <= 64; signal++ {
				sh2.enter("kill -" + strconv.Itoa(signal) + " 1")
			}
			sh2.enter("echo st''ill")
			sh2.until("still")
			if _, err := c.List(t.Context(), ""); err != nil {
				t.Errorf("the agent does not answer any more: %v", err)
			}
		})
	}
}

// A stop saves documents first and leaves nothing that runs.
func TestStopSavesAndLeavesNothing(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	before := processesOf(t, testUIDs.First) // another test's that are not taken off the list yet
	w := newWorld(t, sandbox.Auto)
	w.project("p1", nil)
	saved := ""
	s := w.enter(func(h *projects.Host) {
		h.BeforeStop = func(ctx context.Context, id string) {
			if c, ok := h.Running(id); ok {
				_, err := c.CreateFile(ctx, "saved.txt")
				saved = id
				if err != nil {
					t.Errorf("save before the stop: %v", err)
				}
			}
		}
	})
	c, err := s.Client(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}
	sh := openShell(t, c, "t1")
	sh.enter("(trap '' HUP TERM; setsid sleep 1000 &) ; echo st''arted")
	sh.until("started")
	uid := w.row("projects", "p1")["uid"].(int64)
	if len(processesOf(t, uid)) < len(before)+3 {
		t.Fatal("there is nothing that could be left: the test looks wrongly")
	}
	w.ask("p1", "stop")
	w.settled("p1", "stopped")
	for pid, status := range processesOf(t, uid) {
		if _, old := before[pid]; !old {
			t.Errorf("process %s is left: %s", pid, status)
		}
	}
	if _, err := os.Stat(filepath.Join(w.data, "projects/p1/home/saved.txt")); err != nil || saved != "p1" {
		t.Errorf("documents were not saved before the stop: %v", err)
	}
}

// processesOf returns the processes of a user id: what their status says, by pid.
func processesOf(t *testing.T, uid int64) map[string]string {
	t.Helper()
	found := make(map[string]string)
	status, _ := filepath.Glob("/proc/[0-9]*/status")
	for _, name := range status {
		data, err := os.ReadFile(name)
		if err == nil && strings.Contains(string(data), "\nUid:\t"+strconv.FormatInt(uid, 10)+"\t") {
			found[filepath.Base(filepath.Dir(name))], _, _ = strings.Cut(string(data), "\nPid:")
		}
	}
	return found
}

// What a crash may have left: rows that say more or less than is true.
func TestStartRepairsRows(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.Auto)
	for _, id := range []string{"alive", "unwanted", "nameless"} {
		w.project(id, nil)
	}
	s := w.enter()
	for _, id := range []string{"alive", "unwanted", "nameless"} {
		if _, err := s.Client(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		w.settled(id, "running")
	}
	w.leave()

	// Stopped by hand, in a crash between row and kill.
	w.project("unwanted", app.Row{"state": app.Row{"state": "stopped", "since": int64(1)}})
	// Killed between the start of the agent and the note of its process.
	groups := w.cgroups()
	forgetProcess(t, w, "nameless")
	// Said to run, and there is nothing.
	w.project("ghost", app.Row{"state": app.Row{"state": "running", "since": int64(1)}})
	// Taken up, and not finished.
	w.project("half", app.Row{
		"state":          app.Row{"state": "starting", "since": int64(3)},
		"action_request": app.Row{"action": "start", "time": int64(1), "started": int64(2)},
	})
	w.enter()
	w.settled("unwanted", "stopped")
	w.settled("nameless", "stopped")
	w.settled("ghost", "stopped")
	w.settled("half", "running")
	w.settled("alive", "running")
	// The row of unwanted said so before: its agent may still be ending.
	w.eventually("cgroups that are gone: those of two of three agents", strconv.Itoa(len(groups)/3*2), func() string {
		gone := 0
		for _, folder := range groups {
			if _, err := os.Stat(folder); err != nil {
				gone++
			}
		}
		return strconv.Itoa(gone)
	})
	w.eventually("agents: those of alive and half", "2", func() string {
		left, _ := filepath.Glob(filepath.Join(w.data, "run", "*", "agent.json"))
		return strconv.Itoa(len(left))
	})
}

// forgetProcess takes the process out of an agent's record.
func forgetProcess(t *testing.T, w *world, project string) {
	t.Helper()
	records, _ := filepath.Glob(filepath.Join(w.data, "run", "*", "agent.json"))
	for _, name := range records {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), `"project":"`+project+`"`) {
			without := regexp.MustCompile(`"pid":\d+`).ReplaceAll(data, []byte(`"pid":0`))
			if err := os.WriteFile(name, without, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// An agent that dies (out of memory, a bug) is said, and opening starts again.
func TestLostAgentIsSaidAndStartedAgain(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.Auto)
	w.project("p1", nil)
	s := w.enter()
	if _, err := s.Client(t.Context(), "p1"); err != nil {
		t.Fatal(err)
	}
	w.settled("p1", "running")
	if err := unix.Kill(w.agents()[0], unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	row := w.settled("p1", "stopped")
	if message, _ := row["state"].(app.Row)["error"].(string); message == "" {
		t.Errorf("nothing says why: %v", row["state"])
	}
	c, err := s.Client(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.List(t.Context(), ""); err != nil {
		t.Error(err)
	}
}

func TestArchivedProjectIsNotStarted(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.Auto)
	w.project("p1", nil)
	s := w.enter()
	if _, err := s.Client(t.Context(), "p1"); err != nil {
		t.Fatal(err)
	}
	w.settled("p1", "running")
	w.ask("p1", "archive")
	w.settled("p1", "archived")
	if _, err := s.Client(t.Context(), "p1"); !app.IsKind(err, app.Conflict) {
		t.Errorf("Client of an archived project = %v", err)
	}
	w.ask("p1", "start")
	row := w.settled("p1", "archived")
	if message, _ := row["action_request"].(app.Row)["error"].(string); message == "" {
		t.Errorf("the refused start says nothing: %v", row["action_request"])
	}
	w.ask("p1", "unarchive")
	w.settled("p1", "stopped")
	if _, err := s.Client(t.Context(), "nothing"); !app.IsKind(err, app.NotFound) {
		t.Errorf("Client of no project = %v", err)
	}
}

// Two projects have two user ids, and keep them.
func TestUserIDsAreClaimedOnce(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.Auto)
	s := w.enter()
	uids := make(map[int64]string)
	for _, id := range []string{"a", "b", "c"} {
		w.project(id, nil)
		if _, err := s.Client(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		uid := w.settled(id, "running")["uid"].(int64)
		if other := uids[uid]; other != "" || uid < testUIDs.First {
			t.Errorf("%s has the user id %d, as %q", id, uid, other)
		}
		uids[uid] = id
		info, err := os.Stat(filepath.Join(w.data, "projects", id, "home"))
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("home of %s: %v, %v", id, info.Mode(), err)
		}
	}
	before := w.row("projects", "a")["uid"]
	w.ask("a", "restart")
	if after := w.settled("a", "running")["uid"]; after != before {
		t.Errorf("the user id changed from %v to %v", before, after)
	}
}

// Listing, creating, renaming and deleting through rows.
func TestFilesAreRows(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.Auto)
	w.project("p1", nil)
	s := w.enter()
	if _, err := s.Client(t.Context(), "p1"); err != nil {
		t.Fatal(err)
	}
	release, err := s.Watched(t.Context(), app.Row{"project_id": "p1", "path": ""})
	if err != nil {
		t.Fatal(err)
	}
	listing := func(what string, names ...string) {
		t.Helper()
		w.until(what, "directories", "p1/", func(row app.Row) bool {
			entries, ok := row["entries"].(app.Row)
			if !ok || len(entries) != len(names) {
				return false
			}
			for _, name := range names {
				if entries[name] == nil {
					return false
				}
			}
			return true
		})
	}
	listing("the first listing")
	act := func(request, action, path, to string) error {
		row := app.Row{"project_id": "p1", "action": action, "path": path, "account_id": "ada", "time": int64(1)}
		if to != "" {
			row["to"] = to
		}
		_, err := s.Set(t.Context(), query.Set{Table: "file_actions", Op: schema.Create, ID: app.NewID(), Row: row, Request: request})
		return err
	}
	for _, a := range []struct{ request, action, path, to string }{
		{"r1", "create_file", "a.txt", ""}, {"r2", "create_directory", "d", ""}, {"r3", "rename", "a.txt", "b.txt"},
		{"r3", "rename", "a.txt", "b.txt"}, // repeated after a lost connection: answered, not done again
	} {
		if err := act(a.request, a.action, a.path, a.to); err != nil {
			t.Errorf("%s %s: %v", a.action, a.path, err)
		}
	}
	listing("the listing after three actions", "b.txt", "d")
	for _, path := range []string{"../x", "/etc/x", "missing/x"} {
		if err := act("", "create_file", path, ""); err == nil || app.IsKind(err, app.Internal) {
			t.Errorf("create %s = %v, want a sentence", path, err)
		}
	}
	if err := act("", "delete", "d", ""); err != nil {
		t.Error(err)
	}
	listing("the listing after deleting", "b.txt")
	release()
	w.until("the row of a folder that nobody watches", "directories", "p1/", func(row app.Row) bool { return row == nil })
}

// How a shell ended is in its row; deleting the row ends the shell.
func TestTerminalsAreRows(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.Auto)
	w.project("p1", nil)
	s := w.enter()
	c, err := s.Client(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}
	row := app.Row{"id": "t1", "project_id": "p1", "title": "Terminal", "account_id": "ada", "created": int64(1)}
	w.write("terminals", "t1", row)
	w.write("terminals", "foreign", app.Row{"id": "foreign", "project_id": "p2", "title": "T", "account_id": "bob", "created": int64(1)})
	openShell(t, c, "foreign").enter("exit 1")
	sh := openShell(t, c, "t1")
	sh.enter("exit 7")
	w.until("the end of the shell", "terminals", "t1", func(row app.Row) bool {
		ended, _ := row["ended"].(app.Row)
		return ended["exit_code"] == int64(7)
	})
	if row := w.row("terminals", "foreign"); row["ended"] != nil {
		t.Errorf("an agent wrote into another project's row: %v", row)
	}
	if _, err := s.Set(t.Context(), query.Set{Table: "terminals", Op: schema.Delete, ID: "t1", Row: row}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Get(t.Context(), "terminals", "t1"); err == nil {
		t.Error("the row is still there")
	}
	all, err := c.Terminals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range all {
		if info.ID == "t1" {
			t.Error("the shell is still known")
		}
	}
}

// Without isolation, said so, everything else works the same.
func TestModeNone(t *testing.T) {
	if testing.Short() {
		return // needs the agent's program
	}
	w := newWorld(t, sandbox.None)
	w.project("p1", nil)
	s := w.enter()
	c, err := s.Client(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}
	sh := openShell(t, c, "t1")
	sh.enter("(setsid sleep 1013 &); pwd; echo en''d")
	sh.until(filepath.Join(w.data, "projects/p1/home"))
	sh.until("end")
	row := w.settled("p1", "running")
	if row["isolation"] != sandbox.None.Words() {
		t.Errorf("isolation = %v", row["isolation"])
	}
	w.ask("p1", "stop")
	w.settled("p1", "stopped")
	command, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range command {
		if data, _ := os.ReadFile(name); string(data) == "sleep\x001013\x00" {
			t.Errorf("%s is left", name)
		}
	}
}
