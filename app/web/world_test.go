package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/auth"
	"lyceum/app/memstore"
	"lyceum/app/query"
	"lyceum/app/schema"
	"lyceum/app/web"
	"lyceum/app/wire"
)

// world is a real server over memory, without projects that run: those are
// played by disk.
type world struct {
	t        *testing.T
	store    app.Store
	engine   *query.Engine
	access   *access.Index
	auth     *auth.Auth
	server   *httptest.Server
	web      *web.Server
	projects *fakeProjects
	base     string // URL with the base path
	stop     func() // ends the server; the test does at its end
	people   map[string]*person
}

// patience is how long a test waits for what has to happen at once: more than a
// busy machine needs, since only a failure waits for all of it.
const patience = 20 * time.Second

func newWorld(t *testing.T, basePath string, change ...func(*web.Options)) *world {
	t.Helper()
	return worldOn(t, memstore.New(schema.Tables()), basePath, change...)
}

// worldOn is a world on a durable store.
func worldOn(t *testing.T, store app.Store, basePath string, change ...func(*web.Options)) *world {
	t.Helper()
	w := &world{t: t, store: store, projects: newFakeProjects(t), people: map[string]*person{}}
	var err error
	if w.access, err = access.Open(t.Context(), w.store); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	ephemeral := memstore.New(schema.Ephemeral())
	engine, err := query.New(query.Options{Durable: w.store, Ephemeral: ephemeral, Access: w.access, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	w.engine = engine
	w.auth = auth.New(w.store, log)
	o := web.Options{
		BasePath: basePath, Version: "test", Auth: w.auth, Access: w.access, Tables: engine,
		Projects: w.projects, Pages: testPages(t), Log: log,
	}
	for _, c := range change {
		c(&o)
	}
	w.web = web.New(o)
	// Background: the server ends after the test's own context.
	ctx, stop := context.WithCancel(context.Background())
	w.server = httptest.NewUnstartedServer(w.web.Handler())
	w.server.Config.BaseContext = nil
	w.server.Config.ConnContext = nil
	w.server.Config.Handler = withContext(ctx, w.web.Handler())
	w.server.Start()
	w.base = w.server.URL + basePath
	w.stop = sync.OnceFunc(func() {
		stop()
		w.server.Close()
		end, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := w.web.Wait(end); err != nil {
			t.Errorf("requests still under way: %v", err)
		}
		engine.Close()
		w.access.Close()
	})
	t.Cleanup(w.stop)
	return w
}

// withContext ends requests with ctx, as the base context of a server does.
func withContext(ctx context.Context, h http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		bounded, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		h.ServeHTTP(rw, r.WithContext(bounded))
	})
}

func testPages(t *testing.T) fstest.MapFS {
	t.Helper()
	pack := func(text string) *fstest.MapFile {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return &fstest.MapFile{Data: b.Bytes()}
	}
	return fstest.MapFS{
		"index.html.gz":         pack("<!doctype html><html><head><title>Lyceum</title></head></html>"),
		"assets/main-abc.js.gz": pack("console.log(1)"),
		"icon.svg.gz":           pack("<svg/>"),
	}
}

// person is an account with a session, or nobody.
type person struct {
	w         *world
	id, token string
}

func (w *world) put(table, id string, row app.Row) {
	w.t.Helper()
	if _, err := w.store.Write(w.t.Context(), app.Write{Table: table, ID: id, Row: row, IfRev: app.AnyRev}); err != nil {
		w.t.Fatal(err)
	}
}

// person makes an account and signs it in, without the cost of a password.
func (w *world) person(id string) *person {
	w.t.Helper()
	w.put("accounts", id, app.Row{"id": id, "name": strings.ToUpper(id[:1]) + id[1:], "administrator": false, "created": int64(1)})
	w.put("emails", id+"@example.org", app.Row{"address": id + "@example.org", "account_id": id, "created": int64(1)})
	link, err := w.auth.SignInLink(w.t.Context(), id+"@example.org")
	if err != nil {
		w.t.Fatal(err)
	}
	in, err := w.auth.SignInByLink(w.t.Context(), auth.From{}, link)
	if err != nil {
		w.t.Fatal(err)
	}
	return &person{w, id, in.Token}
}

func (w *world) nobody() *person { return &person{w: w} }

// project sets who is in a project.
func (w *world) project(id string, users map[string]string) {
	w.t.Helper()
	roles := app.Row{}
	for account, role := range users {
		roles[account] = app.Row{"role": role, "since": int64(1)}
	}
	w.put("projects", id, app.Row{
		"id": id, "title": "Graphs", "description": "", "users": roles, "created": int64(1), "last_edited": int64(1),
		"state": app.Row{"state": "running", "since": int64(1)},
	})
}

// request makes a request of a page.
func (p *person) request(method, path string, body io.Reader) *http.Request {
	p.w.t.Helper()
	r, err := http.NewRequestWithContext(p.w.t.Context(), method, p.w.base+path, body)
	if err != nil {
		p.w.t.Fatal(err)
	}
	if p.token != "" {
		r.AddCookie(&http.Cookie{Name: "lyceum_session", Value: p.token})
	}
	return r
}

// do sends a request and returns the answer, read.
func (p *person) do(r *http.Request) (*http.Response, string) {
	p.w.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		p.w.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		p.w.t.Fatalf("%s %s: %v after %q", r.Method, r.URL, err, data)
	}
	return resp, string(data)
}

func (p *person) get(path string) (*http.Response, string) {
	p.w.t.Helper()
	return p.do(p.request(http.MethodGet, path, nil))
}

func (p *person) post(path string, body map[string]string) (*http.Response, string) {
	p.w.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		p.w.t.Fatal(err)
	}
	r := p.request(http.MethodPost, path, bytes.NewReader(data))
	r.Header.Set("Content-Type", "application/json")
	return p.do(r)
}

// dial opens a WebSocket that closes with the test.
func (p *person) dial(path string, header http.Header, protocols ...string) (*websocket.Conn, *http.Response, error) {
	p.w.t.Helper()
	conn, resp, err := p.connect(path, header, protocols...)
	if conn != nil {
		p.w.t.Cleanup(func() { _ = conn.Close() })
	}
	return conn, resp, err
}

// connect opens a WebSocket that the test closes.
func (p *person) connect(path string, header http.Header, protocols ...string) (*websocket.Conn, *http.Response, error) {
	p.w.t.Helper()
	u, err := url.Parse(p.w.base + path)
	if err != nil {
		p.w.t.Fatal(err)
	}
	u.Scheme = "ws"
	if header == nil {
		header = http.Header{}
	}
	if p.token != "" {
		header.Set("Cookie", "lyceum_session="+p.token)
	}
	d := websocket.Dialer{Subprotocols: protocols, HandshakeTimeout: patience}
	conn, resp, err := d.DialContext(p.w.t.Context(), u.String(), header)
	if conn != nil {
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			p.w.t.Fatal(err)
		}
	}
	return conn, resp, err
}

// tab is a page's connection to the tables.
type tab struct {
	t         *testing.T
	conn      *websocket.Conn
	codec     wire.Codec
	said, got wire.Numbers
}

// tab connects and says hello.
func (p *person) tab(codec wire.Codec) *tab {
	p.w.t.Helper()
	conn, _, err := p.dial("ws", nil, codec.Protocol)
	if err != nil {
		p.w.t.Fatal(err)
	}
	return p.greet(conn, codec)
}

// greet says hello.
func (p *person) greet(conn *websocket.Conn, codec wire.Codec) *tab {
	p.w.t.Helper()
	tb := &tab{t: p.w.t, conn: conn, codec: codec}
	tb.send(wire.ClientHello{Version: wire.Version})
	hello, ok := tb.next().(wire.ServerHello)
	if !ok || hello.AccountID != p.id || hello.Server != "lyceum test" || hello.ConnectionID == "" {
		p.w.t.Fatalf("hello is %+v", hello)
	}
	return tb
}

func (tb *tab) send(m wire.Message) {
	tb.t.Helper()
	data, err := tb.codec.Encode(m)
	if err != nil {
		tb.t.Fatal(err)
	}
	tb.raw(data)
}

func (tb *tab) raw(data []byte) {
	tb.t.Helper()
	kind := websocket.TextMessage
	if tb.codec.Binary {
		kind = websocket.BinaryMessage
		data = tb.said.Frame(data)
	}
	if err := tb.conn.WriteMessage(kind, data); err != nil {
		tb.t.Fatal(err)
	}
}

// heard waits for the next message, as it travels.
func (tb *tab) heard() []byte {
	tb.t.Helper()
	if err := tb.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		tb.t.Fatal(err)
	}
	_, data, err := tb.conn.ReadMessage()
	if err == nil && tb.codec.Binary {
		data, err = tb.got.Take(data)
	}
	if err != nil {
		tb.t.Fatal(err)
	}
	return data
}

func (tb *tab) next() wire.Message {
	tb.t.Helper()
	data := tb.heard()
	m, err := tb.codec.DecodeServer(data)
	if err != nil {
		tb.t.Fatalf("%v in %q", err, data)
	}
	return m
}

// closed reads until the socket is closed and returns the code.
func closed(t *testing.T, conn *websocket.Conn) int {
	t.Helper()
	for {
		_, _, err := conn.ReadMessage()
		if err == nil {
			continue
		}
		end, ok := err.(*websocket.CloseError)
		if !ok {
			t.Fatalf("socket ended with %v", err)
		}
		return end.Code
	}
}
