package document

import (
	"cmp"
	"slices"

	"lyceum/app"
	"lyceum/app/yjs"
)

// Bounds of a document.
const (
	// MaxUpdate is the size of one push: a paste of a long chapter fits, and a
	// row stays well below what a store and a socket take at once.
	MaxUpdate = 1 << 20

	// MaxText is the size of a text in bytes, on disk and in a room. Editors in
	// browsers become slow long before it.
	MaxText = 8 << 20

	// maxOrigins is how many tabs' last numbers a document remembers. A tab that
	// was away for so many others sends its edits again; merging them twice
	// changes nothing, they are only stored twice.
	maxOrigins = 1000
)

// contentName is the root type that holds the text; browsers use the same.
const contentName = "content"

// push is what one tab sends: one or more edits as one update.
type push struct {
	account string // empty: the project itself
	origin  string // the tab's outbox, or one of the project's origins
	from, n int64  // the numbers of the outbox that update holds
	update  []byte
}

// The origins of the project's own edits, which have no outbox.
const (
	originDisk      = "disk"      // a content of the file; the row has its hash
	originDisplaced = "displaced" // a content that a save has displaced; likewise
)

// ofProject reports whether a push is an edit of the project itself.
func (p push) ofProject() bool { return p.origin == originDisk || p.origin == originDisplaced }

// outbox names where a push comes from. Origins are chosen by browsers and seen
// by everyone: an account's outboxes are its own, so that nobody takes the
// numbers of another's.
func (p push) outbox() string { return outboxOf(p.account) + p.origin }

// outboxOf is what the outboxes of an account begin with.
func outboxOf(account string) string { return account + "/" }

// lastPush is how far one outbox has come.
type lastPush struct {
	n   int64 // last number of its outbox that is merged
	seq int64 // the row that held it, to know which origins are old
}

// core is a document as its committed rows say. It decides and does nothing:
// no clock, no disk, no goroutine.
type core struct {
	doc    *yjs.Doc
	seq    int64               // of the last merged row
	merged map[string]lastPush // by outbox

	textSize, stateSize gauge
}

func newCore() *core {
	return &core{doc: yjs.New(), merged: make(map[string]lastPush)}
}

// verdict is what has to happen with a push.
type verdict int

const (
	commit verdict = iota // it is new: store it, then merge
	repeat                // it is merged already: only acknowledge it again
)

// judge decides about a push that follows the waiting ones of the same outbox,
// of which waiting is the last number (0: none). (D2, D3)
func (c *core) judge(p push, waiting int64) (verdict, error) {
	last := max(c.merged[p.outbox()].n, waiting)
	switch {
	case p.n <= last:
		return repeat, nil
	case p.from != last+1 && (last > 0 || len(c.merged) < maxOrigins): // an origin that was forgotten may go on
		return 0, app.Errorf(app.Conflict, "Some of your earlier changes did not arrive. They are sent again.")
	case len(p.update) == 0:
		return 0, app.Errorf(app.Invalid, "The change has no content.")
	case len(p.update) > MaxUpdate:
		return 0, app.Errorf(app.TooLarge, "This change is larger than %d MiB. Upload the text as a file instead.", MaxUpdate>>20)
	}
	// Checked before pushes are joined, so that a bad one spoils no other.
	if err := yjs.Validate(p.update); err != nil {
		return 0, unreadable(err)
	}
	return commit, nil
}

// merge takes a committed row. Rows come in the order of seq, each once.
func (c *core) merge(seq int64, p push) error {
	if err := c.doc.ApplyUpdate(p.update, p.origin); err != nil {
		return err
	}
	c.seq = seq
	c.grown(len(p.update))
	if !p.ofProject() {
		c.merged[p.outbox()] = lastPush{n: p.n, seq: seq}
		c.forgetOldOrigins()
	}
	return nil
}

// forgetOldOrigins keeps merged within twice its bound, so that the work is
// done rarely.
func (c *core) forgetOldOrigins() {
	if len(c.merged) < 2*maxOrigins {
		return
	}
	seqs := make([]int64, 0, len(c.merged))
	for _, last := range c.merged {
		seqs = append(seqs, last.seq)
	}
	slices.SortFunc(seqs, func(a, b int64) int { return cmp.Compare(b, a) })
	oldest := seqs[maxOrigins-1]
	for origin, last := range c.merged {
		if last.seq < oldest {
			delete(c.merged, origin)
		}
	}
}

// text returns the text as it is now.
func (c *core) text() string { return c.doc.Text(contentName).String() }

// joined is the pushes of one tab as one, in their order. (D1)
func joined(group []*pushRequest) (push, error) {
	p := group[0].push
	if len(group) == 1 {
		return p, nil
	}
	updates := make([][]byte, len(group))
	for i, request := range group {
		updates[i] = request.update
		p.n = max(p.n, request.n)
	}
	var err error
	p.update, err = yjs.MergeUpdates(updates...)
	return p, err
}

// fits says why a push cannot be merged into the document as it is now. What
// every browser would keep waiting for, and what would make the text too large,
// is never stored. crlf says how lines end in the file.
func (c *core) fits(p push, crlf bool) error {
	missing, err := c.doc.Missing(p.update)
	switch {
	case err != nil:
		return unreadable(err)
	case missing:
		return app.Errorf(app.Conflict, "This change builds on others that did not arrive. They are sent again.")
	case p.ofProject() || onlyDeletes(p.update):
		return nil
	}
	return c.hasRoom(len(p.update), crlf)
}

// isRefusal reports whether a push failed because of itself. Any other failure
// leaves it open what is stored.
func isRefusal(err error) bool {
	return app.IsKind(err, app.Invalid) || app.IsKind(err, app.Conflict) || app.IsKind(err, app.TooLarge)
}

// unreadable is the refusal of an update that cannot be decoded.
func unreadable(err error) error {
	return app.Explain(err, app.Invalid, "This change cannot be read, so it was not taken. Copy your text, then reload the page.")
}

// notStored is the answer when it is open whether a change is durable: the room
// closes, and the browser sends it again.
func notStored(err error) error {
	return app.Explain(err, app.Unavailable, "The change could not be saved yet. It is kept in this browser and sent again.")
}
