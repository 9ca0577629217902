package app

import "context"

// Caller is who is asking. The zero Caller has not signed in.
type Caller struct {
	AccountID    string // "" without a sign-in
	SessionID    string // the sign-in's row in sessions
	ConnectionID string // the socket; ephemeral rows belong to it (W4)

	// A script comes with an API key instead of a sign-in. It may do what its
	// account may, within these bounds; package access asks them in every answer.
	KeyID     string // the key's row in api_keys
	ProjectID string // the only project that the key is for; "" is every one
	ReadOnly  bool   // the key may set nothing
}

// SignedIn reports whether the caller is an account, by a sign-in or by a key.
func (c Caller) SignedIn() bool { return c.AccountID != "" }

// ByKey reports whether the caller is a script with an API key.
func (c Caller) ByKey() bool { return c.KeyID != "" }

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
