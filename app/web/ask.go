package web

import (
	"context"
	"errors"

	"lyceum/app"
	"lyceum/app/query"
	"lyceum/app/wire"
)

// ask begins to answer a question. It waits while too much is under way, and
// refuses what is over the bounds.
func (c *connection) ask(m wire.Ask, size int) error {
	watches := query.Watches(m.Options)
	c.mu.Lock()
	defer c.mu.Unlock()
	for !watches && c.unread > 0 && c.unread+size > maxUnread && c.ctx.Err() == nil {
		c.room.Wait()
	}
	switch {
	case c.asks[m.ID] || c.watches[m.ID] != nil:
		return app.Errorf(app.Invalid, "The id %d is in use by a question that is not over.", m.ID)
	case watches && len(c.watches) >= wire.MaxSubscriptions:
		return app.Errorf(app.TooLarge, "One connection may watch %d things, no more. Please close some tabs of the page.", wire.MaxSubscriptions)
	case watches && c.watched+size > maxUnread: // waiting would be for ever
		return app.Errorf(app.TooLarge, "What one connection watches may be described by %d MiB, no more. Please close some tabs of the page.", maxUnread>>20)
	case !watches && len(c.asks) >= wire.MaxAsks:
		return app.Errorf(app.TooLarge, "One connection may have %d questions unanswered, no more. Please wait for some answers.", wire.MaxAsks)
	}
	if watches {
		return c.beginLocked(m, size)
	}
	c.asks[m.ID] = true
	c.unread += size
	before, after := c.orderLocked(m)
	c.tasks.Go(func() {
		if before != nil {
			<-before
		}
		c.answer(m)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.unread -= size
		c.room.Broadcast()
		c.doneLocked(m, after)
	})
	return nil
}

// orderLocked has sets of one table run in the order in which they came: the
// numbers of an outbox rise. after is closed when this one is done.
func (c *connection) orderLocked(m wire.Ask) (before, after chan struct{}) {
	table := tableOf(m)
	if table == "" {
		return nil, nil
	}
	before, after = c.last[table], make(chan struct{})
	c.last[table] = after
	return before, after
}

func (c *connection) doneLocked(m wire.Ask, after chan struct{}) {
	if after == nil {
		return
	}
	close(after)
	if table := tableOf(m); c.last[table] == after {
		delete(c.last, table)
	}
}

// tableOf returns the table of a set, "" for everything else: sets have a
// request id. A watch that has one is still a watch: nobody waits for its end.
func tableOf(m wire.Ask) string {
	q, ok := m.Query.(map[string]any)
	if m.Request == "" || query.Watches(m.Options) || !ok || len(q) != 1 {
		return ""
	}
	for table := range q {
		return table
	}
	return ""
}

// maxReruns bounds how often a get is run again because the caller's access has
// changed before its answer was sent.
const maxReruns = 5

// answer runs a get or a set and sends what comes of it.
func (c *connection) answer(m wire.Ask) {
	ctx, cancel := context.WithTimeout(c.ctx, askTimeout)
	defer cancel()
	for range maxReruns {
		stamp := c.server.Access.Stamp(c.caller.AccountID)
		a, release, err := c.run(ctx, m)
		if err != nil {
			c.free(m.ID)
			c.refuse(m.ID, err)
			return
		}
		still := func() bool { return c.server.Access.Stamp(c.caller.AccountID) == stamp }
		if a.Wrote {
			still = nil // a set must not be run again; it answers what the caller has set
		}
		err = c.line.writeMade(c.ctx, func() ([]byte, error) {
			c.free(m.ID)
			return c.codec.Encode(wire.Answer{ID: m.ID, Result: result(a)})
		}, still)
		release()
		if !errors.Is(err, errStale) {
			c.sent(m.ID, err)
			return
		}
	}
	c.free(m.ID)
	c.refuse(m.ID, app.Errorf(app.Unavailable, "What you may see is changing too fast. Please try again."))
}

// run runs a get within the budget of the account. Sets, which have a request id,
// are answered with what the browser has given.
func (c *connection) run(ctx context.Context, m wire.Ask) (a query.Answer, release func(), err error) {
	if m.Request != "" {
		a, err = c.server.Tables.Run(ctx, m.Query, m.Options, m.Request)
		return a, func() {}, err
	}
	release, held := c.hold(ctx, func() int {
		a, err = c.server.Tables.Run(ctx, m.Query, m.Options, "")
		return a.Size()
	})
	if held != nil {
		return a, nil, held
	}
	if err != nil {
		release()
	}
	return a, release, err
}

// free lets an id be used again: whoever has its answer may do so at once.
func (c *connection) free(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.asks, id)
}

// sent ends the connection if a message could not be sent: the browser is gone.
func (c *connection) sent(id int64, err error) {
	switch {
	case err == nil:
	case app.IsKind(err, app.TooLarge): // of the encoder: the browser is well
		c.refuse(id, err)
	default:
		c.end(err)
	}
}

// refuse says why a question is not answered.
func (c *connection) refuse(id int64, err error) {
	if err := c.fail(id, err); err != nil {
		c.end(err)
	}
}

// fail sends an error.
func (c *connection) fail(id int64, err error) error { return c.send(c.failure(id, err), nil) }

// failure is an error as a person may read it; what nobody may is logged.
func (c *connection) failure(id int64, err error) wire.Failure {
	out := wire.Failure{ID: id, Error: told(err)}
	if out.Error.Kind == app.Internal {
		c.server.Log.ErrorContext(c.ctx, "question failed", "account", c.caller.AccountID, "id", id, "err", err)
	}
	return out
}

// result is an answer of the engine as it travels.
func result(a query.Answer) wire.Result {
	r := wire.Result{Cut: a.Cut, Start: a.Start, Position: a.Position}
	switch {
	case a.Answers != nil:
		r.Answers = make([]wire.Result, len(a.Answers))
		for i, one := range a.Answers {
			r.Answers[i] = result(one)
		}
	case a.List:
		r.Rows = a.Rows
		if r.Rows == nil {
			r.Rows = []app.Row{}
		}
	default:
		r.Row = a.Row
	}
	return r
}

func changes(list []query.Change) []wire.Change {
	out := make([]wire.Change, len(list))
	for i, ch := range list {
		out[i] = wire.Change{Action: ch.Action, NewVal: ch.New, OldVal: ch.Old}
	}
	return out
}
