package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/projects"
)

var binary = flag.String("lyceum", "../../bin/lyceum", "the executable that make bench measures")

// table collects what is printed.
type table struct{ rows [][3]string }

func (t *table) add(what, value, compared string) {
	t.rows = append(t.rows, [3]string{what, value, compared})
}

func (t *table) print() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "measured\there\tcompared with")
	for _, r := range t.rows {
		fmt.Fprintln(w, strings.Join(r[:], "\t"))
	}
	_ = w.Flush() // of the console
}

// BenchmarkLyceum measures the executable from outside and prints a table. It
// is one run, whatever b.N says, and judges nothing.
func BenchmarkLyceum(b *testing.B) {
	var t table
	data := filepath.Join(b.TempDir(), "data")
	l, took, pid := startBinary(b, data)
	t.add("start to first answer", took.Round(time.Millisecond).String(), "")
	<-time.After(2 * time.Second) // until it is idle
	t.add("memory of the server, idle", memory(b, pid), "")
	l.signUp()
	t.add("executable", megabytes(b, *binary), "")
	t.add("first load, compressed", l.firstLoad(), "")

	project, prompt := l.prompts(5)
	sandbox, with := bareShell(b)
	t.add("project start to shell prompt", prompt.Round(time.Millisecond).String(), fmt.Sprintf("%v, %s", sandbox.Round(time.Millisecond), with))
	ours, theirs := l.flood(project), floodScript(b)
	t.add("cat of 100 MB in a terminal", ours.Round(time.Millisecond).String(), fmt.Sprintf("%v, script -c", theirs.Round(time.Millisecond)))
	for _, size := range []struct{ people, documents int }{{2, 1}, {50, 10}} {
		p50, p99, n := l.keys(project, size.people, size.documents)
		t.add(fmt.Sprintf("key to another socket, %d people, %d documents", size.people, size.documents),
			fmt.Sprintf("p50 %v, p99 %v", p50.Round(100*time.Microsecond), p99.Round(100*time.Microsecond)), fmt.Sprintf("%d keys seen", n))
	}
	t.add("memory of the server, after all this", memory(b, pid), "")
	t.print()
}

// startBinary starts the executable and returns how long its first page took.
func startBinary(b *testing.B, data string) (*lab, time.Duration, int) {
	b.Helper()
	cmd := exec.Command(*binary, "serve", "--data", data, "--listen", "127.0.0.1:0")
	out, log := &output{more: make(chan struct{}, 1)}, &output{more: make(chan struct{}, 1)}
	cmd.Stdout, cmd.Stderr = out, log
	at := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatalf("%v; run make build", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	l := &lab{t: b, data: data}
	b.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // or it has ended
		<-ended
		if _, err := projects.StopAll(context.Background(), data); err != nil {
			b.Errorf("agents are left: %v", err)
		}
	})
	select {
	case <-out.more:
	case err := <-ended:
		b.Fatalf("the server ended with %v\n%s", err, log)
	}
	m := ready.FindStringSubmatch(out.String())
	if m == nil {
		b.Fatalf("printed %q", out)
	}
	l.base, l.link = m[1], m[2]
	if code, text, _ := l.request(http.MethodGet, "", nil); code != http.StatusOK {
		b.Fatalf("first page: %d %s", code, text)
	}
	return l, time.Since(at), cmd.Process.Pid
}

var resident = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

func memory(b *testing.B, pid int) string {
	b.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	m := resident.FindSubmatch(data)
	if m == nil {
		b.Fatalf("no VmRSS in %s", data)
	}
	var kib int
	if _, err := fmt.Sscan(string(m[1]), &kib); err != nil {
		b.Fatal(err)
	}
	return fmt.Sprintf("%.1f MiB", float64(kib)/1024)
}

func megabytes(b *testing.B, path string) string {
	b.Helper()
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return fmt.Sprintf("%.1f MiB", float64(info.Size())/(1<<20))
}

var loads = regexp.MustCompile(`(?:src|href)="\./([^"]+)"`)

// firstLoad is the size of the page and all that it names, as it travels.
func (l *lab) firstLoad() string {
	l.t.Helper()
	_, page, _ := l.request(http.MethodGet, "", nil)
	total := l.compressed("")
	for _, m := range loads.FindAllStringSubmatch(page, -1) {
		total += l.compressed(m[1])
	}
	return fmt.Sprintf("%.1f KiB", float64(total)/1024)
}

func (l *lab) compressed(path string) int64 {
	l.t.Helper()
	r, err := http.NewRequestWithContext(l.t.Context(), http.MethodGet, l.base+path, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return n
}

// prompts starts projects and returns the last one, and how long it usually
// takes from the request to a shell that answers.
func (l *lab) prompts(times int) (project string, usual time.Duration) {
	l.t.Helper()
	tb := l.tab()
	var took []time.Duration
	for range times {
		project, _ = tb.set("projects", app.Row{"id": "new", "title": "Bench"})["id"].(string)
		at := time.Now()
		tb.set("projects", app.Row{"id": project, "action_request": app.Row{"action": "start"}})
		tb.until("projects", stateShape(project), state("running"))
		shell := l.shell(tb, project)
		typed(l.t, shell, "echo rea''dy\r", "ready")
		took = append(took, time.Since(at))
	}
	slices.Sort(took)
	return project, took[len(took)/2]
}

func (l *lab) shell(tb *tab, project string) *websocket.Conn {
	l.t.Helper()
	terminal, _ := tb.set("terminals", app.Row{"id": "new", "project_id": project, "title": "Bench"})["id"].(string)
	return l.dial("api/projects/" + project + "/terminals/" + terminal + "/socket?cols=80&rows=24")
}

// bareShell is the same without Lyceum: bwrap if it is installed, else sh.
func bareShell(b *testing.B) (time.Duration, string) {
	b.Helper()
	args, with := []string{"sh", "-c", "echo ready"}, "sh"
	if path, err := exec.LookPath("bwrap"); err == nil {
		args = append([]string{path, "--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"}, args...)
		with = "bwrap … sh"
	}
	at := time.Now()
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		b.Fatalf("%s: %v %s", with, err, out)
	}
	return time.Since(at), with
}

const floodBytes = 100_000_000

// flood prints 100 MB in a terminal and returns when a viewer has the end.
func (l *lab) flood(project string) time.Duration {
	l.t.Helper()
	shell := l.shell(l.tab(), project)
	typed(l.t, shell, fmt.Sprintf("yes %s | head -c %d > big; echo ma''de\r", strings.Repeat("0123456789", 7), floodBytes), "made")
	at := time.Now()
	if err := shell.WriteMessage(websocket.BinaryMessage, []byte("cat big; echo do''ne\r")); err != nil {
		l.t.Fatal(err)
	}
	if err := shell.SetReadDeadline(at.Add(5 * time.Minute)); err != nil {
		l.t.Fatal(err)
	}
	var tail []byte // enough to hold what is looked for
	for !bytes.Contains(tail, []byte("done")) {
		kind, data, err := shell.ReadMessage()
		if err != nil {
			l.t.Fatal(err)
		}
		if kind == websocket.BinaryMessage {
			tail = append(tail[max(0, len(tail)-8):], data...)
		}
	}
	return time.Since(at)
}

// floodScript is the same with script(1).
func floodScript(b *testing.B) time.Duration {
	b.Helper()
	path := filepath.Join(b.TempDir(), "big")
	line := strings.Repeat("0123456789", 7) + "\n"
	if err := os.WriteFile(path, []byte(strings.Repeat(line, floodBytes/len(line))), 0o600); err != nil {
		b.Fatal(err)
	}
	at := time.Now()
	cmd := exec.Command("script", "-qec", "cat "+path, "/dev/null")
	cmd.Stdout = io.Discard
	if err := cmd.Run(); err != nil {
		b.Fatalf("script: %v", err)
	}
	return time.Since(at)
}

// people signs up others and puts them into the project.
func (l *lab) people(project string, n int) []*lab {
	l.t.Helper()
	tb := l.tab()
	link, _ := tb.set("registration_tokens", app.Row{"id": "new", "max_uses": int64(n)})["link"].(string)
	_, token, _ := strings.Cut(link, "#token=")
	var all []*lab
	for range n {
		email := app.NewID() + "@example.org"
		body, err := json.Marshal(map[string]string{"token": token, "email": email, "password": "correct horse", "name": "P"})
		if err != nil {
			l.t.Fatal(err)
		}
		p := &lab{t: l.t, base: l.base}
		code, text, resp := p.request(http.MethodPost, "auth/sign-up", bytes.NewReader(body))
		if code != http.StatusOK {
			l.t.Fatalf("sign up: %d %s", code, text)
		}
		p.cookie, _, _ = strings.Cut(resp.Header.Get("Set-Cookie"), ";")
		tb.set("members", app.Row{"project_id": project, "email_address": email, "role": "editor"})
		all = append(all, p)
	}
	return all
}
