package yjs

import "fmt"

// Array is a list that many edit. Its elements are values and nested types.
type Array struct{ t *shared }

// Opaque stands for an element that this package carries without knowing it: an
// XML type or a subdocument.
type Opaque struct{}

// Array returns the root array of a name, which exists as soon as it is asked
// for.
func (d *Doc) Array(name string) *Array { return &Array{d.root(validText(name))} }

// Len returns the number of elements.
func (a *Array) Len() int { return int(a.t.length) }

// At returns an element: a Value, *Text, *Array, *Map or Opaque. It is false
// where there is none.
func (a *Array) At(index int) (element any, ok bool) {
	if index < 0 || index >= a.Len() {
		return nil, false
	}
	it, at := a.t.seek(uint64(index))
	return it.content.element(uint64(index) - at), true
}

// All returns the elements in order, as At does.
func (a *Array) All() []any {
	all := make([]any, 0, a.Len())
	for it := a.t.start; it != nil; it = it.right {
		if it.visible() {
			all = it.content.elements(all, it.length)
		}
	}
	return all
}

// Insert puts values before an index. It fails with ErrRange and then changes
// nothing.
func (a *Array) Insert(index int, values ...Value) error {
	if err := a.check(index, 0); err != nil {
		return fmt.Errorf("insert elements: %w", err)
	}
	if len(values) == 0 {
		return nil
	}
	a.t.doc.edit(func(tx *transaction) {
		at := tx.after(a.t, uint64(index))
		a.t.markers.inserted(uint64(index), uint64(len(values)))
		for _, run := range runs(values) {
			it := tx.insert(a.t, at, nil, run.content, run.length)
			at.left = it
		}
	})
	return nil
}

// InsertText puts a new text before an index. What is not UTF-8 in s is replaced.
func (a *Array) InsertText(index int, s string) (*Text, error) {
	nested, err := a.insertType(index, typeText, s)
	return &Text{nested}, err
}

// InsertArray puts a new empty array before an index.
func (a *Array) InsertArray(index int) (*Array, error) {
	nested, err := a.insertType(index, typeArray, "")
	return &Array{nested}, err
}

// InsertMap puts a new empty map before an index.
func (a *Array) InsertMap(index int) (*Map, error) {
	nested, err := a.insertType(index, typeMap, "")
	return &Map{nested}, err
}

// insertType makes a type, with the text s in it.
func (a *Array) insertType(index int, ref uint8, s string) (*shared, error) {
	nested := &shared{ref: ref}
	if err := a.check(index, 0); err != nil {
		return nested, fmt.Errorf("insert type: %w", err)
	}
	a.t.doc.edit(func(tx *transaction) {
		at := tx.after(a.t, uint64(index))
		a.t.markers.inserted(uint64(index), 1)
		tx.insert(a.t, at, nil, content{kind: kindType, typ: nested}, 1)
		tx.fill(nested, s)
	})
	return nested, nil
}

// Delete removes elements. It fails with ErrRange and then changes nothing.
func (a *Array) Delete(index, length int) error {
	if err := a.check(index, length); err != nil {
		return fmt.Errorf("delete elements: %w", err)
	}
	a.t.doc.edit(func(tx *transaction) { tx.deleteRange(a.t, uint64(index), uint64(length)) })
	return nil
}

// fill puts text, made valid, into a new type.
func (tx *transaction) fill(t *shared, s string) {
	if s != "" {
		data := []byte(validText(s))
		tx.insert(t, position{}, nil, content{kind: kindString, data: data}, utf16Len(data))
	}
}

func (a *Array) check(index, length int) error {
	if index < 0 || index > a.Len() || length < 0 || length > a.Len()-index {
		return fmt.Errorf("%w: %d elements from %d of %d", ErrRange, length, index, a.Len())
	}
	return nil
}
