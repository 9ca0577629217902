package yjs

import (
	"encoding/binary"
	"math"
)

// encoder writes the primitives of lib0. The zero value is ready.
type encoder struct {
	buf []byte
}

func (e *encoder) byte(b byte) { e.buf = append(e.buf, b) }

// uint writes seven bits a byte, the lowest first.
func (e *encoder) uint(n uint64) {
	for n > 0x7f {
		e.buf = append(e.buf, byte(n)|0x80)
		n >>= 7
	}
	e.buf = append(e.buf, byte(n))
}

// int writes a magnitude with its sign in the first byte: six bits, then seven
// a byte. The sign is apart because the format knows a negative zero.
func (e *encoder) int(magnitude uint64, negative bool) {
	first := byte(magnitude & 0x3f)
	if negative {
		first |= 0x40
	}
	if magnitude > 0x3f {
		first |= 0x80
	}
	e.byte(first)
	if magnitude > 0x3f {
		e.uint(magnitude >> 6)
	}
}

func (e *encoder) id(id ID) {
	e.uint(id.Client)
	e.uint(id.Clock)
}

// bytes writes a length and the bytes; strings have the same form.
func (e *encoder) bytes(b []byte) {
	e.uint(uint64(len(b)))
	e.buf = append(e.buf, b...)
}

func (e *encoder) string(s string) {
	e.uint(uint64(len(s)))
	e.buf = append(e.buf, s...)
}

func (e *encoder) float32(f float32) {
	e.buf = binary.BigEndian.AppendUint32(e.buf, math.Float32bits(f))
}

func (e *encoder) float64(f float64) {
	e.buf = binary.BigEndian.AppendUint64(e.buf, math.Float64bits(f))
}
