package projects

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"lyceum/app"
	"lyceum/projects/agent"
	"lyceum/projects/sandbox"
)

// limitsOf returns the limits of a project that are in force: what is built in,
// then what administrators have chosen for the site, then for the project.
func (h *Host) limitsOf(ctx context.Context, id string) (sandbox.Limits, error) {
	defaults, err := h.defaultLimits(ctx)
	if err != nil {
		return sandbox.Limits{}, err
	}
	row, err := h.limitsIn(ctx, "project_limits", id)
	return limited(defaults, row), err
}

// defaultLimits returns those of a project for which administrators have chosen
// nothing of its own.
func (h *Host) defaultLimits(ctx context.Context) (sandbox.Limits, error) {
	row, err := h.limitsIn(ctx, "server_settings", "site")
	return limited(h.o.Sandbox.Limits(), object(row, "project_defaults")), err
}

// limitsIn returns a row that says something of limits; an empty one where there
// is none.
func (h *Host) limitsIn(ctx context.Context, table, id string) (app.Row, error) {
	rec, err := h.o.Store.Get(ctx, table, id)
	if errors.Is(err, app.ErrNotFound) {
		return app.Row{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", table, err)
	}
	return rec.Row, nil
}

// BuiltInLimits are those of a project for which administrators have chosen
// nothing, also not for the site, as a row shows them.
func (h *Host) BuiltInLimits() app.Row { return limitsRow(h.o.Sandbox.Limits()) }

// limited returns l with what a row says; what is missing in it stays.
func limited(l sandbox.Limits, row app.Row) sandbox.Limits {
	given := sandbox.Limits{
		MemoryBytes: number(row, "memory_bytes"), Processes: number(row, "processes"), DiskBytes: number(row, "disk_bytes"),
		Terminals: number(row, "terminals"), OpenFiles: number(row, "open_files"), Network: text(row, "network"),
	}
	given.CPUs, _ = row["cpus"].(float64)
	if list, ok := row["network_allow"].([]any); ok {
		given.NetworkAllow = []string{}
		for _, e := range list {
			if s, ok := e.(string); ok {
				given.NetworkAllow = append(given.NetworkAllow, s)
			}
		}
	}
	l = given.Or(l)
	if seconds, ok := row["idle_seconds"].(int64); ok { // 0 means never
		l.Idle = time.Duration(seconds) * time.Second
	}
	return l
}

// limitsRow is the reverse: the limits as project_usage shows them.
func limitsRow(l sandbox.Limits) app.Row {
	allow := make([]any, len(l.NetworkAllow))
	for i, s := range l.NetworkAllow {
		allow[i] = s
	}
	return app.Row{
		"memory_bytes": l.MemoryBytes, "cpus": l.CPUs, "processes": l.Processes, "disk_bytes": l.DiskBytes,
		"terminals": l.Terminals, "open_files": l.OpenFiles, "network": l.Network, "network_allow": allow,
		"idle_seconds": int64(l.Idle / time.Second),
	}
}

// agentLimits are those that the agent keeps. Where no cgroup counts for the whole
// project, its programs are bounded one by one.
func agentLimits(l sandbox.Limits, bounded bool, mode sandbox.Mode) agent.Limits {
	a := agent.Limits{OpenFiles: uint64(l.OpenFiles), Terminals: int(l.Terminals)}
	if !bounded {
		a.DataBytes = uint64(l.MemoryBytes)
		if mode != sandbox.None { // there the count would include all of the user's processes
			a.Processes = uint64(l.Processes)
		}
	}
	return a
}

// watchLimits has projects follow their limits until stop is called.
func (h *Host) watchLimits() (stop func(), err error) {
	_, stopOne, err := h.o.Store.Watch("project_limits", func(b app.Batch) {
		for _, c := range b.Changes {
			h.limitsChanged(c.ID)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("watch project_limits: %w", err)
	}
	_, stopAll, err := h.o.Store.Watch("server_settings", func(app.Batch) {
		for _, id := range h.known() {
			h.limitsChanged(id)
		}
	})
	if err != nil {
		stopOne()
		return nil, fmt.Errorf("watch server_settings: %w", err)
	}
	return func() { stopOne(); stopAll() }, nil
}

// known returns the projects that the host knows something of.
func (h *Host) known() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := make([]string, 0, len(h.entries))
	for id := range h.entries {
		ids = append(ids, id)
	}
	return ids
}

// limitsChanged has the limits of a project put in force. It never blocks.
func (h *Host) limitsChanged(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.entryLocked(id)
	e.limits.dirty = true
	if e.agent != nil && !e.limits.working {
		e.limits.working = h.taskLocked(func(ctx context.Context) { h.keepLimits(ctx, e) })
	}
	close(e.changed) // who shows them reads them again
	e.changed = make(chan struct{})
}

// keepLimits puts limits in force until they do not change any more.
func (h *Host) keepLimits(ctx context.Context, e *entry) {
	var away outage
	for {
		h.mu.Lock()
		c := e.agent
		if !e.limits.dirty || c == nil || ctx.Err() != nil {
			e.limits.working = false
			h.mu.Unlock()
			return
		}
		e.limits.dirty = false
		h.mu.Unlock()
		err := h.putLimits(ctx, c)
		if ctx.Err() != nil {
			continue
		}
		switch begins, ends := away.heed(err); {
		case begins:
			h.o.Log.Warn("limits not set, will try again", "project", e.id, "err", err)
		case ends:
			h.o.Log.Info("limits are set again", "project", e.id)
		}
		if err != nil {
			select {
			case <-after(retryAfter):
			case <-ctx.Done():
			}
			h.mu.Lock()
			e.limits.dirty = true
			h.mu.Unlock()
		}
	}
}

// bound sets what the kernel keeps, and returns the limits and which of them cannot
// be kept.
func (h *Host) bound(ctx context.Context, c *connection) (sandbox.Limits, []string, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return sandbox.Limits{}, nil, ctx.Err()
	}
	l, err := h.limitsOf(ctx, c.project)
	if err != nil {
		return sandbox.Limits{}, nil, err
	}
	unmet, err := c.process.SetLimits(ctx, l)
	return l, unmet, err
}

// putLimits puts the limits of a project that runs in force, and says which
// cannot be.
func (h *Host) putLimits(ctx context.Context, c *connection) error {
	l, unmet, err := h.bound(ctx, c)
	if err != nil {
		return err
	}
	// Without a slot: an agent that never answers must not keep others from one.
	err = c.client().SetLimits(ctx, agentLimits(l, c.process.Bounded(), h.o.Sandbox.Mode()))
	if errors.Is(err, agent.ErrOld) {
		unmet = append(unmet, "It was started by an older version of Lyceum, which does not know all limits; they hold after a restart of the project.")
		err = nil
	}
	if err != nil {
		return err
	}
	return h.restartReason(ctx, c.project, "limits", strings.Join(unmet, " "))
}
