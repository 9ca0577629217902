package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/app/config"
	"lyceum/app/server"
	"lyceum/app/wire"
	"lyceum/app/yjs"
	"lyceum/projects"
)

// patience is how long a test waits for what has to happen at once; only a
// failure waits for all of it.
const patience = 30 * time.Second

// lab is a server in this process, all parts real; projects are not isolated, so
// that no right is needed.
type lab struct {
	t          *testing.T
	data       string
	base, link string
	cookie     string
	stop       func()
}

// output waits for what a server prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

var ready = regexp.MustCompile(`(?m)^Lyceum is ready at (\S+)$(?:\nMake the first account: (\S+)$)?`)

// open starts a server on a data directory.
func open(t *testing.T, data string) *lab {
	t.Helper()
	none := func(string) string { return "" }
	cfg, err := config.Load([]string{"--data", data, "--listen", "127.0.0.1:0", "--isolation", "none", "--base-path", "/lyceum"}, none)
	if err != nil {
		t.Fatal(err)
	}
	// Background: the server ends when the test says so, not before its clean-up.
	ctx, cancel := context.WithCancel(context.Background())
	out, log := &output{more: make(chan struct{}, 1)}, &output{more: make(chan struct{}, 1)}
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, cfg, "test", out, log) }()
	l := &lab{t: t, data: data}
	l.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
		if t.Failed() {
			t.Logf("log of the server:\n%s", log)
		}
	})
	t.Cleanup(func() {
		l.stop()
		if _, err := projects.StopAll(context.Background(), data); err != nil {
			t.Errorf("agents are left: %v", err)
		}
	})
	select {
	case <-out.more:
	case err := <-ended:
		t.Fatalf("the server ended with %v\n%s", err, log)
	}
	m := ready.FindStringSubmatch(out.String())
	if m == nil {
		t.Fatalf("printed %q", out)
	}
	l.base, l.link = m[1], m[2]
	return l
}

func (l *lab) request(method, path string, body io.Reader) (int, string, *http.Response) {
	l.t.Helper()
	r, err := http.NewRequestWithContext(l.t.Context(), method, l.base+path, body)
	if err != nil {
		l.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if l.cookie != "" {
		r.Header.Set("Cookie", l.cookie)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return resp.StatusCode, string(data), resp
}

// signUp makes the first account.
func (l *lab) signUp() {
	l.t.Helper()
	_, token, _ := strings.Cut(l.link, "#token=")
	body, err := json.Marshal(map[string]string{"token": token, "email": "ada@example.org", "password": "correct horse", "name": "Ada"})
	if err != nil {
		l.t.Fatal(err)
	}
	code, text, resp := l.request(http.MethodPost, "auth/sign-up", bytes.NewReader(body))
	if code != http.StatusOK {
		l.t.Fatalf("sign up: %d %s", code, text)
	}
	l.cookie, _, _ = strings.Cut(resp.Header.Get("Set-Cookie"), ";")
}

func (l *lab) dial(path string, protocols ...string) *websocket.Conn {
	l.t.Helper()
	d := websocket.Dialer{Subprotocols: protocols, HandshakeTimeout: patience}
	conn, _, err := d.DialContext(l.t.Context(), "ws"+strings.TrimPrefix(l.base, "http")+path, http.Header{"Cookie": {l.cookie}})
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		l.t.Fatal(err)
	}
	return conn
}

// tab is a connection to the tables.
type tab struct {
	t    *testing.T
	conn *websocket.Conn
	id   int64
}

func (l *lab) tab() *tab {
	l.t.Helper()
	tb := &tab{t: l.t, conn: l.dial("ws", wire.ProtocolCBOR)}
	tb.send(wire.ClientHello{Version: wire.Version})
	tb.next()
	return tb
}

func (tb *tab) send(m wire.Message) {
	tb.t.Helper()
	data, err := wire.CBOR.Encode(m)
	if err != nil {
		tb.t.Fatal(err)
	}
	if err := tb.conn.WriteMessage(websocket.BinaryMessage, data); err != nil {
		tb.t.Fatal(err)
	}
}

func (tb *tab) next() wire.Message {
	tb.t.Helper()
	_, data, err := tb.conn.ReadMessage()
	if err != nil {
		tb.t.Fatal(err)
	}
	m, err := wire.CBOR.DecodeServer(data)
	if err != nil {
		tb.t.Fatal(err)
	}
	return m
}

// set sets and returns the row that is answered.
func (tb *tab) set(table string, row app.Row) app.Row {
	tb.t.Helper()
	tb.id++
	tb.send(wire.Ask{ID: tb.id, Query: app.Row{table: row}, Request: app.NewID()})
	a, ok := tb.next().(wire.Answer)
	if !ok {
		tb.t.Fatalf("set of %s: %+v", table, a)
	}
	return a.Row
}

// until watches a row until ok is true of it.
func (tb *tab) until(table string, shape app.Row, ok func(app.Row) bool) {
	tb.t.Helper()
	tb.id++
	id := tb.id
	tb.send(wire.Ask{ID: id, Query: app.Row{table: []any{shape}}, Options: app.Row{"changes": true}})
	row := app.Row{}
	for !ok(row) {
		switch m := tb.next().(type) {
		case wire.Answer:
			for _, r := range m.Rows {
				row = r
			}
		case wire.Changes:
			for _, c := range m.Changes {
				for name, v := range c.NewVal {
					row[name] = v
				}
			}
		default:
			tb.t.Fatalf("watch of %s: %+v", table, m)
		}
	}
	tb.send(wire.Cancel{ID: id})
	tb.send(wire.Ping{})
	for {
		if _, over := tb.next().(wire.Pong); over {
			return
		}
	}
}

func state(want string) func(app.Row) bool {
	return func(row app.Row) bool {
		s, _ := row["state"].(app.Row)
		return s["state"] == want
	}
}

func stateShape(id any) app.Row {
	return app.Row{"id": id, "state": app.Row{"state": nil, "since": nil, "error": nil}}
}

// The main job in short, over the wire that a browser speaks: a project starts, a
// file goes in, is edited, is read in a terminal and comes out; then the server
// restarts, and the same shell is still there.
func TestADayInTheLab(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "data"))
	l.signUp()
	tb := l.tab()
	project, _ := tb.set("projects", app.Row{"id": "new", "title": "Graphs"})["id"].(string)
	tb.set("projects", app.Row{"id": project, "action_request": app.Row{"action": "start"}})
	tb.until("projects", stateShape(project), state("running"))

	files := "api/projects/" + project + "/files/"
	if code, text, _ := l.request(http.MethodPut, files+"a.tex", strings.NewReader("one\n")); code != http.StatusOK {
		t.Fatalf("upload: %d %s", code, text)
	}
	tb.edit(project, "a.tex", "two\n")
	terminal, _ := tb.set("terminals", app.Row{"id": "new", "project_id": project, "title": "Terminal"})["id"].(string)
	socket := "api/projects/" + project + "/terminals/" + terminal + "/socket"
	shell := l.dial(socket)
	typed(t, shell, "NAME=lovelace; until grep two a.tex; do sleep 0.1; done; echo he''llo\r", "hello")
	if code, text, _ := l.request(http.MethodGet, files+"a.tex", nil); code != http.StatusOK || text != "two\none\n" {
		t.Errorf("download: %d %q", code, text)
	}

	l.stop()
	cookie := l.cookie
	l = open(t, l.data)
	if l.link != "" {
		t.Errorf("with an account the server prints %s", l.link)
	}
	l.cookie = cookie
	tb = l.tab()
	tb.until("projects", stateShape(project), state("running"))
	typed(t, l.dial(socket), "echo still:$NAME\r", "still:lovelace")
	tb.set("projects", app.Row{"id": project, "action_request": app.Row{"action": "stop"}})
	tb.until("projects", stateShape(project), state("stopped"))
}

// edit puts a line before the text of a file, as an editor does.
func (tb *tab) edit(project, path, text string) {
	tb.t.Helper()
	tb.id++
	tb.send(wire.Ask{ID: tb.id, Query: app.Row{"document_states": app.Row{
		"project_id": project, "path": path, "document_id": nil, "update": nil, "seq": nil,
	}}})
	a, ok := tb.next().(wire.Answer)
	if !ok || a.Row == nil {
		tb.t.Fatalf("open: %+v", a)
	}
	doc := yjs.New()
	update, _ := a.Row["update"].([]byte)
	if err := doc.ApplyUpdate(update, "server"); err != nil {
		tb.t.Fatal(err)
	}
	mine := doc.Transact("test", func() { doc.Text("content").Insert(0, text) })
	tb.set("patches", app.Row{
		"document_id": a.Row["document_id"], "origin": "tab1", "n_from": int64(1), "n": int64(1), "update": mine,
	})
}

// typed types into a terminal and reads until a text comes.
func typed(t *testing.T, shell *websocket.Conn, keys, want string) {
	t.Helper()
	if err := shell.WriteMessage(websocket.BinaryMessage, []byte(keys)); err != nil {
		t.Fatal(err)
	}
	var seen strings.Builder
	for !strings.Contains(seen.String(), want) {
		kind, data, err := shell.ReadMessage()
		if err != nil {
			t.Fatalf("%v after %q", err, seen.String())
		}
		if kind == websocket.BinaryMessage {
			seen.Write(data)
		}
	}
}

// The path of a unix socket has a bound that a data directory may exceed.
func TestADataDirectoryMayHaveALongPath(t *testing.T) {
	data := filepath.Join(t.TempDir(), strings.Repeat("long/", 40), "data")
	l := open(t, data)
	l.signUp()
	none := func(string) string { return "" }
	cfg, err := config.Load([]string{"--data", data}, none)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := server.AdminLink(t.Context(), cfg, "ada@example.org", &out); err != nil {
		t.Fatal(err)
	}
	link, token, _ := strings.Cut(strings.TrimSpace(out.String()), "sign-in#token=")
	if link != l.base {
		t.Errorf("link is %s", out.String())
	}
	code, text, _ := l.request(http.MethodPost, "auth/link", strings.NewReader(`{"token":"`+token+`"}`))
	if code != http.StatusOK {
		t.Errorf("the link does not sign in: %d %s", code, text)
	}
	info, err := os.Stat(filepath.Join(data, "run", "admin.sock"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket has mode %v, %v", info.Mode(), err)
	}
}
