package terminal_test

import (
	"fmt"
	"testing"

	"lyceum/terminal"
	"lyceum/terminal/pty"
)

// Who comes later reads old output as it was printed: each part at its own size.
func TestT6OldOutputComesWithTheSizesItWasPrintedFor(t *testing.T) {
	start, started := fakes()
	p := serve(t, start)
	ada := p.open("t6s", "write=1&create=1&cols=100&rows=30&name=Ada")
	f := <-started
	f.Print("at 100;")
	ada.text("at 100;")
	for _, cols := range []int{70, 60} { // nothing is printed for 70
		ada.say(terminal.ClientMessage{Op: "size", Cols: cols, Rows: 30})
		ada.control("size")
	}
	f.Print("at 60;")
	ada.text("at 60;")
	ada.say(terminal.ClientMessage{Op: "size", Cols: 80, Rows: 30})
	ada.control("size")
	f.Print("at 80;")
	ada.text("at 80;")

	for _, from := range []struct {
		off  int64
		want string
	}{
		{0, "100 from 0, 60 from 7, 80 from 13, "},
		{9, "60 from 9, 80 from 13, "},
		{15, ""}, // all of it is of the size that holds
		{19, ""},
	} {
		bob := p.open("t6s", fmt.Sprintf("from=%d&cols=50&rows=20&name=Bob", from.off))
		f.Print("X")
		got := ""
		for bob.off <= bob.hello.Live {
			if m, _ := bob.next(); m != nil && m.Op == "was" {
				got += fmt.Sprintf("%d from %d, ", m.Cols, bob.off)
			}
		}
		if got != from.want {
			t.Errorf("from %d Bob was told %q, want %q", from.off, got, from.want)
		}
		p.leaves(bob, "t6s")
	}
}

// Who reloads the page alone gives the shell no other size meanwhile.
func TestT7AWindowThatIsNotKnownChangesNothing(t *testing.T) {
	start, started := fakes()
	p := serve(t, start)
	ada := p.open("t7u", "write=1&create=1&cols=100&rows=30&name=Ada")
	f := <-started
	<-f.Sizes
	p.leaves(ada, "t7u")
	again := p.open("t7u", "write=1&name=Ada")
	if m := again.control("size"); m.Cols != 100 || m.Rows != 30 || !m.You {
		t.Errorf("after a reload she was told %+v", m)
	}
	again.say(terminal.ClientMessage{Op: "size", Cols: 120, Rows: 40})
	if s := <-f.Sizes; s != (pty.Size{Cols: 120, Rows: 40}) {
		t.Errorf("the first change is to %v", s)
	}
}
