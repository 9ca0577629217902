package yjs

import (
	"errors"
	"fmt"
)

// ErrRefused is in the chain of the error about an update that is well formed
// and that browsers with this document would nevertheless choke on.
var ErrRefused = errors.New("update cannot be part of this document")

// maxScans is how many structs one update may pass while its own are put in
// order. Two people who typed ten thousand characters backwards at one place
// need a hundred million; this takes a second or two.
const maxScans = 200_000_000

// refuse notes that the update must be taken back. What had to wait was
// accepted earlier; a part of it that turns out to be bad becomes a GC instead.
func (tx *transaction) refuse(format string, args ...any) {
	if tx.refused == nil && !tx.waiting {
		tx.refused = fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, args...))
	}
}

// tired says that what waits must go on waiting, until the next update arrives.
func (tx *transaction) tired() bool { return tx.waiting && tx.scans > maxScans }

// missing returns the client of a unit that the item depends on and that the
// document lacks.
func (d *Doc) missing(it *item) (client uint64, missing bool) {
	if it.hasOrigin && it.origin.Client != it.id.Client && it.origin.Clock >= d.state(it.origin.Client) {
		return it.origin.Client, true
	}
	if it.hasRightOrigin && it.rightOrigin.Client != it.id.Client && it.rightOrigin.Clock >= d.state(it.rightOrigin.Client) {
		return it.rightOrigin.Client, true
	}
	if r := it.ref; r != nil && r.nested && r.id.Client != it.id.Client && r.id.Clock >= d.state(r.id.Client) {
		return r.id.Client, true
	}
	return 0, false
}

// resolve finds the neighbours and the parent of an item that misses nothing. A
// nil parent afterwards means that it belongs to what is forgotten.
func (tx *transaction) resolve(it *item) {
	d := tx.doc
	if it.hasOrigin {
		it.left = tx.cleanEnd(it.origin)
	}
	if it.hasRightOrigin {
		it.right = tx.cleanStart(it.rightOrigin)
	}
	switch {
	case it.left != nil && it.left.content.kind == kindGC, it.right != nil && it.right.content.kind == kindGC:
	case it.ref != nil && it.ref.nested:
		it.parent = d.find(it.ref.id).content.typ // nil if it holds no type (any more)
	case it.ref != nil:
		if d.roots[it.ref.root] == nil {
			tx.journal.roots = append(tx.journal.roots, it.ref.root)
		}
		it.parent = d.root(it.ref.root)
	case it.left != nil:
		it.parent, it.key = it.left.parent, it.left.key
	default:
		it.parent, it.key = it.right.parent, it.right.key
	}
}

// cut splits the neighbours of an item that is there already, as Yjs does. They
// are joined again, but a surrogate pair that was cut stays replaced.
func (tx *transaction) cut(it *item) {
	if it.hasOrigin {
		tx.cleanEnd(it.origin)
	}
	if it.hasRightOrigin {
		tx.cleanStart(it.rightOrigin)
	}
}

// cleanStart returns the struct that begins at id, which must exist, splitting
// one if necessary. GCs are not split.
func (tx *transaction) cleanStart(id ID) *item {
	l := tx.doc.log(id.Client)
	p := l.find(id.Clock)
	it := l.at(p)
	if it.id.Clock < id.Clock && it.content.kind != kindGC {
		return tx.split(l, p, id.Clock-it.id.Clock)
	}
	return it
}

// cleanEnd is cleanStart for the struct that ends with id.
func (tx *transaction) cleanEnd(id ID) *item {
	l := tx.doc.log(id.Client)
	p := l.find(id.Clock)
	it := l.at(p)
	if id.Clock != it.end()-1 && it.content.kind != kindGC {
		tx.split(l, p, id.Clock-it.id.Clock+1)
	}
	return it
}

// split cuts the item at p before unit offset and returns the right part.
func (tx *transaction) split(l *clientLog, p place, offset uint64) *item {
	left := l.at(p)
	tx.noteSplit(left)
	right := &item{
		id:             ID{left.id.Client, left.id.Clock + offset},
		length:         left.length - offset,
		origin:         ID{left.id.Client, left.id.Clock + offset - 1},
		rightOrigin:    left.rightOrigin,
		left:           left,
		right:          left.right,
		parent:         left.parent,
		key:            left.key,
		content:        left.content.split(offset, left.length),
		hasOrigin:      true,
		hasRightOrigin: left.hasRightOrigin,
		deleted:        left.deleted,
	}
	left.length = offset
	left.right = right
	if right.right != nil {
		right.right.left = right
	} else if right.key != nil {
		right.parent.setEntry(*right.key, right)
	}
	l.insert(p, right)
	tx.splits = append(tx.splits, right.id)
	return right
}

// integrate puts an item that misses nothing, and of which the document has the
// first offset units, in its place.
func (tx *transaction) integrate(it *item, offset uint64) {
	if it.content.kind == kindGC {
		it.id.Clock += offset
		it.length -= offset
		tx.push(it)
		return
	}
	tx.resolve(it)
	if offset > 0 {
		tx.skip(it, offset)
	}
	if it.parent != nil && it.content.typ != nil && it.parent.depth >= maxNesting {
		tx.refuse("types nested deeper than %d", maxNesting)
		it.parent = nil
	}
	if it.parent == nil {
		*it = item{id: it.id, length: it.length, deleted: true}
		tx.push(it)
		return
	}
	if it.left == nil && (it.right == nil || it.right.left != nil) || it.left != nil && it.left.right != it.right {
		tx.order(it)
	}
	tx.link(it)
}

// skip drops the first offset units of an item because they are there.
func (tx *transaction) skip(it *item, offset uint64) {
	it.id.Clock += offset
	it.left = tx.cleanEnd(ID{it.id.Client, it.id.Clock - 1})
	it.hasOrigin, it.origin = true, ID{it.id.Client, it.id.Clock - 1}
	it.content = it.content.split(offset, it.length)
	it.length -= offset
	if it.parent != nil && !it.continues(it.left) {
		// Somebody made two structs with the same clocks. Browsers would throw, or
		// have an item in a list that does not know it.
		tx.refuse("%d:%d continues something else", it.id.Client, it.id.Clock)
		it.parent = nil
	}
}

// continues says whether both items have the same place.
func (it *item) continues(left *item) bool {
	if it.parent != left.parent || (it.key == nil) != (left.key == nil) {
		return false
	}
	return it.key == nil || *it.key == *left.key
}

// order finds the item that it must stand after, among those that were put
// between the same neighbours at the same time (YATA): all that have the same
// origin stand in the order of their clients, and what was put after one of
// them stays with it. Every document comes to the same order.
//
// An item that was passed in this call has a scan greater than base, one that
// was passed since it.left was last moved has a scan greater than moved.
func (tx *transaction) order(it *item) {
	d := tx.doc
	base, moved := d.scanned, d.scanned
	o, passed := it.parent.head(it.key)
	if it.left != nil {
		o = it.left.right
	}
	tx.scans += 2 * passed // link does it again
	for ; o != nil && o != it.right; o = o.right {
		d.scanned++
		o.scan = d.scanned
		if it.hasOrigin == o.hasOrigin && it.origin == o.origin {
			if o.id.Client < it.id.Client {
				it.left, moved = o, d.scanned
			} else if it.hasRightOrigin == o.hasRightOrigin && it.rightOrigin == o.rightOrigin {
				break
			}
			continue
		}
		if !o.hasOrigin {
			break
		}
		origin := d.find(o.origin)
		if origin.scan <= base {
			break
		}
		if origin.scan <= moved {
			it.left, moved = o, d.scanned
		}
	}
	if o == nil && it.right != nil {
		tx.refuse("%d:%d stands before what it is put after", it.id.Client, it.id.Clock)
	}
	if tx.scans += d.scanned - base; tx.scans > maxScans {
		tx.refuse("more than %d places to compare", maxScans)
	}
}

// link puts the item after it.left.
func (tx *transaction) link(it *item) {
	t := it.parent
	switch {
	case it.left != nil:
		it.right = it.left.right
		it.left.right = it
	case it.key != nil:
		it.right, _ = t.head(it.key)
	default:
		it.right = t.start
		t.start = it
	}
	if it.right != nil {
		it.right.left = it
	} else if it.key != nil {
		t.setEntry(*it.key, it)
		if it.left != nil {
			tx.delete(it.left) // the value of the key until now
		}
	}
	if it.key == nil && it.visible() {
		t.length += it.length
	}
	tx.push(it)
	switch it.content.kind {
	case kindDeleted:
		tx.deletes.add(it.id.Client, it.id.Clock, it.length)
		it.deleted = true
	case kindType:
		it.content.typ.doc, it.content.typ.item, it.content.typ.depth = tx.doc, it, t.depth+1
	case kindFormat:
		t.formatted = true
	}
	if !tx.local {
		t.markers.clear()
	}
	if t.deleted() || it.key != nil && it.right != nil {
		tx.delete(it)
	}
}

// push appends a struct to its log.
func (tx *transaction) push(it *item) {
	tx.touch(it.id.Client).push(it)
	tx.note(stepAdd, it)
}

// delete marks an item, and all in it, as deleted.
func (tx *transaction) delete(it *item) {
	if it.deleted {
		return
	}
	t := it.parent
	if it.key == nil && it.visible() {
		t.length -= it.length
	}
	it.deleted = true
	if tx.local {
		t.markers.pass(it)
	} else {
		t.markers.clear()
	}
	tx.note(stepDelete, it)
	tx.deletes.add(it.id.Client, it.id.Clock, it.length)
	if it.content.typ == nil {
		return
	}
	for child := it.content.typ.start; child != nil; child = child.right {
		tx.deleteChild(child)
	}
	for _, child := range it.content.typ.entries {
		tx.deleteChild(child)
	}
}

// deleteChild deletes what is in a deleted item. What was deleted before will be
// forgotten with it, and can then be joined to its neighbours.
func (tx *transaction) deleteChild(child *item) {
	if !child.deleted {
		tx.delete(child)
	} else if tx.existed(child.id) {
		tx.splits = append(tx.splits, child.id)
	}
}
