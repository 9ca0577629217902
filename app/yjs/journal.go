package yjs

// step is something an update did to the document.
type step struct {
	kind stepKind
	item *item
	data []byte // of a split item, as it was
	root string
}

type stepKind uint8

const (
	stepAdd    stepKind = iota // item was appended and linked
	stepDelete                 // item was marked as deleted
	stepSplit                  // the next struct was cut off item
	stepRoot                   // a root type was made
)

func (tx *transaction) note(s step) {
	if !tx.local {
		tx.journal = append(tx.journal, s)
	}
}

// undo takes everything back, last things first.
func (tx *transaction) undo() {
	d := tx.doc
	for i := len(tx.journal) - 1; i >= 0; i-- {
		switch s := tx.journal[i]; s.kind {
		case stepAdd:
			s.item.unlink()
			l := d.logs[s.item.id.Client]
			l.pop()
			if l.end == 0 {
				delete(d.logs, l.client)
				d.last = nil
			}
		case stepDelete:
			s.item.deleted = false
			if s.item.key == nil && s.item.visible() {
				s.item.parent.length += s.item.length
			}
		case stepSplit:
			s.item.unsplit(d.logs[s.item.id.Client], s.data)
		case stepRoot:
			delete(d.roots, s.root)
		}
	}
	d.tx = nil
	tx.release()
}

// unlink takes an item out of its list, right after it was linked.
func (it *item) unlink() {
	t := it.parent
	if t == nil {
		return // a GC
	}
	if it.left != nil {
		it.left.right = it.right
	} else if it.key == nil {
		t.start = it.right
	}
	switch {
	case it.right != nil:
		it.right.left = it.left
	case it.key == nil:
	case it.left != nil:
		t.entries[*it.key] = it.left
	default:
		delete(t.entries, *it.key)
	}
	if it.key == nil && it.visible() {
		t.length -= it.length
	}
}

// unsplit joins an item to the next one, which was cut off it.
func (it *item) unsplit(l *clientLog, data []byte) {
	right := it.right
	it.length += right.length
	it.content.data = data
	it.right = right.right
	if it.right != nil {
		it.right.left = it
	} else if it.key != nil {
		it.parent.entries[*it.key] = it
	}
	l.remove(l.find(right.id.Clock))
}
