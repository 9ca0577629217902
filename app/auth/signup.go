package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lyceum/app"
)

// NewAccount is what somebody who signs up gives.
type NewAccount struct {
	Token    string // of the first link or an invitation; may be "" where sign-up is open to all
	Email    string
	Password string
	Name     string
}

const (
	// maxNameChars is the bound of accounts.name.
	maxNameChars = 100
	// signUpLife is how long a sign-up may be under way: after it, an address
	// without an account is one that a crash has left, and is taken over.
	signUpLife = time.Minute
	// signUpTimeout is less, so that nobody takes over what is under way.
	signUpTimeout = 30 * time.Second
)

// SignUp makes an account and begins its first session. Errors: Invalid for what
// was typed, Denied without an invitation, NotFound for one that is used up,
// Conflict if the address has an account.
//
// It writes several rows, and the account's own last: until then there is no
// account, and what an interruption leaves is a used invitation, a credential of
// nobody and an address that the next sign-up takes over.
func (a *Auth) SignUp(ctx context.Context, from From, n NewAccount) (SignedIn, error) {
	address, err := checkEmail(n.Email)
	if err != nil {
		return SignedIn{}, err
	}
	name, err := checkName(n.Name)
	if err != nil {
		return SignedIn{}, err
	}
	if err := checkPassword(n.Password); err != nil {
		return SignedIn{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, signUpTimeout)
	defer cancel()
	key := addressKey(from.Address)
	if err := a.limits.take(time.Now(), key); err != nil {
		return SignedIn{}, err
	}
	pass, err := a.admission(ctx, n.Token)
	if err != nil {
		return SignedIn{}, err
	}
	accountID := app.NewID()
	if err := a.setPassword(ctx, accountID, n.Password); err != nil {
		return SignedIn{}, err
	}
	if err := a.claim(ctx, address, accountID); err != nil {
		return SignedIn{}, errors.Join(err, a.remove(ctx, "credentials", accountID))
	}
	if err := pass.use(ctx); err != nil {
		return SignedIn{}, errors.Join(err, a.remove(ctx, "emails", address), a.remove(ctx, "credentials", accountID))
	}
	_, err = a.store.Write(ctx, app.Write{Table: "accounts", ID: accountID, IfRev: app.Absent, Row: app.Row{
		"id": accountID, "name": name, "email_address": strings.TrimSpace(n.Email),
		"administrator": pass.administrator, "created": time.Now().UnixMilli(),
	}})
	if err != nil {
		return SignedIn{}, fmt.Errorf("write account %s: %w", accountID, err)
	}
	a.limits.giveBack(key)
	a.log.InfoContext(ctx, "account made", "account", accountID)
	return a.begin(ctx, from, accountID, false)
}

// admission is the right to make one account.
type admission struct {
	administrator bool
	use           func(ctx context.Context) error // uses it up
}

// admission looks what a token allows, without using it up.
func (a *Auth) admission(ctx context.Context, token string) (admission, error) {
	if token == "" {
		open, err := a.signUpIsOpen(ctx)
		if err != nil {
			return admission{}, err
		}
		if !open {
			return admission{}, app.Errorf(app.Denied, "Signing up needs an invitation. Please ask the administrator of this site for a link.")
		}
		return admission{use: func(context.Context) error { return nil }}, nil
	}
	link, err := a.openLink(ctx, token, linkFirst)
	if err == nil {
		return admission{administrator: true, use: func(ctx context.Context) error { return a.useFirstLink(ctx, link) }}, nil
	}
	if !app.IsKind(err, app.NotFound) {
		return admission{}, err
	}
	id, err := a.openInvitation(ctx, token)
	if err != nil {
		return admission{}, err
	}
	return admission{use: func(ctx context.Context) error { return a.useInvitation(ctx, id) }}, nil
}

func (a *Auth) signUpIsOpen(ctx context.Context) (bool, error) {
	rec, err := a.store.Get(ctx, "server_settings", "site")
	if errors.Is(err, app.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the settings of the site: %w", err)
	}
	return rec.Row["sign_up"] == "open", nil
}

var errTaken = app.Errorf(app.Conflict, "There is an account with this e-mail address. Please sign in instead.")

// claim gives an address to an account.
func (a *Auth) claim(ctx context.Context, address, accountID string) error {
	now := time.Now()
	write := app.Write{Table: "emails", ID: address, IfRev: app.Absent, Row: app.Row{
		"address": address, "account_id": accountID, "created": now.UnixMilli(),
	}}
	_, err := a.store.Write(ctx, write)
	if errors.Is(err, app.ErrConflict) {
		if write.IfRev, err = a.leftBehind(ctx, address, now); err == nil {
			_, err = a.store.Write(ctx, write)
		}
	}
	if errors.Is(err, app.ErrConflict) {
		return errTaken
	}
	if err != nil {
		return fmt.Errorf("claim an address: %w", err)
	}
	return nil
}

// leftBehind returns the revision of an address that an interrupted sign-up has
// left, or ErrConflict if it has an account or is just getting one.
func (a *Auth) leftBehind(ctx context.Context, address string, now time.Time) (int64, error) {
	rec, err := a.store.Get(ctx, "emails", address)
	if err != nil {
		return 0, err
	}
	if created, _ := rec.Row["created"].(int64); now.Sub(time.UnixMilli(created)) < signUpLife {
		return 0, app.ErrConflict
	}
	id, _ := rec.Row["account_id"].(string)
	_, err = a.store.Get(ctx, "accounts", id)
	if err == nil {
		return 0, app.ErrConflict
	}
	if !errors.Is(err, app.ErrNotFound) {
		return 0, err
	}
	return rec.Rev, nil
}

func checkName(name string) (string, error) {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return "", app.Errorf(app.Invalid, "Please give a name that others see.")
	case utf8.RuneCountInString(name) > maxNameChars:
		return "", app.Errorf(app.TooLarge, "A name has at most %d characters.", maxNameChars)
	case strings.ContainsFunc(name, unicode.IsControl) || !utf8.ValidString(name):
		return "", app.Errorf(app.Invalid, "A name is one line of text.")
	}
	return name, nil
}
