package projects_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/place"
	"lyceum/app/schema"
	"lyceum/projects"
	"lyceum/projects/sandbox"
)

// agentProgram is the real agent, built once.
var agentProgram = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "lyceum-agent-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "lyceum-agent")
	cmd := exec.Command("go", "build", "-ldflags", "-s -w", "-o", path, "lyceum/projects/agent/lyceum-agent")
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the agent: %w\n%s", err, out)
	}
	return os.ReadFile(path)
})

// world is a data directory and its store; servers come and go in it.
type world struct {
	t       testing.TB
	data    string
	store   app.Store
	sandbox *sandbox.Sandbox
	server  *server       // nil: none
	places  *place.Places // nil: it is alone
	// kernelLog is where the host looks for programs that were ended; "" is the
	// kernel's.
	kernelLog string
}

// server is a host that runs.
type server struct {
	*projects.Host
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// testUIDs are those of this process only: other servers may run on the machine,
// with projects of their own.
var testUIDs = projects.UIDs{First: 2_000_000_000 + int64(os.Getpid())*100, Count: 100}

// waitTime is far above what any step of the tests needs, also on a processor that
// is emulated.
const waitTime = time.Minute

func newWorld(t testing.TB, mode sandbox.Mode) *world {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this needs root: run make test as root, or go test -short")
	}
	code, err := agentProgram()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, data: t.TempDir(), sandbox: openSandbox(t, mode, code), store: memstore.New(slices.Concat(schema.Tables(), schema.Ephemeral()))}
	t.Cleanup(w.remove)
	return w
}

// openSandbox returns a sandbox that starts an agent.
func openSandbox(t testing.TB, mode sandbox.Mode, code []byte) *sandbox.Sandbox {
	t.Helper()
	program, err := sandbox.NewProgram(code)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sandbox.Open(t.Context(), sandbox.Options{Mode: mode, Program: program})
	if err != nil {
		t.Fatalf("this machine cannot do what the tests need: %v", err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return s
}

// remove ends what runs; nothing may be left.
func (w *world) remove() {
	t := w.t
	w.leave()
	groups := w.cgroups()
	if _, err := projects.StopAll(context.WithoutCancel(t.Context()), w.data); err != nil {
		t.Errorf("StopAll: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(w.data, "run", "*", "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	for _, folder := range groups {
		if _, err := os.Stat(folder); err == nil {
			t.Errorf("cgroup %s is left", folder)
		}
	}
}

// enter starts a server, after before has set its hooks.
func (w *world) enter(before ...func(*projects.Host)) *server {
	w.t.Helper()
	s := &server{Host: projects.New(projects.Options{Store: w.store, Sandbox: w.sandbox, Data: w.data, UIDs: testUIDs, KernelLog: w.kernelLog, Idle: quickIdle, Places: w.places})}
	for _, fn := range before {
		fn(s.Host)
	}
	if err := s.Start(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	s.cancel = cancel
	s.done.Go(func() {
		if err := s.Run(ctx); !errors.Is(err, context.Canceled) {
			w.t.Errorf("Run = %v", err)
		}
	})
	w.server = s
	return s
}

// entered returns the server that runs, and starts one if none does.
func (w *world) entered() *server {
	w.t.Helper()
	if w.server == nil {
		w.enter()
	}
	return w.server
}

// cgroups returns those of all agents that the data directory knows.
func (w *world) cgroups() (folders []string) {
	records, _ := filepath.Glob(filepath.Join(w.data, "run", "*", "agent.json"))
	for _, name := range records {
		folders = append(folders, w.sandbox.Cgroups(filepath.Base(filepath.Dir(name)))...)
	}
	return folders
}

// leave ends the server; agents go on.
func (w *world) leave() {
	if w.server != nil {
		w.server.cancel()
		w.server.done.Wait()
		w.server = nil
	}
}

// project makes a row, as a browser would.
func (w *world) project(id string, fields app.Row) {
	w.t.Helper()
	row := app.Row{"id": id, "title": "T", "description": "", "users": app.Row{}, "created": int64(1), "last_edited": int64(1)}
	for name, value := range fields {
		row[name] = value
	}
	w.write("projects", id, row)
}

func (w *world) write(table, id string, row app.Row) {
	w.t.Helper()
	if _, err := w.store.Write(w.t.Context(), app.Write{Table: table, ID: id, Row: row, IfRev: app.AnyRev}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) row(table, id string) app.Row {
	w.t.Helper()
	rec, err := w.store.Get(w.t.Context(), table, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return rec.Row
}

// ask sets action_request and returns its time.
func (w *world) ask(id, action string) int64 {
	w.t.Helper()
	row := app.Row{}
	for name, value := range w.row("projects", id) {
		row[name] = value
	}
	at := time.Now().UnixMilli()
	row["action_request"] = app.Row{"action": action, "account_id": "ada", "time": at}
	w.write("projects", id, row)
	return at
}

// until waits for the row of a table to be as the test wants it.
func (w *world) until(what, table, id string, good func(app.Row) bool) app.Row {
	w.t.Helper()
	changed := make(chan struct{}, 1)
	_, stop, err := w.store.Watch(table, func(app.Batch) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	defer stop()
	deadline := time.After(waitTime)
	for {
		var row app.Row
		if rec, err := w.store.Get(w.t.Context(), table, id); err == nil {
			row = rec.Row
		}
		if good(row) {
			return row
		}
		select {
		case <-changed:
		case <-deadline:
			w.t.Fatalf("%s: not within %v; the row is %v", what, waitTime, row)
		}
	}
}

// settled waits until the request is done and the state is as wanted.
func (w *world) settled(id, state string) app.Row {
	w.t.Helper()
	return w.until(id+" becomes "+state, "projects", id, func(row app.Row) bool {
		r, _ := row["action_request"].(app.Row)
		_, finished := r["finished"]
		return stateOf(row) == state && (r == nil || finished || r["error"] != nil)
	})
}

func stateOf(row app.Row) string {
	s, _ := row["state"].(app.Row)
	state, _ := s["state"].(string)
	return state
}

// history collects the states that a project goes through.
func (w *world) history(id string) func() string {
	w.t.Helper()
	var mu sync.Mutex
	var seen []string
	_, stop, err := w.store.Watch("projects", func(b app.Batch) {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range b.Changes {
			if s := stateOf(c.New); c.ID == id && s != "" && (len(seen) == 0 || seen[len(seen)-1] != s) {
				seen = append(seen, s)
			}
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(stop)
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(seen, " ")
	}
}

// agents returns the process ids of agents that the data directory knows.
func (w *world) agents() (pids []int) {
	w.t.Helper()
	records, _ := filepath.Glob(filepath.Join(w.data, "run", "*", "agent.json"))
	for _, name := range records {
		data, err := os.ReadFile(name)
		if err != nil {
			w.t.Fatal(err)
		}
		_, after, _ := strings.Cut(string(data), `"pid":`)
		var pid int
		if _, err := fmt.Sscanf(after, "%d", &pid); err != nil {
			w.t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids
}
