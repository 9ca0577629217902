package access

import (
	"context"
	"time"

	"lyceum/app"
)

// againPause is between attempts to read the tables again: the database may be
// away, and then all are refused anyway.
const againPause = 200 * time.Millisecond

// ErrLost is the answer to everybody meanwhile.
var ErrLost = app.Errorf(app.Unavailable, "The server does not know at the moment who may do what. Please try again.")

// Lost reports whether changes may have been missed. Nobody has any role until
// the tables have been read again, and no sign-in holds, though none has ended.
func (x *Index) Lost() bool {
	x.rlock()
	defer x.mu.RUnlock()
	return x.lost
}

// loseLocked forgets everything, because changes of a table may have been missed,
// and says whom that concerns: everybody.
func (x *Index) loseLocked(who concerned) {
	x.lost = true
	x.losses++
	for id := range x.watchers {
		who.add(id)
	}
	for id := range x.accounts {
		who.add(id)
	}
	x.loading = make(map[string]int64)
	x.accounts, x.sessions, x.keys = make(map[string]account), make(map[string]session), make(map[string]key)
	x.projects, x.roles = make(map[string][]member), make(map[string]map[string]app.Role)
	x.admins = 0
	select {
	case x.again <- struct{}{}:
	default:
	}
}

// readAgain reads the tables whenever changes were missed, until ctx ends.
func (x *Index) readAgain(ctx context.Context, store app.Store) {
	for {
		select {
		case <-x.again:
		case <-ctx.Done():
			return
		}
		for !x.found(ctx, store) {
			if !pause(ctx) {
				return
			}
		}
	}
}

// found reads the tables and reports whether all is known again.
func (x *Index) found(ctx context.Context, store app.Store) bool {
	x.mu.RLock()
	losses := x.losses
	x.mu.RUnlock()
	if err := x.loadAll(ctx, store); err != nil {
		return false // the store says why, to who asks it
	}
	x.mu.Lock()
	if x.losses != losses {
		x.mu.Unlock()
		return false // what was read may be older than what was missed
	}
	x.lost, x.loading = false, nil
	var fns []func()
	for id, watchers := range x.watchers {
		x.stamps[id]++
		for w := range watchers {
			fns = append(fns, w.fn)
		}
	}
	for id := range x.accounts {
		if x.watchers[id] == nil {
			x.stamps[id]++
		}
	}
	x.mu.Unlock()
	for _, fn := range fns {
		fn()
	}
	return true
}
