package terminal

import (
	"bytes"
	"fmt"
	"strings"
)

// modes are what a program has set in a terminal that changes what keys send and
// where output goes. Colours and the like are not among them: a redraw brings
// them.
type modes struct {
	Alternate uint16 // 47, 1047 or 1049; 0 is the normal screen
	Mouse     uint16 // 9, 1000, 1002 or 1003; 0 is off
	Encoding  uint16 // of the mouse: 1005, 1006, 1015 or 1016; 0 is the default

	CursorKeys, Keypad, Paste, Focus bool // application keys, bracketed paste
	Hidden, NoWrap, Origin           bool
	Insert, NewLine, ReverseWrap     bool
}

// defaultModes are those of a terminal that was just switched on.
var defaultModes = modes{}

// escape is a full reset followed by what brings a terminal into these modes.
func (m modes) escape() string {
	var b strings.Builder
	b.WriteString("\x1bc")
	for _, n := range []uint16{m.Alternate, m.Mouse, m.Encoding} {
		if n != 0 {
			fmt.Fprintf(&b, "\x1b[?%dh", n)
		}
	}
	for _, s := range []struct {
		on   bool
		text string
	}{
		{m.CursorKeys, "\x1b[?1h"}, {m.Keypad, "\x1b="}, {m.Paste, "\x1b[?2004h"}, {m.Focus, "\x1b[?1004h"},
		{m.Hidden, "\x1b[?25l"}, {m.NoWrap, "\x1b[?7l"}, {m.Origin, "\x1b[?6h"},
		{m.Insert, "\x1b[4h"}, {m.NewLine, "\x1b[20h"}, {m.ReverseWrap, "\x1b[?45h"},
	} {
		if s.on {
			b.WriteString(s.text)
		}
	}
	return b.String()
}

// leave brings a terminal from these modes back to the default, keeping what is
// on the normal screen.
func (m modes) leave() string {
	if m == defaultModes {
		return ""
	}
	var b strings.Builder
	for _, n := range []uint16{m.Alternate, m.Mouse, m.Encoding} {
		if n != 0 {
			fmt.Fprintf(&b, "\x1b[?%dl", n)
		}
	}
	b.WriteString("\x1b[!p\x1b[?1;45;1004;2004l\x1b[?7;25h\x1b>\x1b[4;20l\x1b[m\r\n")
	return b.String()
}

// private sets or resets the DEC private mode n.
func (m *modes) private(n uint16, on bool) {
	either := func(p *uint16) {
		*p = 0
		if on {
			*p = n
		}
	}
	switch n {
	case 1:
		m.CursorKeys = on
	case 6:
		m.Origin = on
	case 7:
		m.NoWrap = !on
	case 25:
		m.Hidden = !on
	case 45:
		m.ReverseWrap = on
	case 66:
		m.Keypad = on
	case 1004:
		m.Focus = on
	case 2004:
		m.Paste = on
	case 47, 1047, 1049:
		either(&m.Alternate)
	case 9, 1000, 1002, 1003:
		either(&m.Mouse)
	case 1005, 1006, 1015, 1016:
		either(&m.Encoding)
	}
}

// softReset is DECSTR: the screen and the mouse stay.
func (m *modes) softReset() {
	*m = modes{Alternate: m.Alternate, Mouse: m.Mouse, Encoding: m.Encoding, ReverseWrap: m.ReverseWrap, NewLine: m.NewLine}
}

// state is where in an escape sequence the tracker is.
type state uint8

const (
	ground state = iota
	escaped
	escapeRest // after an intermediate byte: the final one follows
	control    // CSI
	text       // OSC, ended by BEL or ST
	longText   // DCS, SOS, PM, APC, ended by ST
	textEscaped
)

// maxParameters of a control sequence are looked at, as in xterm.
const maxParameters = 32

// tracker follows the modes in a stream of output. It allocates nothing and does
// not care where writes begin and end.
type tracker struct {
	modes modes

	state      state
	marker     byte // '?' and the like, 0 for none
	between1   byte // the last intermediate byte of a control sequence
	parameters [maxParameters]uint16
	count      int // parameters begun, less one
}

func newTracker() tracker { return tracker{modes: defaultModes} }

// between reports whether the stream is outside of any escape sequence.
func (t *tracker) between() bool { return t.state == ground }

func (t *tracker) write(p []byte) {
	for len(p) > 0 {
		if t.state == ground {
			i := bytes.IndexByte(p, 0x1b)
			if i < 0 {
				return
			}
			t.state = escaped
			p = p[i+1:]
			continue
		}
		t.step(p[0])
		p = p[1:]
	}
}

// step takes one byte inside of an escape sequence.
func (t *tracker) step(c byte) {
	switch {
	case t.state == text || t.state == longText:
		t.stepText(c)
		return
	case c == 0x1b:
		if t.state == textEscaped {
			return
		}
		t.state = escaped
		return
	case c == 0x18 || c == 0x1a: // CAN and SUB end every sequence
		t.state = ground
		return
	case t.state == textEscaped && c == '\\':
		t.state = ground
		return
	case c < 0x20 || c == 0x7f: // done at once, inside of a sequence too
		return
	}
	switch t.state {
	case escaped, textEscaped:
		t.stepEscaped(c)
	case escapeRest:
		if c < 0x20 || c > 0x2f {
			t.state = ground
		}
	case control:
		t.stepControl(c)
	}
}

func (t *tracker) stepText(c byte) {
	switch {
	case c == 0x1b:
		t.state = textEscaped // ST, or another sequence that ends the text
	case c == 0x18 || c == 0x1a || c == 0x07 && t.state == text:
		t.state = ground
	}
}

func (t *tracker) stepEscaped(c byte) {
	t.state = ground
	switch c {
	case '[':
		t.state, t.marker, t.between1, t.count = control, 0, 0, 0
		t.parameters[0] = 0
	case ']':
		t.state = text
	case 'P', 'X', '^', '_':
		t.state = longText
	case 'c':
		t.modes = defaultModes
	case '=':
		t.modes.Keypad = true
	case '>':
		t.modes.Keypad = false
	default:
		if c >= 0x20 && c <= 0x2f {
			t.state = escapeRest
		}
	}
}

func (t *tracker) stepControl(c byte) {
	switch {
	case c >= '0' && c <= '9':
		if t.count < maxParameters {
			n := uint32(t.parameters[t.count])*10 + uint32(c-'0')
			t.parameters[t.count] = uint16(min(n, 0xffff))
		}
	case c == ';' || c == ':':
		t.count = min(t.count+1, maxParameters)
		if t.count < maxParameters {
			t.parameters[t.count] = 0
		}
	case c >= '<' && c <= '?':
		t.marker = c
	case c >= 0x20 && c <= 0x2f:
		t.between1 = c
	case c >= 0x40 && c <= 0x7e:
		t.state = ground
		t.finish(c)
	default: // not ASCII: no terminal takes that as a sequence
		t.state = ground
	}
}

// finish carries out a control sequence.
func (t *tracker) finish(final byte) {
	if final == 'p' && t.between1 == '!' && t.marker == 0 {
		t.modes.softReset()
		return
	}
	if final != 'h' && final != 'l' || t.between1 != 0 {
		return
	}
	for _, n := range t.parameters[:min(t.count+1, maxParameters)] {
		switch {
		case t.marker == '?':
			t.modes.private(n, final == 'h')
		case t.marker == 0 && n == 4:
			t.modes.Insert = final == 'h'
		case t.marker == 0 && n == 20:
			t.modes.NewLine = final == 'h'
		}
	}
}
