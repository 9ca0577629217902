package rethinktest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	p "gopkg.in/rethinkdb/rethinkdb-go.v6/ql2"
)

// A feed is one subscription to a table. All its fields belong to the table's
// mutex. The table puts changes into its queue and never waits; whoever reads
// too slowly loses them, and is told how many.
type feed struct {
	env     *env
	watch   *watch
	options feedOptions
	wake    chan struct{} // capacity 1: something may be there to read

	queue   []told
	skipped int   // changes that were lost and not yet told
	err     error // why the feed has ended
	silent  bool  // a fault: it tells nothing any more
	idle    bool  // a reader waits: it has found nothing
	initial *initial
	top     []*row // of a limited feed: what it shows
	read    time.Time
}

type feedOptions struct {
	squash   bool
	interval time.Duration // of squash: at least so long between two answers
	initial  bool
	states   bool
	types    bool
	offsets  bool
	size     int // of the queue, in changes
}

// A told is an element of a feed that waits to be read.
type told struct {
	row      string // whose key; "" of a state
	nth      int    // of the times that the row is in the feed
	old, new datum
	kind     string // add, change, remove, initial, state
	state    string
	from, to any // offsets of a limited feed
	at       time.Time
}

// object is the element as it goes to the client.
func (c told) object(o feedOptions) object {
	out := object{}
	switch c.kind {
	case "state":
		out["state"] = c.state
	case "initial":
		out["new_val"] = c.new
	default:
		out["old_val"], out["new_val"] = c.old, c.new
	}
	if o.types {
		out["type"] = c.kind
	}
	if o.offsets && c.kind != "state" {
		out["new_offset"] = c.to
		if c.kind != "initial" {
			out["old_offset"] = c.from
		}
	}
	return out
}

func kindOfChange(old, new datum) string {
	switch {
	case old == nil:
		return "add"
	case new == nil:
		return "remove"
	}
	return "change"
}

// open subscribes, so that nothing is missed once the query is answered (171).
func (w *watch) open(e *env, o feedOptions, wake chan struct{}) (*feed, error) {
	t := w.source.table
	if err := e.allowed(t, "read"); err != nil {
		return nil, err
	}
	f := &feed{env: e, watch: w, options: o, wake: wake, read: time.Now()}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.usable("read"); err != nil {
		return nil, err
	}
	if err := f.begin(); err != nil {
		return nil, err
	}
	t.feeds[f] = true
	t.settled.Broadcast()
	f.signal()
	return f, nil
}

// begin finds the initial rows and states. The caller holds the table's mutex.
func (f *feed) begin() error {
	w := f.watch
	if w.limit > 0 {
		return f.beginTop()
	}
	if !f.options.initial {
		if f.options.states {
			f.queue = append(f.queue, told{kind: "state", state: "ready"})
		}
		return nil
	}
	in := &initial{rows: map[string]*row{}}
	if f.options.states {
		f.queue = append(f.queue, told{kind: "state", state: "initializing"})
	}
	rows, err := w.source.locked(-1)
	if err != nil {
		return err
	}
	if w.point && len(rows) == 0 {
		f.queue = append(f.queue, told{kind: "initial"})
	}
	for _, r := range rows {
		in.set(r.key, r.hash, r)
	}
	f.initial = in
	return nil
}

// signal wakes whoever reads.
func (f *feed) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// told takes in a change of the table, which has it already. The caller holds
// the table's mutex.
func (f *feed) told(c change) {
	if f.err != nil || f.silent {
		return
	}
	if f.watch.limit > 0 {
		f.toldTop()
		return
	}
	if f.initial != nil && f.initial.ahead(c) {
		f.initial.set(c.key(), hashOf(c.key()), c.new)
		return // it comes as the row that it is then
	}
	before, after := f.watch.source.times(c.old), f.watch.source.times(c.new)
	for i := range max(before, after) {
		old, err := f.pass(c.old, i < before)
		if err != nil {
			f.end(err)
			return
		}
		new, err := f.pass(c.new, i < after)
		if err != nil {
			f.end(err)
			return
		}
		if !equal(old, new) {
			f.put(told{row: c.key(), nth: i, old: old, new: new, kind: kindOfChange(old, new)})
		}
	}
}

// pass takes a row through the steps before changes(); nil when it is not in.
func (f *feed) pass(r *row, in bool) (datum, error) {
	if r == nil || !in {
		return nil, nil
	}
	var v datum = r.value
	for _, fn := range f.watch.steps {
		next, ok, err := fn(f.env, v)
		if err != nil || !ok {
			return nil, err
		}
		v = next
	}
	return v, nil
}

// put queues a change. When the queue is full all of it is lost, this change
// too, as the real server does (158).
func (f *feed) put(c told) {
	c.at = time.Now()
	t := f.watch.source.table
	defer f.signal()
	if t.faults.skips > 0 {
		f.skipped++
		return
	}
	if f.options.squash && f.watch.limit == 0 && f.squashed(c) {
		return
	}
	f.queue = append(f.queue, c)
	if len(f.queue) > f.options.size {
		f.skipped += len(f.queue)
		f.queue = nil
	}
}

// squashed merges a change into the one of its row that waits, if one does.
func (f *feed) squashed(c told) bool {
	i := slices.IndexFunc(f.queue, func(q told) bool {
		return q.kind != "state" && q.kind != "initial" && q.row == c.row && q.nth == c.nth
	})
	if i < 0 {
		return false
	}
	q := &f.queue[i]
	q.new = c.new
	if equal(q.old, q.new) {
		f.queue = slices.Delete(f.queue, i, i+1) // it came and went
		return true
	}
	q.kind = kindOfChange(q.old, q.new)
	return true
}

// end ends the feed with an error, which the next read gives.
func (f *feed) end(err error) {
	if e, ok := errors.AsType[*queryError](err); ok {
		copied := *e
		copied.at = nil
		err = &copied
	}
	f.err = err
	f.watch.source.table.forget(f)
	f.signal()
}

// abortFeeds ends all feeds. The caller holds t.mu.
func (t *table) abortFeeds() {
	for f := range t.feeds {
		f.end(failedError("Changefeed aborted (unavailable)."))
	}
}

func (f *feed) close() {
	t := f.watch.source.table
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(f)
}

// forget ends a subscription. The caller holds t.mu.
func (t *table) forget(f *feed) {
	delete(t.feeds, f)
	t.settled.Broadcast()
}

// take is what can be read now, at most n elements. When there is nothing, wait
// says when to look again: 0 when the feed will say.
func (f *feed) take(n int) (rows []datum, wait time.Duration, err error) {
	t := f.watch.source.table
	t.mu.Lock()
	defer t.mu.Unlock()
	defer func() { f.idle = len(rows) == 0 }()
	if f.err != nil {
		return nil, 0, f.err
	}
	if t.faults.feedsHeld {
		return nil, 0, nil
	}
	if rest := f.options.interval - time.Since(f.read); rest > 0 {
		return nil, rest, nil
	}
	if f.skipped > 0 {
		rows = append(rows, object{"error": fmt.Sprintf("Changefeed cache over array size limit, skipped %d elements.", f.skipped)})
		f.skipped = 0
	}
	if f.watch.limit > 0 && f.options.squash {
		f.compareTop()
	}
	waiting, wait := f.due(n)
	for _, c := range waiting {
		rows = append(rows, c.object(f.options))
	}
	more, err := f.takeInitial(n)
	if err != nil {
		return nil, 0, err
	}
	rows = append(rows, more...)
	if len(rows) > 0 {
		f.read = time.Now()
	}
	return rows, wait, nil
}

// due takes the elements that may be told off the queue.
func (f *feed) due(n int) ([]told, time.Duration) {
	t := f.watch.source.table
	end := min(n, len(f.queue))
	if d := t.faults.feedDelay; d > 0 {
		for i := range end {
			if rest := d - time.Since(f.queue[i].at); rest > 0 {
				if i == 0 {
					return nil, rest
				}
				end = i
				break
			}
		}
	}
	waiting := slices.Clone(f.queue[:end])
	f.queue = f.queue[end:]
	if t.faults.shuffle != nil {
		shuffle(waiting, t.faults.shuffle.Perm(len(waiting)))
	}
	return waiting, 0
}

// shuffle puts elements in the order of a permutation, each row's in its own.
func shuffle(elements []told, order []int) {
	byRow := map[string][]told{}
	rows := make([]string, len(elements))
	for i, c := range elements {
		byRow[c.row] = append(byRow[c.row], c)
		rows[order[i]] = c.row
	}
	for i, row := range rows {
		elements[i] = byRow[row][0]
		byRow[row] = byRow[row][1:]
	}
}

// A feedCursor reads the feeds of one query.
type feedCursor struct {
	env   *env
	feeds []*feed
	steps []step // after changes()
	note  p.Response_ResponseNote
	wake  chan struct{}
}

func (c *feedCursor) notes() []p.Response_ResponseNote {
	notes := []p.Response_ResponseNote{c.note}
	if c.feeds[0].options.states {
		notes = append(notes, p.Response_INCLUDES_STATES)
	}
	return notes
}

func (c *feedCursor) close() {
	for _, f := range c.feeds {
		f.close()
	}
}

// next waits for the next elements.
func (c *feedCursor) next(ctx context.Context, n int) ([]datum, bool, error) {
	for {
		var all []datum
		var look <-chan time.Time
		for _, f := range c.feeds {
			rows, wait, err := f.take(n)
			if err != nil {
				return nil, false, err
			}
			all = append(all, rows...)
			if wait > 0 {
				look = time.After(wait)
			}
		}
		passed, err := c.passed(all)
		if err != nil {
			return nil, false, err
		}
		if len(passed) > 0 {
			return passed, false, nil
		}
		if len(all) > 0 {
			continue // none of them came through; there may be more
		}
		select {
		case <-c.wake:
		case <-look:
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
}

// passed takes elements through the steps after changes().
func (c *feedCursor) passed(elements []datum) ([]datum, error) {
	var out []datum
next:
	for _, v := range elements {
		for _, fn := range c.steps {
			next, ok, err := fn(c.env, v)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue next
			}
			v = next
		}
		out = append(out, v)
	}
	return out, nil
}
