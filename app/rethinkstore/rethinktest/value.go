package rethinktest

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A datum is a value of ReQL: nil, bool, float64, string, []datum, object or
// bound. Bytes and times are objects with pseudoField, as on the wire. A datum
// is never changed once made, so that it is shared without a copy.
type datum = any

type object = map[string]datum

// pseudoField marks an object that is another type.
const pseudoField = "$reql_type$"

// A bound is minval or maxval: below and above everything else.
type bound int8

const (
	minval bound = -1
	maxval bound = 1
)

// typeName is what typeOf answers.
func typeName(v datum) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case bool:
		return "BOOL"
	case float64:
		return "NUMBER"
	case string:
		return "STRING"
	case []datum:
		return "ARRAY"
	case object:
		if p, ok := v[pseudoField].(string); ok {
			return "PTYPE<" + p + ">"
		}
		return "OBJECT"
	case bound:
		return map[bound]string{minval: "MINVAL", maxval: "MAXVAL"}[v]
	}
	panic(fmt.Sprintf("rethinktest: %T is no datum", v))
}

// isObject tells an object from the pseudo types that look like one.
func isObject(v datum) (object, bool) {
	o, ok := v.(object)
	return o, ok && o[pseudoField] == nil
}

// Types in their order, which is that of their names (record 87).
const (
	tagEnd    = 0x00 // below every type: a shorter array or object comes first
	tagMin    = 0x01
	tagArray  = 0x10
	tagBool   = 0x11
	tagNull   = 0x12
	tagNumber = 0x13
	tagObject = 0x14
	tagBinary = 0x15
	tagTime   = 0x16
	tagString = 0x17
	tagMax    = 0xff
)

// orderKey turns a value into bytes that sort as the values do. Two values are
// equal when their bytes are: times of two zones are when they are one moment.
func orderKey(v datum) string { return string(appendKey(nil, v)) }

func appendKey(b []byte, v datum) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, tagNull)
	case bool:
		if v {
			return append(b, tagBool, 1)
		}
		return append(b, tagBool, 0)
	case float64:
		return appendNumber(append(b, tagNumber), v)
	case string:
		return appendText(append(b, tagString), v)
	case []datum:
		b = append(b, tagArray)
		for _, e := range v {
			b = appendKey(b, e)
		}
		return append(b, tagEnd)
	case bound:
		if v == minval {
			return append(b, tagMin)
		}
		return append(b, tagMax)
	case object:
		switch v[pseudoField] {
		case "BINARY":
			bytes, _ := base64.StdEncoding.DecodeString(v["data"].(string)) // checked when it came in
			return appendText(append(b, tagBinary), string(bytes))
		case "TIME":
			return appendNumber(append(b, tagTime), v["epoch_time"].(float64))
		}
		b = append(b, tagObject)
		for _, k := range slices.Sorted(maps.Keys(v)) {
			b = appendKey(appendKey(b, k), v[k])
		}
		return append(b, tagEnd)
	}
	panic(fmt.Sprintf("rethinktest: %T is no datum", v))
}

func appendNumber(b []byte, f float64) []byte {
	if f == 0 {
		f = 0 // -0 is 0
	}
	bits := math.Float64bits(f)
	if f < 0 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(b, bits)
}

// appendText ends a text so that a longer one sorts after it, whatever follows.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		b = append(b, s[i])
		if s[i] == 0 {
			b = append(b, 0xff)
		}
	}
	return append(b, 0, 1)
}

func compare(a, b datum) int { return strings.Compare(orderKey(a), orderKey(b)) }

func equal(a, b datum) bool { return compare(a, b) == 0 }

// show prints a value as RethinkDB does in the texts of its errors: indented by
// tabs, a tab after each colon.
func show(v datum) string {
	var b strings.Builder
	writeValue(&b, v, 0)
	return b.String()
}

func writeValue(b *strings.Builder, v datum, depth int) {
	line := func(n int) { b.WriteString("\n" + strings.Repeat("\t", n)) }
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case float64:
		b.WriteString(showNumber(v))
	case string:
		b.WriteString(quote(v))
	case bound:
		b.WriteString("r." + strings.ToLower(typeName(v)))
	case []datum:
		b.WriteString("[")
		for i, e := range v {
			if i > 0 {
				b.WriteString(",")
			}
			line(depth + 1)
			writeValue(b, e, depth+1)
		}
		if len(v) > 0 {
			line(depth)
		}
		b.WriteString("]")
	case object:
		b.WriteString("{")
		for i, k := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b.WriteString(",")
			}
			line(depth + 1)
			b.WriteString(quote(k) + ":\t")
			writeValue(b, v[k], depth+1)
		}
		if len(v) > 0 {
			line(depth)
		}
		b.WriteString("}")
	}
}

// showNumber is the %.20g of the real server: integers without an exponent.
func showNumber(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1e20 {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strconv.FormatFloat(f, 'g', 20, 64)
}

func quote(s string) string {
	text, err := encodeJSON(s)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return text
}
