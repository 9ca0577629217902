package rethinkstore

import (
	"slices"

	"lyceum/app"
)

// Bounds of what is remembered of a table. Reads need the changes that were told
// while they were under way, a feed that comes back the rows that it would tell
// of: the last minutes of a busy table.
const (
	maxHistory      = 20_000
	maxHistoryBytes = 16 << 20
)

// history is what was told of a table lately. It is guarded by Store.mu.
type history struct {
	changes []remembered // by number
	bytes   int
	dropped int64                 // changes up to this number are forgotten
	told    map[string]app.Change // the last of each row that is among them
	floor   int64                 // no forgotten change has a greater revision
	newest  int64                 // the greatest revision that was told
	waiting map[string][]*waiter
}

type remembered struct {
	app.Change
	bytes int
}

// waiter waits until a revision of a row was told.
type waiter struct {
	rev  int64
	told chan struct{}
}

// put remembers a change.
func (h *history) put(c app.Change, bytes int) {
	if h.told == nil {
		h.told = make(map[string]app.Change)
	}
	h.changes = append(h.changes, remembered{c, bytes})
	h.told[c.ID] = c
	h.bytes += bytes
	h.newest = max(h.newest, c.Rev)
	for len(h.changes) > maxHistory || h.bytes > maxHistoryBytes && len(h.changes) > 1 {
		old := h.changes[0]
		h.changes[0] = remembered{}
		h.changes = h.changes[1:]
		h.bytes -= old.bytes
		h.dropped = old.N
		h.floor = max(h.floor, old.Rev)
		if h.told[old.ID].N == old.N {
			delete(h.told, old.ID)
		}
	}
}

// knows reports whether a revision of a row was told, as far as can be known: of
// a row that is not remembered, whether it is not newer than what is forgotten.
func (h *history) knows(id string, rev int64) bool {
	if c, ok := h.told[id]; ok {
		return c.Rev >= rev
	}
	return rev <= h.floor
}

// change returns the change that brought a row to a revision, also if another has
// followed; false if it is not remembered.
func (h *history) change(id string, rev int64) (app.Change, bool) {
	if h.told[id].Rev < rev {
		return app.Change{}, false
	}
	for _, c := range slices.Backward(h.changes) { // it was told a moment ago
		if c.ID == id && c.Rev <= rev {
			return c.Change, c.Rev == rev
		}
	}
	return app.Change{}, false
}

// from returns the changes that brought a row to a revision and on, as far as they
// are remembered. Of the first it may be that it is of a later revision.
func (h *history) from(id string, rev int64) []app.Change {
	var list []app.Change
	for _, c := range h.changes {
		if c.ID == id && c.Rev >= rev {
			list = append(list, c.Change)
		}
	}
	return list
}

// since returns what was told after a number; false if some of it is forgotten.
func (h *history) since(n int64) ([]remembered, bool) {
	if n < h.dropped {
		return nil, false
	}
	i := len(h.changes)
	for i > 0 && h.changes[i-1].N > n {
		i--
	}
	return h.changes[i:], true
}

// wait returns what is closed when a revision of a row was told, nil if it was.
func (h *history) wait(id string, rev int64) *waiter {
	if h.knows(id, rev) {
		return nil
	}
	if h.waiting == nil {
		h.waiting = make(map[string][]*waiter)
	}
	w := &waiter{rev, make(chan struct{})}
	h.waiting[id] = append(h.waiting[id], w)
	return w
}

// wake wakes who waits for a revision of a row.
func (h *history) wake(id string, rev int64) {
	list := h.waiting[id]
	if len(list) == 0 {
		return
	}
	rest := list[:0]
	for _, w := range list {
		if w.rev <= rev {
			close(w.told)
		} else {
			rest = append(rest, w)
		}
	}
	h.set(id, rest)
}

// leave forgets one who waits no longer.
func (h *history) leave(id string, gone *waiter) {
	var rest []*waiter
	for _, w := range h.waiting[id] {
		if w != gone {
			rest = append(rest, w)
		}
	}
	h.set(id, rest)
}

func (h *history) set(id string, list []*waiter) {
	if len(list) == 0 {
		delete(h.waiting, id)
	} else {
		h.waiting[id] = list
	}
}
