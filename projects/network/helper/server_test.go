package helper_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/schema"
	nt "lyceum/projects/network/networktest"
	"lyceum/projects/sandbox"
)

// beServer is a server with one project that has a network. Lines of its input
// are typed into a terminal of the project, whose output is its own.
func beServer(data string) int {
	if err := serveProject(data); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return 1
}

func serveProject(data string) error {
	ctx := context.Background()
	store := memstore.New(slices.Concat(schema.Tables(), schema.Ephemeral()))
	row := projectRow("p1")
	row["uid"] = int64(testUIDs.First)
	if left, _ := filepath.Glob(filepath.Join(data, "run", "*", "agent.json")); len(left) > 0 {
		row["state"] = app.Row{"state": "running", "since": int64(1)} // as the rows of the one before say
		row["uid"] = int64(0)
	}
	for table, row := range map[string]app.Row{"projects": row, "project_limits": {"project_id": "p1", "network": "filtered"}} {
		if _, err := store.Write(ctx, app.Write{Table: table, ID: "p1", Row: row, IfRev: app.AnyRev}); err != nil {
			return err
		}
	}
	host, err := open(ctx, sandbox.RootUserNS, data, store, os.Stderr)
	if err != nil {
		return err
	}
	go func() { _ = host.Run(ctx) }() // until this process is killed
	client, err := host.Client(ctx, "p1")
	if err != nil {
		return err
	}
	conn, err := client.DialTerminal(ctx, "t1", terminalOptions)
	if err != nil {
		return err
	}
	go func() { // until this process is killed
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			_ = conn.WriteMessage(websocket.BinaryMessage, append(lines.Bytes(), '\r'))
		}
	}()
	for {
		kind, data, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		if kind == websocket.BinaryMessage {
			_, _ = os.Stdout.Write(data)
		}
	}
}

// process is a server in a process of its own.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	in   io.Writer
	seen chan string
}

func startServer(t *testing.T, data string) *process {
	t.Helper()
	folder, err := build()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.Command("/proc/self/exe", "-in-namespaces", "-serve="+data, "-programs="+folder), seen: make(chan string, 1000)}
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the process
		buffer := make([]byte, 4096)
		for {
			n, err := out.Read(buffer)
			if err != nil {
				close(p.seen)
				return
			}
			p.seen <- string(buffer[:n])
		}
	}()
	t.Cleanup(p.kill)
	return p
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill() // with -9
	_ = p.cmd.Wait()         // its exit is no surprise
}

// says types a line and waits for a word in the output.
func (p *process) says(line, word string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		p.t.Fatal(err)
	}
	all, late := "", time.After(waitTime)
	for !strings.Contains(all, word) {
		select {
		case more, ok := <-p.seen:
			if !ok {
				p.t.Fatalf("the server has ended; it has said %q", all)
			}
			all += more
		case <-late:
			p.t.Fatalf("%q does not say %q but %q", line, word, all)
		}
	}
}

// The server is killed; a download goes on, and the next server has the same
// network in its hands.
func TestN5ConnectionOutlivesTheServer(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := nt.New(t)
	accepted := w.Accept(t, ":7100")
	data := t.TempDir()
	t.Cleanup(func() { stopAll(t, data) })
	first := startServer(t, data)
	first.says("until exec 3<>/dev/tcp/11.0.0.1/7100; do sleep 0.1; done 2>/dev/null; echo hi >&3; echo opened$((1))", "opened1")
	server := <-accepted
	defer server.Close()
	lines := bufio.NewScanner(server)
	hear := func(want string) {
		t.Helper()
		_ = server.SetDeadline(time.Now().Add(waitTime))
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("heard %q, want %q: %v", lines.Text(), want, lines.Err())
		}
	}
	hear("hi")
	helper := helperPID(t, data)
	first.kill()
	if _, err := io.WriteString(server, "while nobody serves\n"); err != nil {
		t.Fatal(err)
	}
	second := startServer(t, data)
	second.says("read -t 10 x <&3; echo \"got$((2)) $x\"; echo again >&3", "got2 while nobody serves")
	hear("again")
	if now := helperPID(t, data); now != helper {
		t.Errorf("the helper was %d and is %d", helper, now)
	}
}
