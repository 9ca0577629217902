package yjs

import (
	"maps"
	"slices"
)

// Map is a map from strings to values and nested types that many edit. Of two
// who set the same key at the same time one wins, everywhere the same.
type Map struct{ t *shared }

// Map returns the root map of a name, which exists as soon as it is asked for.
func (d *Doc) Map(name string) *Map { return &Map{d.root(validText(name))} }

// At returns what a key has: a Value, *Text, *Array, *Map or Opaque. It is false
// if the key is not there.
func (m *Map) At(key string) (element any, ok bool) {
	it := m.t.entries[key]
	if it == nil || it.deleted {
		return nil, false
	}
	return it.content.element(it.length - 1), true
}

// Keys returns all keys in alphabetical order.
func (m *Map) Keys() []string {
	keys := slices.Collect(maps.Keys(m.t.entries))
	keys = slices.DeleteFunc(keys, func(key string) bool { return m.t.entries[key].deleted })
	slices.Sort(keys)
	return keys
}

// Set sets a key, which should be UTF-8; what is not is replaced.
func (m *Map) Set(key string, v Value) {
	m.set(key, runs([]Value{v})[0].content)
}

// SetText sets a key to a new text. What is not UTF-8 in s is replaced.
func (m *Map) SetText(key, s string) *Text { return &Text{m.setType(key, typeText, s)} }

// SetArray sets a key to a new empty array.
func (m *Map) SetArray(key string) *Array { return &Array{m.setType(key, typeArray, "")} }

// SetMap sets a key to a new empty map.
func (m *Map) SetMap(key string) *Map { return &Map{m.setType(key, typeMap, "")} }

// setType makes a type, with the text s in it.
func (m *Map) setType(key string, ref uint8, s string) *shared {
	nested := &shared{ref: ref}
	m.t.doc.edit(func(tx *transaction) {
		m.set(key, content{kind: kindType, typ: nested})
		tx.fill(nested, s)
	})
	return nested
}

func (m *Map) set(key string, c content) {
	key = validText(key)
	m.t.doc.edit(func(tx *transaction) {
		tx.insert(m.t, position{left: m.t.entries[key]}, &key, c, 1)
	})
}

// Delete removes a key; it does nothing if it is not there.
func (m *Map) Delete(key string) {
	it := m.t.entries[key]
	if it == nil || it.deleted {
		return
	}
	m.t.doc.edit(func(tx *transaction) { tx.delete(it) })
}
