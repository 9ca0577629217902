package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
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
	// maxFirstLinks is how many links for the first account are kept, the newest:
	// one for each server that may be started on one database.
	maxFirstLinks = 16
	// firstClaim is the row of sign_in_links that the one has made who uses a link
	// for the first account: of several links one succeeds.
	firstClaim = "first"
)

// FirstLink returns the token of a link that makes the first account, or "" when
// there is an administrator. Those that other servers have printed stay good until
// one of them is used.
func (a *Auth) FirstLink(ctx context.Context) (string, error) {
	there, err := a.hasAdministrator(ctx)
	if err != nil || there {
		return "", err
	}
	if err := a.sweepFirstLinks(ctx); err != nil {
		return "", err
	}
	return a.makeLink(ctx, linkFirst, "", firstLinkLife)
}

func (a *Auth) hasAdministrator(ctx context.Context) (bool, error) {
	err := a.each(ctx, app.Range{Table: "accounts", Fields: []string{"administrator"}}, func(rec app.Record) error {
		if administrator, _ := rec.Row["administrator"].(bool); administrator {
			return errAdministrator
		}
		return nil
	})
	if errors.Is(err, errAdministrator) {
		return true, nil
	}
	return false, err
}

// sweepFirstLinks removes links for the first account that were used, without an
// account coming of it, that are too old, or too many.
func (a *Auth) sweepFirstLinks(ctx context.Context) error {
	var old, good []app.Record
	err := a.each(ctx, app.Range{Table: "sign_in_links"}, func(rec app.Record) error {
		_, used := rec.Row["used"]
		switch {
		case rec.Row["kind"] != linkFirst:
		case used || expired(rec.Row, time.Now()):
			old = append(old, rec)
		default:
			good = append(good, rec)
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(good, func(x, y app.Record) int {
		first, _ := x.Row["created"].(int64)
		second, _ := y.Row["created"].(int64)
		return cmp.Compare(first, second)
	})
	old = append(old, good[:max(0, len(good)-maxFirstLinks+1)]...) // one more comes
	for _, rec := range old {
		if err := a.remove(ctx, "sign_in_links", rec.ID); err != nil {
			return err
		}
	}
	return nil
}

// useFirstLink uses up a link for the first account, and with it all of them.
func (a *Auth) useFirstLink(ctx context.Context, link app.Record) error {
	there, err := a.hasAdministrator(ctx)
	if err != nil {
		return err
	}
	if there {
		return errLinkOver
	}
	row := with(link.Row, app.Row{"id": firstClaim, "used": time.Now().UnixMilli()})
	_, err = a.store.Write(ctx, app.Write{Table: "sign_in_links", ID: firstClaim, Row: row, IfRev: app.Absent})
	if errors.Is(err, app.ErrConflict) {
		return errLinkOver
	}
	if err != nil {
		return fmt.Errorf("use a link: %w", err)
	}
	return a.useLink(ctx, link)
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
