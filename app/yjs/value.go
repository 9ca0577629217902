package yjs

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Value is a value of JavaScript that is not a shared type: what JSON has, and
// undefined, bytes and 64-bit integers. It is immutable, and keeps the order of
// the keys of objects. The zero Value is undefined.
type Value struct{ wire []byte }

// Undefined is the value of JavaScript with this name.
var Undefined = Value{}

func (v Value) encoded() []byte {
	if len(v.wire) == 0 {
		return []byte{tagUndefined}
	}
	return v.wire
}

// Equal says whether two values are encoded the same: objects with the same keys
// in another order are not.
func (v Value) Equal(other Value) bool { return string(v.encoded()) == string(other.encoded()) }

// BytesValue is a Uint8Array.
func BytesValue(b []byte) Value {
	e := encoder{buf: []byte{tagBytes}}
	e.bytes(b)
	return Value{e.buf}
}

func textValue(s string) Value {
	e := encoder{buf: []byte{tagString}}
	e.string(validText(s))
	return Value{e.buf}
}

// ValueOf returns the Value of nil, a bool, a number, a string, []byte, []any,
// map[string]any (its keys in alphabetical order), a Value, or anything that
// encoding/json can write.
func ValueOf(v any) (Value, error) {
	switch v := v.(type) {
	case Value:
		return v, nil
	case string:
		return textValue(v), nil
	case []byte:
		return BytesValue(v), nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return Undefined, fmt.Errorf("encode value: %w", err)
	}
	return ParseJSON(text)
}

// number writes a number in the shortest form that loses nothing, as lib0
// chooses it.
func (e *encoder) number(f float64) {
	switch {
	case f == math.Trunc(f) && math.Abs(f) <= math.MaxInt32:
		e.byte(tagInt)
		e.int(uint64(math.Abs(f)), math.Signbit(f))
	case float64(float32(f)) == f:
		e.byte(tagFloat32)
		e.float32(float32(f))
	default:
		e.byte(tagFloat64)
		e.float64(f)
	}
}

// Any returns the value as nil, bool, float64, int64 (a bigint), string, []byte,
// []any or map[string]any. Undefined is nil.
func (v Value) Any() any {
	d := decoder{data: v.encoded()}
	return d.any()
}

func (d *decoder) any() any {
	switch d.byte() {
	case tagInt, tagFloat32, tagFloat64:
		d.pos--
		return d.number()
	case tagBigInt:
		return int64(binary.BigEndian.Uint64(d.take(8)))
	case tagFalse:
		return false
	case tagTrue:
		return true
	case tagString:
		return string(d.bytes())
	case tagObject:
		n := d.count(2)
		object := make(map[string]any, n)
		for range n {
			key := string(d.bytes())
			object[key] = d.any()
		}
		return object
	case tagArray:
		n := d.count(1)
		array := make([]any, 0, n)
		for range n {
			array = append(array, d.any())
		}
		return array
	case tagBytes:
		return slices.Clone(d.bytes())
	}
	return nil
}

// number reads a number with its tag.
func (d *decoder) number() float64 {
	switch d.byte() {
	case tagFloat32:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(d.take(4))))
	case tagFloat64:
		return math.Float64frombits(binary.BigEndian.Uint64(d.take(8)))
	}
	n, negative := d.int()
	if negative {
		return math.Copysign(float64(n), -1)
	}
	return float64(n)
}

// JSON returns the value as JSON.stringify would: undefined is left out of
// objects and null elsewhere, a number that JSON does not know is null. Bytes
// are a string in base64, bigints a number.
func (v Value) JSON() []byte {
	d := decoder{data: v.encoded()}
	return d.appendJSON(nil)
}

func (d *decoder) appendJSON(to []byte) []byte {
	switch tag := d.byte(); tag {
	case tagInt, tagFloat32, tagFloat64:
		d.pos--
		return appendNumber(to, d.number())
	case tagBigInt:
		return strconv.AppendInt(to, int64(binary.BigEndian.Uint64(d.take(8))), 10)
	case tagFalse:
		return append(to, "false"...)
	case tagTrue:
		return append(to, "true"...)
	case tagString:
		return appendJSONString(to, string(d.bytes()))
	case tagBytes:
		return appendJSONString(to, base64.StdEncoding.EncodeToString(d.bytes()))
	case tagObject:
		to = append(to, '{')
		for first, n := true, d.count(2); n > 0; n-- {
			key := string(d.bytes())
			if d.data[d.pos] == tagUndefined {
				d.pos++
				continue
			}
			if !first {
				to = append(to, ',')
			}
			first = false
			to = append(appendJSONString(to, key), ':')
			to = d.appendJSON(to)
		}
		return append(to, '}')
	case tagArray:
		to = append(to, '[')
		for i, n := 0, d.count(1); i < n; i++ {
			if i > 0 {
				to = append(to, ',')
			}
			to = d.appendJSON(to)
		}
		return append(to, ']')
	}
	return append(to, "null"...)
}

func appendNumber(to []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(to, "null"...)
	}
	if f == 0 {
		return append(to, '0') // also the negative one
	}
	text, err := json.Marshal(f)
	if err != nil {
		return append(to, "null"...) // cannot be: f is finite
	}
	return append(to, text...)
}

// errJSON is about text after a JSON value.
var errJSON = errors.New("text after the value")
