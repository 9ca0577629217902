package access

import (
	"context"
	"time"

	"lyceum/app"
)

// Guard returns a context that ends as soon as the caller's sign-in or key, account or
// role in the project is lost; its cause is then an *app.Error. Without a project
// only the sign-in counts. cancel must be called. (W5)
func (x *Index) Guard(ctx context.Context, c app.Caller, projectID string, need app.Role) (context.Context, context.CancelFunc, error) {
	ctx, end := context.WithCancelCause(ctx)
	check := func() {
		if err := x.Check(c, projectID, need); err != nil {
			end(err)
		}
	}
	stop := x.Watch(c.AccountID, check)
	if err := x.Check(c, projectID, need); err != nil { // after Watch: nothing falls between
		stop()
		end(err)
		return nil, nil, err
	}
	timer := x.atExpiry(c, check)
	return ctx, func() {
		stop()
		timer.Stop()
		end(context.Canceled)
	}, nil
}

// atExpiry calls fn when the caller's sign-in or key ends by itself.
func (x *Index) atExpiry(c app.Caller, fn func()) *time.Timer {
	x.rlock()
	expires := x.sessions[c.SessionID].expires
	if c.ByKey() {
		expires = x.keys[c.KeyID].expires
	}
	x.mu.RUnlock()
	if expires.IsZero() {
		timer := time.NewTimer(0)
		timer.Stop()
		return timer
	}
	return time.AfterFunc(time.Until(expires), fn)
}
