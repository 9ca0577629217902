package yjs

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// ErrFormat is in the chain of every error about bytes that are not an update,
// a state vector or a message, or that a browser would refuse.
var ErrFormat = errors.New("not a valid Yjs message")

// maxInteger is the largest integer that JavaScript holds exactly. What is
// larger cannot be read by any browser.
const maxInteger = 1<<53 - 1

// decoder reads the primitives of lib0 from hostile bytes. The first error
// sticks, and every read after it returns zero; so a caller checks once, and a
// loop over a count that was read checks in each round. No read allocates: what
// is returned is a part of data.
type decoder struct {
	data []byte
	pos  int
	err  error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: byte %d: %s", ErrFormat, d.pos, fmt.Sprintf(format, args...))
		d.pos = len(d.data)
	}
}

func (d *decoder) rest() int { return len(d.data) - d.pos }

// finish complains about bytes that belong to nothing.
func (d *decoder) finish() error {
	if d.err == nil && d.rest() > 0 {
		d.fail("%d bytes too many", d.rest())
	}
	return d.err
}

func (d *decoder) byte() byte {
	if d.pos >= len(d.data) {
		d.fail("ends too early")
		return 0
	}
	b := d.data[d.pos]
	d.pos++
	return b
}

func (d *decoder) uint() uint64 {
	if d.pos < len(d.data) && d.data[d.pos] < 0x80 { // nine of ten
		d.pos++
		return uint64(d.data[d.pos-1])
	}
	return d.longUint(0, 0)
}

// longUint goes on with a number of which shift bits are known.
func (d *decoder) longUint(n uint64, shift uint) uint64 {
	for shift < 63 {
		b := d.byte()
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if n > maxInteger {
				break
			}
			return n
		}
		shift += 7
	}
	d.fail("number over 2^53")
	return 0
}

// int reads what encoder.int wrote.
func (d *decoder) int() (magnitude uint64, negative bool) {
	first := d.byte()
	magnitude, negative = uint64(first&0x3f), first&0x40 != 0
	if first&0x80 != 0 {
		magnitude = d.longUint(magnitude, 6)
	}
	return magnitude, negative
}

func (d *decoder) id() ID { return ID{Client: d.uint(), Clock: d.uint()} }

// count reads how many elements follow, each of at least size bytes.
func (d *decoder) count(size int) int {
	n := d.uint()
	if n > uint64(d.rest()/size) {
		d.fail("%d elements announced, %d bytes left", n, d.rest())
		return 0
	}
	return int(n)
}

func (d *decoder) take(n int) []byte {
	if d.err != nil || n > d.rest() {
		d.fail("ends too early")
		return nil
	}
	d.pos += n
	return d.data[d.pos-n : d.pos : d.pos]
}

func (d *decoder) bytes() []byte { return d.take(d.count(1)) }

// text reads a string as bytes. Browsers decode with "fatal": one wrong byte
// makes them throw.
func (d *decoder) text() []byte {
	b := d.bytes()
	if !utf8.Valid(b) {
		d.fail("text is not UTF-8")
		return nil
	}
	return b
}
