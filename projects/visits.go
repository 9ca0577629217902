package projects

import (
	"context"
	"reflect"
	"time"

	"lyceum/app"
	"lyceum/app/query"
)

// Used notes that somebody uses a project: a page whose person acts, typing, an
// edit, a file, a start. It is kept in memory only: after a restart of the server
// everybody counts as having been there a moment ago. It never blocks.
func (h *Host) Used(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.entries[id]
	if e == nil || e.agent == nil {
		return // nothing runs that could be stopped; its start will count
	}
	e.visit = time.Now()
	if !e.warned {
		return
	}
	select {
	case e.acted <- struct{}{}:
	default: // will be looked at anyway
	}
}

// visit notes that a person's page, or a script, is there. Where another server has
// the project it is refused: a visit is no row that the other could see, and who
// keeps a project running must not believe that it counts.
func (h *Host) visit(ctx context.Context, s query.Set) (app.Row, error) {
	id := text(s.Row, "project_id")
	if err := h.Own(ctx, id); err != nil {
		return nil, err
	}
	h.Used(id)
	return s.Row, nil
}

// noteUse notes what people set in rows of projects, which may be at other servers.
func (h *Host) noteUse(b app.Batch) {
	for _, c := range b.Changes {
		if setByPeople(c) {
			h.Used(c.ID)
		}
	}
}

// setByPeople reports whether a change of a project's row is what somebody has
// set, at whatever server: its people, its words, an action. The host's own steps
// are none.
func setByPeople(c app.Change) bool {
	if c.Old == nil || c.New == nil {
		return false
	}
	for _, field := range []string{"title", "description", "users"} {
		if !reflect.DeepEqual(c.Old[field], c.New[field]) {
			return true
		}
	}
	asked := viewOf(c.New, false).Request
	return asked.AccountID != "" && !asked.same(viewOf(c.Old, false).Request)
}

// usedSince reports whether somebody has.
func (h *Host) usedSince(id string, t time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.entryLocked(id).visit.After(t)
}
