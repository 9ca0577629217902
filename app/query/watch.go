package query

import (
	"context"
	"errors"
	"sync/atomic"

	"lyceum/app"
	"lyceum/app/live"
	"lyceum/app/schema"
)

// errAgain says that a watch must read its rows again.
var errAgain = errors.New("read again")

// Watch answers a get with options.changes and keeps the answer true until ctx
// ends or send returns an error; it returns that error, or why the watch cannot
// go on. send is called from one goroutine, one message at a time; it writes the
// message or returns ErrOutdated if Message.Still is false. A slow send delays
// nobody else. (L1 to L9)
func (e *Engine) Watch(ctx context.Context, query any, options app.Row, send func(Message) error) error {
	q, err := parse(query, options)
	if err != nil {
		return err
	}
	if !q.opts.changes {
		return app.Errorf(app.Invalid, "A watch needs options.changes.")
	}
	w := &watch{Engine: e, ask: q, caller: app.CallerFrom(ctx), send: send}
	if err := e.enter(w.caller, q); err != nil {
		return err
	}
	if err := e.resolve(ctx, q); err != nil {
		return err
	}
	defer w.close()
	if err := w.open(ctx); err != nil {
		return err
	}
	return w.run(ctx)
}

// maxStarts bounds how often a watch starts anew without getting further: a
// reader that falls out of the log each time is slower than the table is written.
const maxStarts = 20

// watch is one subscription. It has no queue: it reads the log at a position of
// its own, and remembers which rows the client has.
type watch struct {
	*Engine
	ask    *ask
	caller app.Caller
	send   func(Message) error

	log         *live.Log
	reader      *live.Reader
	accessMoved atomic.Bool
	stop        []func()

	// again: rows are read anew after every change that concerns the watch, and
	// compared: windows, and tables that show what no row holds. (L6)
	again bool
	// strict: the watch ends with the role: the table remembers no rows, or a
	// Watcher works for it.
	strict bool

	scope scope
	stamp string             // of the scope
	known map[string]known   // row → what the client has of it
	shown map[string]app.Row // the same with again: whole
	early map[string]bool    // rows of an append-only table that the first answer had
	until int64              // changes up to here may be in the first answer already
	after bool               // resumed: those changes have not been sent
}

// known is what is remembered of a row that the client has.
type known struct {
	rev int64
	key string // of the scope
}

func (w *watch) open(ctx context.Context) error {
	t := w.ask.table
	w.log = w.logs[t.Stored()]
	w.again = w.ask.opts.limit > 0 || t.Singleton != ""
	w.strict = t.AppendOnly || t.Watcher
	if t.AppendOnly && w.ask.eq[t.Key[0]] == nil {
		return app.Errorf(app.Invalid, "A watch of %s must name %s.", t.Name, t.Key[0])
	}
	if t.AppendOnly && (w.again || len(w.ask.opts.order) > 0) {
		return app.Errorf(app.Invalid, "A watch of %s has no limit and no order_by.", t.Name)
	}
	w.reader = w.log.Reader(nil)
	moved := func() {
		w.accessMoved.Store(true)
		w.reader.Signal()
	}
	w.stop = append(w.stop, w.reader.Close, w.access.Watch(w.caller.AccountID, moved))
	if t.Field(schema.FirstAccount) != nil {
		w.stop = append(w.stop, w.access.Watch("", moved))
	}
	w.rescope()
	if w.strict && w.ask.eq[w.scope.field] != nil && len(w.scope.keys) == 0 || t.AppendOnly && w.ask.eq[w.scope.field] == nil {
		return errAbsent(t)
	}
	return w.tell(ctx)
}

// tell lets the table's Watcher know. (Watcher)
func (w *watch) tell(ctx context.Context) error {
	watcher := w.Watchers[w.ask.table.Name]
	if watcher == nil {
		return nil
	}
	release, err := watcher.Watched(ctx, w.ask.eq)
	if err != nil {
		return err
	}
	w.stop = append(w.stop, release)
	return nil
}

func (w *watch) close() {
	for i := len(w.stop) - 1; i >= 0; i-- {
		w.stop[i]()
	}
}

// rescope asks what the caller may see now. The stamp is taken first: if access
// changes in between, the stamp is too old and the position will not be resumed.
func (w *watch) rescope() (before scope) {
	before = w.scope
	w.stamp = w.access.Stamp(w.caller.AccountID)
	w.scope = w.Engine.scope(w.caller, w.ask)
	w.reader.Topics(w.ask.topics(w.scope))
	return before
}

// run sends the rows and then what changes.
func (w *watch) run(ctx context.Context) error {
	resumed, err := w.resume(ctx)
	for starts := 0; ; starts++ {
		if err == nil && !resumed {
			err = w.start(ctx)
		}
		resumed = false
		for err == nil {
			if err = w.step(ctx); err == nil {
				starts = 0
			}
		}
		if !errors.Is(err, errAgain) && !errors.Is(err, live.ErrTruncated) && !errors.Is(err, ErrOutdated) {
			return err
		}
		if !w.access.Valid(w.caller) {
			return w.access.Check(w.caller, "", app.NoRole)
		}
		if starts >= maxStarts {
			return app.Errorf(app.Unavailable, "This cannot be watched right now. Please try again.")
		}
		w.rescope()
		if w.strict && len(w.scope.keys) == 0 {
			return errAbsent(w.ask.table)
		}
		err = nil
	}
}

// position is where the client has come to, with the stamp of what it may see:
// after a change of access it does not fit any more, and the client starts anew.
func (w *watch) position(p app.Position) app.Position {
	return app.Position{Log: p.Log + "." + w.stamp, N: p.N}
}

// start sends the rows as a new start. (L1, L4)
func (w *watch) start(ctx context.Context) error {
	limit := w.ask.limit()
	w.known, w.shown, w.early, w.after = make(map[string]known), nil, nil, false
	got, err := w.read(ctx, w.ask, w.scope, limit)
	if err != nil {
		return err
	}
	if got.cut && w.ask.table.AppendOnly {
		return app.Errorf(app.TooLarge, "There are more rows of %s than one answer may have; ask for newer ones.", w.ask.table.Name)
	}
	if got.cut {
		w.again = true // the client has a window now
	}
	if err := w.reader.Seek(got.first); err != nil {
		return err
	}
	w.until = got.last.N
	rows := make([]app.Row, 0, len(got.records))
	w.shown = make(map[string]app.Row)
	w.early = make(map[string]bool)
	keys := make(map[string]bool)
	for _, rec := range got.records {
		row := w.ask.project(rec.Row)
		rows = append(rows, row)
		w.keep(rec, row)
		keys[w.scope.key(rec.Row)] = true
	}
	pos := w.position(got.first)
	return w.send(Message{
		Answer:   &Answer{List: true, Rows: rows, Start: true, Cut: got.cut && w.ask.opts.limit == 0, Position: &pos},
		Position: pos, Still: w.still(keys),
	})
}

// keep remembers what the client gets of a row.
func (w *watch) keep(rec app.Record, row app.Row) {
	switch {
	case w.again:
		w.shown[rec.ID] = row
	case w.ask.table.AppendOnly:
		w.early[rec.ID] = true
	default:
		w.known[rec.ID] = known{rec.Rev, w.scope.key(rec.Row)}
	}
}

// still returns what the socket asks before it writes rows of some keys. (W5)
func (w *watch) still(keys map[string]bool) func() bool {
	return func() bool {
		if !w.access.Valid(w.caller) {
			return false
		}
		for key := range keys {
			if !w.visible(w.caller, w.ask.table, key) {
				return false
			}
		}
		return true
	}
}

// resume goes on from options.after if the log still holds all that came since,
// under the same access. (L4)
func (w *watch) resume(ctx context.Context) (bool, error) {
	after := w.ask.opts.after
	if after == nil || w.again {
		return false, nil
	}
	pos := w.log.Position()
	if *after != w.position(app.Position{Log: pos.Log, N: after.N}) || after.N > pos.N {
		return false, nil
	}
	pos.N = after.N
	if err := w.reader.Seek(pos); err != nil {
		return false, nil // fallen out of the log: a new start
	}
	w.known = make(map[string]known)
	if !w.ask.table.AppendOnly {
		got, err := w.read(ctx, w.ask, w.scope, w.ask.limit())
		if err != nil || got.cut {
			return false, err
		}
		for _, rec := range got.records {
			w.keep(rec, nil)
		}
		w.until, w.after = got.last.N, true
	}
	return true, w.send(Message{
		Answer:   &Answer{List: true, Rows: []app.Row{}, Position: after},
		Position: *after, Still: w.still(nil),
	})
}
