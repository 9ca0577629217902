package web_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/app/web"
	"lyceum/terminal"
)

const socketPath = "api/projects/p1/terminals/t1/socket"

// attach opens the terminal and reads its hello.
func (p *person) attach(query string) *websocket.Conn {
	p.w.t.Helper()
	conn, _, err := p.dial(socketPath+query, nil)
	if err != nil {
		p.w.t.Fatal(err)
	}
	if kind, data, err := conn.ReadMessage(); err != nil || kind != websocket.TextMessage || string(data) != `{"op":"hello"}` {
		p.w.t.Fatalf("hello is %d %s, %v", kind, data, err)
	}
	return conn
}

func say(t *testing.T, conn *websocket.Conn, kind int, text string) {
	t.Helper()
	if err := conn.WriteMessage(kind, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func hear(t *testing.T, conn *websocket.Conn) string {
	t.Helper()
	_, data, err := conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestT1BytesAndControlGoBothWays(t *testing.T) {
	w := newWorld(t, "/lyceum/")
	ada := w.person("ada")
	w.project("p1", map[string]string{"ada": "editor"})
	conn := ada.attach("?from=42&cols=100&rows=30&write=0&name=Eve&viewer=x")
	w.projects.mu.Lock()
	params := w.projects.params.Encode()
	w.projects.mu.Unlock()
	if want := "cols=100&create=1&from=42&name=Ada&rows=30&write=1"; params != want {
		t.Errorf("attached with %s, want %s", params, want)
	}
	say(t, conn, websocket.BinaryMessage, "ls\r")
	if got := hear(t, conn); got != "ls\r" {
		t.Errorf("heard %q", got)
	}
	say(t, conn, websocket.TextMessage, `{"op":"size","cols":80,"rows":24}`)
	if got := hear(t, conn); got != `{"op":"size","cols":80,"rows":24}` {
		t.Errorf("heard %q", got)
	}
	say(t, conn, websocket.BinaryMessage, "exit\r")
	if code := closed(t, conn); code != terminal.CloseNotThere {
		t.Errorf("closed with %d", code)
	}
}

// An agent that says that a person is signed out, or not permitted, is not
// believed: the page would leave for the sign-in.
func TestT1AnAgentSignsNobodyOut(t *testing.T) {
	w := newWorld(t, "/lyceum/")
	ada := w.person("ada")
	w.project("p1", map[string]string{"ada": "editor"})
	conn := ada.attach("")
	say(t, conn, websocket.BinaryMessage, "lie\r")
	if code := closed(t, conn); code != websocket.CloseTryAgainLater {
		t.Errorf("closed with %d", code)
	}
}

// The role is checked here and not in the sandbox, which is the project's own.
func TestViewersWatchAndDoNotType(t *testing.T) {
	w := newWorld(t, "/")
	vic := w.person("vic")
	w.project("p1", map[string]string{"vic": "viewer"})
	conn := vic.attach("?write=1")
	w.projects.mu.Lock()
	if w.projects.params.Has("write") {
		t.Error("attached with the right to type")
	}
	w.projects.mu.Unlock()
	for kind, text := range map[int]string{websocket.BinaryMessage: "rm -r *\r", websocket.TextMessage: `{"op":"restart"}`} {
		say(t, conn, kind, text)
		if got := hear(t, conn); !strings.Contains(got, `"op":"refused"`) || !strings.Contains(got, "not type") {
			t.Errorf("heard %s", got)
		}
	}
	say(t, conn, websocket.TextMessage, `{"op":"size","cols":80,"rows":24}`)
	if got := hear(t, conn); !strings.Contains(got, "size") {
		t.Errorf("heard %s", got)
	}
}

// A paste of a whole film is refused in words, and the terminal goes on. (T4)
func TestT4ATooLargePasteIsRefusedWhole(t *testing.T) {
	w := newWorld(t, "/")
	ada := w.person("ada")
	w.project("p1", map[string]string{"ada": "editor"})
	conn := ada.attach("")
	say(t, conn, websocket.BinaryMessage, strings.Repeat("x", terminal.TypingBound+1))
	if got := hear(t, conn); !strings.Contains(got, "1024 KiB") {
		t.Errorf("heard %.100s", got)
	}
	say(t, conn, websocket.BinaryMessage, "ls\r")
	if got := hear(t, conn); got != "ls\r" {
		t.Errorf("heard %.100q", got)
	}
}

func TestW5ATerminalEndsWithTheRole(t *testing.T) {
	for _, test := range []struct {
		name  string
		users map[string]string
		code  int
	}{
		{"removed", map[string]string{"ada": "owner"}, terminal.CloseNotThere},
		{"becomes a viewer", map[string]string{"ada": "owner", "bob": "viewer"}, websocket.CloseGoingAway},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, "/")
			bob := w.person("bob")
			w.project("p1", map[string]string{"ada": "owner", "bob": "editor"})
			conn := bob.attach("")
			at := time.Now()
			w.project("p1", test.users)
			if code := closed(t, conn); code != test.code {
				t.Errorf("closed with %d, want %d", code, test.code)
			}
			if took := time.Since(at); took > time.Second {
				t.Errorf("took %v", took)
			}
			select {
			case <-w.projects.left:
			case <-time.After(patience):
				t.Error("the shell still has a viewer")
			}
		})
	}
}

// A page can read the code of a closed socket, not the status of one that never
// opened.
func TestWhyATerminalIsClosedIsInItsCode(t *testing.T) {
	w := newWorld(t, "/")
	w.project("p1", map[string]string{"ada": "owner"})
	for _, test := range []struct {
		name string
		who  *person
		path string
		code int
	}{
		{"nobody", w.nobody(), socketPath, terminal.CloseSignedOut},
		{"stranger", w.person("sam"), socketPath, terminal.CloseNotThere},
		{"no such terminal", w.person("ada"), "api/projects/p1/terminals/t2/socket", terminal.CloseNotThere},
		{"no such project", w.person("ada"), "api/projects/p2/terminals/t1/socket", terminal.CloseNotThere},
	} {
		t.Run(test.name, func(t *testing.T) {
			conn, _, err := test.who.dial(test.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if code := closed(t, conn); code != test.code {
				t.Errorf("closed with %d, want %d", code, test.code)
			}
		})
	}
}

// Typing is use of the project, so that it is not stopped. What a page says by
// itself is not: its size, and the answers that a terminal gives to programs; nor
// is what who may only watch tries.
func TestTypingIsUseOfTheProject(t *testing.T) {
	var mu sync.Mutex
	var used []string
	w := newWorld(t, "/lyceum/", func(o *web.Options) {
		o.Used = func(project string) {
			mu.Lock()
			defer mu.Unlock()
			used = append(used, project)
		}
	})
	ada, vera := w.person("ada"), w.person("vera")
	w.project("p1", map[string]string{"ada": "editor", "vera": "viewer"})
	conn, watcher := ada.attach(""), vera.attach("")
	for _, tt := range []struct {
		conn *websocket.Conn
		kind int
		text string
		want int
	}{
		{conn, websocket.TextMessage, `{"op":"size","cols":80,"rows":24}`, 0},
		{conn, websocket.BinaryMessage, "\x1b[1;1R", 0},
		{conn, websocket.BinaryMessage, "l", 1},
		{conn, websocket.TextMessage, `{"op":"restart"}`, 2},
		{watcher, websocket.BinaryMessage, "x", 2},
	} {
		say(t, tt.conn, tt.kind, tt.text)
		hear(t, tt.conn) // an echo, or that it was refused
		mu.Lock()
		if len(used) != tt.want || slices.ContainsFunc(used, func(p string) bool { return p != "p1" }) {
			t.Errorf("after %q used is %q, want %d times p1", tt.text, used, tt.want)
		}
		mu.Unlock()
	}
}
