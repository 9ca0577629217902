package query

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"lyceum/app"
	"lyceum/app/live"
	"lyceum/app/metrics"
)

// Watch is one watch of one client: see Subscription.
type Watch interface {
	Next(ctx context.Context) (m Message, ok bool, err error)
	Sent()
	Close()
}

// Subscription is the Watch of a table. It has no queue and no goroutine: it is
// a place in a stream, which it may share with others, and is asked for what comes
// next whenever the client can take it. Its methods belong to one goroutine at a
// time. (L1 to L9)
type Subscription struct {
	engine *Engine
	ask    *ask
	caller app.Caller
	wake   func()

	// held: the client has a window. (L6)
	held bool
	// strict: the watch ends with the role: the table remembers no rows, or a
	// Watcher works for it.
	strict bool

	moved  atomic.Bool // the caller's access has changed
	stop   []func()
	resume *app.Position // where the client says that it is
	tries  int           // messages that were made and not sent, one after the other

	at, next place // next is where it is when the message has been sent
	made     bool  // there is such a message

	meter  *metrics.Table // nil: the opening is not counted
	note   note
	looked int // rows that the last message has looked at
}

// place is how far a client has come.
type place struct {
	stream *stream // nil: nowhere, the rows come first
	stamp  string  // of the access under which stream was joined
	pos    app.Position
	index  int64 // number of the step of stream that is read next

	// What the client was told of its rows may be newer than the place in the
	// stream: changes up to skip are in it, and up to until those of early. (S2)
	skip, until int64
	early       map[string]int64 // row → revision; nil: none

	// missed is what the window has lost and won while the client was away.
	missed *step

	// alone reads the table's log where the stream has forgotten what comes next.
	alone *live.Reader
}

// maxTries bounds how often a message is made again, because the access of the
// caller has changed or its reader fell out of the log, before one is sent: a
// client to which that happens each time is slower than the table is written.
const maxTries = 20

// Subscribe begins to watch what a get with options.changes asks for. wake is
// called, from any goroutine and often, when Next may have something; it must
// neither block nor call the engine. ctx bounds the opening only. Close the
// subscription.
func (e *Engine) Subscribe(ctx context.Context, query any, options app.Row, wake func()) (Watch, error) {
	q, err := parse(query, options)
	if err != nil {
		return nil, err
	}
	if !q.opts.changes {
		return nil, app.Errorf(app.Invalid, "A watch needs options.changes.")
	}
	w := &Subscription{engine: e, ask: q, caller: app.CallerFrom(ctx), wake: wake, held: q.held(), resume: q.opts.after}
	if err := e.enter(w.caller, q); err != nil {
		return nil, err
	}
	if err := e.resolve(ctx, q); err != nil {
		return nil, err
	}
	if err := w.open(ctx); err != nil {
		w.Close()
		return nil, err
	}
	w.meter = e.meter.Table(q.table.Name)
	w.meter.WatchOpened()
	return w, nil
}

func (w *Subscription) open(ctx context.Context) error {
	t := w.ask.table
	w.strict = t.AppendOnly || t.Watcher
	if t.AppendOnly && w.ask.eq[t.Key[0]] == nil {
		return app.Errorf(app.Invalid, "A watch of %s must name %s.", t.Name, t.Key[0])
	}
	if t.AppendOnly && (w.held || len(w.ask.opts.order) > 0) {
		return app.Errorf(app.Invalid, "A watch of %s has no limit and no order_by.", t.Name)
	}
	if w.caller.SignedIn() {
		w.stop = append(w.stop, w.engine.access.Watch(w.caller.AccountID, func() {
			w.moved.Store(true)
			w.wake()
		}))
	}
	if _, _, err := w.may(); err != nil {
		return err
	}
	watcher := w.engine.Watchers[t.Name]
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

// Close ends the subscription and leaves nothing of it. Call it once. (L9)
func (w *Subscription) Close() {
	w.drop()
	w.place(place{})
	for i := len(w.stop) - 1; i >= 0; i-- {
		w.stop[i]()
	}
	w.stop = nil
	w.meter.WatchClosed()
	w.meter = nil
}

// Next returns what the client is to be told next; ok is false if there is
// nothing, and wake will be called. Call Sent when the message has been written;
// if it was not, for Message.Still or any other reason, Next makes another one,
// that is right then. An error ends the watch.
func (w *Subscription) Next(ctx context.Context) (m Message, ok bool, err error) {
	if w.made {
		w.drop()
		w.moved.Store(true)    // look again at what may be seen
		if w.at.early != nil { // it counts what was made as told
			w.place(place{})
		}
		if w.tries++; w.tries >= maxTries {
			return Message{}, false, app.Errorf(app.Unavailable, "This cannot be watched right now. Please try again.")
		}
	}
	for {
		begun := time.Now()
		w.looked = 0
		m, ok, err = w.look(ctx)
		w.engine.meter.looked(w, begun, m)
		switch {
		case err == nil:
			w.made, w.note = ok, noteOf(m)
			return m, ok, nil
		case errors.Is(err, errLong):
			w.held = true
		case !errors.Is(err, live.ErrTruncated):
			return Message{}, false, err
		}
		if w.tries++; w.tries >= maxTries {
			return Message{}, false, app.Errorf(app.Unavailable, "This cannot be watched right now. Please try again.")
		}
		w.drop()
		w.place(place{})
	}
}

// Sent says that the message of the last Next has been written.
func (w *Subscription) Sent() {
	if w.made {
		w.note.count(w.meter)
	}
	w.made, w.tries = false, 0
	w.place(w.next)
	w.next = place{}
}

// place moves the subscription.
func (w *Subscription) place(to place) {
	from := w.at
	w.at = to
	if from.stream != nil && from.stream != to.stream {
		w.engine.leave(w, from.stream)
	}
	if from.alone != nil && from.alone != to.alone {
		from.alone.Close()
	}
	if to.stream != nil {
		to.stream.reads(w, to.index)
	}
}

// drop forgets a message that was not sent.
func (w *Subscription) drop() {
	if w.next.stream != nil && w.next.stream != w.at.stream {
		w.engine.leave(w, w.next.stream)
	}
	if w.next.alone != nil && w.next.alone != w.at.alone {
		w.next.alone.Close()
	}
	w.next, w.made = place{}, false
}

// look makes the next message.
func (w *Subscription) look(ctx context.Context) (Message, bool, error) {
	if err := ctx.Err(); err != nil {
		return Message{}, false, err
	}
	moved := w.moved.Swap(false)
	if !w.engine.access.Valid(w.caller) {
		return Message{}, false, w.engine.access.Check(w.caller, "", app.NoRole)
	}
	switch {
	case w.at.stream == nil:
		return w.start(ctx)
	case moved:
		return w.rescope(ctx)
	case w.at.alone != nil:
		return w.readAlone(ctx)
	}
	return w.read(ctx)
}

// may asks what the caller may see now. The stamp is taken first: if access
// changes in between, the stamp is too old and the position will not be resumed.
func (w *Subscription) may() (sc scope, stamp string, err error) {
	stamp = w.engine.access.Stamp(w.caller.AccountID)
	sc = w.engine.scope(w.caller, w.ask).ofWatch(stamp)
	unknown := w.ask.table.AppendOnly && w.ask.eq[sc.field] == nil // a document that is not there
	if w.strict && len(sc.keys) == 0 || unknown {
		err = errAbsent(w.ask.table)
	}
	return sc, stamp, err
}

// position is where the client has come to, with the stamp of what it may see:
// after a change of access it does not fit any more, and the client starts anew.
// So it does from where some of its rows are newer than the position.
func (p place) position() app.Position {
	if p.until > p.pos.N {
		return app.Position{Log: p.pos.Log + ".between." + p.stamp, N: p.pos.N}
	}
	return app.Position{Log: p.pos.Log + "." + p.stamp, N: p.pos.N}
}

// still returns what the socket asks before it writes rows of some keys. (W5)
func (w *Subscription) still(keys map[string]bool) func() bool {
	return func() bool {
		if !w.engine.access.Valid(w.caller) {
			return false
		}
		for key := range keys {
			if !w.engine.visible(w.caller, w.ask.table, key) {
				return false
			}
		}
		return true
	}
}
