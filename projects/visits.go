package projects

import "time"

// visited notes that somebody uses a project. It is kept in memory only: after a
// restart of the server everybody counts as having been there a moment ago.
func (h *Host) visited(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.entryLocked(id).visit = time.Now()
}
