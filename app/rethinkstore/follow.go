package rethinkstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app/packed"
)

const (
	// maxBehind is how many changes of a feed wait in memory for the database to
	// say that they are safe. A feed that is further ahead is closed, and what it
	// had is read again.
	maxBehind      = 100_000
	maxBehindBytes = 128 << 20
	// probeAfter is how long a feed may say nothing before a sign of life is
	// written, and silentFor after how long without one it is taken for dead.
	probeAfter = 2 * time.Second
	silentFor  = 5 * time.Second
	// warnAgain is how often it is said that a feed has ended and is not back, or has
	// ended again.
	warnAgain = time.Minute
	// ownPatience is how long a change of our own waits for its acknowledgement,
	// which mostly comes a millisecond after the feed has told of it, before the
	// database is asked.
	ownPatience = 20 * time.Millisecond
	// safePatience is how long a change may wait until it is safe on a majority.
	// One that takes longer may have been taken back, and the feed with it.
	safePatience = 10 * time.Second
)

// element is one message of a feed.
type element struct {
	Error string    `json:"error"`
	New   *document `json:"new_val"`
	Old   *document `json:"old_val"`

	bytes int
	since time.Time // when it came
}

// follower follows the feed of one table: one goroutine reads it as fast as it
// can, another tells the watchers what is safe.
type follower struct {
	store *Store
	table *table
	texts packed.Texts

	mu    sync.Mutex
	queue []*element
	bytes int
	ended error              // why the feed is over; nil while it runs
	safe  map[int64]struct{} // own writes that are acknowledged and not told yet
	older map[int64]struct{} // those of the turn before; what is still there was told otherwise
	turn  time.Time          // when safe became older
	heard time.Time          // the last sign of life of a feed that is caught up
	wake  chan struct{}      // has an element when there is something new
}

func newFollower(s *Store, t *table) *follower {
	return &follower{store: s, table: t, safe: make(map[int64]struct{}), wake: make(chan struct{}, 1)}
}

func (f *follower) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// heed notes own writes that the database has acknowledged.
func (f *follower) heed(stamps []int64) {
	f.mu.Lock()
	if time.Since(f.turn) > safePatience {
		f.older, f.safe, f.turn = f.safe, make(map[int64]struct{}), time.Now()
	}
	for _, stamp := range stamps {
		f.safe[stamp] = struct{}{}
	}
	f.mu.Unlock()
	f.signal()
}

// alive reports whether the feed has lately said anything, and nothing before it
// is missing.
func (f *follower) alive() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Since(f.heard) < silentFor
}

// run follows until ctx ends. ready is called with the outcome of the first
// attempt, and once more with nil if that failed and a later one did not.
func (f *follower) run(ctx context.Context, ready func(error)) {
	pause := pauseFirst
	first, away := true, false // away: that it has ended was said, and not yet that it is back
	var warned time.Time
	for ctx.Err() == nil {
		begun := time.Now()
		err := f.follow(ctx, first, func() {
			if first {
				first = false
				ready(nil)
			}
			if away {
				f.store.options.Log.Info("feed of a table is there again", "part", "store", "table", f.table.Name)
			}
			away = false
			pause = pauseFirst
		})
		if ctx.Err() != nil {
			return
		}
		if first {
			ready(err)
		}
		if time.Since(warned) > warnAgain {
			f.store.options.Log.Warn("feed of a table ended, it is opened again", "part", "store",
				"table", f.table.Name, "duration", time.Since(begun), "err", err)
			warned = time.Now()
			away = true
		}
		if !wait(ctx, &pause) {
			return
		}
	}
}

// follow opens a feed, catches up with what it has missed, and tells until it ends.
func (f *follower) follow(ctx context.Context, first bool, caughtUp func()) error {
	ctx, cancel := context.WithCancel(ctx)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer cancel()
	l, err := f.store.pool.dial(ctx)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = l.session.Close() })() // what it had is read again
	defer l.session.Close()                                          // the same
	cursor, err := f.table.feedTerm().Run(l.session, r.RunOpts{Context: ctx})
	if err != nil {
		if changed(err) { // there is no such table
			_, err = f.store.check(ctx, f.table)
		}
		return fmt.Errorf("open: %w", err)
	}
	f.reset()
	reading.Go(func() { f.read(cursor) })
	identity, err := f.store.check(ctx, f.table)
	if err != nil {
		return err
	}
	switch {
	case first:
		err = f.begin(ctx, false)
	case identity != f.table.identity, f.forgotten(): // of another table, or too late, nothing can be compared
		err = f.begin(ctx, true)
	default:
		err = f.catchUp(ctx)
	}
	if err != nil {
		return fmt.Errorf("catch up: %w", err)
	}
	f.table.identity = identity
	f.sign()
	caughtUp()
	return f.tellAll(ctx)
}

// forgotten reports whether the feed was away for so long that what was deleted
// meanwhile may have left no trace.
func (f *follower) forgotten() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	// By the wall's clock: that of the machine may have stood still with it.
	return time.Now().Round(0).Sub(f.heard.Round(0)) > f.table.tombstoneAge()-2*slack
}

// reset forgets what another feed has left.
func (f *follower) reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue, f.bytes, f.ended = nil, 0, nil
}

var errEnded = errors.New("the feed ended")

func next(cursor *r.Cursor) (*element, int, error) {
	b, ok := cursor.NextResponse()
	if !ok {
		if err := cursor.Err(); err != nil {
			return nil, 0, err
		}
		return nil, 0, errEnded
	}
	e := &element{bytes: len(b), since: time.Now()}
	if err := json.Unmarshal(b, e); err != nil {
		return nil, 0, err
	}
	if e.Error != "" { // some were skipped: the place in the feed is lost
		return nil, 0, errors.New(e.Error)
	}
	return e, len(b), nil
}

// read takes what comes into memory: a feed that is read slowly loses changes.
func (f *follower) read(cursor *r.Cursor) {
	for {
		e, bytes, err := next(cursor)
		f.mu.Lock()
		switch {
		case err != nil:
			f.ended = err
		case len(f.queue) >= maxBehind || f.bytes >= maxBehindBytes:
			err = errors.New("the feed is too far ahead of what is safe")
			f.ended = err
		default:
			f.queue = append(f.queue, e)
			f.bytes += bytes
		}
		f.mu.Unlock()
		f.signal()
		if err != nil {
			return
		}
	}
}

// sign notes a sign of life.
func (f *follower) sign() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard = time.Now()
}

// take returns what has come, and why there will be no more.
func (f *follower) take() ([]*element, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.queue
	f.queue, f.bytes = nil, 0
	return list, f.ended
}

// tellAll tells what comes, as soon as it is safe, until the feed has ended. What
// is then not safe yet is not told: another primary may know nothing of it.
func (f *follower) tellAll(ctx context.Context) error {
	var waiting []*element
	probe := time.NewTimer(probeAfter)
	defer probe.Stop()
	probed, pause := false, time.Duration(0)
	for {
		select {
		case <-f.wake:
		case <-ctx.Done():
			return ctx.Err()
		case <-after(pause):
		case <-probe.C:
			if probed {
				return errors.New("the feed is silent")
			}
			probed = true
			probe.Reset(silentFor - probeAfter)
			f.store.probe(ctx, f.table)
			continue
		}
		come, ended := f.take()
		if len(come) > 0 {
			f.sign()
			probed = false
			probe.Reset(probeAfter)
		}
		waiting = append(waiting, come...)
		if ended != nil {
			waiting = f.prefix(waiting)
		}
		n, err := f.confirm(ctx, waiting)
		if err != nil {
			return err
		}
		f.tell(waiting[:n])
		waiting = waiting[n:]
		if ended != nil {
			return ended
		}
		pause = 0
		if len(waiting) > 0 {
			pause = pauseFirst
			if time.Since(waiting[0].since) > safePatience {
				return errors.New("a change does not get safe")
			}
		}
	}
}

// after is time.After; with 0 it never comes.
func after(d time.Duration) <-chan time.Time {
	if d == 0 {
		return nil
	}
	return time.After(d)
}

// prefix are the elements that are known to be safe without asking.
func (f *follower) prefix(list []*element) []*element {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, e := range list {
		if !f.safeLocked(e) {
			return list[:i]
		}
	}
	return list
}

// safeLocked reports whether it is known that an element may be told.
func (f *follower) safeLocked(e *element) bool {
	if f.table.ephemeral || !e.New.ours() || len(e.New.Tags) == 0 {
		return true
	}
	_, now := f.safe[e.New.Tags[0].stamp]
	_, before := f.older[e.New.Tags[0].stamp]
	return e.New.Tags[0].server == f.store.id && (now || before)
}

// confirm returns how many of the first elements are safe: own writes that were
// acknowledged, and others of which a majority has that revision or a later one.
func (f *follower) confirm(ctx context.Context, list []*element) (int, error) {
	ask := make(map[string]int64) // primary key to revision
	var keys []any
	f.mu.Lock()
	for _, e := range list {
		if f.safeLocked(e) {
			continue
		}
		if e.New.Tags[0].server == f.store.id && time.Since(e.since) < ownPatience {
			break // its acknowledgement is under way
		}
		if _, there := ask[e.New.ID]; !there {
			keys = append(keys, e.New.ID)
		}
		ask[e.New.ID] = e.New.Rev
	}
	f.mu.Unlock()
	found := make(map[string]int64, len(keys))
	for len(keys) > 0 {
		some := keys[:min(len(keys), maxBatch)]
		keys = keys[len(some):]
		term := f.table.reading().GetAll(r.Args(some)).Pluck(fieldID, fieldRev)
		err := f.store.pool.query(ctx, term, func() {}, func(b []byte) error {
			var d document
			err := json.Unmarshal(b, &d)
			found[d.ID] = d.Rev
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("ask what is safe: %w", err)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, e := range list {
		if !f.safeLocked(e) && found[e.New.ID] < e.New.Rev {
			return i, nil
		}
	}
	return len(list), nil
}
