package yjs

// journal is what an update did, in order.
type journal struct {
	steps []step
	texts [][]byte // content of the split items, as it was
	roots []string // names of the root types made
}

// step is something an update did to an item.
type step struct {
	item *item
	kind stepKind
}

type stepKind uint8

const (
	stepAdd    stepKind = iota // item was appended and linked
	stepDelete                 // item was marked as deleted
	stepSplit                  // the next struct was cut off item
)

func (tx *transaction) note(k stepKind, it *item) {
	if !tx.local {
		tx.journal.steps = append(tx.journal.steps, step{it, k})
	}
}

func (tx *transaction) noteSplit(it *item) {
	if !tx.local {
		tx.journal.texts = append(tx.journal.texts, it.content.data)
		tx.note(stepSplit, it)
	}
}

// undo takes everything back, last things first.
func (tx *transaction) undo() {
	d, j := tx.doc, &tx.journal
	for i := len(j.steps) - 1; i >= 0; i-- {
		switch s := j.steps[i]; s.kind {
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
			last := len(j.texts) - 1
			s.item.unsplit(d.logs[s.item.id.Client], j.texts[last])
			j.texts = j.texts[:last]
		}
	}
	for _, name := range j.roots {
		delete(d.roots, name)
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
