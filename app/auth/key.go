package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/query"
	"lyceum/app/schema"
)

const (
	// keyPrefix says what a key is, to people and to programs that look for
	// secrets in places where none should be.
	keyPrefix = "lyceum_"
	// maxKeys of one account: one for each of its scripts and machines.
	maxKeys = 100
	// attemptsOfKey is how many wrong keys an address may send before it is told
	// to stop: a script with an old key that tries again and again. Nobody guesses
	// 130 random bits, so keys that are right are taken from it all the same: a
	// class behind one address does not suffer from one such script.
	attemptsOfKey = 100
)

// Keys are the API keys. It is the writer of api_keys.
type Keys struct {
	*Auth
	Access *access.Index
}

var _ query.Writer = Keys{}

// Set implements query.Writer: it makes a key. The key is a secret that is not
// kept, so a repetition of the request gets another one for the same row, while
// nobody has used it: its first answer was lost.
func (k Keys) Set(ctx context.Context, s query.Set) (app.Row, error) {
	if err := k.check(ctx, s); err != nil {
		return nil, err
	}
	secret := keyPrefix + newToken()
	write := app.Write{Table: s.Table, ID: s.ID, IfRev: app.Absent, Row: with(s.Row, app.Row{"id": s.ID, "hash": hashOf(secret)})}
	_, err := k.store.Write(ctx, write)
	if errors.Is(err, app.ErrConflict) {
		rec, err := k.store.Get(ctx, s.Table, s.ID)
		if err != nil {
			return nil, fmt.Errorf("read an API key: %w", err)
		}
		if rec.Row["used"] != nil {
			return rec.Row, nil
		}
		write.Row, write.IfRev = with(rec.Row, app.Row{"hash": hashOf(secret)}), rec.Rev
		if _, err := k.store.Write(ctx, write); err != nil {
			return nil, fmt.Errorf("write an API key again: %w", err)
		}
	} else if err != nil {
		return nil, fmt.Errorf("write an API key: %w", err)
	}
	k.log.InfoContext(ctx, "api key made", "account", s.Row["account_id"], "id", s.ID)
	return with(write.Row, app.Row{"key": secret}), nil
}

// check refuses keys that would not work.
func (k Keys) check(ctx context.Context, s query.Set) error {
	projectID, named := s.Row["project_id"].(string)
	if one := s.Row["scope"] == schema.ScopeProject; one != named {
		return app.Errorf(app.Invalid, "An API key names project_id if, and only if, its scope is %q.", schema.ScopeProject)
	}
	caller := app.CallerFrom(ctx)
	if named {
		if err := k.Access.Check(caller, projectID, app.Viewer); err != nil {
			return err
		}
	}
	if expired(s.Row, time.Now()) {
		return app.Errorf(app.Invalid, "An API key has to expire in the future.")
	}
	r := app.Range{Table: s.Table, Index: "account", Prefix: []any{caller.AccountID}, Limit: maxKeys}
	page, err := k.store.Read(ctx, r)
	if err != nil {
		return fmt.Errorf("count API keys: %w", err)
	}
	again := slices.ContainsFunc(page.Records, func(rec app.Record) bool { return rec.ID == s.ID })
	if len(page.Records) == maxKeys && !again {
		return app.Errorf(app.TooLarge, "You have %d API keys, which is the most. Please revoke some that are not used any more.", maxKeys)
	}
	return nil
}

// Caller returns whose key it is. Errors: Denied if it is nobody's, was revoked
// or has expired; Unavailable after too many of them.
func (k Keys) Caller(ctx context.Context, from From, secret string) (app.Caller, error) {
	now := time.Now()
	rec, err := k.find(ctx, secret)
	if err != nil && !errors.Is(err, app.ErrNotFound) {
		return app.Caller{}, err
	}
	if k.Access.Lost() {
		return app.Caller{}, access.ErrLost
	}
	caller, holds := k.Access.Key(rec.ID)
	if err != nil || !holds {
		key := addressKey(from.Address)
		if err := k.limits.take(now, limitKey{"api key " + key.name, attemptsOfKey}); err != nil {
			return app.Caller{}, app.Errorf(app.Unavailable, "Too many requests with a wrong API key came from this address. "+
				"Please stop them, and make a new key in the settings of your account.")
		}
		return app.Caller{}, app.Errorf(app.Denied, "This API key is not known: it is mistyped, was revoked or has expired. "+
			"Make another one in the settings of your account.")
	}
	if used, _ := rec.Row["used"].(int64); now.Sub(time.UnixMilli(used)).Abs() > renewAfter { // Abs: the clock may have been set back
		k.note(ctx, "api_keys", rec, app.Row{"used": now.UnixMilli()})
	}
	return caller, nil
}

// find returns the row of a key, or ErrNotFound.
func (k Keys) find(ctx context.Context, secret string) (app.Record, error) {
	if !strings.HasPrefix(secret, keyPrefix) {
		return app.Record{}, app.ErrNotFound
	}
	page, err := k.store.Read(ctx, app.Range{Table: "api_keys", Index: "hash", Prefix: []any{hashOf(secret)}, Limit: 1})
	if err != nil {
		return app.Record{}, fmt.Errorf("find an API key: %w", err)
	}
	if len(page.Records) == 0 {
		return app.Record{}, app.ErrNotFound
	}
	return page.Records[0], nil
}
