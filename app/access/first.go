package access

import (
	"context"
	"sync/atomic"
	"time"

	"lyceum/app"
)

// first is the first reading of the tables, which takes a server of ten thousand
// people some hundred milliseconds: it serves pages meanwhile. If it fails for good
// nobody has any role, and the server ends.
type first struct {
	done atomic.Bool   // over is closed
	over chan struct{} // closed when the tables have been read, or could not be
	err  error         // why not; not written once over is closed
}

// rlock locks the index for reading, when there is something to read.
func (x *Index) rlock() {
	if !x.first.done.Load() {
		<-x.first.over
	}
	x.mu.RLock()
}

// Wait waits until the tables have been read for the first time, and returns why
// they could not be: then nobody has any role.
func (x *Index) Wait(ctx context.Context) error {
	select {
	case <-x.first.over:
		return x.first.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// readFirst reads the tables for the first time and reports whether it could. A
// database that is away for a moment is asked again, as later.
func (x *Index) readFirst(ctx context.Context, store app.Store) (ok bool) {
	err := x.loadAll(ctx, store)
	for err != nil && isAway(err) && pause(ctx) {
		err = x.loadAll(ctx, store)
	}
	x.mu.Lock()
	if err != nil {
		x.lost = true
	}
	if !x.lost { // else changes were missed meanwhile: they are read again
		x.loading = nil
	}
	x.first.err = err
	x.first.done.Store(true)
	x.mu.Unlock()
	close(x.first.over)
	return err == nil
}

// isAway reports whether what has failed may go well a moment later.
func isAway(err error) bool {
	kind, _ := app.Public(err)
	return kind == app.Unavailable
}

// pause waits before the tables are read again; false if ctx has ended.
func pause(ctx context.Context) bool {
	select {
	case <-time.After(againPause):
		return true
	case <-ctx.Done():
		return false
	}
}
