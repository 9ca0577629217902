package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lyceum/app"
	"lyceum/app/query"
)

// Invitations is the writer of registration_tokens: a set makes an invitation
// and answers its link, relative to the address of the site.
type Invitations struct{ *Auth }

var _ query.Writer = Invitations{}

// Set implements query.Writer. The link is a secret that is not kept, so a
// repetition of the request gets another one for the same invitation, while
// nobody has used it: its first answer was lost.
func (i Invitations) Set(ctx context.Context, s query.Set) (app.Row, error) {
	token := newToken()
	write := app.Write{Table: s.Table, ID: s.ID, IfRev: app.Absent, Row: with(s.Row, app.Row{
		"id": s.ID, "hash": hashOf(token), "uses": int64(0), "expires": time.Now().Add(inviteLife).UnixMilli(),
	})}
	_, err := i.store.Write(ctx, write)
	if errors.Is(err, app.ErrConflict) {
		rec, err := i.store.Get(ctx, s.Table, s.ID)
		if err != nil {
			return nil, fmt.Errorf("read an invitation: %w", err)
		}
		if uses, _ := rec.Row["uses"].(int64); uses > 0 {
			return rec.Row, nil
		}
		write.Row, write.IfRev = with(rec.Row, app.Row{"hash": hashOf(token)}), rec.Rev
		if _, err := i.store.Write(ctx, write); err != nil {
			return nil, fmt.Errorf("write an invitation again: %w", err)
		}
	} else if err != nil {
		return nil, fmt.Errorf("write an invitation: %w", err)
	}
	return with(write.Row, app.Row{"link": "sign-up#token=" + token}), nil
}

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
