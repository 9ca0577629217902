package terminal_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"lyceum/terminal"
	"lyceum/terminal/pty"
	"lyceum/terminal/pty/ptytest"
)

// Two people see one shell, bytes as bytes, and text frames do not reach it.
func TestT1ATerminalIsBytesAndControlIsText(t *testing.T) {
	start, started := fakes()
	p := serve(t, start)
	ada, bob := p.open("t1", editor+"&name=Ada"), p.open("t1", editor+"&name=Bob")
	f := <-started
	f.Print("\xff\x00é")
	if got := ada.text("\xff\x00é") + bob.text("\xff\x00é"); got != "" {
		t.Errorf("before the first byte came %q", got)
	}
	ada.say(terminal.ClientMessage{Op: "nonsense"})
	ada.control("refused")
	ada.send("\x00\xfe")
	bob.send("b") // one of two orders
	if got := f.Typed(3); got != "\x00\xfeb" && got != "b\x00\xfe" {
		t.Errorf("typed %q", got)
	}
	select {
	case <-started:
		t.Error("a second shell was started for the second viewer")
	default:
	}
}

// A shell that prints must go on while a browser takes nothing.
func TestT2TheShellNeverWaitsForABrowser(t *testing.T) {
	p := serve(t, shell("/bin/sh", "-c", "head -c 100000000 /dev/zero; echo; exec cat"))
	stalled := p.open("t2", editor) // never reads again
	p.eventually(func() bool { return p.info("t2").End > 100_000_000 })
	late := p.open("t2", editor)
	stalled.send("still here\n")
	late.text("still here")
}

// Who falls out of the ring is told, gets the terminal's modes and the newest,
// and a redraw; others see every byte meanwhile.
func TestT3AStalledViewerIsToldTheGapAndDelaysNobody(t *testing.T) {
	start, started := fakes()
	p := serve(t, start)
	stalled := p.open("t3", editor+"&name=Ada")
	f := <-started
	<-f.Sizes
	f.Print("\x1b[?1049h\x1b[?1h\x1b[?2004h\x1b[?1002;1006h\x1b[?25l")

	reader := p.open("t3", "name=Bob")
	line := strings.Repeat("0123456789abcdef", 255) + "0123456789abcd\r\n" // 4 KiB
	const lines = 2 * terminal.RingSize / 4096
	for i := range lines {
		f.Print(line)
		if i%64 == 63 { // the reader keeps up, as a browser on a good line does
			want := p.info("t3").End
			for reader.off < want {
				if m, _ := reader.next(); m != nil && m.Op == "gap" && m.From > 100 {
					t.Fatal("the viewer that reads was told a gap")
				}
			}
		}
	}
	f.Print("the end")
	reader.text("the end")

	gap := stalled.control("gap")
	for gap.From < lines*4096-2*terminal.ReplaySize { // it may fall behind more than once
		gap = stalled.control("gap")
	}
	for _, mode := range []string{"\x1bc", "\x1b[?1049h", "\x1b[?1h", "\x1b[?2004h", "\x1b[?1002h", "\x1b[?1006h", "\x1b[?25l"} {
		if !strings.Contains(gap.Modes, mode) {
			t.Errorf("modes %q lack %q", gap.Modes, mode)
		}
	}
	stalled.unseen = ""
	stalled.text("the end")
	if first, second := <-f.Sizes, <-f.Sizes; first == second || second != (pty.Size{Cols: 80, Rows: 24}) {
		t.Errorf("for a redraw the size became %v, then %v", first, second)
	}
}

// Typing never waits for the program: what it does not read is bounded and then
// refused whole.
func TestT4TypingIsTakenWholeOrRefusedWhole(t *testing.T) {
	start, started := fakes()
	p := serve(t, start)
	ada := p.open("t4", editor)
	f := <-started
	f.RawKeys = true

	half := strings.Repeat("a", terminal.TypingBound/2)
	ada.send(half)
	ada.send(half)
	ada.send(strings.Repeat("b", terminal.TypingBound)) // does not fit behind the others
	if m := ada.control("refused"); !strings.Contains(m.Message, "does not read") {
		t.Errorf("refused with %q", m.Message)
	}
	if got := f.Typed(2 * len(half)); got != half+half {
		t.Errorf("%d bytes typed, want %d", len(got), 2*len(half))
	}
	ada.send("c")
	if got := f.Typed(1); got != "c" {
		t.Errorf("after a refused paste came %q, want what was typed next", got)
	}
	ada.send(strings.Repeat("d", terminal.TypingBound+1))
	if m := ada.control("refused"); !strings.Contains(m.Message, "1024 KiB") {
		t.Errorf("refused with %q", m.Message)
	}
	ada.send(strings.Repeat("e", 100<<20)) // a frame of 100 MB
	if m := ada.control("refused"); !strings.Contains(m.Message, "1024 KiB") {
		t.Errorf("refused with %q", m.Message)
	}
	ada.send("f")
	if got := f.Typed(1); got != "f" {
		t.Errorf("after refused pastes came %q, want what was typed next", got)
	}
}

// A paste into a program that does not read must not take Ctrl-C with it.
func TestT4CtrlCOvertakesAPasteThatNobodyReads(t *testing.T) {
	p := serve(t, shell("/bin/bash", "--norc", "-i"))
	ada := p.open("t4c", editor)
	ada.text("$ ")
	// One process says so and sleeps: a key between two commands would be the
	// interactive shell's, which goes on to the second.
	ada.send("bash -c 'echo sl$((1))eeps; exec sleep 1000'\n")
	ada.text("sl1eeps")
	ada.send(strings.Repeat("lost\n", 100_000)) // ten times what the kernel takes
	ada.text("lost")
	ada.send("\x03")
	ada.text("$ ")
	ada.send("\x15echo al$((1))ve\n")
	ada.text("al1ve")
	if strings.Contains(ada.all.String(), "not found") {
		t.Error("the shell carried out a part of the paste")
	}
}

// Output comes in pieces of 4 KB at most: they are gathered into few frames, and
// an echo after a pause leaves at once.
func TestT5OutputIsGatheredIntoFewFrames(t *testing.T) {
	p := serve(t, shell("/bin/sh", "-c", "read -r x; head -c 4000000 /dev/zero | tr '\\0' x; echo; echo done; exec cat"))
	ada := p.open("t5", editor)
	ada.send("go\n")
	frames := 0
	for !strings.Contains(ada.unseen, "done") {
		m, data := ada.next()
		if ada.unseen += data; m == nil {
			frames++
		}
	}
	if frames > 4_000_000/4096/2 {
		t.Errorf("4 MB came in %d frames", frames)
	}
}

// A reload and a lost network continue at the offset, byte for byte.
func TestT6AViewerContinuesWhereItWas(t *testing.T) {
	start, started := fakes()
	p := serve(t, start)
	ada := p.open("t6", editor)
	f := <-started
	f.Print("one two ")
	ada.text("two ")
	p.leaves(ada, "t6")
	f.Print("three four")
	p.eventually(func() bool { return p.info("t6").End == 18 })

	again := p.open("t6", fmt.Sprintf("from=%d&%s", ada.off, editor))
	if again.hello.From != 8 || again.hello.Live != 18 {
		t.Errorf("hello from %d, live %d, want 8 and 18: the rest is old", again.hello.From, again.hello.Live)
	}
	if before := again.text("three four"); before != "" {
		t.Errorf("before it came %q", before)
	}
	reloaded := p.open("t6", editor)
	if before := reloaded.text("one two three four"); before != "" || reloaded.hello.From != 0 {
		t.Errorf("a new screen begins with %q at %d", before, reloaded.hello.From)
	}
}

// An offset that is not the terminal's (its agent was started anew) is a new
// screen; much history is cut, and said to be.
func TestT6ANewScreenGetsTheNewestOnly(t *testing.T) {
	start, started := fakes()
	p := serve(t, start)
	ada := p.open("t6n", editor+"&from=5000")
	f := <-started
	if ada.hello.From != 0 {
		t.Errorf("hello from %d, want 0", ada.hello.From)
	}
	f.Print(strings.Repeat("a line of text\r\n", 3*terminal.ReplaySize/16) + "the end")
	p.eventually(func() bool { return p.info("t6n").End > 3*terminal.ReplaySize })
	late := p.open("t6n", editor)
	gap := late.control("gap")
	if got := late.hello.Live - gap.From; gap.From != late.hello.From || got > terminal.ReplaySize || got < terminal.ReplaySize/2 {
		t.Errorf("gap to %d with hello from %d, live %d", gap.From, late.hello.From, late.hello.Live)
	}
	late.text("the end")
}

// A question of a program is answered once: by who typed last. The change of
// hands has the same place in both streams.
func TestT6WhoTypedLastAnswers(t *testing.T) {
	start, started := fakes()
	p := serve(t, start)
	ada := p.open("t6a", editor+"&name=Ada")
	f := <-started
	bob := p.open("t6a", editor+"&name=Bob")
	if !ada.control("answers").You || bob.control("answers").You {
		t.Error("the first one does not answer, or two do")
	}
	f.Print("question 1\x1b[6n;")
	p.eventually(func() bool { return p.info("t6a").End == 15 })
	ada.send("\x1b[1;1R") // an answer is not typing
	f.Typed(6)
	bob.send("x")
	f.Typed(1)
	p.eventually(func() bool { return p.info("t6a").End == 15 })
	f.Print("question 2\x1b[6n")
	if m := ada.control("answers"); m.You || ada.off != 15 {
		t.Errorf("Ada answers %v from %d on, want no longer after 15", m.You, ada.off)
	}
	if m := bob.control("answers"); !m.You || bob.off != 15 {
		t.Errorf("Bob answers %v from %d on, want from 15", m.You, bob.off)
	}
	ada.text("question 2")
	bob.text("question 2")
	p.leaves(bob, "t6a")
	if m := ada.control("answers"); !m.You {
		t.Error("nobody answers after the one who did has left")
	}
}

// Who types last decides the size; the others are told whose it is.
func TestT7WhoTypesLastDecidesTheSize(t *testing.T) {
	start, started := fakes()
	p := serve(t, start)
	ada := p.open("t7", "write=1&create=1&cols=100&rows=30&name=Ada")
	f := <-started
	if s := <-f.Sizes; s != (pty.Size{Cols: 100, Rows: 30}) {
		t.Errorf("started with %v", s)
	}
	bob := p.open("t7", "write=1&cols=60&rows=20&name=Bob")
	if bob.hello.Cols != 100 || bob.hello.Rows != 30 {
		t.Errorf("Bob's hello has %d by %d", bob.hello.Cols, bob.hello.Rows)
	}
	if m := bob.control("size"); m.By != "Ada" || m.You {
		t.Errorf("Bob was told %+v", m)
	}
	ada.control("size")
	bob.say(terminal.ClientMessage{Op: "size", Cols: 61, Rows: 21}) // his window only
	bob.send("x")
	if s := <-f.Sizes; s != (pty.Size{Cols: 61, Rows: 21}) {
		t.Errorf("after Bob typed: %v", s)
	}
	if m := ada.control("size"); m.Cols != 61 || m.By != "Bob" || m.You {
		t.Errorf("Ada was told %+v", m)
	}
	if m := bob.control("size"); m.Cols != 61 || !m.You {
		t.Errorf("Bob was told %+v", m)
	}
	ada.send("\x1b[I") // her window has got the focus; she has not typed
	f.Typed(4)
	bob.say(terminal.ClientMessage{Op: "size", Cols: 62, Rows: 21})
	if s := <-f.Sizes; s.Cols != 62 {
		t.Errorf("Bob's new size became %v", s)
	}
	p.leaves(bob, "t7")
	if s := <-f.Sizes; s != (pty.Size{Cols: 100, Rows: 30}) {
		t.Errorf("after Bob left: %v", s)
	}
}

// The end of a shell is said with its exit, also to who comes later; another one
// goes on in the same output.
func TestT8TheEndIsSaidAndAnotherShellStarts(t *testing.T) {
	var told []terminal.Info
	var mu sync.Mutex
	p := serveWith(t, terminal.Options{Start: shell("/bin/sh", "-c", `echo ready; printf '\033[?1049h'; read -r n; exit "$n"`),
		Changed: func(i terminal.Info) { mu.Lock(); defer mu.Unlock(); told = append(told, i) }})
	ada := p.open("t8", editor)
	ada.text("ready")
	ada.send("7\n")
	if m := ada.control("exit"); m.Code == nil || *m.Code != 7 || m.Signal != "" {
		t.Errorf("exit %+v", m)
	}
	if !strings.Contains(ada.all.String(), "\x1b[?1049l") {
		t.Error("the next shell would begin in the alternate screen of the one before")
	}
	late := p.open("t8", editor)
	if m := late.control("exit"); m.Code == nil || *m.Code != 7 {
		t.Errorf("who came later was told %+v", m)
	}
	ada.send("lost\n")
	if m := ada.control("refused"); !strings.Contains(m.Message, "Enter") {
		t.Errorf("typing after the end: %q", m.Message)
	}
	at := ada.off
	late.say(terminal.ClientMessage{Op: "restart"})
	if m := ada.control("restarted"); m.From != at {
		t.Errorf("restarted from %d, want %d", m.From, at)
	}
	ada.unseen = ""
	ada.text("ready")
	ada.send("0\n")
	ada.control("exit")
	mu.Lock()
	defer mu.Unlock()
	if len(told) != 4 || !told[0].Running || told[1].Running || told[1].Exit.Code != 7 || !told[2].Running || told[3].Exit.Code != 0 {
		t.Errorf("Changed was told %+v", told)
	}
}

// A role that may only watch can do nothing else, over the raw socket too.
func TestAViewerWithoutWriteOnlyWatches(t *testing.T) {
	start, started := fakes()
	p := serve(t, start)
	ada := p.open("watch", editor+"&name=Ada")
	f := <-started
	<-f.Sizes
	viewer := p.open("watch", "cols=10&rows=10&name=Eve")
	if viewer.hello.Write {
		t.Error("hello says that the viewer may write")
	}
	viewer.send("rm -rf ~\n")
	viewer.control("refused")
	viewer.say(terminal.ClientMessage{Op: "size", Cols: 10, Rows: 10})
	viewer.say(terminal.ClientMessage{Op: "restart"})
	viewer.control("refused")
	ada.send("a")
	if got := f.Typed(1); got != "a" {
		t.Errorf("the shell got %q", got)
	}
	p.leaves(ada, "watch")
	f.Print("on")
	viewer.text("on")
	f.End(pty.Exit{})
	viewer.control("exit")
	viewer.say(terminal.ClientMessage{Op: "restart"})
	viewer.control("refused")
	if i := p.info("watch"); i.Running || i.Cols != 80 || len(started) != 0 {
		t.Errorf("a viewer has changed the terminal: %+v", i)
	}
}

// Ending a terminal ends its shell and what runs in it, and says so.
func TestEndHangsUpTheShellAndSendsViewersAway(t *testing.T) {
	p := serve(t, shell("/bin/bash", "--norc", "-i"))
	ada := p.open("e", editor)
	ada.text("$ ")
	ada.send("sleep 1000; echo never\n")
	ada.text("never")
	if err := p.End(t.Context(), "e"); err != nil {
		t.Fatal(err)
	}
	if code := ada.closed(); code != terminal.CloseNotThere {
		t.Errorf("closed with %d", code)
	}
	if len(p.List()) != 0 {
		t.Errorf("List = %v", p.List())
	}
	if _, r, err := p.dial("e", "write=1"); err == nil || r.StatusCode != http.StatusNotFound {
		t.Errorf("attach to an ended terminal = %v", err)
	}
	if err := p.End(t.Context(), "e"); err != nil {
		t.Errorf("ending it again = %v", err)
	}
}

// A shell that ignores SIGHUP is killed.
func TestEndKillsAShellThatDoesNotHangUp(t *testing.T) {
	f := ptytest.NewFake()
	f.Stubborn = true
	p := serve(t, func(string, pty.Size) (pty.Process, error) { return f, nil })
	ada := p.open("e", editor)
	if err := p.End(t.Context(), "e"); err != nil {
		t.Fatal(err)
	}
	if m := ada.control("exit"); m.Signal != "SIGKILL" {
		t.Errorf("exit %+v", m)
	}
}

func TestAttachRefusesInWords(t *testing.T) {
	fails := errors.New("fork: no")
	broken := true
	start, _ := fakes()
	p := serve(t, func(id string, size pty.Size) (pty.Process, error) {
		if broken {
			return nil, fails
		}
		return start(id, size)
	})
	for _, c := range []struct {
		name, id, query string
		status          int
		word            string
	}{
		{"not there", "x", "write=1", 404, "does not exist"},
		{"an id that is a path", "..%2Fx", editor, 404, "does not exist"},
		{"an offset that is no number", "x", "from=1e9&" + editor, 400, "from"},
		{"a shell that does not start", "x", editor, 503, "could be started"},
	} {
		_, r, err := p.dial(c.id, c.query)
		if err == nil || r == nil || r.StatusCode != c.status {
			t.Errorf("%s: %v, %v", c.name, r, err)
			continue
		}
		body := new(bytes.Buffer)
		_, _ = body.ReadFrom(r.Body)
		if !strings.Contains(body.String(), c.word) || !strings.Contains(body.String(), `"kind"`) {
			t.Errorf("%s: %s", c.name, body)
		}
	}
	if len(p.List()) != 0 {
		t.Errorf("after a start that failed: %v", p.List())
	}
	broken = false
	p.open("x", editor)
	p.SetMax(1)
	p.refusesMore(1)
	p.SetMax(terminal.MaxSessions)
	for i := 1; i < terminal.MaxSessions; i++ {
		p.open(fmt.Sprint("x", i), editor)
	}
	p.refusesMore(terminal.MaxSessions)
	p.SetMax(2) // lowered under what there is: all stay
	p.refusesMore(2)
	if n := len(p.List()); n != terminal.MaxSessions {
		t.Errorf("%d terminals are left", n)
	}
}

// refusesMore fails unless a further terminal is refused with the number in the
// sentence.
func (p *project) refusesMore(most int) {
	p.t.Helper()
	_, r, err := p.dial("one-too-many", editor)
	if err == nil || r == nil || r.StatusCode != http.StatusServiceUnavailable {
		p.t.Fatalf("a further terminal: %v", err)
	}
	body := new(bytes.Buffer)
	_, _ = body.ReadFrom(r.Body)
	if !strings.Contains(body.String(), terminal.TooMany(most)) {
		p.t.Errorf("a further terminal: %s", body)
	}
}

// A close of all says that the project goes, not that the terminal was closed.
func TestCloseTellsViewersToComeBack(t *testing.T) {
	p := serve(t, shell("/bin/sh", "-i"))
	ada := p.open("c", editor)
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code := ada.closed(); code != websocket.CloseGoingAway {
		t.Errorf("closed with %d", code)
	}
	if _, r, err := p.dial("c", editor); err == nil || r.StatusCode != 503 {
		t.Errorf("attach after Close = %v", err)
	}
}
