package terminal

import (
	"strings"
	"testing"
)

func modesAfter(s string) modes {
	t := newTracker()
	t.write([]byte(s))
	return t.modes
}

// What a program does to a terminal is known from its output alone.
func TestModesAreFollowed(t *testing.T) {
	for _, c := range []struct {
		name, output string
		want         modes
	}{
		{"nothing", "plain \x1b[31mred\x1b[0m\r\n", modes{}},
		{"vim", "\x1b[?1049h\x1b[22;0;0t\x1b[?1h\x1b=\x1b[?2004h\x1b[?1004h\x1b[?25l", modes{Alternate: 1049, CursorKeys: true, Keypad: true, Paste: true, Focus: true, Hidden: true}},
		{"vim, left", "\x1b[?1049h\x1b[?1h\x1b=\x1b[?25l\x1b[?1l\x1b>\x1b[?25h\x1b[?1049l", modes{}},
		{"several at once", "\x1b[?1002;1006;7;6h", modes{Mouse: 1002, Encoding: 1006, Origin: true}},
		{"one mouse at a time", "\x1b[?1000h\x1b[?1003h\x1b[?1000l", modes{}},
		{"no wrap, insert, new line", "\x1b[?7l\x1b[4;20h", modes{NoWrap: true, Insert: true, NewLine: true}},
		{"full reset", "\x1b[?1049;1;2004h\x1bc", modes{}},
		{"soft reset keeps the screen", "\x1b[?1049;1;2004h\x1b[?25l\x1b[!p", modes{Alternate: 1049}},
		{"in a title it is text", "\x1b]0;\x1b[?1049h\x07", modes{Alternate: 1049}}, // ESC ends the title
		{"in a title without ESC it is text", "\x1b]0;[?1049h\x07", modes{}},
		{"in a DCS string it is text", "\x1bPq[?1h\x07[?1h\x1b\\", modes{}},
		{"after a DCS string it counts", "\x1bPq###\x1b\\\x1b[?1h", modes{CursorKeys: true}},
		{"cancelled", "\x1b[?1\x18h\x1b[?20\x1a04h", modes{}},
		{"begun anew", "\x1b[?1\x1b[?2004h", modes{Paste: true}},
		{"with a control character inside", "\x1b[?20\r04h", modes{Paste: true}},
		{"other markers", "\x1b[>1h\x1b[=1h\x1b[?1$h", modes{}},
		{"a number without end", "\x1b[?" + strings.Repeat("9", 1000) + "1h", modes{}},
		{"parameters without end", "\x1b[?" + strings.Repeat("0;", 1000) + "1h", modes{}},
		{"a charset", "\x1b(0\x1b[?1h", modes{CursorKeys: true}},
		{"not ASCII", "\x1b[?1é\x1b[?1\xffh", modes{}},
	} {
		if got := modesAfter(c.output); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// It does not matter where output is cut; what is replayed leads to the same
// modes, and what a shell leaves behind is taken back.
func FuzzModesDoNotDependOnWrites(f *testing.F) {
	for _, s := range []string{"", "\x1b[?1049h", "\x1b]0;title\x07\x1b[?25l", "\x1bP\x1b\\\x1b[4h", "\x1b[?1002;1006h\x1b=", "\x1b[!p\x1bc", "\x1b[?7l\x1b[20h\x1b[?45h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		whole, pieces := newTracker(), newTracker()
		whole.write([]byte(s))
		for i := range len(s) {
			pieces.write([]byte(s[i : i+1]))
		}
		if whole.modes != pieces.modes || whole.state != pieces.state {
			t.Errorf("whole %+v in %d, byte by byte %+v in %d", whole.modes, whole.state, pieces.modes, pieces.state)
		}
		if got := modesAfter(whole.modes.escape()); got != whole.modes {
			t.Errorf("%q leads to %+v, not %+v", whole.modes.escape(), got, whole.modes)
		}
		if got := modesAfter("\x18" + whole.modes.escape() + whole.modes.leave()); got != defaultModes {
			t.Errorf("%q leaves %+v", whole.modes.leave(), got)
		}
	})
}

func TestReportsAreNotTyping(t *testing.T) {
	for _, s := range []string{"\x1b[1;1R", "\x1b[0n", "\x1b[?1;2c", "\x1b[>0;276;0c", "\x1b[I", "\x1b[O", "\x1b]11;rgb:0000/0000/0000\x1b\\", "\x1b]11;rgb:0/0/0\x07", "\x1bP1$r0m\x1b\\", "\x1b[?2004;1$y", "\x1b[0n\x1b[1;1R"} {
		if !IsReport([]byte(s)) {
			t.Errorf("%q is taken for typing", s)
		}
	}
	for _, s := range []string{"a", "\r", "\x1b", "\x1b[A", "\x1bOA", "\x1b[200~x\x1b[201~", "\x1b[<0;1;1M", "x\x1b[1;1R", strings.Repeat("\x1b[I", 1000)} {
		if IsReport([]byte(s)) {
			t.Errorf("%q is not taken for typing", s)
		}
	}
}
