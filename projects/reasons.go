package projects

import (
	"context"
	"maps"
	"slices"
	"strings"

	"lyceum/app"
)

// restartReason says why a project should be restarted, as a sentence; "" takes it
// back. Each part of the host has a reason of its own; projects.restart_reason
// shows all.
func (h *Host) restartReason(ctx context.Context, id, part, sentence string) error {
	h.mu.Lock()
	e := h.entryLocked(id)
	if e.reasons == nil {
		e.reasons = make(map[string]string)
	}
	delete(e.reasons, part)
	if sentence != "" {
		e.reasons[part] = sentence
	}
	h.mu.Unlock()
	return h.update(ctx, "projects", id, func(row app.Row) error {
		h.mu.Lock()
		var all []string
		for _, part := range slices.Sorted(maps.Keys(e.reasons)) {
			all = append(all, e.reasons[part])
		}
		h.mu.Unlock()
		reason := strings.Join(all, " ")
		if text(row, "restart_reason") == reason {
			return errUnchanged
		}
		row["restart_reason"] = reason
		if reason == "" {
			delete(row, "restart_reason")
		}
		return nil
	})
}

// forgetReasons is called when a project starts: what spoke for it has happened.
func (h *Host) forgetReasons(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.entryLocked(id).reasons = nil
}
