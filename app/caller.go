package app

import "context"

// Caller is who is asking. The zero Caller has not signed in.
type Caller struct {
	AccountID    string // "" without a sign-in
	SessionID    string // the sign-in's row in sessions
	ConnectionID string // the socket; ephemeral rows belong to it (W4)
}

// SignedIn reports whether the caller is an account.
func (c Caller) SignedIn() bool { return c.AccountID != "" }

type callerKey struct{}

// WithCaller returns a context that carries who is asking.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerFrom returns who is asking; nobody by default.
func CallerFrom(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
