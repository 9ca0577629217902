package sandboxtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/projects/agent"
	"lyceum/projects/files"
	"lyceum/projects/sandbox"
)

// The second prober: what a student would type, in bash, in a terminal of the
// real agent. It shares nothing with the intruder, neither its agent nor its way
// of judging, so that an error of one is found by the other. What a command says
// must be a refusal in words, and whatever it says, a word that only the host
// knows (the canary) must not be in it.

// A line is typed.
type line struct {
	escape int
	typed  string
	says   string // pattern of all that it must say
	status int    // of its end; anyFailure or anyEnd
}

const (
	anyFailure = -1
	anyEnd     = -2
)

// Refusals in the words of many programs and of the kernel.
const (
	notThere  = `No such file or directory|No such process`
	forbidden = `Operation not permitted|Permission denied|Read-only file system|must be superuser|must be root|Not a directory`
	refused   = notThere + `|` + forbidden + `|not found`
	noWay     = `Connection refused|Network is unreachable|Couldn't connect|Failed to connect|Could not connect`
)

// shell is a terminal in which somebody types.
type shell struct {
	t    *testing.T
	conn *websocket.Conn
	seen string // since the last prompt
	all  strings.Builder
}

// done is the prompt: no echo of a command looks like it.
var done = regexp.MustCompile(`<done (\d+)>\r?\n`)

// shellBench is a sandbox with the real agent.
func shellBench(t *testing.T, b *bench, path string) *bench {
	t.Helper()
	code, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := *b
	if s.program, err = sandbox.NewProgram(code); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.program.Close() })
	s.sandbox, err = sandbox.Open(t.Context(), sandbox.Options{Mode: b.sandbox.Mode(), Program: s.program, Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	return &s
}

// connect says hello to the real agent.
func (p *project) connect() *agent.Client {
	p.t.Helper()
	client, err := agent.Dial(p.t.Context(), p.socket, agent.Hello{Project: "test", Secret: agentSecret, Generation: 1})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = client.Close() })
	return client
}

// openShell opens a terminal in which answers can be told apart.
func (p *project) openShell(c *agent.Client, id string) *shell {
	p.t.Helper()
	s := p.dialShell(c, id)
	s.plain()
	return s
}

func (p *project) dialShell(c *agent.Client, id string) *shell {
	p.t.Helper()
	conn, err := c.DialTerminal(p.t.Context(), id, url.Values{
		"from": {"0"}, "viewer": {id}, "name": {"Mallory"}, "write": {"1"}, "create": {"1"}, "cols": {"200"}, "rows": {"50"},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.Close() })
	return &shell{t: p.t, conn: conn}
}

// plain gets rid of all that disturbs: the editor of lines, the echo, colours.
func (s *shell) plain() {
	s.t.Helper()
	s.enter(`stty -echo; exec bash --norc --noprofile --noediting`)
	s.enter(`PS1='\n<done $?>\n'; PS2=`)
	s.answer()
}

func (s *shell) enter(text string) {
	s.t.Helper()
	if err := s.conn.WriteMessage(websocket.BinaryMessage, []byte(text+"\n")); err != nil {
		s.t.Fatal(err)
	}
}

// answer returns what was said before the next prompt, and the status.
func (s *shell) answer() (said string, status int) {
	s.t.Helper()
	m := s.until(done)
	status, _ = strconv.Atoi(s.seen[m[2]:m[3]])
	said = s.seen[:m[0]]
	s.seen = s.seen[m[1]:]
	return strings.TrimSpace(said), status
}

// until reads until something has been said.
func (s *shell) until(pattern *regexp.Regexp) []int {
	s.t.Helper()
	if err := s.conn.SetReadDeadline(time.Now().Add(answerTime)); err != nil {
		s.t.Fatal(err)
	}
	for {
		if m := pattern.FindStringSubmatchIndex(s.seen); m != nil {
			return m
		}
		kind, data, err := s.conn.ReadMessage()
		if err != nil {
			s.t.Fatalf("waiting for %q: %v\n%s", pattern, err, s.seen)
		}
		if kind == websocket.BinaryMessage {
			s.seen += string(data)
			s.all.Write(data)
		}
	}
}

// testShell types everything and judges.
func testShell(t *testing.T, b *bench, host Host, g *ground) {
	sb := shellBench(t, b, host.Agent)
	g.plant(t, sb)
	p := sb.start(t)
	client := p.connect()
	s := p.openShell(client, "first")
	byEscape := map[int][]line{}
	for _, l := range lines(g, p, host) {
		byEscape[l.escape] = append(byEscape[l.escape], l)
	}
	for _, n := range slices.Sorted(maps.Keys(byEscape)) {
		b.try(t, n, "typed_in_a_terminal", func(t *testing.T) {
			for _, l := range byEscape[n] {
				s.try(t, l)
			}
		})
		b.column.note(n, len(byEscape[n])-1, Kept)
	}
	b.try(t, 1, "file_service_stays_inside", func(t *testing.T) { testFileService(t, client, s) })
	b.try(t, 10, "bomb_typed_in_a_terminal", func(t *testing.T) { testTypedBomb(t, p, client, s) })
	b.try(t, 1, "nothing_of_the_host_was_said", func(t *testing.T) {
		if strings.Contains(s.all.String(), g.canary) {
			t.Errorf("a terminal has shown what only the host knows")
		}
	})
	b.try(t, 8, "host_is_as_before", g.check)
	b.try(t, 11, "stop_ends_what_was_typed", func(t *testing.T) { testTypedEnd(t, p, s) })
}

// try types one line and judges what it says.
func (s *shell) try(t *testing.T, l line) {
	t.Helper()
	s.enter("cd; " + l.typed)
	said, status := s.answer()
	switch {
	case l.status == anyFailure && status == 0, l.status >= 0 && status != l.status:
		t.Errorf("%s\n\tended with %d: %q", l.typed, status, said)
	case !regexp.MustCompile(`(?s)^(` + l.says + `)$`).MatchString(said):
		t.Errorf("%s\n\tsaid %q, want %s", l.typed, said, l.says)
	}
}

// beside are the processes that do not count: the agent and programs on their way
// to the bound.
const beside = 10

// Whatever a student puts into his home, by the page nothing outside of it is
// listed, read or written.
func testFileService(t *testing.T, c *agent.Client, s *shell) {
	s.enter(`cd; mkdir /tmp/o; echo out > /tmp/o/f; ln -s /etc e; ln -s /etc/passwd p; ln -s /tmp/o o; ln -s ../../tmp/o/f up; ln -s /proc/1 one`)
	s.answer()
	ctx := t.Context()
	for _, path := range []string{"e/passwd", "p", "o/f", "up", "one/environ", "one/mem"} {
		_, _, down := c.Open(ctx, path)
		_, read := c.ReadDocument(ctx, path, 0)
		_, write := c.WriteDocument(ctx, path, []byte("x"), files.Expect{Absent: true})
		for i, err := range []error{down, read, write} {
			if !app.IsKind(err, app.Denied) {
				t.Errorf("%s, method %d: %v", path, i, err)
			}
		}
	}
	for _, path := range []string{"e", "o", "one", "one/fd"} {
		_, list := c.List(ctx, path)
		_, up := c.Upload(ctx, path+"/new", true, strings.NewReader("x"))
		_, create := c.CreateFile(ctx, path+"/new")
		_, from := c.Rename(ctx, path+"/f", "mine")
		for i, err := range []error{list, up, create, from, c.Remove(ctx, path+"/f")} {
			if !app.IsKind(err, app.Denied) && !app.IsKind(err, app.NotFound) {
				t.Errorf("%s, method %d: %v", path, i, err)
			}
		}
	}
	for _, path := range []string{"..", "../..", "/etc", "a/../../.."} {
		if _, err := c.List(ctx, path); !app.IsKind(err, app.Invalid) {
			t.Errorf("list %s: %v", path, err)
		}
	}
	s.enter(`cat /tmp/o/*; rm -r /tmp/o e p o up one`)
	if said, status := s.answer(); said != "out" || status != 0 {
		t.Errorf("outside of the home is now %q", said)
	}
}

// A fork bomb in one terminal: another one opens and answers, and ends it.
func testTypedBomb(t *testing.T, p *project, c *agent.Client, s *shell) {
	// Where the project had no bound the bomb would take the machine of the test:
	// it has one of its own, far above.
	s.enter(`ulimit -u 600; :(){ :|:& };:`)
	s.until(regexp.MustCompile(`Resource temporarily unavailable`))
	other := p.dialShell(c, "second")
	// Only what bash does itself: there is no room for a program.
	other.enter(`set -- /proc/[0-9]*; echo there are $(($#)); kill -9 -1; echo ended $((6*7))`)
	m := other.until(regexp.MustCompile(`(?s)there are (\d+).*ended 42`))
	if n, _ := strconv.Atoi(other.seen[m[2]:m[3]]); n > int(limits.Processes)+beside {
		t.Errorf("the bomb had %d processes, at most %d", n, limits.Processes)
	}
	other.plain()
	s.conn, s.seen = other.conn, ""
	for range 500 { // each takes some milliseconds; those who end need a moment
		s.enter(`/bin/echo room`)
		if said, _ := s.answer(); said == "room" {
			return
		}
	}
	t.Error("after the end of a fork bomb there is no room for a program")
}

// The end of a project ends what its student has left behind.
func testTypedEnd(t *testing.T, p *project, s *shell) {
	s.enter(`(setsid nohup sleep 98765 >/dev/null 2>&1 &); until cat /proc/[0-9]*/cmdline | tr '\0' ' ' | grep -q 'sleep 9876[5]'; do sleep 0.01; done`)
	s.answer() // it is there
	if err := p.process.Kill(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		if data, _ := os.ReadFile(name); strings.Contains(string(data), "sleep\x0098765") {
			t.Errorf("%s is left", name)
		}
	}
}

// canaryFile is the name of files that only the host has.
const canaryFile = "lyceum-canary"

// ground is what the host has and knows, to be compared afterwards.
type ground struct {
	canary string
	files  map[string]string // of the host, with what they must still say
}

// newGround looks at the host before anything is started on it.
func newGround(t *testing.T) *ground {
	t.Helper()
	g := &ground{canary: fmt.Sprintf("canary-%d-%d", os.Getpid(), time.Now().UnixNano()), files: map[string]string{}}
	for _, name := range []string{"/etc/passwd", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/vm/overcommit_memory"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		g.files[name] = string(data)
	}
	return g
}

// plant puts what only the host knows where a project might find it: into files,
// another project, the environment.
func (g *ground) plant(t *testing.T, b *bench) {
	t.Helper()
	other := b.start(t)
	t.Setenv("LYCEUM_TEST_CANARY", g.canary)
	shm, errShm := os.MkdirTemp("/dev/shm", "lyceum-test-")
	tmp, errTmp := os.MkdirTemp("", "lyceum-test-")
	if err := errors.Join(errShm, errTmp); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(os.RemoveAll(shm), os.RemoveAll(tmp)) })
	for _, folder := range []string{shm, tmp, b.base, other.home} {
		name := filepath.Join(folder, canaryFile)
		if err := os.WriteFile(name, []byte(g.canary+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		g.files[name] = g.canary + "\n"
	}
}

// check compares.
func (g *ground) check(t *testing.T) {
	now := map[string]string{}
	for name := range g.files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
		}
		now[name] = string(data)
	}
	if !maps.Equal(now, g.files) {
		t.Errorf("of the host is now %q, was %q", now, g.files)
	}
	if info, err := os.Stat("/dev/null"); err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("/dev/null is %v, %v", info, err)
	}
}
