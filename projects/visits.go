package projects

import "time"

// Used notes that somebody uses a project: a page whose person acts, typing, an
// edit, a file, a start. It is kept in memory only: after a restart of the server
// everybody counts as having been there a moment ago. It never blocks.
func (h *Host) Used(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.entries[id]
	if e == nil || e.agent == nil {
		return // nothing runs that could be stopped; its start will count
	}
	e.visit = time.Now()
	if !e.warned {
		return
	}
	select {
	case e.acted <- struct{}{}:
	default: // will be looked at anyway
	}
}

// usedSince reports whether somebody has.
func (h *Host) usedSince(id string, t time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.entryLocked(id).visit.After(t)
}
