package projects

import (
	"context"
	"errors"
	"fmt"

	"lyceum/app"
	"lyceum/projects/agent"
)

// Client returns the client of a project's agent. A project that is stopped is
// started first, in its row as everybody sees it; an archived one is refused, and
// one that another server has.
// It waits until the agent can be used or ctx ends. The caller in ctx is whom
// the row names; it must have been permitted already.
func (h *Host) Client(ctx context.Context, projectID string) (*agent.Client, error) {
	asked := false
	for {
		changed := h.changed(projectID)
		if c, ok := h.Running(projectID); ok {
			return c, nil
		}
		rec, err := h.o.Store.Get(ctx, "projects", projectID)
		if errors.Is(err, app.ErrNotFound) {
			return nil, app.Errorf(app.NotFound, "This project does not exist, or you are not a member of it.")
		}
		if err != nil {
			return nil, fmt.Errorf("read project: %w", err)
		}
		if err := h.o.Places.OwnRow(ctx, projectID, rec.Row); err != nil {
			return nil, err
		}
		v := viewOf(rec.Row, false)
		switch {
		case v.Request.pending():
			// wait for it
		case v.State == archived:
			return nil, errArchived
		case asked && v.Request.Error != "":
			return nil, app.Errorf(app.Unavailable, "%s", v.Request.Error)
		default:
			if err := h.ask(ctx, projectID); err != nil {
				return nil, err
			}
			asked = true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, app.Explain(ctx.Err(), app.Unavailable, "The project has not started in time. Please try again.")
		}
	}
}

// Own returns nil if a project is on this server, else an error that says where it
// is.
func (h *Host) Own(ctx context.Context, projectID string) error {
	return h.o.Places.Own(ctx, projectID)
}

// ask requests a start as a person would, unless somebody has just asked for
// something.
func (h *Host) ask(ctx context.Context, projectID string) error {
	return h.update(ctx, "projects", projectID, func(row app.Row) error {
		if requestOf(row).pending() {
			return errUnchanged
		}
		r := app.Row{"action": "start", "time": now()}
		if account := app.CallerFrom(ctx).AccountID; account != "" {
			r["account_id"] = account
		}
		row["action_request"] = r
		return nil
	})
}

// changed returns a channel that is closed at the next change of a project's row
// or agent.
func (h *Host) changed(id string) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.entryLocked(id).changed
}
