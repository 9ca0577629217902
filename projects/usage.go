package projects

import (
	"context"

	"lyceum/app"
	"lyceum/app/query"
)

// usage makes the rows of project_usage while somebody watches them.
type usage struct{ host *Host }

// Usage returns what is told who watches project_usage.
func (h *Host) Usage() query.Watcher { return usage{h} }

// Watched implements query.Watcher.
func (u usage) Watched(context.Context, app.Row) (func(), error) { return func() {}, nil }
