package projects_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/projects/sandbox"
	"lyceum/terminal"
)

// opened reads until the page is asked to open something.
func (s *shell) opened() []terminal.Place {
	s.t.Helper()
	if err := s.conn.SetReadDeadline(time.Now().Add(waitTime)); err != nil {
		s.t.Fatal(err)
	}
	for {
		kind, data, err := s.conn.ReadMessage()
		if err != nil {
			s.t.Fatalf("nothing was opened: %v\n%s", err, s.seen.String())
		}
		if kind == websocket.BinaryMessage {
			s.seen.Write(data)
			continue
		}
		var m terminal.Open
		if err := json.Unmarshal(data, &m); err != nil {
			s.t.Fatal(err)
		}
		if m.Op == "open" {
			return m.Places
		}
	}
}

// Who works in the shell opens files in the page with a word, in every mode; and
// no output, no other file of the machine, and nobody without the terminal's
// token does.
func TestOpenInTheShell(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	for _, mode := range []sandbox.Mode{sandbox.RootUserNS, sandbox.Root, sandbox.None} {
		t.Run(string(mode), func(t *testing.T) {
			w := newWorld(t, mode)
			w.project("p1", nil)
			c, err := w.enter().Client(t.Context(), "p1")
			if err != nil {
				t.Fatal(err)
			}
			sh := openShell(t, c, "t1")
			sh.enter(`mkdir -p "a b" && cd "a b" && echo hi > 'x y.txt' && touch z`)
			sh.enter(`open 'x y.txt:3:2' z ..; echo st''atus $?`)
			if got := sh.opened(); len(got) != 3 || got[0] != (terminal.Place{Path: "a b/x y.txt", Line: 3, Column: 2}) ||
				got[1] != (terminal.Place{Path: "a b/z"}) || got[2] != (terminal.Place{Folder: true}) {
				t.Errorf("opened %+v", got)
			}
			sh.until(`status 0`)
			for _, refused := range []struct{ command, status, sentence string }{
				{"open none.c:3", "1", `open: There is no file none\.c\.`},
				{"open /etc/passwd", "1", `open: /etc/passwd is not among the files of the project`},
				{"open https://example.org", "1", `open: https://example.org is an address of the web`},
				{"open", "2", `open: Name what to open`},
				{"LYCEUM_OPEN= open z", "1", `open: This shell is not in a terminal of a page`},
				{"LYCEUM_OPEN=1:t1:x open z", "1", `open: The project does not answer`},
				{"LYCEUM_OPEN=${LYCEUM_OPEN%?}g open z", "1", `open: This shell is not in a terminal of this project`},
				{"LYCEUM_OPEN=${LYCEUM_OPEN/:t1:/:t2:} open z", "1", `open: This shell is not in a terminal of this project`},
			} {
				sh.seen.Reset()
				sh.enter(refused.command + "; echo st''atus $?")
				if got := sh.until(`status (\d+)`); got[1] != refused.status {
					t.Errorf("%s: status %s", refused.command, got[1])
				}
				sh.until(refused.sentence)
			}
			sh.enter(`xdg-open z`)
			if got := sh.opened(); len(got) != 1 || got[0].Path != "a b/z" {
				t.Errorf("xdg-open opened %+v", got)
			}
			if mode != sandbox.None {
				sh.enter(`rm -f "$(type -p open)"; echo > "$(type -p open)"; mv "$(type -p open)" x; type -p op''en`)
				sh.until(`/run/lyceum/bin/open`)
			}
		})
	}
}

// A command in the background may ask when everybody has gone.
func TestOpenWhenNobodyLooks(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.Auto)
	w.project("p1", nil)
	c, err := w.enter().Client(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}
	sh := openShell(t, c, "t1")
	sh.enter(`touch a; until [ -e gone ]; do sleep 0.05; done; open a 2> said; echo $? >> said; touch done`)
	sh.until("touch done")
	_ = sh.conn.Close()
	for {
		all, err := c.Terminals(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(all) == 1 && all[0].Viewers == 0 {
			break
		}
	}
	home := filepath.Join(w.data, "projects", "p1", "home")
	if err := os.WriteFile(filepath.Join(home, "gone"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for range poll.C {
		if _, err := os.Stat(filepath.Join(home, "done")); err == nil {
			break
		}
		if t.Context().Err() != nil {
			t.Fatal("the shell does not go on")
		}
	}
	said, err := os.ReadFile(filepath.Join(home, "said"))
	if err != nil || string(said) != "open: Nobody has this terminal open in a page. Open it there and try again.\n1\n" {
		t.Errorf("the shell said %q, %v", said, err)
	}
}
