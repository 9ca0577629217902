package projects

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"lyceum/app"
	"lyceum/projects/agent"
)

const (
	// lookTime bounds one look; an agent that takes longer is busy.
	lookTime = 10 * time.Second
	// stopsAtDrift is how wrong the time that people see may be before it is
	// written anew: the clock was set, or the machine has slept.
	stopsAtDrift = 5 * time.Second
)

// idleWatch looks at one project while its agent runs.
type idleWatch struct {
	*Host
	c      *connection
	idling idling
	looked time.Time
	before agent.Activity
	known  bool // before is of a look at this agent
}

// watchIdle stops a project that nobody uses, after a warning. It counts from
// now: what was before a restart of the server is not known.
func (h *Host) watchIdle(ctx context.Context, c *connection) {
	w := &idleWatch{Host: h, c: c, looked: time.Now()}
	w.tell(ctx) // a warning of an earlier server
	acted := h.acted(c.project)
	// Spread: after a start of the server all agents are found at once.
	wait := rand.N(h.o.Idle.Look) + 1
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.process.Done():
			return
		case <-acted:
			w.next(ctx, facts{used: true})
		case <-after(wait):
			w.next(ctx, w.look(ctx))
		}
		wait = w.idling.wait(h.o.Idle)
	}
}

// acted returns where Used says that a project that was warned is used.
func (h *Host) acted(id string) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.entryLocked(id).acted
}

// look finds out what decides. What it cannot find out counts as use.
func (w *idleWatch) look(ctx context.Context) facts {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	before := w.looked
	w.looked = time.Now()
	f := facts{passed: w.looked.Sub(before), used: w.usedSince(w.c.project, before)}
	limits, err := w.limitsOf(ctx, w.c.project)
	if err != nil {
		f.used = true
	}
	f.limit = limits.Idle
	now, err := w.activity(ctx)
	if err != nil || !w.known || now.Busy(w.before, f.passed) {
		f.used = true
	}
	if err == nil && now.Printed != w.before.Printed {
		if err := w.keepTerminals(ctx, w.c, false); err != nil && ctx.Err() == nil {
			w.o.Log.Warn("terminals not kept", "project", w.c.project, "err", err)
		}
	}
	w.before, w.known = now, err == nil
	return f
}

// activity is what the programs have used: processors as the kernel counts them
// for the project, where it does, and the rest as the agent sees it. An agent
// that says less than is true harms its own project.
func (w *idleWatch) activity(ctx context.Context) (agent.Activity, error) {
	used, counted := w.c.process.Usage()
	now, err := w.c.client().Activity(ctx)
	if errors.Is(err, agent.ErrOld) {
		err = counted // it cannot say more
	}
	if counted == nil {
		now.CPU = used.CPU
	}
	return now, err
}

// next does what follows from facts.
func (w *idleWatch) next(ctx context.Context, f facts) {
	var v verdict
	w.idling, v = w.idling.decide(f, w.o.Idle)
	w.mu.Lock()
	w.entryLocked(w.c.project).warned = w.idling.warned
	w.mu.Unlock()
	switch v {
	case warn, takeBack:
		w.tell(ctx)
	case stopIdle:
		if err := w.askStop(ctx, w.c.project, w.looked, f.limit); err != nil && ctx.Err() == nil {
			w.o.Log.Error("idle project not stopped", "project", w.c.project, "err", err)
		}
	}
}

// tell writes when the project will be stopped, or that it will not.
func (w *idleWatch) tell(ctx context.Context) {
	at := time.Now().Add(w.idling.left).UnixMilli()
	err := w.update(ctx, "projects", w.c.project, func(row app.Row) error {
		told, warned := row["stops_at"].(int64)
		switch {
		case !w.idling.warned && !warned,
			w.idling.warned && warned && max(told-at, at-told) < stopsAtDrift.Milliseconds():
			return errUnchanged
		case w.idling.warned:
			row["stops_at"] = at
		default:
			delete(row, "stops_at")
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		w.o.Log.Warn("time of a stop not told", "project", w.c.project, "err", err)
	}
}

// askStop requests a stop as the server's own wish, unless somebody has used the
// project since it was looked at, or asked for something.
func (h *Host) askStop(ctx context.Context, id string, looked time.Time, limit time.Duration) error {
	return h.update(ctx, "projects", id, func(row app.Row) error {
		if requestOf(row).pending() || h.usedSince(id, looked) {
			return errUnchanged
		}
		h.mu.Lock()
		h.entryLocked(id).why = whyIdle(limit)
		h.mu.Unlock()
		row["action_request"] = app.Row{"action": "stop", "time": now()}
		return nil
	})
}

// whyStopped returns and forgets why the server has stopped a project.
func (h *Host) whyStopped(id string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.entryLocked(id)
	why := e.why
	e.why = ""
	return why
}
