package access

import (
	"context"
	"sync/atomic"

	"lyceum/app"
)

// first is the first reading of the tables, which takes a server of ten thousand
// people some hundred milliseconds: it serves pages meanwhile.
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

// readFirst reads the tables for the first time and reports whether it could.
func (x *Index) readFirst(ctx context.Context, store app.Store) (ok bool) {
	err := x.loadAll(ctx, store)
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
