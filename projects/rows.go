package projects

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"lyceum/app"
)

// maxAttempts bounds how often update starts again. So many lost races in a row
// on one record are a bug, not bad luck.
const maxAttempts = 20

// errUnchanged is returned by a change that finds nothing to do.
var errUnchanged = errors.New("unchanged")

// update changes one row with what it is now, again when somebody was faster.
// change gets a copy.
func (h *Host) update(ctx context.Context, table, id string, change func(app.Row) error) error {
	for range maxAttempts {
		rec, err := h.o.Store.Get(ctx, table, id)
		if err != nil {
			return fmt.Errorf("read %s/%s: %w", table, id, err)
		}
		row := maps.Clone(rec.Row)
		if err := change(row); errors.Is(err, errUnchanged) {
			return nil
		} else if err != nil {
			return err
		}
		_, err = h.o.Store.Write(ctx, app.Write{Table: table, ID: id, Row: row, IfRev: rec.Rev})
		if errors.Is(err, app.ErrConflict) {
			continue
		}
		if err != nil {
			return fmt.Errorf("write %s/%s: %w", table, id, err)
		}
		return nil
	}
	return fmt.Errorf("write %s/%s: %w", table, id, app.ErrConflict)
}

func now() int64 { return time.Now().UnixMilli() }

func text(row app.Row, name string) string    { s, _ := row[name].(string); return s }
func number(row app.Row, name string) int64   { n, _ := row[name].(int64); return n }
func object(row app.Row, name string) app.Row { o, _ := row[name].(app.Row); return o }

// viewOf reads what decides from a row. A row without a state is a new project.
func viewOf(row app.Row, alive bool) view {
	state := object(row, "state")
	v := view{State: text(state, "state"), Since: number(state, "since"), Request: requestOf(row), Alive: alive}
	if v.State == "" {
		v.State = stopped
	}
	return v
}

func requestOf(row app.Row) request {
	r := object(row, "action_request")
	return request{
		Action: text(r, "action"), Request: text(r, "request"), AccountID: text(r, "account_id"),
		Time: number(r, "time"), Started: number(r, "started"), Finished: number(r, "finished"), Error: text(r, "error"),
	}
}

// setState writes a state. Its time is later than the start of the request that
// is under way, by which a restart knows that it has been carried out.
func (h *Host) setState(ctx context.Context, id, state, message string) error {
	return h.update(ctx, "projects", id, func(row app.Row) error {
		since := max(now(), requestOf(row).Started+1)
		next := app.Row{"state": state, "since": since}
		if message != "" {
			next["error"] = message
		}
		row["state"] = next
		delete(row, "stops_at") // it counts from now, or not at all
		if state == starting {  // what was said of the last time is over
			delete(row, "restart_reason")
			delete(row, "out_of_memory")
		}
		if state != running { // it is of the network of programs that run
			delete(row, "network_note")
		}
		if state == running {
			row["isolation"] = h.o.Sandbox.Mode().Words()
		}
		return nil
	})
}

// markRequest sets fields of the request, if it is still the one that was read.
func (h *Host) markRequest(ctx context.Context, id string, r request, fields app.Row) error {
	return h.update(ctx, "projects", id, func(row app.Row) error {
		if !requestOf(row).same(r) {
			return errUnchanged // somebody wants something else now
		}
		next := maps.Clone(object(row, "action_request"))
		maps.Copy(next, fields)
		row["action_request"] = next
		return nil
	})
}
