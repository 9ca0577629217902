package rethinkstore

import (
	"context"
	"sync"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"
)

const (
	// lockBeat is how often the holder of the lock says that it is there, and
	// lockLease after how long without that another one takes it. Clocks are not
	// compared: each measures by its own since when nothing has changed.
	lockBeat  = 2 * time.Second
	lockLease = 10 * time.Second
	// lockPause is how often one who waits looks.
	lockPause = 200 * time.Millisecond
)

// lockRow is who prepares the database.
type lockRow struct {
	By   string `json:"by"`
	Beat int64  `json:"beat"`
}

// lock is held while a server prepares the database.
type lock struct {
	store *Store
	stop  context.CancelFunc
	beats sync.WaitGroup
}

// lockTerm puts a row in the place of the lock if it is free or has a value.
func (s *Store) lockTerm(was *lockRow, now map[string]any) r.Term {
	return s.db().Table(metaTable).Get("lock").Replace(func(old r.Term) any {
		free := old.Eq(nil)
		if was != nil {
			free = free.Or(old.Field("by").Eq(was.By).And(old.Field("beat").Eq(was.Beat)))
		}
		return r.Branch(free, now, old)
	}, r.ReplaceOpts{ReturnChanges: "always", Durability: hard})
}

// tryLock returns who holds the lock after an attempt to take it.
func (s *Store) tryLock(ctx context.Context, was *lockRow, beat int64) (*lockRow, error) {
	mine := map[string]any{fieldID: "lock", "by": s.id, "beat": beat}
	holder, err := replaced[lockRow](ctx, s, s.lockTerm(was, mine))
	return &holder, err
}

// lock waits for the lock. That of a server which has died is taken over. lost is
// called if that happens to ours.
func (s *Store) lock(ctx context.Context, lost func()) (*lock, error) {
	var seen, take, holder *lockRow
	since := time.Now()
	for {
		var err error
		if holder, err = s.tryLock(ctx, take, 0); err != nil {
			return nil, err
		}
		if holder.By == s.id {
			break
		}
		if seen == nil || *seen != *holder {
			s.log().Info("another server prepares the database, waiting for it")
			seen, take, since = holder, nil, time.Now()
		}
		if time.Since(since) > lockLease {
			take = seen
		}
		pause := lockPause
		if !wait(ctx, &pause) {
			return nil, ctx.Err()
		}
	}
	l := &lock{store: s}
	ctx, l.stop = context.WithCancel(context.WithoutCancel(ctx))
	held := *holder
	l.beats.Go(func() { l.beat(ctx, held, lost) })
	return l, nil
}

// beat renews the lock until ctx ends, and calls lost if another server has it: it
// has not heard of this one for the whole lease, and prepares the database now.
func (l *lock) beat(ctx context.Context, held lockRow, lost func()) {
	for {
		pause := lockBeat
		if !wait(ctx, &pause) {
			return
		}
		holder, err := l.store.tryLock(ctx, &held, held.Beat+1)
		switch {
		case err != nil:
			l.store.ignore("the lock was not renewed", err)
		case holder.By != l.store.id:
			lost()
			return
		default:
			held = *holder
		}
	}
}

// release lets the next server prepare.
func (l *lock) release() {
	l.stop()
	l.beats.Wait()
	term := l.store.db().Table(metaTable).Get("lock").Replace(func(old r.Term) any {
		return r.Branch(old.Eq(nil).Or(old.Field("by").Ne(l.store.id)), old, nil)
	}, r.ReplaceOpts{Durability: hard})
	ctx, cancel := context.WithTimeout(l.store.ctx, queryPatience)
	defer cancel()
	l.store.ignore("the lock was not released, others wait for its lease", l.store.ask(ctx, term, nil))
}
