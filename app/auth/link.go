package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lyceum/app"
)

// Kinds of links that an operator prints.
const (
	linkFirst  = "first"   // makes the first account, an administrator
	linkSignIn = "sign_in" // signs an account in once
)

const (
	// firstLinkLife is long since only the console has the link, and the next
	// start prints another.
	firstLinkLife = 30 * 24 * time.Hour
	// signInLinkLife lets an administrator send it by mail or chat today.
	signInLinkLife = 24 * time.Hour
	// inviteLife is how long an invitation waits: the length of a school year's
	// first weeks.
	inviteLife = 30 * 24 * time.Hour
)

// FirstLink returns the token of a link that makes the first account, or "" when
// there is an administrator. Links made by it before end.
func (a *Auth) FirstLink(ctx context.Context) (string, error) {
	err := a.each(ctx, app.Range{Table: "accounts", Fields: []string{"administrator"}}, func(rec app.Record) error {
		if administrator, _ := rec.Row["administrator"].(bool); administrator {
			return errAdministrator
		}
		return nil
	})
	if errors.Is(err, errAdministrator) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	err = a.each(ctx, app.Range{Table: "sign_in_links"}, func(rec app.Record) error {
		if rec.Row["kind"] != linkFirst {
			return nil
		}
		return a.remove(ctx, "sign_in_links", rec.ID)
	})
	if err != nil {
		return "", err
	}
	return a.makeLink(ctx, linkFirst, "", firstLinkLife)
}

// errAdministrator ends the search for one.
var errAdministrator = errors.New("there is an administrator")

// SignInLink returns the token of a link that signs the account of an address in
// once, without its password. Errors: NotFound.
func (a *Auth) SignInLink(ctx context.Context, email string) (string, error) {
	address, err := checkEmail(email)
	if err != nil {
		return "", err
	}
	accountID, err := a.accountOf(ctx, address)
	if errors.Is(err, app.ErrNotFound) {
		return "", app.Errorf(app.NotFound, "There is no account with the address %s. Invite the person instead.", address)
	}
	if err != nil {
		return "", err
	}
	return a.makeLink(ctx, linkSignIn, accountID, signInLinkLife)
}

func (a *Auth) makeLink(ctx context.Context, kind, accountID string, life time.Duration) (string, error) {
	token := newToken()
	now := time.Now()
	row := app.Row{"id": hashOf(token), "kind": kind, "created": now.UnixMilli(), "expires": now.Add(life).UnixMilli()}
	if accountID != "" {
		row["account_id"] = accountID
	}
	if _, err := a.store.Write(ctx, app.Write{Table: "sign_in_links", ID: hashOf(token), Row: row, IfRev: app.Absent}); err != nil {
		return "", fmt.Errorf("write a link: %w", err)
	}
	return token, nil
}

// SignInByLink uses up a link of SignInLink. Errors: NotFound if it was used,
// has expired or never was.
func (a *Auth) SignInByLink(ctx context.Context, from From, token string) (SignedIn, error) {
	key := addressKey(from.Address)
	if err := a.limits.take(time.Now(), key); err != nil {
		return SignedIn{}, err
	}
	link, err := a.openLink(ctx, token, linkSignIn)
	if err != nil {
		return SignedIn{}, err
	}
	if err := a.useLink(ctx, link); err != nil {
		return SignedIn{}, err
	}
	a.limits.giveBack(key)
	accountID, _ := link.Row["account_id"].(string)
	return a.begin(ctx, from, accountID, true)
}

var errLinkOver = app.Errorf(app.NotFound, "This link has been used or is too old. Please ask for another one.")

// openLink returns the row of a link that can still be used.
func (a *Auth) openLink(ctx context.Context, token, kind string) (app.Record, error) {
	rec, err := a.store.Get(ctx, "sign_in_links", hashOf(token))
	if errors.Is(err, app.ErrNotFound) {
		return app.Record{}, errLinkOver
	}
	if err != nil {
		return app.Record{}, fmt.Errorf("read a link: %w", err)
	}
	_, used := rec.Row["used"]
	if used || rec.Row["kind"] != kind || expired(rec.Row, time.Now()) {
		return app.Record{}, errLinkOver
	}
	return rec, nil
}

// useLink marks a link as used; of several at the same time one succeeds.
func (a *Auth) useLink(ctx context.Context, link app.Record) error {
	row := with(link.Row, app.Row{"used": time.Now().UnixMilli()})
	_, err := a.store.Write(ctx, app.Write{Table: "sign_in_links", ID: link.ID, Row: row, IfRev: link.Rev})
	if errors.Is(err, app.ErrConflict) {
		return errLinkOver
	}
	if err != nil {
		return fmt.Errorf("use a link: %w", err)
	}
	return nil
}
