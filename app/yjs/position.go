package yjs

// position is a gap in a list: right is put after left.
type position struct{ left, right *item }

// insert makes an item of this document at a position.
func (tx *transaction) insert(t *shared, at position, key *string, c content, length uint64) *item {
	d := tx.doc
	it := &item{id: ID{d.clientID, d.state(d.clientID)}, length: length, parent: t, key: key, content: c}
	it.left, it.right = at.left, at.right
	if at.left != nil {
		it.hasOrigin, it.origin = true, at.left.lastID()
	}
	if at.right != nil {
		it.hasRightOrigin, it.rightOrigin = true, at.right.id
	}
	if it.left == nil && (it.right == nil || it.right.left != nil) || it.left != nil && it.left.right != it.right {
		tx.order(it)
	}
	tx.link(it)
	return it
}

// after returns the position right behind the visible unit before index, which
// is where an element is inserted.
func (tx *transaction) after(t *shared, index uint64) position {
	if index == 0 {
		return position{nil, t.start}
	}
	it, at := t.seek(index - 1)
	if index-at < it.length {
		return position{it, tx.cleanStart(ID{it.id.Client, it.id.Clock + index - at})}
	}
	return position{it, it.right}
}

// before returns the position right before the visible unit at index, which is
// where text is inserted. In a text with formats it is inserted behind those
// that change nothing for it.
func (tx *transaction) before(t *shared, index uint64) position {
	var at position
	var attributes map[string]string
	if t.formatted {
		at, attributes = tx.walk(t, index)
	} else {
		at = tx.after(t, index)
	}
	for at.right != nil && (at.right.deleted || at.right.repeats(attributes)) {
		at = position{at.right, at.right.right}
	}
	return at
}

// walk is after for a text with formats; it also returns what holds there.
func (tx *transaction) walk(t *shared, index uint64) (position, map[string]string) {
	attributes := make(map[string]string)
	at := position{nil, t.start}
	for at.right != nil && index > 0 {
		it := at.right
		switch {
		case it.deleted:
		case it.content.kind == kindFormat:
			key, value := it.content.format()
			if attributes[key] = value; value == "null" {
				delete(attributes, key)
			}
		case it.visible():
			if index < it.length {
				tx.cleanStart(ID{it.id.Client, it.id.Clock + index})
			}
			index -= it.length
		}
		at = position{it, it.right}
	}
	return at, attributes
}

// repeats says whether an item is a format that holds already.
func (it *item) repeats(attributes map[string]string) bool {
	if it.content.kind != kindFormat {
		return false
	}
	key, value := it.content.format()
	if current, ok := attributes[key]; ok {
		return current == value
	}
	return value == "null"
}

// format returns the key and the JSON of a format.
func (c *content) format() (key, value string) {
	d := decoder{data: c.data}
	return string(d.bytes()), string(d.bytes())
}

// deleteRange deletes visible units of a list, which must exist.
func (tx *transaction) deleteRange(t *shared, index, length uint64) {
	if length == 0 {
		return
	}
	it, at := t.seek(index)
	if at < index {
		it = tx.cleanStart(ID{it.id.Client, it.id.Clock + index - at})
	}
	for left := length; left > 0; it = it.right {
		if !it.visible() {
			continue
		}
		if left < it.length {
			tx.cleanStart(ID{it.id.Client, it.id.Clock + left})
		}
		left -= it.length
		tx.delete(it)
	}
	t.markers.deleted(index, length)
}
