package document

import (
	"unicode/utf16"

	"github.com/aymanbagabas/go-udiff"

	"lyceum/app/yjs"
)

// edit replaces a part of a text: byte offsets of the text before.
type edit struct {
	start, end int
	text       string
}

// difference returns edits that make after of before, in rising order. It
// compares lines first and then the characters within changed lines, so that
// text which stayed is not touched: people may be typing in it.
func difference(before, after string) []edit {
	var edits []edit
	for _, hunk := range udiff.Lines(before, after) {
		for _, e := range udiff.Strings(before[hunk.Start:hunk.End], hunk.New) {
			edits = append(edits, edit{start: hunk.Start + e.Start, end: hunk.Start + e.End, text: e.New})
		}
	}
	return edits
}

// rewrite makes a document's text equal to after with few edits and returns the
// update, nil if it was equal.
func rewrite(doc *yjs.Doc, after string) ([]byte, error) {
	text := doc.Text(contentName)
	before := text.String()
	edits := difference(before, after)
	var err error
	update := doc.Transact(originDisk, func() {
		index, at := 0, 0 // the same place, in UTF-16 units of the new and bytes of the old text
		for _, e := range edits {
			index += utf16Len(before[at:e.start])
			if e.end > e.start && err == nil {
				err = text.Delete(index, utf16Len(before[e.start:e.end]))
			}
			if e.text != "" && err == nil {
				err = text.Insert(index, e.text)
			}
			index += utf16Len(e.text)
			at = e.end
		}
	})
	return update, err
}

// utf16Len is the length of s in the units in which Yjs counts.
func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}
