package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"lyceum/app"
)

const (
	// sessionLife is how long a sign-in lasts after it was last used: over a
	// holiday, not over a forgotten computer.
	sessionLife = 30 * 24 * time.Hour
	// renewAfter is how old the time of the last use may be: a write for every
	// request would cost an fsync each.
	renewAfter = time.Hour
	// recoveredLife is how long after a sign-in by link a new password is set
	// without the old one.
	recoveredLife = 15 * time.Minute
	// sweepEvery is how often what has expired is removed.
	sweepEvery = time.Hour
	// maxUserAgent and maxAddress bound what a stranger can make us store.
	maxUserAgent = 500
	maxAddress   = 100
)

// SignedIn is a new session. Token is the only copy of its secret.
type SignedIn struct {
	Token     string
	AccountID string
}

// begin makes a session for an account.
func (a *Auth) begin(ctx context.Context, from From, accountID string, recovered bool) (SignedIn, error) {
	token := newToken()
	now := time.Now()
	row := app.Row{
		"id": hashOf(token), "account_id": accountID,
		"created": now.UnixMilli(), "used": now.UnixMilli(), "expires": now.Add(sessionLife).UnixMilli(),
		"user_agent": clip(from.UserAgent, maxUserAgent), "address": clip(from.Address, maxAddress),
	}
	if recovered {
		row["recovered"] = now.UnixMilli()
	}
	if _, err := a.store.Write(ctx, app.Write{Table: "sessions", ID: hashOf(token), Row: row, IfRev: app.Absent}); err != nil {
		return SignedIn{}, fmt.Errorf("begin a session of %s: %w", accountID, err)
	}
	a.log.InfoContext(ctx, "signed in", "account", accountID)
	return SignedIn{Token: token, AccountID: accountID}, nil
}

// Caller returns whose token it is; the zero Caller if it is nobody's or has
// expired. Using a session prolongs it.
func (a *Auth) Caller(ctx context.Context, token string) (app.Caller, error) {
	if token == "" {
		return app.Caller{}, nil
	}
	id := hashOf(token)
	rec, err := a.store.Get(ctx, "sessions", id)
	if errors.Is(err, app.ErrNotFound) {
		return app.Caller{}, nil
	}
	if err != nil {
		return app.Caller{}, fmt.Errorf("read a session: %w", err)
	}
	now := time.Now()
	if expired(rec.Row, now) {
		return app.Caller{}, nil
	}
	accountID, _ := rec.Row["account_id"].(string)
	// Abs: a use in the future was written before the clock was set back, and so
	// was an end that is too late.
	if used, _ := rec.Row["used"].(int64); now.Sub(time.UnixMilli(used)).Abs() > renewAfter {
		a.renew(ctx, rec, now)
	}
	return app.Caller{AccountID: accountID, SessionID: id}, nil
}

func (a *Auth) renew(ctx context.Context, rec app.Record, now time.Time) {
	a.note(ctx, "sessions", rec, app.Row{"used": now.UnixMilli(), "expires": now.Add(sessionLife).UnixMilli()})
}

// note writes down that a session or a key is used. Reading goes on where nothing
// can be written, as on a full disk, so its failure is none of the request.
func (a *Auth) note(ctx context.Context, table string, rec app.Record, fields app.Row) {
	_, err := a.store.Write(ctx, app.Write{Table: table, ID: rec.ID, Row: with(rec.Row, fields), IfRev: rec.Rev})
	if err != nil && !errors.Is(err, app.ErrConflict) && ctx.Err() == nil { // conflict: somebody else has noted it, or ended it
		a.log.WarnContext(ctx, "use not noted, it will be with the next", "table", table, "account", rec.Row["account_id"], "err", err)
	}
}

// SignOut ends the caller's session.
func (a *Auth) SignOut(ctx context.Context, caller app.Caller) error {
	if caller.SessionID == "" {
		return nil
	}
	if err := a.remove(ctx, "sessions", caller.SessionID); err != nil {
		return err
	}
	a.log.InfoContext(ctx, "signed out", "account", caller.AccountID)
	return nil
}

// endOthers ends all sessions of the caller's account but the caller's own.
func (a *Auth) endOthers(ctx context.Context, caller app.Caller) error {
	r := app.Range{Table: "sessions", Index: "account", Prefix: []any{caller.AccountID}}
	return a.each(ctx, r, func(rec app.Record) error {
		if rec.ID == caller.SessionID {
			return nil
		}
		return a.remove(ctx, "sessions", rec.ID)
	})
}

// recovered reports whether a session was begun by a link a short time ago.
func (a *Auth) recovered(ctx context.Context, sessionID string) (bool, error) {
	rec, err := a.store.Get(ctx, "sessions", sessionID)
	if err != nil {
		return false, fmt.Errorf("read a session: %w", err)
	}
	at, ok := rec.Row["recovered"].(int64)
	return ok && time.Since(time.UnixMilli(at)).Abs() < recoveredLife, nil // Abs: not longer if the clock is set back
}

// Run removes sessions and links that have expired, at once and then now and
// again, until ctx ends.
func (a *Auth) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := a.sweep(ctx); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "expired sessions not removed, will try again", "err", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (a *Auth) sweep(ctx context.Context) error {
	now := time.Now()
	for _, table := range []string{"sessions", "sign_in_links"} {
		err := a.each(ctx, app.Range{Table: table}, func(rec app.Record) error {
			if !expired(rec.Row, now) {
				return nil
			}
			_, err := a.store.Write(ctx, app.Write{Table: table, ID: rec.ID, IfRev: rec.Rev})
			if errors.Is(err, app.ErrConflict) {
				return nil // it has just been used
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("sweep %s: %w", table, err)
		}
	}
	return nil
}

// each calls fn for every record of a range.
func (a *Auth) each(ctx context.Context, r app.Range, fn func(app.Record) error) error {
	for {
		page, err := a.store.Read(ctx, r)
		if err != nil {
			return fmt.Errorf("read %s: %w", r.Table, err)
		}
		for _, rec := range page.Records {
			if err := fn(rec); err != nil {
				return err
			}
		}
		if page.Next == nil {
			return nil
		}
		r.After = page.Next
	}
}

func (a *Auth) remove(ctx context.Context, table, id string) error {
	if _, err := a.store.Write(ctx, app.Write{Table: table, ID: id, IfRev: app.AnyRev}); err != nil {
		return fmt.Errorf("remove from %s: %w", table, err)
	}
	return nil
}

func expired(row app.Row, now time.Time) bool {
	expires, ok := row["expires"].(int64)
	return ok && now.UnixMilli() >= expires
}

// with returns a copy of row with some fields replaced: a row of a store is
// never changed.
func with(row, fields app.Row) app.Row {
	next := make(app.Row, len(row)+len(fields))
	for name, v := range row {
		next[name] = v
	}
	for name, v := range fields {
		next[name] = v
	}
	return next
}

// clip makes a valid text of at most n bytes.
func clip(text string, n int) string {
	if len(text) > n {
		text = text[:n]
	}
	return strings.ToValidUTF8(text, "")
}
