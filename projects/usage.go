package projects

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"time"

	"lyceum/app"
	"lyceum/app/query"
	"lyceum/projects/sandbox"
)

// usagePause is the time between two measurements that somebody watches: a graph
// that moves, at the cost of reading some files.
const usagePause = 2 * time.Second

// usage makes the rows of project_usage while somebody watches them.
type usage struct{ host *Host }

// meter measures one project.
type meter struct {
	watching int // how many; 0: it is being let go of
	cancel   context.CancelFunc
	done     chan struct{} // closed when its row is gone
}

// Usage returns what is told who watches project_usage.
func (h *Host) Usage() query.Watcher { return usage{h} }

// Watched implements query.Watcher for project_usage: while a project is watched,
// its row is kept true.
func (u usage) Watched(ctx context.Context, filter app.Row) (func(), error) {
	project := text(filter, "project_id")
	if project == "" {
		return func() {}, nil // a query over all shows those that others watch
	}
	h := u.host
	// Administrators may look at every project, also at one that they have mistyped.
	rec, err := h.o.Store.Get(ctx, "projects", project)
	switch {
	case errors.Is(err, app.ErrNotFound):
		return nil, app.Errorf(app.NotFound, "There is no such project.")
	case err != nil:
		return nil, fmt.Errorf("read projects: %w", err)
	}
	if err := h.o.Places.OwnRow(ctx, project, rec.Row); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	m := h.meters[project]
	if m == nil || m.watching == 0 {
		if h.ctx == nil {
			return nil, app.Errorf(app.Unavailable, "The server is stopping. Please try again.")
		}
		m = h.meterLocked(project, m)
		h.meters[project] = m
	}
	m.watching++
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if m.watching--; m.watching == 0 {
			m.cancel()
		}
	}, nil
}

// meterLocked begins to measure a project. before did and is being let go of; nil
// if there is none. Its row goes first.
func (h *Host) meterLocked(project string, before *meter) *meter {
	ctx, cancel := context.WithCancel(h.ctx)
	m := &meter{cancel: cancel, done: make(chan struct{})}
	h.taskLocked(func(context.Context) {
		if before != nil {
			<-before.done
		}
		h.measureAll(ctx, project)
		h.dropUsage(project)
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.meters[project] == m {
			delete(h.meters, project)
		}
		close(m.done)
	})
	return m
}

// measureAll keeps the row of a project until ctx ends.
func (h *Host) measureAll(ctx context.Context, project string) {
	var last app.Row
	var before sample
	var away outage
	for ctx.Err() == nil {
		changed := h.changed(project)
		var row app.Row
		var err error
		if row, before, err = h.measure(ctx, project, before); err == nil && !sameUsage(row, last) {
			_, err = h.o.Store.Write(ctx, app.Write{Table: "project_usage", ID: project, Row: row, IfRev: app.AnyRev})
			last = row
		}
		if ctx.Err() != nil {
			return
		}
		switch begins, ends := away.heed(err); {
		case begins:
			h.o.Log.Warn("usage not measured, will try again", "project", project, "err", err)
		case ends:
			h.o.Log.Info("usage is measured again", "project", project)
		}
		var next <-chan time.Time
		if before.c != nil || err != nil {
			next = after(usagePause)
		}
		select {
		case <-next:
		case <-changed:
			select {
			case <-after(listPause): // a row that changes all the time is no reason to measure all the time
			case <-ctx.Done():
			}
		case <-ctx.Done():
		}
	}
}

// sameUsage compares rows but for their time.
func sameUsage(a, b app.Row) bool {
	if a == nil || b == nil {
		return false
	}
	a = maps.Clone(a)
	a["time"] = b["time"]
	return reflect.DeepEqual(a, b)
}

// sample is what the use of processors is measured from.
type sample struct {
	c    *connection // nil: the project does not run
	at   time.Time
	cpu  time.Duration
	rate float64
}

// measure returns the row of a project as it is now.
func (h *Host) measure(ctx context.Context, project string, before sample) (app.Row, sample, error) {
	l, err := h.limitsOf(ctx, project)
	if err != nil {
		return nil, before, err
	}
	defaults, err := h.defaultLimits(ctx)
	if err != nil {
		return nil, before, err
	}
	row := app.Row{
		"project_id": project, "time": now(), "limits": limitsRow(l), "defaults": limitsRow(defaults),
		"bounded": h.o.Sandbox.Bounded(),
	}
	if bytes, by, ok := h.disks.usage(project); ok {
		row["disk_bytes"], row["disk_by"] = bytes, by
	}
	h.mu.Lock()
	e := h.entryLocked(project)
	c, note := e.agent, e.reasons["limits"]
	h.mu.Unlock()
	if c == nil {
		return row, sample{}, nil
	}
	row["bounded"], row["network"] = c.process.Bounded(), sandbox.Off
	if c.online.Load() {
		row["network"] = sandbox.Filtered
	}
	if note != "" {
		row["note"] = note
	}
	client := c.client()
	if terminals, err := client.Terminals(ctx); err == nil { // else it does not answer, which others see to
		row["terminals"] = int64(len(terminals))
	}
	u, err := c.process.Usage()
	if errors.Is(err, sandbox.ErrUncounted) {
		seen, err := client.Usage(ctx)
		if err != nil { // it is too old, or does not answer
			return row, sample{c: c}, nil
		}
		u = sandbox.Usage{MemoryBytes: max(seen.MemoryBytes, 0), Processes: max(seen.Processes, 0), CPU: seen.CPU}
	} else if err != nil {
		return row, sample{}, nil // it has just ended: there will be a change
	}
	next := before.next(c, u.CPU)
	row["memory_bytes"], row["processes"], row["cpus"] = u.MemoryBytes, u.Processes, next.rate
	return row, next, nil
}

// leastSample is the shortest time in which the use of processors says something.
const leastSample = time.Second

// next is the sample after s. The rate has two places: more would only make every
// measurement a change.
func (s sample) next(c *connection, cpu time.Duration) sample {
	at := time.Now()
	if s.c != c {
		return sample{c: c, at: at, cpu: cpu}
	}
	if at.Sub(s.at) < leastSample {
		return s
	}
	used := max(float64(cpu-s.cpu)/float64(at.Sub(s.at)), 0)
	return sample{c: c, at: at, cpu: cpu, rate: float64(int64(used*100+0.5)) / 100}
}

// dropUsage removes the row of a project that nobody watches any more.
func (h *Host) dropUsage(project string) {
	// The watch has ended, and with it its context; the row must go all the same.
	ctx, cancel := context.WithTimeout(context.Background(), retryAfter)
	defer cancel()
	if _, err := h.o.Store.Write(ctx, app.Write{Table: "project_usage", ID: project, IfRev: app.AnyRev}); err != nil {
		h.o.Log.Warn("usage not removed", "project", project, "err", err)
	}
}
