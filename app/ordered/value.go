package ordered

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Version is that of the encoding. It rises when the bytes of a value change; a
// store that keeps keys then fills its indexes anew.
const Version = 1

// The first byte of a value. The gaps leave room for types of a later day.
const (
	tagEnd    = 0x00 // of an array; below every value, so that shorter arrays come first
	tagArray  = 0x10
	tagFalse  = 0x20
	tagTrue   = 0x21
	tagNumber = 0x30
	tagBytes  = 0x40
	tagString = 0x50
)

// In bytes and strings 0x00 is written as 0x00 0xFF, and 0x00 0x01 ends them.
const (
	escape  = 0x00
	escaped = 0xFF
	end     = 0x01
)

// exact is where float64 stops holding every integer, 2^53.
const exact = 1 << 53

// Append appends the encoding of value, which is a bool, int64, int, float64,
// string, []byte or []any of such. Anything else, and NaN, has no place in the
// order and is an error.
func Append(b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case bool:
		if v {
			return append(b, tagTrue), nil
		}
		return append(b, tagFalse), nil
	case int:
		return appendInt(b, int64(v)), nil
	case int64:
		return appendInt(b, v), nil
	case float64:
		if math.IsNaN(v) {
			return nil, fmt.Errorf("order %v: not a number", value)
		}
		return appendFloat(b, v, 0), nil
	case []byte:
		return appendEscaped(append(b, tagBytes), v), nil
	case string:
		return appendEscaped(append(b, tagString), v), nil
	case []any:
		b = append(b, tagArray)
		for _, e := range v {
			var err error
			if b, err = Append(b, e); err != nil {
				return nil, err
			}
		}
		return append(b, tagEnd), nil
	}
	return nil, fmt.Errorf("order %T: no such type in an index", value)
}

// Tuple returns the encoding of values, one after the other.
func Tuple(values ...any) ([]byte, error) {
	b := []byte{} // the empty tuple is a key too
	for _, v := range values {
		var err error
		if b, err = Append(b, v); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// appendInt splits an integer into the float64 next to it and what is missing:
// rounding never reverses an order, and among integers with the same float the
// rest decides.
func appendInt(b []byte, i int64) []byte {
	f := float64(i)
	if f >= 1<<63 { // does not fit back into an int64
		return appendFloat(b, f, i-math.MaxInt64-1)
	}
	return appendFloat(b, f, i-int64(f))
}

// appendFloat writes the bits of f so that they compare as f does, and the rest
// of an integer where floats are too coarse for them: at most 512 either way.
func appendFloat(b []byte, f float64, rest int64) []byte {
	if f == 0 {
		f = 0 // -0 is 0
	}
	bits := math.Float64bits(f)
	if bits>>63 == 1 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	b = append(b, tagNumber)
	b = binary.BigEndian.AppendUint64(b, bits)
	if math.Abs(f) >= exact {
		b = binary.BigEndian.AppendUint16(b, uint16(rest+1<<15))
	}
	return b
}

func appendEscaped[T string | []byte](b []byte, v T) []byte {
	for i := range len(v) {
		b = append(b, v[i])
		if v[i] == escape {
			b = append(b, escaped)
		}
	}
	return append(b, escape, end)
}
