package yjs

// content is what an item holds, in wire form where nobody needs it otherwise:
//
//	JSON, any     the elements one after the other, without their number
//	string        UTF-8; the item's length counts UTF-16 code units
//	binary        the bytes
//	embed         its JSON text
//	format        key and JSON, each with its length
//	doc           identity and options
//	type          typ; data is the name of an XML element or hook
//	GC, deleted   nothing
//
// The data of a joined item has room behind it that belongs to this item alone,
// so that typing appends in place. All other data may be shared and is never
// changed.
type content struct {
	data []byte
	typ  *shared
	kind kind
}

// readContent reads the content of a struct and its length in units.
func readContent(d *decoder, k kind) (c content, length uint64) {
	c.kind, length = k, 1
	switch k {
	case kindDeleted:
		length = d.uint()
	case kindJSON:
		length = uint64(d.count(1))
		start := d.pos
		for n := length; n > 0 && d.err == nil; n-- {
			if text := d.text(); string(text) != "undefined" {
				d.checkJSON(text)
			}
		}
		c.data = d.data[start:d.pos:d.pos]
	case kindAny:
		length = uint64(d.count(1))
		start := d.pos
		for n := length; n > 0 && d.err == nil; n-- {
			d.skipAny(0)
		}
		c.data = d.data[start:d.pos:d.pos]
	case kindBinary:
		c.data = d.bytes()
	case kindString:
		c.data = d.text()
		length = utf16Len(c.data)
	case kindEmbed:
		c.data = d.text()
		d.checkJSON(c.data)
	case kindFormat:
		start := d.pos
		d.text()
		d.checkJSON(d.text())
		c.data = d.data[start:d.pos:d.pos]
	case kindType:
		c.readType(d)
	case kindDoc:
		start := d.pos
		d.text()
		if d.rest() > 0 && d.data[d.pos] != tagObject {
			d.fail("options of a document are not an object")
		}
		d.skipAny(0)
		c.data = d.data[start:d.pos:d.pos]
	default:
		d.fail("unknown struct %d", k)
	}
	return c, length
}

func (c *content) readType(d *decoder) {
	ref := d.uint()
	if ref > typeXMLText {
		d.fail("unknown type %d", ref)
		return
	}
	c.typ = &shared{ref: uint8(ref)}
	if typeHasName(c.typ.ref) {
		c.data = d.text()
	}
}

// write writes the content from unit offset on.
func (c *content) write(e *encoder, offset, length uint64) {
	switch c.kind {
	case kindDeleted:
		e.uint(length - offset)
	case kindJSON, kindAny:
		e.uint(length - offset)
		e.buf = append(e.buf, c.data[c.unit(offset):]...)
	case kindBinary, kindEmbed:
		e.bytes(c.data)
	case kindString:
		if offset == 0 {
			e.bytes(c.data)
			return
		}
		_, right := splitText(c.data, offset, length)
		e.bytes(right)
	case kindFormat, kindDoc:
		e.buf = append(e.buf, c.data...)
	case kindType:
		e.uint(uint64(c.typ.ref))
		if typeHasName(c.typ.ref) {
			e.bytes(c.data)
		}
	}
}

// unit returns where the offset-th element of JSON or any begins.
func (c *content) unit(offset uint64) int {
	if offset == 0 {
		return 0
	}
	if c.kind == kindJSON {
		return skipTexts(c.data, offset)
	}
	return skipAnys(c.data, offset)
}

// split cuts c, which has length units, before unit offset; c keeps the left.
func (c *content) split(offset, length uint64) content {
	right := content{kind: c.kind}
	switch c.kind {
	case kindString:
		c.data, right.data = splitText(c.data, offset, length)
	case kindJSON, kindAny:
		at := c.unit(offset)
		c.data, right.data = c.data[:at:at], c.data[at:]
	}
	return right
}

// join appends what right holds.
func (c *content) join(right *content) {
	if len(right.data) > 0 {
		c.data = append(c.data, right.data...)
	}
}
