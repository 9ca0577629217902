package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
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
	t          testing.TB
	data       string
	base, link string
	figures    string // where they are, if they were asked for
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

var figures = regexp.MustCompile(`(?m)^Figures for Prometheus are at (\S+)$`)

// open starts a server on a data directory, with further settings.
func open(t testing.TB, data string, args ...string) *lab {
	t.Helper()
	none := func(string) string { return "" }
	args = append([]string{"--data", data, "--listen", "127.0.0.1:0", "--isolation", "none", "--base-path", "/lyceum"}, args...)
	cfg, err := config.Load(args, none)
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
		ended <- err // stop waits for it
		t.Fatalf("the server ended with %v\n%s", err, log)
	}
	m := ready.FindStringSubmatch(out.String())
	if m == nil {
		t.Fatalf("printed %q", out)
	}
	l.base, l.link = m[1], m[2]
	if m := figures.FindStringSubmatch(out.String()); m != nil {
		l.figures = m[1]
	}
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
	l.signUpAs(l.link, "Ada")
}

// signUpAs makes an account with a link.
func (l *lab) signUpAs(link, name string) {
	l.t.Helper()
	_, token, _ := strings.Cut(link, "#token=")
	body, err := json.Marshal(map[string]string{"token": token, "email": strings.ToLower(name) + "@example.org", "password": "correct horse", "name": name})
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
	t    testing.TB
	conn *websocket.Conn
	id   int64

	said, got wire.Numbers
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
	if err := tb.conn.WriteMessage(websocket.BinaryMessage, tb.said.Frame(data)); err != nil {
		tb.t.Fatal(err)
	}
}

func (tb *tab) next() wire.Message {
	tb.t.Helper()
	_, data, err := tb.conn.ReadMessage()
	if err != nil {
		tb.t.Fatal(err)
	}
	if data, err = tb.got.Take(data); err != nil {
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
	m := tb.next()
	a, ok := m.(wire.Answer)
	if !ok {
		tb.t.Fatalf("set of %s: %+v", table, m)
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

// openDocument opens a file as an editor does.
func (tb *tab) openDocument(project, path string) (document string, update []byte) {
	tb.t.Helper()
	tb.id++
	tb.send(wire.Ask{ID: tb.id, Query: app.Row{"document_states": app.Row{
		"project_id": project, "path": path, "document_id": nil, "update": nil, "seq": nil,
	}}})
	m := tb.next()
	a, ok := m.(wire.Answer)
	if !ok || a.Row == nil {
		tb.t.Fatalf("open %s: %+v", path, m)
	}
	document, _ = a.Row["document_id"].(string)
	update, _ = a.Row["update"].([]byte)
	return document, update
}

// edit puts a line before the text of a file.
func (tb *tab) edit(project, path, text string) {
	tb.t.Helper()
	document, update := tb.openDocument(project, path)
	doc := yjs.New()
	if err := doc.ApplyUpdate(update, "server"); err != nil {
		tb.t.Fatal(err)
	}
	mine := doc.Transact("test", func() { doc.Text("content").Insert(0, text) })
	tb.set("patches", app.Row{
		"document_id": document, "origin": "tab1", "n_from": int64(1), "n": int64(1), "update": mine,
	})
}

// typed types into a terminal and reads until a text comes.
func typed(t testing.TB, shell *websocket.Conn, keys, want string) {
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
