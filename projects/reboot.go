package projects

import (
	"context"
	"errors"

	"lyceum/app"
)

const (
	whyRebooted = "The machine was restarted."
	whyStopping = "The project was stopped."
)

// gone notes in rows that a project's agent was not there any more when the
// server came. After a restart of the machine the project is as its row says: one
// that ran is asked to start again, as a person would, so that a crash of the
// server in between loses nothing, and maxWorkers at once. An agent that died by
// itself would die again; its project stays stopped.
func (h *Host) gone(ctx context.Context, id string, rebooted bool) error {
	why := endedMessage
	if rebooted {
		why = whyRebooted
	}
	h.mu.Lock()
	h.entryLocked(id).lost = why
	h.mu.Unlock()
	if err := h.markTerminals(ctx, id, why); err != nil || !rebooted {
		return err
	}
	err := h.update(ctx, "projects", id, func(row app.Row) error {
		if !comesBack(viewOf(row, false)) {
			return errUnchanged
		}
		row["action_request"] = app.Row{"action": "start", "time": now()}
		return nil
	})
	if errors.Is(err, app.ErrNotFound) {
		return nil // it was deleted
	}
	return err
}

// comesBack reports whether a project is started after a restart of the machine.
// What somebody has asked for and nobody has finished is done instead.
func comesBack(v view) bool { return v.State == running && !v.Request.pending() }
