package yjs

// shared is a type in a document: a list, a map or both, of a kind that only
// those who use it know. Text, Array and Map are views of it.
type shared struct {
	doc     *Doc
	item    *item  // that holds it; nil for a root
	name    string // of a root
	ref     uint8  // number on the wire; unknown for a root
	depth   int    // a root has 0
	start   *item  // of the list
	entries map[string]*item
	length  uint64 // of the list in units
	markers markers

	// formatted says that the list has, or had, formats.
	formatted bool
}

func (t *shared) deleted() bool { return t.item != nil && t.item.deleted }

// head returns where the list, or the line of values of a key, begins, and how
// many values it passed to find it.
func (t *shared) head(key *string) (first *item, passed uint64) {
	if key == nil {
		return t.start, 0
	}
	o := t.entries[*key]
	for ; o != nil && o.left != nil; passed++ {
		o = o.left
	}
	return o, passed
}

func (t *shared) setEntry(key string, it *item) {
	if t.entries == nil {
		t.entries = make(map[string]*item)
	}
	t.entries[key] = it
}

// view returns the type as the value of its parent.
func (t *shared) view() any {
	switch t.ref {
	case typeArray:
		return &Array{t}
	case typeMap:
		return &Map{t}
	case typeText:
		return &Text{t}
	}
	return Opaque{}
}
