package projects

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"lyceum/app"
	"lyceum/projects/disk"
)

// lookAtAll looks at each project whose time it is.
func (d *disks) lookAtAll(ctx context.Context) {
	for _, project := range d.due(time.Now()) {
		if ctx.Err() != nil {
			return
		}
		if err := d.look(ctx, project); ctx.Err() == nil {
			d.sayOutcome(project, err)
		}
	}
}

// sayOutcome logs that a project cannot be looked at, and that it can again.
func (d *disks) sayOutcome(project string, err error) {
	d.mu.Lock()
	t := d.taken[project]
	if t == nil { // it was deleted
		d.mu.Unlock()
		return
	}
	begins, ends := t.outage.heed(err)
	d.mu.Unlock()
	switch {
	case begins:
		d.host.o.Log.Warn("files of a project not measured, will try again", "project", project, "err", err)
	case ends:
		d.host.o.Log.Info("files of a project are measured again", "project", project)
	}
}

// lookAtSpace notes whether the disk is short of space, or will soon be.
func (d *disks) lookAtSpace(ctx context.Context) {
	s, err := disk.SpaceOf(d.host.o.Data)
	if err != nil {
		d.host.o.Log.Warn("free space not known", "part", "projects", "path", d.host.o.Data, "err", err)
		return
	}
	d.mu.Lock()
	before := d.short
	d.short = shortOf(s, before)
	d.hurry = d.short || d.last.Free-s.Free > hurryBytes
	d.last = s
	short := d.short
	d.mu.Unlock()
	switch {
	case short && !before:
		d.host.o.Log.ErrorContext(ctx, "disk nearly full, nothing more is written to projects", "part", "projects", "path", d.host.o.Data, "bytes", s.Free)
	case before && !short:
		d.host.o.Log.InfoContext(ctx, "disk has room again", "part", "projects", "path", d.host.o.Data, "bytes", s.Free)
	}
}

// due returns the projects that are to be looked at now, first those that were
// full: on a disk that is short they are what has to be found.
func (d *disks) due(at time.Time) (projects []string) {
	d.host.mu.Lock()
	var running []string
	for id, e := range d.host.entries {
		if e.agent != nil {
			running = append(running, id)
		}
	}
	d.host.mu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range running {
		t := d.entryLocked(id)
		pause := quotaPause
		if d.quota == nil {
			pause = pauseAfter(t.cost, d.hurry)
		}
		if t.stale || t.asked || at.Sub(t.at) >= pause {
			projects = append(projects, id)
			t.asked = false
		}
	}
	for id, t := range d.taken {
		if t.asked || t.stale && !t.at.IsZero() { // it does not run
			projects = append(projects, id)
			t.asked = false
		}
	}
	slices.SortStableFunc(projects, func(a, b string) int {
		switch full, other := d.taken[a].full, d.taken[b].full; {
		case full && !other:
			return -1
		case other && !full:
			return 1
		}
		return 0
	})
	return projects
}

// look looks at one project: reads its limits if they have changed, finds out
// what it takes, and does what follows from it.
func (d *disks) look(ctx context.Context, project string) error {
	c := d.agent(project)
	d.mu.Lock()
	entry := d.taken[project]
	t := *entry
	entry.stale = false
	d.mu.Unlock()
	if t.stale {
		if err := d.readBound(ctx, &t); err != nil {
			d.mu.Lock()
			entry.stale = true
			d.mu.Unlock()
			return err
		}
	}
	began := time.Now()
	used, err := d.measure(ctx, &t)
	if err == nil && d.quota == nil && used.More && t.at.IsZero() {
		t.most, err = d.atStart(ctx, project, used)
	}
	if err != nil {
		return err
	}
	full := fullOf(used, t.bound, t.full)
	why, over, known := d.note(entry, &t, used, began)
	if !known {
		return nil
	}
	if t.at.IsZero() || t.used != used {
		d.host.stir(project)
	}
	if !t.marked || full != t.full {
		if err := d.mark(ctx, project, full); err != nil {
			return err
		}
	}
	d.mu.Lock()
	entry.full, entry.marked = full, true
	d.mu.Unlock()
	if over {
		d.stop(ctx, c, why)
	}
	return nil
}

// note keeps what a look has found, and returns whether the project has to be
// stopped. What was found before the project was started anew says nothing of
// that start: it is not kept, and known is false.
func (d *disks) note(t, seen *taken, used disk.Used, began time.Time) (why string, over, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.taken[seen.project] != t {
		return "", false, false
	}
	first := t.at.IsZero()
	t.uid, t.bound, t.used, t.at = seen.uid, seen.bound, used, time.Now()
	t.cost = t.at.Sub(began)
	if d.quota != nil {
		return "", false, true
	}
	why, over = overrun(used, t.bound, false)
	if first && over {
		t.grace, t.most = t.at.Add(graceTime), seen.most
	}
	if t.at.Before(t.grace) && used.Within(t.most) {
		over = false
	}
	if d.short && !over {
		why, over = overrun(used, t.bound, true)
	}
	return why, over, true
}

// readBound reads the limits of a project, and tells the kernel.
func (d *disks) readBound(ctx context.Context, t *taken) error {
	limits, err := d.host.limitsOf(ctx, t.project)
	if err != nil {
		return err
	}
	t.bound = disk.BoundOf(limits.DiskBytes)
	if d.quota == nil {
		return nil
	}
	if t.uid == 0 {
		rec, err := d.host.o.Store.Get(ctx, "projects", t.project)
		if errors.Is(err, app.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read project: %w", err)
		}
		t.uid = int(number(rec.Row, "uid"))
	}
	if t.uid == 0 {
		return nil // it was never started
	}
	return d.quota.Set(t.uid, t.bound)
}

// measure returns what a project takes.
func (d *disks) measure(ctx context.Context, t *taken) (disk.Used, error) {
	if d.quota != nil {
		if t.uid == 0 {
			return disk.Used{}, nil
		}
		return d.quota.Usage(t.uid)
	}
	ctx, cancel := context.WithTimeout(ctx, measureTime)
	defer cancel()
	upTo := t.bound.Times(measureUpTo)
	if time.Now().Before(t.grace) {
		upTo = disk.Bound{Bytes: max(upTo.Bytes, t.most.Bytes), Files: max(upTo.Files, t.most.Files)}
	}
	used, err := disk.Measure(ctx, d.place(t.project), upTo)
	if errors.Is(err, context.DeadlineExceeded) {
		used.More = true // what it takes at least
		return used, nil
	}
	return used, err
}

// atStart returns what a project that starts over twice its bound may have while
// it is emptied: what there is and a little, so that nobody starts it again and
// again to fill the disk; what was seen a moment ago may be deleted meanwhile. It
// is zero where that takes too long to count.
func (d *disks) atStart(ctx context.Context, project string, seen disk.Used) (disk.Bound, error) {
	ctx, cancel := context.WithTimeout(ctx, measureTime)
	defer cancel()
	used, err := disk.Measure(ctx, d.place(project), disk.Bound{})
	if errors.Is(err, context.DeadlineExceeded) {
		return disk.Bound{}, nil
	}
	return disk.Bound{Bytes: max(used.Bytes, seen.Bytes) + graceRoom, Files: max(used.Files, seen.Files) + graceFiles}, err
}

// mark writes into the row of a project since when it is full.
func (d *disks) mark(ctx context.Context, project string, full bool) error {
	err := d.host.update(ctx, "projects", project, func(row app.Row) error {
		_, marked := row["disk_full"]
		switch {
		case marked == full:
			return errUnchanged
		case full:
			row["disk_full"] = now()
		default:
			delete(row, "disk_full")
		}
		return nil
	})
	if errors.Is(err, app.ErrNotFound) {
		return nil // it was deleted
	}
	return err
}

// stop ends a project that would take the disk from all: the agent that was there
// when it was looked at, none that was started since.
func (d *disks) stop(ctx context.Context, c *connection, why string) {
	if c == nil {
		return
	}
	d.host.o.Log.Warn("project stopped, it takes too much of the disk", "project", c.project)
	d.host.lose(ctx, c, why)
}
