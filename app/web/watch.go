package web

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"lyceum/app/query"
	"lyceum/app/wire"
)

// watch is one watch of a connection. A goroutine of its own opens it and sends its
// first answer; from then on the connection's pump sends what comes.
type watch struct {
	id     int64
	size   int           // bytes of the question
	leave  func()        // the gate
	cancel func()        // ends the opening
	opened chan struct{} // closed when that is over

	turn   sync.Mutex  // held while a message of it is made and written
	sub    query.Watch // guarded by turn; nil before and after
	ended  bool        // guarded by turn
	queued bool        // guarded by the pump's lock
}

// pump knows which watches of a connection may have something to send.
type pump struct {
	wake chan struct{} // holds a value while ready may have something

	mu    sync.Mutex
	ready []*watch // each once
}

// mark notes that a watch may have something. It is called from the log of a
// table, and does not block.
func (p *pump) mark(w *watch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.queued {
		return
	}
	w.queued = true
	p.ready = append(p.ready, w)
	select {
	case p.wake <- struct{}{}:
	default: // it will wake anyway
	}
}

// take returns what has been marked since the last time.
func (p *pump) take() []*watch {
	p.mu.Lock()
	defer p.mu.Unlock()
	ready := p.ready
	p.ready = nil
	for _, w := range ready {
		w.queued = false
	}
	return ready
}

// pumpWatches sends what the watches have, one message of each in turn, until the
// connection ends.
func (c *connection) pumpWatches() {
	for {
		select {
		case <-c.pump.wake:
		case <-c.ctx.Done():
			return
		}
		for _, w := range c.pump.take() {
			if c.advance(w) {
				c.pump.mark(w) // there may be more
			}
		}
	}
}

// beginLocked opens a watch. It may take long: watching a folder starts its
// project.
func (c *connection) beginLocked(m wire.Ask, size int) error {
	leave, err := c.watchesGate()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(c.ctx)
	w := &watch{id: m.ID, size: size, leave: leave, cancel: cancel, opened: make(chan struct{})}
	c.watches[m.ID] = w
	c.watched += size
	w.turn.Lock() // until it is open
	c.tasks.Go(func() {
		defer close(w.opened)
		defer cancel()       // from here on it is the connection's
		defer c.pump.mark(w) // when the turn is free: the pump has passed it by
		defer w.turn.Unlock()
		sub, err := c.server.Tables.Subscribe(ctx, m.Query, m.Options, func() { c.pump.mark(w) })
		if err != nil {
			c.failWatchLocked(ctx, w, err)
			return
		}
		w.sub = sub
		c.advanceLocked(ctx, w)
	})
	return nil
}

// advance is advanceLocked for the pump, which waits for nobody: who has the turn
// of a watch opens it, and marks it then, or ends it.
func (c *connection) advance(w *watch) (more bool) {
	if !w.turn.TryLock() {
		return false
	}
	defer w.turn.Unlock()
	return c.advanceLocked(c.ctx, w)
}

// advanceLocked sends the next message of a watch whose turn is held, if there is
// one. It reports whether there may be another.
func (c *connection) advanceLocked(ctx context.Context, w *watch) (more bool) {
	if w.ended || w.sub == nil {
		return false
	}
	var m query.Message
	var ok bool
	var err error
	release, held := c.hold(ctx, func() int {
		m, ok, err = w.sub.Next(ctx)
		return sizeOf(m)
	})
	if held != nil {
		return false // the context has ended
	}
	defer release()
	if err != nil {
		if ctx.Err() == nil { // else its end is under way
			c.failWatchLocked(ctx, w, err)
		}
		return false
	}
	if !ok || ctx.Err() != nil {
		return false
	}
	err = c.send(message(w.id, m), m.Still)
	switch {
	case err == nil:
		w.sub.Sent()
	case !errors.Is(err, errStale): // else the next one is what is right now
		c.sent(w.id, err)
		c.endWatchLocked(w)
		return false
	}
	return true
}

// message is what a watch tells as it travels.
func message(id int64, m query.Message) wire.Message {
	if m.Answer != nil {
		return wire.Answer{ID: id, Result: result(*m.Answer)}
	}
	return wire.Changes{ID: id, Changes: changes(m.Changes), Position: m.Position}
}

// cancel ends a watch and waits for its end, so that nothing of it comes after
// what is sent next. A question is answered in any case.
func (c *connection) cancel(id int64) {
	c.mu.Lock()
	w := c.watches[id]
	c.mu.Unlock()
	if w != nil {
		w.cancel()
		<-w.opened
		c.endWatch(w)
	}
}

// endWatches ends those that are left when the connection has ended. (L9)
func (c *connection) endWatches() {
	c.mu.Lock()
	left := slices.Collect(maps.Values(c.watches))
	c.mu.Unlock()
	for _, w := range left {
		c.endWatch(w)
	}
}

// failWatchLocked ends a watch whose turn is held, and says why unless ctx has
// ended. Its id is free right before the first byte: whoever has the error may use
// it at once, and no error of an older watch comes after that.
func (c *connection) failWatchLocked(ctx context.Context, w *watch, err error) {
	if ctx.Err() == nil {
		failed := c.failure(w.id, err)
		err = c.line.writeMade(c.ctx, func() ([]byte, error) {
			c.endWatchLocked(w)
			return c.codec.Encode(failed)
		}, nil)
		if err != nil {
			c.end(err)
		}
	}
	c.endWatchLocked(w)
}

func (c *connection) endWatch(w *watch) {
	w.turn.Lock()
	defer w.turn.Unlock()
	c.endWatchLocked(w)
}

// endWatchLocked ends a watch whose turn is held. Its id is free then.
func (c *connection) endWatchLocked(w *watch) {
	if w.ended {
		return
	}
	w.ended = true
	w.cancel()
	w.leave()
	if w.sub != nil {
		w.sub.Close()
		w.sub = nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.watches, w.id)
	c.watched -= w.size
}
