package access

import (
	"context"
	"sync"
	"time"

	"lyceum/app"
)

// Bounds of a fence.
const (
	// fenceGrace is how long a change of roles waits for writes under way: a
	// commit takes milliseconds.
	fenceGrace = time.Second
	// fencePatience is how long it then waits for writes whose context it has
	// ended. One that takes longer does not heed its context, and would hold up
	// the removal of somebody who must go.
	fencePatience = 4 * time.Second
)

// fences has one fence for each account that writes in a project right now.
type fences struct {
	mu sync.Mutex
	of map[string]*fence
}

// fenceOf is the key of a fence. Accounts are apart: to remove one disturbs
// nobody else's work.
func fenceOf(projectID, accountID string) string { return projectID + "/" + accountID }

// fence lets many write, or one change the role.
type fence struct {
	holds    map[*hold]struct{}
	changing bool
	changed  chan struct{} // closed when no longer changing
	empty    chan struct{} // closed when the last hold is released; nil if nobody waits
}

type hold struct{ cancel context.CancelCauseFunc }

// Hold checks the caller like Check and keeps the answer true until release: a
// change of the caller's role in the project is not acknowledged before. The
// returned context ends when such a change has waited for a second: who holds
// must then write nothing more. Hold waits while the role is being changed. It is
// for writing: who may only read holds nothing. (W5)
func (x *Index) Hold(ctx context.Context, c app.Caller, projectID string, need app.Role) (held context.Context, release func(), err error) {
	if c.ReadOnly {
		return nil, nil, errReadOnly
	}
	if projectID == "" {
		if err := x.Check(c, "", app.NoRole); err != nil {
			return nil, nil, err
		}
		return ctx, func() {}, nil
	}
	held, cancel := context.WithCancelCause(ctx)
	h, key := &hold{cancel}, fenceOf(projectID, c.AccountID)
	if err := x.fences.enter(ctx, key, h); err != nil {
		cancel(err)
		return nil, nil, err
	}
	var once sync.Once
	release = func() {
		once.Do(func() {
			x.fences.leave(key, h)
			cancel(context.Canceled)
		})
	}
	if err := x.Check(c, projectID, need); err != nil { // within the fence: it stays so
		release()
		return nil, nil, err
	}
	return held, release, nil
}

// Change keeps an account from writing in a project while its role is changed.
// It waits for what it is writing, ends the contexts after a second, and goes on
// after five in any case. clean is false if something was still held then.
func (x *Index) Change(ctx context.Context, projectID, accountID string) (release func(), clean bool, err error) {
	key := fenceOf(projectID, accountID)
	empty, err := x.fences.begin(ctx, key)
	if err != nil {
		return nil, false, err
	}
	release = sync.OnceFunc(func() { x.fences.end(key) })
	if empty == nil {
		return release, true, nil
	}
	timer := time.NewTimer(fenceGrace)
	defer timer.Stop()
	select {
	case <-empty:
		return release, true, nil
	case <-timer.C:
	}
	x.fences.cancel(key, errRoleChanges)
	timer.Reset(fencePatience)
	select {
	case <-empty:
		return release, true, nil
	case <-timer.C:
		return release, false, nil
	}
}

var errRoleChanges = app.Errorf(app.Unavailable, "Your role in this project is being changed. Please try again.")

func (fs *fences) getLocked(key string) *fence {
	if fs.of == nil {
		fs.of = make(map[string]*fence)
	}
	f := fs.of[key]
	if f == nil {
		f = &fence{holds: make(map[*hold]struct{})}
		fs.of[key] = f
	}
	return f
}

// dropLocked forgets a fence that nobody needs.
func (fs *fences) dropLocked(key string, f *fence) {
	if !f.changing && len(f.holds) == 0 {
		delete(fs.of, key)
	}
}

// enter adds h when no roles are being changed.
func (fs *fences) enter(ctx context.Context, key string, h *hold) error {
	for {
		fs.mu.Lock()
		f := fs.getLocked(key)
		if !f.changing {
			f.holds[h] = struct{}{}
			fs.mu.Unlock()
			return nil
		}
		changed := f.changed
		fs.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (fs *fences) leave(key string, h *hold) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := fs.getLocked(key)
	delete(f.holds, h)
	if len(f.holds) == 0 && f.empty != nil {
		close(f.empty)
		f.empty = nil
	}
	fs.dropLocked(key, f)
}

// begin starts a change when no other is under way. The returned channel is
// closed when the last hold is gone; it is nil if there is none.
func (fs *fences) begin(ctx context.Context, key string) (<-chan struct{}, error) {
	for {
		fs.mu.Lock()
		f := fs.getLocked(key)
		if !f.changing {
			f.changing, f.changed = true, make(chan struct{})
			if len(f.holds) > 0 {
				f.empty = make(chan struct{})
			}
			empty := f.empty
			fs.mu.Unlock()
			return empty, nil
		}
		changed := f.changed
		fs.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (fs *fences) end(key string) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := fs.getLocked(key)
	f.changing = false
	f.empty = nil
	close(f.changed)
	fs.dropLocked(key, f)
}

func (fs *fences) cancel(key string, cause error) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for h := range fs.getLocked(key).holds {
		h.cancel(cause)
	}
}
