package yjs

import "unicode/utf8"

// replacement takes the place of half a surrogate pair. Yjs splits text between
// any two UTF-16 code units and cannot encode half a character; it writes this
// on both sides of the cut, and so must everybody who shares the document.
const replacement = "\uFFFD"

// utf16Len returns how many UTF-16 code units valid UTF-8 has: one for each
// character, two for those of four bytes.
func utf16Len(b []byte) uint64 {
	n := uint64(len(b))
	for _, c := range b {
		switch {
		case c < 0x80:
		case c < 0xc0: // continuation
			n--
		case c >= 0xf0:
			n++
		}
	}
	return n
}

// utf16Index returns where in b, which has length units, unit offset begins. If
// that is inside a character, middle is true and the index is the character's.
func utf16Index(b []byte, offset, length uint64) (index int, middle bool) {
	if uint64(len(b)) == length {
		return int(offset), false // ASCII
	}
	for i := 0; i < len(b); {
		if offset == 0 {
			return i, false
		}
		size := 1
		if b[i] >= utf8.RuneSelf {
			_, size = utf8.DecodeRune(b[i:])
		}
		if size == 4 {
			if offset == 1 {
				return i, true
			}
			offset--
		}
		offset--
		i += size
	}
	return len(b), false
}

// splitText cuts text of length units before unit offset. Where that is inside
// a surrogate pair, each side gets a replacement character for its half.
func splitText(b []byte, offset, length uint64) (left, right []byte) {
	at, middle := utf16Index(b, offset, length)
	if !middle {
		return b[:at:at], b[at:]
	}
	left = append(b[:at:at], replacement...)
	right = append([]byte(replacement), b[at+4:]...)
	return left, right
}
