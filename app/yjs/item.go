package yjs

// item is a struct of the format: a run of units made by one client, with where
// it was put (origin, rightOrigin) and where it stands (left, right, parent). A
// GC or a Skip is an item with that kind and nothing but id and length.
type item struct {
	id     ID
	length uint64 // at least 1

	origin      ID // the unit it was put after, if hasOrigin
	rightOrigin ID // the unit it was put before, if hasRightOrigin

	// In a document: neighbours in the list (or in the line of values of a key,
	// of which the last is valid) and the type that has the list. A nil parent
	// means that the item is not in a document, or is a GC.
	left, right *item
	parent      *shared
	key         *string // of a map's entry; nil in a list

	// ref says how the parent was written, if it was: only items without both
	// origins name it.
	ref *parentRef

	content content

	// scan is a mark of the last integration that passed this item; see place.
	scan uint64

	hasOrigin      bool
	hasRightOrigin bool
	deleted        bool // always true for GC and Skip
	marked         bool // a marker of the parent points here
}

// parentRef is a parent on the wire: the name of a root type, or the item that
// holds a nested one.
type parentRef struct {
	root   string
	id     ID
	nested bool
}

func (it *item) end() uint64 { return it.id.Clock + it.length }

func (it *item) lastID() ID { return ID{it.id.Client, it.end() - 1} }

// visible says whether the item takes part in the indexes of its list.
func (it *item) visible() bool { return !it.deleted && it.content.kind.countable() }

// The bits beside the kind in the first byte of a struct.
const (
	infoKind        = 0x1f
	infoKey         = 0x20
	infoRightOrigin = 0x40
	infoOrigin      = 0x80
)

// write writes the item from unit offset on, which must be less than its length.
func (it *item) write(e *encoder, offset uint64) {
	if k := it.content.kind; k == kindGC || k == kindSkip {
		e.byte(byte(k))
		e.uint(it.length - offset)
		return
	}
	origin, hasOrigin := it.origin, it.hasOrigin
	if offset > 0 {
		origin, hasOrigin = ID{it.id.Client, it.id.Clock + offset - 1}, true
	}
	info := byte(it.content.kind)
	if hasOrigin {
		info |= infoOrigin
	}
	if it.hasRightOrigin {
		info |= infoRightOrigin
	}
	if it.key != nil {
		info |= infoKey
	}
	e.byte(info)
	if hasOrigin {
		e.id(origin)
	}
	if it.hasRightOrigin {
		e.id(it.rightOrigin)
	}
	if !hasOrigin && !it.hasRightOrigin {
		it.writeParent(e)
	}
	it.content.write(e, offset, it.length)
}

func (it *item) writeParent(e *encoder) {
	switch {
	case it.parent != nil && it.parent.item == nil:
		e.uint(1)
		e.string(it.parent.name)
	case it.parent != nil:
		e.uint(0)
		e.id(it.parent.item.id)
	case it.ref.nested:
		e.uint(0)
		e.id(it.ref.id)
	default:
		e.uint(1)
		e.string(it.ref.root)
	}
	if it.key != nil {
		e.string(*it.key)
	}
}

// slice returns a copy of an item outside a document without its first offset
// units.
func (it *item) slice(offset uint64) *item {
	right := *it
	right.id.Clock += offset
	right.length -= offset
	if it.content.kind == kindGC || it.content.kind == kindSkip {
		return &right
	}
	right.origin, right.hasOrigin = ID{it.id.Client, right.id.Clock - 1}, true
	left := it.content
	right.content = left.split(offset, it.length)
	return &right
}

// joins says whether right, the next struct of the same client, could have been
// made together with it, so that one struct for both loses nothing.
func (it *item) joins(right *item) bool {
	if it.content.kind != right.content.kind || it.deleted != right.deleted {
		return false
	}
	if it.content.kind == kindGC || it.content.kind == kindSkip {
		return true
	}
	return it.content.kind.joinable() && it.right == right &&
		right.hasOrigin && right.origin == it.lastID() &&
		it.hasRightOrigin == right.hasRightOrigin && it.rightOrigin == right.rightOrigin
}

// absorb makes one struct of it and right, which it joins.
func (it *item) absorb(right *item) {
	if it.content.kind != kindGC && it.content.kind != kindSkip {
		if right.marked {
			it.parent.markers.absorb(it, right)
		}
		it.content.join(&right.content)
		it.right = right.right
		if it.right != nil {
			it.right.left = it
		}
		if right.key != nil && it.parent.entries[*right.key] == right {
			it.parent.entries[*right.key] = it
		}
	}
	it.length += right.length
}
