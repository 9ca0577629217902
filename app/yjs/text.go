package yjs

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrRange is in the chain of the error about an index that is outside of a
// text or an array, or inside of a character.
var ErrRange = errors.New("no such position")

// Text is a text that many edit. Indexes and lengths count UTF-16 code units, as
// in JavaScript; a character outside of the basic plane has two.
type Text struct{ t *shared }

// Text returns the root text of a name, which exists as soon as it is asked for.
func (d *Doc) Text(name string) *Text { return &Text{d.root(validText(name))} }

// String returns the text without formats and embeds.
func (t *Text) String() string {
	var b strings.Builder
	for it := t.t.start; it != nil; it = it.right {
		if !it.deleted && it.content.kind == kindString {
			b.Write(it.content.data)
		}
	}
	return b.String()
}

// Len returns the length in UTF-16 code units; an embed counts one.
func (t *Text) Len() int { return int(t.t.length) }

// Insert puts s before unit index. It fails with ErrRange, or if s is not UTF-8,
// and then changes nothing. In a text with formats, s gets those that hold at
// index.
func (t *Text) Insert(index int, s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("insert text: %w: not UTF-8", ErrFormat)
	}
	if err := t.check(index); err != nil {
		return fmt.Errorf("insert text: %w", err)
	}
	if s == "" {
		return nil
	}
	t.t.doc.edit(func(tx *transaction) {
		data := []byte(s)
		length := utf16Len(data)
		at := tx.before(t.t, uint64(index))
		t.t.markers.inserted(uint64(index), length)
		tx.insert(t.t, at, nil, content{kind: kindString, data: data}, length)
	})
	return nil
}

// Delete removes length units from index on. It fails with ErrRange and then
// changes nothing.
func (t *Text) Delete(index, length int) error {
	if length < 0 || length > t.Len()-index {
		return fmt.Errorf("delete text: %w: %d units from %d of %d", ErrRange, length, index, t.Len())
	}
	if err := errors.Join(t.check(index), t.check(index+length)); err != nil {
		return fmt.Errorf("delete text: %w", err)
	}
	t.t.doc.edit(func(tx *transaction) { tx.deleteRange(t.t, uint64(index), uint64(length)) })
	return nil
}

// check fails unless index is between two characters.
func (t *Text) check(index int) error {
	if index < 0 || index > t.Len() {
		return fmt.Errorf("%w: %d of %d", ErrRange, index, t.Len())
	}
	if index == t.Len() {
		return nil
	}
	it, at := t.t.seek(uint64(index))
	if it.content.kind != kindString || at == uint64(index) {
		return nil
	}
	if _, middle := utf16Index(it.content.data, uint64(index)-at, it.length); middle {
		return fmt.Errorf("%w: %d is inside of a character", ErrRange, index)
	}
	return nil
}
