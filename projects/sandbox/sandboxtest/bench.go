package sandboxtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lyceum/projects/agent"
	"lyceum/projects/sandbox"
)

// Programs that Build compiles.
const (
	Intruder = "lyceum/projects/sandbox/sandboxtest/intruder"
	Agent    = "lyceum/projects/agent/lyceum-agent"
)

// Build compiles a program, static, into a folder and returns its path.
func Build(t *testing.T, folder, program string) string {
	t.Helper()
	path := filepath.Join(folder, filepath.Base(program))
	cmd := exec.Command("go", "build", "-ldflags", "-s -w", "-o", path, program)
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", program, err, out)
	}
	return path
}

// limits are small, so that reaching them takes no time.
var limits = sandbox.Limits{MemoryBytes: 96 << 20, Processes: 80, CPUs: 2, SharedMemoryBytes: 4 << 20}

// bench is one open sandbox and the host around it.
type bench struct {
	sandbox  *sandbox.Sandbox
	program  *sandbox.Program
	intruder []byte
	column   Column
	started  int
	base     string // 0711: a folder as the data directory is, but for the way in
}

func newBench(t *testing.T, mode sandbox.Mode, intruder string) *bench {
	t.Helper()
	data, err := os.ReadFile(intruder)
	if err != nil {
		t.Fatal(err)
	}
	program, err := sandbox.NewProgram(data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	// A descriptor that some library of the server has left open, of all things of
	// a folder: nothing inside may have it.
	stray, err := unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(stray) })
	s, err := sandbox.Open(t.Context(), sandbox.Options{Mode: mode, Program: program, Limits: limits})
	if err != nil {
		t.Fatalf("this machine cannot do mode %s, which the tests need: %v", mode, err)
	}
	return &bench{sandbox: s, program: program, intruder: data, column: Column{}, base: t.TempDir()}
}

// firstUID is far outside of any range of projects. Each project of a test has
// its own, as on a server.
const firstUID = 1_899_000_000

// agentSecret is what the real agent wants to hear; the intruder does not ask.
const agentSecret = "between us"

// project is a running sandbox.
type project struct {
	t       *testing.T
	process *sandbox.Process
	socket  string
	home    string
	uid     int
}

// start starts a project; it is killed at the end of the test.
func (b *bench) start(t *testing.T) *project {
	t.Helper()
	base, err := os.MkdirTemp(b.base, "p")
	if err != nil {
		t.Fatal(err)
	}
	p := &project{t: t, socket: filepath.Join(base, "s"), home: filepath.Join(base, "home"), uid: os.Geteuid()}
	tmp := filepath.Join(base, "tmp")
	for _, folder := range []string{p.home, tmp} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	tool := filepath.Join(p.home, "intruder")
	if err := os.WriteFile(tool, b.intruder, 0o755); err != nil {
		t.Fatal(err)
	}
	if b.sandbox.OwnUID() {
		b.started++
		p.uid = firstUID + b.started
		for _, path := range []string{p.home, tmp, tool} {
			if err := os.Chown(path, p.uid, p.uid); err != nil {
				t.Fatal(err)
			}
		}
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: p.socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	defer l.Close()
	file, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	config, err := json.Marshal(agent.Config{Project: "test", Secret: agentSecret, Home: "/home/user", Scratch: "/tmp"})
	if err != nil {
		t.Fatal(err)
	}
	p.process, err = b.sandbox.Start(t.Context(), sandbox.Spec{
		Name: "test-" + filepath.Base(base) + fmt.Sprint(os.Getpid()), UID: p.uid, Home: p.home, Tmp: tmp, Listener: file, Config: config,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.process.Kill(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("Kill: %v", err)
		}
	})
	return p
}

// answerTime is far above what any program of the tests needs, also on a processor
// that is emulated.
const answerTime = 2 * time.Minute

// run runs the intruder inside and returns what it printed.
func (p *project) run(args ...string) (output, failure string) {
	p.t.Helper()
	return p.command(append([]string{"/home/user/intruder"}, args...)...)
}

// command runs any program inside.
func (p *project) command(argv ...string) (output, failure string) {
	p.t.Helper()
	conn, err := net.Dial("unix", p.socket)
	if err != nil {
		p.t.Fatalf("the agent does not listen any more: %v", err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		p.t.Fatal(err)
	}
	if err := json.NewEncoder(conn).Encode(map[string]any{"Arguments": argv}); err != nil {
		p.t.Fatal(err)
	}
	var r struct{ Output, Error string }
	if err := json.NewDecoder(conn).Decode(&r); err != nil {
		p.t.Fatalf("the agent does not answer: %v", err)
	}
	return strings.TrimSpace(r.Output), r.Error
}
