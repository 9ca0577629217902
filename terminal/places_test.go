package terminal_test

import (
	"slices"
	"testing"

	"lyceum/terminal"
	"lyceum/terminal/pty"
)

// Somebody's "open notes.tex" would otherwise pull everybody who looks on away
// from what they read.
func TestOpenReachesOnlyWhoTypedLast(t *testing.T) {
	t.Parallel()
	start, started := fakes()
	p := serve(t, start)
	ada := p.open("1", editor+"&name=Ada")
	ada.control("answers")
	fake := <-started
	bob := p.open("1", editor+"&name=Bob")
	bob.control("answers")
	bob.send("x")
	if fake.Typed(1) != "x" || !bob.control("answers").You {
		t.Fatal("Bob has not become the one who typed last")
	}
	if !p.Show("1", []terminal.Place{{Path: "notes.tex", Line: 3}}) {
		t.Error("Show = false while two look on")
	}
	m := bob.control("open")
	if len(m.Places) != 1 || *m.Places[0] != (terminal.Place{Path: "notes.tex", Line: 3}) {
		t.Errorf("Bob is asked to open %+v", m.Places)
	}
	fake.Print("after")
	for {
		m, text := ada.next()
		if m != nil && m.Op == "open" {
			t.Error("Ada is disturbed")
		}
		if text == "after" {
			break
		}
	}
}

// A shell must be able to say that nobody looks, instead of opening nothing.
func TestOpenIsRefusedWhenNobodyWhoMayTypeLooks(t *testing.T) {
	t.Parallel()
	start, _ := fakes()
	p := serve(t, start)
	places := []terminal.Place{{Path: "a"}}
	if p.Show("1", places) {
		t.Error("Show = true for a terminal that is not there")
	}
	ada := p.open("1", editor)
	watcher := p.open("1", "name=Vera")
	ada.conn.Close()
	p.eventually(func() bool { return p.info("1").Viewers == 1 })
	if p.Show("1", places) {
		t.Error("Show = true while only a watcher looks")
	}
	watcher.conn.Close()
}

// A name that a compiler has printed is a link only if it means a file where the
// compiler runs.
func TestNamesAreFoundWhereTheProgramRuns(t *testing.T) {
	t.Parallel()
	start, started := fakes()
	asked := make(chan []string, 1)
	p := serveWith(t, terminal.Options{Start: start, Find: func(process pty.Process, names []string) []*terminal.Place {
		asked <- append([]string{process.Folder()}, names...)
		return []*terminal.Place{nil, {Path: "src/a.c", Line: 12}}
	}})
	watcher := p.open("1", "create=1&name=Vera")
	(<-started).WorksIn = "/home/user/src"
	watcher.say(terminal.ClientMessage{Op: "find", ID: 7, Names: []string{"none", "a.c:12"}})
	m := watcher.control("found")
	if got := <-asked; !slices.Equal(got, []string{"/home/user/src", "none", "a.c:12"}) {
		t.Errorf("Find was asked %q", got)
	}
	if m.ID != 7 || len(m.Places) != 2 || m.Places[0] != nil || m.Places[1].Path != "src/a.c" {
		t.Errorf("found = %+v", m)
	}
}
