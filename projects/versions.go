package projects

import (
	"context"
	"fmt"

	"lyceum/app"
	"lyceum/projects/agent"
)

// errMute is what everybody hears who wants something of a project with whose
// agent the server cannot speak. Its programs go on; it can be stopped and
// restarted.
var errMute error = &app.Error{Kind: app.Unavailable, Message: muteReason, Err: agent.ErrOld}

const muteReason = "The project was started by another version of Lyceum, with which this one cannot speak: its programs go on, but cannot be reached. Please restart the project."

// versionReason says why a project whose agent is of a version should be
// restarted; "" if it need not be.
func versionReason(version int) string {
	switch {
	case version == agent.Version:
		return ""
	case version == 0:
		return muteReason
	case version < agent.Version:
		return "Lyceum has been updated, and the project still runs with the version before. Its programs go on; please restart it when it suits you, to have all that is new."
	}
	return "Lyceum has been set back to an older version than the one with which the project runs. Its programs go on; please restart it when it suits you."
}

// noteVersion says in the row whether a project that was taken over runs with
// another version.
func (h *Host) noteVersion(ctx context.Context, c *connection) error {
	if err := h.restartReason(ctx, c.project, "version", versionReason(c.client().Version())); err != nil {
		return fmt.Errorf("note the version of an agent: %w", err)
	}
	return nil
}
