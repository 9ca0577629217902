package helper_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/schema"
	"lyceum/projects"
	nt "lyceum/projects/network/networktest"
	"lyceum/projects/sandbox"
)

var (
	// programs is where the agent and the helper are, for a test binary that this
	// one starts.
	programs = flag.String("programs", "", "folder of the built programs")
	asUser   = flag.Bool("as-user", false, "this is the ordinary user of the test as root")
	serve    = flag.String("serve", "", "be a server on this data directory until killed")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *serve != "" {
		os.Exit(beServer(*serve))
	}
	nt.Main(m, func() {
		if *programs == "" {
			_ = os.RemoveAll(built)
		}
	})
}

var built string // by build

// build makes the programs, once, where every user can read them.
var build = sync.OnceValues(func() (string, error) {
	if *programs != "" {
		return *programs, nil
	}
	folder, err := os.MkdirTemp("", "lyceum-test-")
	if err != nil {
		return "", err
	}
	built = folder
	if err := os.Chmod(folder, 0o755); err != nil {
		return "", err
	}
	for name, pkg := range map[string]string{
		"agent": "lyceum/projects/agent/lyceum-agent", "helper": "lyceum/projects/network/lyceum-network",
		"confined": "lyceum/projects/network/networktest/confined",
	} {
		cmd := exec.Command("go", "build", "-ldflags", "-s -w", "-o", filepath.Join(folder, name), pkg)
		cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build the %s: %w\n%s", name, err, out)
		}
	}
	return folder, nil
})

func program(name string) (*sandbox.Program, error) {
	folder, err := build()
	if err != nil {
		return nil, err
	}
	code, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		return nil, err
	}
	return sandbox.NewProgram(code)
}

// site is a data directory and its store, with a server.
type site struct {
	t     testing.TB
	data  string
	store app.Store
	host  *projects.Host
	stop  func() // the server; projects go on
}

var testUIDs = projects.UIDs{First: 2_050_000_000 + int64(os.Getpid())*100, Count: 100}

func newSite(t testing.TB, mode sandbox.Mode) *site {
	t.Helper()
	s := &site{t: t, data: t.TempDir(), store: memstore.New(slices.Concat(schema.Tables(), schema.Ephemeral()))}
	s.start(mode)
	t.Cleanup(func() {
		s.stop()
		if _, err := projects.StopAll(context.WithoutCancel(t.Context()), s.data); err != nil {
			t.Errorf("StopAll: %v", err)
		}
		if left, _ := filepath.Glob(filepath.Join(s.data, "run", "*", "*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
	return s
}

// start starts a server.
func (s *site) start(mode sandbox.Mode) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.t.Context()))
	host, err := open(ctx, mode, s.data, s.store, s.t.Output())
	if err != nil {
		s.t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		if err := host.Run(ctx); !errors.Is(err, context.Canceled) {
			s.t.Errorf("Run = %v", err)
		}
	})
	s.host, s.stop = host, sync.OnceFunc(func() { cancel(); done.Wait() })
}

func open(ctx context.Context, mode sandbox.Mode, data string, store app.Store, log io.Writer) (*projects.Host, error) {
	agent, err := program("agent")
	if err != nil {
		return nil, err
	}
	helper, err := program("helper")
	if err != nil {
		return nil, err
	}
	box, err := sandbox.Open(ctx, sandbox.Options{Mode: mode, Program: agent})
	if err != nil {
		return nil, err
	}
	host := projects.New(projects.Options{Store: store, Sandbox: box, Network: helper, Data: data, UIDs: testUIDs,
		Log: slog.New(slog.NewTextHandler(log, nil))})
	return host, host.Start(ctx)
}

// limits sets a project's network.
func (s *site) limits(id, network string, allow ...string) {
	s.t.Helper()
	list := make([]any, len(allow))
	for i, line := range allow {
		list[i] = line
	}
	row := app.Row{"project_id": id, "network": network, "network_allow": list}
	if _, err := s.store.Write(s.t.Context(), app.Write{Table: "project_limits", ID: id, Row: row, IfRev: app.AnyRev}); err != nil {
		s.t.Fatal(err)
	}
}

// project makes one with a network and starts it.
func (s *site) project(id, network string, allow ...string) *shell {
	s.t.Helper()
	s.limits(id, network, allow...)
	row := projectRow(id)
	if _, err := s.store.Write(s.t.Context(), app.Write{Table: "projects", ID: id, Row: row, IfRev: app.Absent}); err != nil {
		s.t.Fatal(err)
	}
	return s.shell(id)
}

func projectRow(id string) app.Row {
	return app.Row{"id": id, "title": "T", "description": "", "users": app.Row{}, "created": int64(1), "last_edited": int64(1)}
}

const waitTime = 20 * time.Second

// shell is a terminal of a project.
type shell struct {
	t    testing.TB
	conn *websocket.Conn
	seen strings.Builder
}

// marks are different for each line of each shell: a terminal that is opened
// again shows what it has shown before.
var marks atomic.Int64

func (s *site) shell(id string) *shell {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), waitTime)
	defer cancel()
	client, err := s.host.Client(ctx, id)
	if err != nil {
		s.t.Fatal(err)
	}
	conn, err := client.DialTerminal(ctx, "t1", terminalOptions)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	return &shell{t: s.t, conn: conn}
}

var terminalOptions = url.Values{
	"from": {"0"}, "viewer": {"v"}, "name": {"Ada"}, "write": {"1"}, "create": {"1"}, "cols": {"500"}, "rows": {"50"},
}

// says runs a line in the shell and returns what it prints.
func (s *shell) says(line string) string {
	s.t.Helper()
	mark := strconv.FormatInt(marks.Add(1), 10)
	typed := line + " 2>&1; echo \"<$((" + mark + "+0))>\"\r" // the echo of what is typed is not the answer
	if err := s.conn.WriteMessage(websocket.BinaryMessage, []byte(typed)); err != nil {
		s.t.Fatal(err)
	}
	m := s.until(`(?s).*\+0\)\)>"\r\n(.*)<` + mark + `>`)
	s.seen.Reset()
	return strings.TrimSpace(strings.NewReplacer("\r", "", "\x1b[?2004l", "", "\x1b[?2004h", "").Replace(m[1]))
}

func (s *shell) until(pattern string) []string {
	s.t.Helper()
	re := regexp.MustCompile(pattern)
	if err := s.conn.SetReadDeadline(time.Now().Add(waitTime)); err != nil {
		s.t.Fatal(err)
	}
	for {
		if m := re.FindStringSubmatch(s.seen.String()); m != nil {
			return m
		}
		kind, data, err := s.conn.ReadMessage()
		if err != nil {
			s.t.Fatalf("waiting for %q: %v\n%s", pattern, err, s.seen.String())
		}
		if kind == websocket.BinaryMessage {
			s.seen.Write(data)
		}
	}
}

// door opens a connection of a kind from inside and says "hello": what comes
// back, or why not. Bash makes the sockets.
func (s *shell) door(how, addr string) string {
	s.t.Helper()
	// A connection that is begun while the interface goes is not told.
	out := s.says(fmt.Sprintf(`timeout 5 bash -c 'exec 3<>/dev/%s/%s/%d && echo hello >&3 && dd bs=99 count=1 status=none <&3'`, how, addr, nt.Port))
	for _, known := range []string{"hello", "refused", "unreachable"} {
		if strings.Contains(strings.ToLower(out), known) {
			return known
		}
	}
	return out
}

// becomes waits until a door says what it should.
func (s *shell) becomes(want, how, addr string) {
	s.t.Helper()
	deadline := time.Now().Add(waitTime)
	for got := ""; got != want; got = s.door(how, addr) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s %s: %q, want %q", how, addr, got, want)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// note waits until the project's row has a note about its network that matches,
// or none for "".
func (s *site) note(id, pattern string) {
	s.t.Helper()
	deadline := time.Now().Add(waitTime)
	re := regexp.MustCompile(pattern)
	for {
		rec, err := s.store.Get(s.t.Context(), "projects", id)
		if err != nil {
			s.t.Fatal(err)
		}
		note, has := rec.Row["network_note"].(string)
		if (pattern == "" && !has) || (pattern != "" && re.MatchString(note)) {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the note is %q, want %q", note, pattern)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// shows waits until who watches the use of a project sees whether it has a network.
func (s *site) shows(id, network string) {
	s.t.Helper()
	stop, err := s.host.Usage().Watched(s.t.Context(), app.Row{"project_id": id})
	if err != nil {
		s.t.Fatal(err)
	}
	defer stop()
	deadline := time.Now().Add(waitTime)
	for {
		rec, err := s.store.Get(s.t.Context(), "project_usage", id)
		if err == nil && rec.Row["network"] == network {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%v, %v is shown, want the network %s", rec.Row, err, network)
		}
		<-time.After(5 * time.Millisecond)
	}
}
