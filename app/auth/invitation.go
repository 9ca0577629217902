package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lyceum/app"
)

// openInvitation returns the id of an invitation that somebody can still sign
// up with.
func (a *Auth) openInvitation(ctx context.Context, token string) (string, error) {
	page, err := a.store.Read(ctx, app.Range{Table: "registration_tokens", Index: "hash", Prefix: []any{hashOf(token)}, Limit: 1})
	if err != nil {
		return "", fmt.Errorf("find an invitation: %w", err)
	}
	if len(page.Records) == 0 || !invites(page.Records[0].Row, time.Now()) {
		return "", errLinkOver
	}
	return page.Records[0].ID, nil
}

// invites reports whether an invitation has a use left.
func invites(row app.Row, now time.Time) bool {
	uses, _ := row["uses"].(int64)
	most, ok := row["max_uses"].(int64)
	if !ok {
		most = 1
	}
	return uses < most && !expired(row, now)
}

// useInvitation counts one use. It tries again when somebody else uses the same
// invitation at the same time, as a class does; each try means that another one
// succeeded, so the tries are bounded by the uses.
func (a *Auth) useInvitation(ctx context.Context, id string) error {
	for {
		rec, err := a.store.Get(ctx, "registration_tokens", id)
		if errors.Is(err, app.ErrNotFound) || (err == nil && !invites(rec.Row, time.Now())) {
			return errLinkOver
		}
		if err != nil {
			return fmt.Errorf("read an invitation: %w", err)
		}
		uses, _ := rec.Row["uses"].(int64)
		_, err = a.store.Write(ctx, app.Write{
			Table: "registration_tokens", ID: id, IfRev: rec.Rev, Row: with(rec.Row, app.Row{"uses": uses + 1}),
		})
		if errors.Is(err, app.ErrConflict) {
			continue
		}
		if err != nil {
			return fmt.Errorf("use an invitation: %w", err)
		}
		return nil
	}
}
