package terminal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/terminal"
	"lyceum/terminal/pty"
	"lyceum/terminal/pty/ptytest"
)

// project serves terminals as an agent does.
type project struct {
	*terminal.Sessions
	t   testing.TB
	url string
}

func serve(t testing.TB, start func(id string, size pty.Size) (pty.Process, error)) *project {
	t.Helper()
	return serveWith(t, terminal.Options{Start: start})
}

func serveWith(t testing.TB, o terminal.Options) *project {
	t.Helper()
	if o.ScratchDir == "" {
		o.ScratchDir = t.TempDir()
	}
	o.Log = slog.New(slog.DiscardHandler)
	sessions := terminal.NewSessions(o)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /terminals/{id}/attach", sessions.Attach)
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		if err := sessions.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("Close = %v", err)
		}
		server.Close()
	})
	return &project{sessions, t, "ws" + strings.TrimPrefix(server.URL, "http")}
}

// fakes starts fake shells; each is sent to the channel.
func fakes() (func(string, pty.Size) (pty.Process, error), chan *ptytest.Fake) {
	started := make(chan *ptytest.Fake, terminal.MaxSessions)
	return func(_ string, size pty.Size) (pty.Process, error) {
		f := ptytest.NewFake()
		f.Sizes <- size
		started <- f
		return f, nil
	}, started
}

// shell starts real ones.
func shell(argv ...string) func(string, pty.Size) (pty.Process, error) {
	return func(_ string, size pty.Size) (pty.Process, error) {
		return pty.Start(pty.Command{
			Argv: argv, Dir: "/", Size: size,
			Env: []string{"PATH=/usr/bin:/bin", "TERM=xterm-256color", "PS1=$ ", "HISTFILE=/dev/null", "LC_ALL=C.UTF-8"},
		})
	}
}

// tab is one viewer: what a browser would do, without a screen.
type tab struct {
	t      testing.TB
	conn   *websocket.Conn
	hello  terminal.Hello
	off    int64           // after the last byte
	all    strings.Builder // bytes seen
	unseen string          // bytes not yet expected
}

// message is any control frame.
type message struct {
	Op, Modes, Message, By, Signal, Reason string
	From, Live                             int64
	Cols, Rows                             int
	You, Write                             bool
	Code                                   *int
	ID                                     int
	Places                                 []*terminal.Place
}

const editor = "write=1&create=1&cols=80&rows=24"

func (p *project) dial(id, query string) (*websocket.Conn, *http.Response, error) {
	return websocket.DefaultDialer.Dial(fmt.Sprintf("%s/terminals/%s/attach?%s", p.url, id, query), nil)
}

func (p *project) open(id, query string) *tab {
	p.t.Helper()
	conn, _, err := p.dial(id, query)
	if err != nil {
		p.t.Fatal(err)
	}
	tab := &tab{t: p.t, conn: conn}
	p.t.Cleanup(func() { _ = conn.Close() }) // many tests close it themselves
	m := tab.control("hello")
	tab.hello = terminal.Hello{From: m.From, Live: m.Live, Cols: m.Cols, Rows: m.Rows, Write: m.Write}
	tab.off = m.From
	return tab
}

// next returns one frame: a control message, or bytes.
func (b *tab) next() (*message, string) {
	b.t.Helper()
	kind, data, err := b.conn.ReadMessage()
	if err != nil {
		b.t.Fatalf("tab closed: %v, after %q", err, tail(b.all.String()))
	}
	if kind == websocket.BinaryMessage {
		b.off += int64(len(data))
		b.all.Write(data)
		return nil, string(data)
	}
	m := &message{}
	if err := json.Unmarshal(data, m); err != nil {
		b.t.Fatalf("frame %q: %v", data, err)
	}
	if m.Op == "gap" {
		b.off = m.From
	}
	return m, ""
}

// control waits for a control message with this op; bytes before it are unseen.
func (b *tab) control(op string) message {
	b.t.Helper()
	for {
		m, data := b.next()
		b.unseen += data
		if m != nil && m.Op == op {
			return *m
		}
	}
}

// text waits for bytes, and returns those before them.
func (b *tab) text(want string) string {
	b.t.Helper()
	for {
		if before, after, found := strings.Cut(b.unseen, want); found {
			b.unseen = after
			return before
		}
		_, data := b.next()
		b.unseen += data
	}
}

func (b *tab) send(text string) {
	b.t.Helper()
	if err := b.conn.WriteMessage(websocket.BinaryMessage, []byte(text)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) say(m terminal.ClientMessage) {
	b.t.Helper()
	if err := b.conn.WriteJSON(m); err != nil {
		b.t.Fatal(err)
	}
}

// closed waits for the end of the socket and returns its code.
func (b *tab) closed() int {
	b.t.Helper()
	for {
		if _, _, err := b.conn.ReadMessage(); err != nil {
			if e, ok := err.(*websocket.CloseError); ok {
				return e.Code
			}
			b.t.Fatalf("closed without a code: %v", err)
		}
	}
}

// leaves closes the socket and waits until the terminal has noticed.
func (p *project) leaves(b *tab, id string) {
	p.t.Helper()
	before := p.info(id).Viewers
	_ = b.conn.Close()
	p.eventually(func() bool { return p.info(id).Viewers < before })
}

func (p *project) info(id string) terminal.Info {
	for _, i := range p.List() {
		if i.ID == id {
			return i
		}
	}
	return terminal.Info{}
}

// eventually waits for what no message tells.
func (p *project) eventually(ok func() bool) {
	p.t.Helper()
	for !ok() {
		select {
		case <-time.After(time.Millisecond):
		case <-p.t.Context().Done():
			p.t.Fatal("never happened")
		}
	}
}

func tail(s string) string { return s[max(0, len(s)-500):] }

// drain reads what comes until the socket ends, in the background.
func (b *tab) drain(wg *sync.WaitGroup) {
	wg.Go(func() {
		for {
			if _, _, err := b.conn.ReadMessage(); err != nil {
				return
			}
		}
	})
}
