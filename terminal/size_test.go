package terminal_test

import (
	"fmt"
	"testing"

	"lyceum/terminal"
	"lyceum/terminal/pty"
)

// A window of one cell and one of a hundred million, at the beginning and later:
// the shell gets a size that programs can draw in, and goes on.
func TestT7NoWindowIsTooSmallOrTooLarge(t *testing.T) {
	start, started := fakes()
	p := serve(t, start)
	least, most := pty.Size{Cols: pty.MinCols, Rows: pty.MinRows}, pty.Size{Cols: pty.MaxCols, Rows: pty.MaxRows}
	for n, tt := range []struct {
		cols, rows int
		want       pty.Size
	}{{1, 1, least}, {10_000, 10_000, most}, {1 << 40, 1 << 40, most}} {
		name := fmt.Sprintf("t7-%d", n)
		p.open(name, fmt.Sprintf("write=1&create=1&name=Ada&cols=%d&rows=%d", tt.cols, tt.rows))
		f := <-started
		if s := <-f.Sizes; s != tt.want {
			t.Errorf("started with %d by %d: %v, want %v", tt.cols, tt.rows, s, tt.want)
		}
		bob := p.open(name, "write=1&cols=81&rows=25&name=Bob")
		bob.send("x")
		if s := <-f.Sizes; s != (pty.Size{Cols: 81, Rows: 25}) {
			t.Errorf("after Bob typed: %v", s)
		}
		for bob.control("size").Cols != 81 { // what was told before
		}
		bob.say(terminal.ClientMessage{Op: "size", Cols: tt.cols, Rows: tt.rows})
		if s := <-f.Sizes; s != tt.want {
			t.Errorf("changed to %d by %d: %v, want %v", tt.cols, tt.rows, s, tt.want)
		}
		if told := bob.control("size"); told.Cols != tt.want.Cols || told.Rows != tt.want.Rows {
			t.Errorf("told %d by %d, want %v", told.Cols, told.Rows, tt.want)
		}
		f.Print("still here")
		bob.text("still here")
	}
}
