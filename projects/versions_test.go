package projects_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"lyceum/app"
	"lyceum/projects"
	"lyceum/projects/agent"
	"lyceum/projects/sandbox"
)

// firstAgent is the last agent that spoke version 1, as it was built, without
// inlining.
func firstAgent(t *testing.T) []byte {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Fatal("testdata/agents/1.gz is for amd64; build the agent of its time for this machine")
	}
	packed, err := os.ReadFile("../testdata/agents/1.gz")
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	code, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// The executable is replaced while shells run: they go on with the agent that
// they have, files too; the page says that a restart brings the new version, and
// the restart does.
func TestTheLastVersionsAgentIsSpokenTo(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.Auto)
	current := w.sandbox
	w.sandbox = openSandbox(t, sandbox.Auto, firstAgent(t))
	w.project("p1", nil)
	c, err := w.enter().Client(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}
	sh := openShell(t, c, "t1")
	sh.enter("x=41; echo re''ady")
	sh.until("ready")
	agents := w.agents()
	w.leave()

	w.sandbox = current
	s := w.enter()
	row := w.until("a reason to restart", "projects", "p1", func(row app.Row) bool { return row["restart_reason"] != nil })
	if stateOf(row) != "running" {
		t.Errorf("the row is %v", row)
	}
	if now := w.agents(); len(now) != 1 || now[0] != agents[0] {
		t.Errorf("agents %v, before %v", now, agents)
	}
	c, ok := s.Running("p1")
	if !ok || c.Version() != 1 {
		t.Fatalf("version 1 runs: %t", ok)
	}
	sh = openShell(t, c, "t1")
	sh.enter("echo =$((x+1))= > f; cat f")
	sh.until("=42=")
	if d, err := c.ReadDocument(t.Context(), "f", 0); err != nil || string(d.Data) != "=42=\n" {
		t.Errorf("ReadDocument = %q, %v", d.Data, err)
	}
	if _, err := c.Activity(t.Context()); !errors.Is(err, agent.ErrOld) {
		t.Errorf("Activity of an agent that knows none = %v", err)
	}

	w.ask("p1", "restart")
	if row := w.settled("p1", "running"); row["restart_reason"] != nil {
		t.Errorf("after the restart the row is %v", row)
	}
	if c, ok := s.Running("p1"); !ok || c.Version() != agent.Version {
		t.Error("after the restart the agent is not of this version")
	}
}

// Somebody copies the data directory while projects run, to try something with the
// copy. The projects of the original are none of the copy's, whether the socket
// was copied or not, and whichever version has made the folder.
func TestACopyOfTheDataLeavesTheOriginalsProjectsAlone(t *testing.T) {
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
	sh.until(`\$ `)
	w.settled("p1", "running")
	const oldRecord = `sed -i 's/,"socket":{[^}]*}//' run/*/agent.json`
	for i, tt := range []struct {
		name, change string
		use          func(data string) error // what is done with the copy
	}{
		{"served", "true", serveOnce(t, w)},
		{"without sockets", "rm run/*/s", serveOnce(t, w)},
		{"of an older version", oldRecord, serveOnce(t, w)},
		{"stopped", "true", stopAll(t)},
		{"of an older version, stopped", oldRecord, stopAll(t)},
	} {
		data := filepath.Join(t.TempDir(), "copy")
		if out, err := exec.Command("sh", "-c", `cp -a "$0" "$1" && cd "$1" && `+tt.change, w.data, data).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v %s", tt.name, err, out)
		}
		if err := tt.use(data); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if left, _ := filepath.Glob(filepath.Join(data, "run", "*", "*")); len(left) > 0 {
			t.Errorf("%s: left behind: %v", tt.name, left)
		}
		sh.enter(fmt.Sprintf("echo al''ive %d", i))
		sh.until(fmt.Sprintf("alive %d", i))
	}
	if row := w.row("projects", "p1"); stateOf(row) != "running" {
		t.Errorf("the original's row is %v", row)
	}
}

// serveOnce returns what starts a server on a copy.
func serveOnce(t *testing.T, w *world) func(data string) error {
	return func(data string) error {
		h := projects.New(projects.Options{Store: w.store, Sandbox: w.sandbox, Data: data, UIDs: testUIDs})
		if err := h.Start(t.Context()); err != nil {
			return err
		}
		if _, ok := h.Running("p1"); ok {
			return errors.New("the copy has taken the project over")
		}
		return nil
	}
}

func stopAll(t *testing.T) func(data string) error {
	return func(data string) error {
		n, err := projects.StopAll(t.Context(), data)
		if n > 0 {
			err = errors.Join(err, errors.New("a project was stopped"))
		}
		return err
	}
}
