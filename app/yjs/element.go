package yjs

import "strings"

// element returns one unit of a list or the value of a key.
func (c *content) element(index uint64) any {
	switch c.kind {
	case kindAny:
		data := c.data[c.unit(index):]
		d := decoder{data: data}
		d.skipAny(0)
		return Value{data[:d.pos:d.pos]}
	case kindType:
		return c.typ.view()
	case kindDoc:
		return Opaque{}
	case kindString: // text in an array: its code units
		_, right := splitText(c.data, index, utf16Len(c.data))
		unit, _ := splitText(right, 1, utf16Len(right))
		return textValue(string(unit))
	}
	return c.elements(nil, 0)[index]
}

// elements appends all units, of which there are length.
func (c *content) elements(to []any, length uint64) []any {
	d := decoder{data: c.data}
	switch c.kind {
	case kindAny:
		for d.rest() > 0 {
			start := d.pos
			d.skipAny(0)
			to = append(to, Value{c.data[start:d.pos:d.pos]})
		}
	case kindJSON:
		for d.rest() > 0 {
			to = append(to, jsonValue(d.bytes()))
		}
	case kindEmbed:
		to = append(to, jsonValue(c.data))
	case kindBinary:
		to = append(to, BytesValue(c.data))
	default:
		for i := range length {
			to = append(to, c.element(i))
		}
	}
	return to
}

// jsonValue reads a checked JSON text, or the word undefined.
func jsonValue(text []byte) Value {
	if string(text) == "undefined" {
		return Undefined
	}
	v, err := ParseJSON(text)
	if err != nil {
		return Undefined // cannot be: it was checked when it was read
	}
	return v
}

// run is neighbouring values that one item can hold.
type run struct {
	content content
	length  uint64
}

// runs packs values as Yjs does: bytes stand alone, all else together.
func runs(values []Value) []run {
	var all []run
	for _, v := range values {
		wire := v.encoded()
		if wire[0] == tagBytes {
			d := decoder{data: wire[1:]}
			all = append(all, run{content{kind: kindBinary, data: d.bytes()}, 1})
			continue
		}
		if n := len(all); n == 0 || all[n-1].content.kind != kindAny {
			all = append(all, run{content: content{kind: kindAny}})
		}
		last := &all[len(all)-1]
		last.content.data = append(last.content.data, wire...)
		last.length++
	}
	return all
}

// validText replaces what is not UTF-8.
func validText(s string) string { return strings.ToValidUTF8(s, replacement) }
