package terminal_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"lyceum/terminal"
)

const stoppedReason = "The project was stopped."

// moved is the terminal in a new agent, as after a stop and a start.
func (p *project) moved(id string, past terminal.Past) (*project, bytes.Buffer) {
	p.t.Helper()
	if past.Exact {
		if err := p.Stop(p.t.Context()); err != nil {
			p.t.Fatal(err)
		}
	}
	var kept bytes.Buffer
	if err := p.Kept(&kept, id, terminal.KeptSize); err != nil {
		p.t.Fatal(err)
	}
	if kept.Len() > terminal.MaxKept {
		p.t.Errorf("%d bytes are kept, more than MaxKept", kept.Len())
	}
	next := serve(p.t, shell("/bin/sh", "-c", "echo second; read -r n"))
	if err := next.Restore(id, bytes.NewReader(kept.Bytes()), past); err != nil {
		p.t.Fatal(err)
	}
	return next, kept
}

// After a stop and a start of the project a page goes on where it was, sees how
// the shell ended, and Enter starts another one; a new page sees what was there.
func TestT6T8ATerminalSurvivesAStopOfItsProject(t *testing.T) {
	first := serve(t, shell("/bin/sh", "-c", `trap 'echo last words; exit 3' HUP; echo first; while :; do sleep 0.02; done`))
	ada := first.open("kept", editor)
	ada.text("first")
	next, _ := first.moved("kept", terminal.Past{Reason: stoppedReason, Line: "[stopped at noon]", Exact: true})
	ada.text("last words")
	if code := ada.closed(); code != 1001 {
		t.Errorf("closed with %d, want 1001: come back", code)
	}

	again := next.open("kept", fmt.Sprintf("%s&from=%d", editor, ada.off))
	if again.hello.From != ada.off {
		t.Errorf("goes on from %d, want %d: the page would be cleared", again.hello.From, ada.off)
	}
	again.text("[stopped at noon]")
	if m := again.control("exit"); m.Reason != stoppedReason || m.Code != nil {
		t.Errorf("exit %+v", m)
	}
	late := next.open("kept", editor)
	late.control("exit")
	if all := late.all.String(); strings.Count(all, "last words") != 1 || !strings.Contains(all, "first") || late.hello.Live != late.off {
		t.Errorf("a new page shows %q, live from %d of %d", all, late.hello.Live, late.off)
	}
	if next.info("kept").Running {
		t.Error("a shell was started by looking")
	}
	late.say(terminal.ClientMessage{Op: "restart"})
	again.control("restarted")
	again.text("second")
}

// What was kept a while before a crash is not what pages have seen since: a page
// begins anew, whatever offset it comes with, and out of the editor that was open.
func TestT6AfterACrashAPageBeginsAnew(t *testing.T) {
	start, started := fakes()
	first := serve(t, start)
	ada := first.open("crash", editor)
	f := <-started
	f.Print("early\x1b[?1049h in vim \x1b]0;half a ti")
	ada.text("half a ti")
	next, _ := first.moved("crash", terminal.Past{Reason: "The machine was restarted.", Line: "[restarted]"})
	f.Print(strings.Repeat("never saved\r\n", 100))
	ada.text(strings.Repeat("never saved\r\n", 100))

	again := next.open("crash", fmt.Sprintf("%s&from=%d", editor, ada.off))
	if gap := again.control("gap"); gap.From != again.hello.From || gap.From <= ada.off || gap.From >= 1<<53 {
		t.Errorf("gap to %d with hello from %d, the page was at %d", gap.From, again.hello.From, ada.off)
	}
	again.control("exit")
	all := again.all.String()
	if !strings.Contains(all, "early") || strings.Contains(all, "never") {
		t.Errorf("the page shows %q", all)
	}
	if at := strings.Index(all, "\x18"); at < 0 || !strings.Contains(all[at:], "\x1b[?1049l") || !strings.HasSuffix(all, "[restarted]\r\n") {
		t.Errorf("the end is not on the normal screen: %q", all)
	}
}

// A flood leaves the newest of it, from where printing may begin.
func TestT3TheNewestIsKept(t *testing.T) {
	start, started := fakes()
	first := serve(t, start)
	first.open("flood", editor)
	f := <-started
	f.Print(strings.Repeat("a line of text\r\n", 3*terminal.KeptSize/16) + "the end")
	first.eventually(func() bool { return first.info("flood").End > 3*terminal.KeptSize })
	next, kept := first.moved("flood", terminal.Past{Reason: stoppedReason})
	if n := kept.Len(); n < terminal.KeptSize/2 {
		t.Errorf("only %d bytes are kept", n)
	}
	ada := next.open("flood", editor)
	ada.text("the end")
}

// What an agent makes of a file that is damaged, or forged by a project, is an
// error and never a terminal that pages cannot use.
func TestRestoreRefusesWhatKeptHasNotWritten(t *testing.T) {
	p := serve(t, shell("/bin/sh"))
	for name, data := range map[string]string{
		"no line":        "garbage",
		"no JSON":        "garbage\n",
		"behind nothing": `{"from":-1}` + "\nx",
		"beyond pages":   `{"from":9007199254740993}` + "\nx",
		"endless line":   strings.Repeat("x", terminal.MaxKept),
	} {
		if err := p.Restore("bad", strings.NewReader(data), terminal.Past{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := p.Restore("../etc", strings.NewReader(""), terminal.Past{}); err == nil {
		t.Error("a path is the id of a terminal")
	}
	if len(p.List()) != 0 {
		t.Errorf("terminals %v were made", p.List())
	}
	if err := p.Restore("empty", strings.NewReader(""), terminal.Past{Reason: stoppedReason}); err != nil {
		t.Errorf("nothing kept: %v", err)
	}
	if m := p.open("empty", editor).control("exit"); m.Reason != stoppedReason {
		t.Errorf("exit %+v", m)
	}
}
