package yjs

// maxMarkers is how many positions of a list are remembered. An edit looks at
// all of them, so more would not be faster.
const maxMarkers = 80

// marker remembers the index of a visible item.
type marker struct {
	item  *item
	index uint64
	used  uint64 // the higher, the later
}

// markers lets edits find their place without walking a long list from its
// start. It follows local edits; an update from outside clears it.
type markers []marker

func (m *markers) clear() {
	for _, k := range *m {
		k.item.marked = false
	}
	*m = (*m)[:0]
}

// drop forgets an item.
func (m *markers) drop(it *item) {
	if !it.marked {
		return
	}
	it.marked = false
	for i, k := range *m {
		if k.item == it {
			last := len(*m) - 1
			(*m)[i] = (*m)[last]
			*m = (*m)[:last]
			return
		}
	}
}

// pass is called when an item has been deleted: its marker goes to the next
// visible one. Indexes stay as they were before; see deleted.
func (m *markers) pass(it *item) {
	if !it.marked {
		return
	}
	next := it.nextVisible()
	if next == nil || next.marked {
		m.drop(it)
		return
	}
	it.marked, next.marked = false, true
	for i := range *m {
		if k := &(*m)[i]; k.item == it {
			k.item, k.index = next, k.index+it.length
		}
	}
}

// absorb follows right when it becomes a part of it.
func (m *markers) absorb(it, right *item) {
	if it.marked {
		m.drop(right)
		return
	}
	right.marked, it.marked = false, true
	for i := range *m {
		if k := &(*m)[i]; k.item == right {
			k.item, k.index = it, k.index-it.length
		}
	}
}

// inserted moves what stands at index or after it.
func (m markers) inserted(index, length uint64) {
	for i := range m {
		if m[i].index >= index {
			m[i].index += length
		}
	}
}

// deleted is called after the items were deleted, and so passed on.
func (m markers) deleted(index, length uint64) {
	for i := range m {
		if m[i].index >= index+length {
			m[i].index -= length
		}
	}
}

// nearest returns the marker closest to index, nil if the start of the list is
// closer.
func (m markers) nearest(index uint64) *marker {
	var best *marker
	distance := index
	for i := range m {
		if d := apart(m[i].index, index); d < distance {
			best, distance = &m[i], d
		}
	}
	return best
}

func apart(a, b uint64) uint64 { return max(a, b) - min(a, b) }

// seek returns the visible item that holds unit index, or the last visible one
// if the list ends before, and its index; nil if nothing is visible.
func (t *shared) seek(index uint64) (it *item, at uint64) {
	near := t.markers.nearest(index)
	if near != nil {
		it, at = near.item, near.index
	} else if it = t.start; it != nil && !it.visible() {
		it = it.nextVisible()
	}
	if it == nil {
		return nil, 0
	}
	for at > index {
		it = it.prevVisible()
		at -= it.length
	}
	for at+it.length <= index {
		next := it.nextVisible()
		if next == nil {
			break
		}
		at += it.length
		it = next
	}
	t.mark(near, it, at)
	return it, at
}

func (it *item) nextVisible() *item {
	n := it.right
	for n != nil && !n.visible() {
		n = n.right
	}
	return n
}

func (it *item) prevVisible() *item {
	n := it.left
	for n != nil && !n.visible() {
		n = n.left
	}
	return n
}

// mark remembers where an item is: near, from where it was found, moves if it is
// close, and otherwise another marker is made.
func (t *shared) mark(near *marker, it *item, at uint64) {
	number := t.doc.number
	if near != nil {
		near.used = number
	}
	if it.marked {
		return
	}
	switch {
	case near != nil && apart(near.index, at) < t.length/maxMarkers:
	case len(t.markers) < maxMarkers:
		t.markers = append(t.markers, marker{})
		near = &t.markers[len(t.markers)-1]
	default:
		near = &t.markers[0]
		for i := range t.markers {
			if t.markers[i].used < near.used {
				near = &t.markers[i]
			}
		}
	}
	if near.item != nil {
		near.item.marked = false
	}
	it.marked = true
	*near = marker{it, at, number}
}
