package yjs

// The tags of lib0's "any" encoding.
const (
	tagUndefined = 127
	tagNull      = 126
	tagInt       = 125
	tagFloat32   = 124
	tagFloat64   = 123
	tagBigInt    = 122
	tagFalse     = 121
	tagTrue      = 120
	tagString    = 119
	tagObject    = 118
	tagArray     = 117
	tagBytes     = 116
)

// skipAny checks one value and steps over it.
func (d *decoder) skipAny(depth int) {
	if depth > maxNesting {
		d.fail("value nested deeper than %d", maxNesting)
		return
	}
	switch tag := d.byte(); tag {
	case tagUndefined, tagNull, tagFalse, tagTrue:
	case tagInt:
		d.int()
	case tagFloat32:
		d.take(4)
	case tagFloat64, tagBigInt:
		d.take(8)
	case tagString:
		d.text()
	case tagObject:
		for n := d.count(2); n > 0 && d.err == nil; n-- {
			d.text()
			d.skipAny(depth + 1)
		}
	case tagArray:
		for n := d.count(1); n > 0 && d.err == nil; n-- {
			d.skipAny(depth + 1)
		}
	case tagBytes:
		d.bytes()
	default:
		d.fail("unknown kind of value %d", tag)
	}
}

// skipAnys returns where the n-th value in checked bytes begins.
func skipAnys(data []byte, n uint64) int {
	d := decoder{data: data}
	for ; n > 0; n-- {
		d.skipAny(0)
	}
	return d.pos
}

// skipTexts is skipAnys for length-prefixed texts.
func skipTexts(data []byte, n uint64) int {
	d := decoder{data: data}
	for ; n > 0; n-- {
		d.bytes()
	}
	return d.pos
}
