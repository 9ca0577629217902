package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lyceum/app"
)

// Auth signs people in and out. Its methods may be called from any goroutine.
type Auth struct {
	store     app.Store
	log       *slog.Logger
	passwords *hasher
	limits    limiter
}

// New returns an Auth over the tables accounts, emails, credentials, sessions,
// sign_in_links, registration_tokens and server_settings of a durable store.
func New(store app.Store, log *slog.Logger) *Auth {
	return &Auth{store: store, log: log, passwords: newHasher(), limits: limiter{seen: map[string]attempts{}}}
}

// From is where a request comes from, as far as the server knows.
type From struct {
	Address   string // network address without port
	UserAgent string
}

// SignIn checks an address and a password and begins a session. Errors: Denied,
// the same for an unknown address and a wrong password; Unavailable after too
// many of them.
func (a *Auth) SignIn(ctx context.Context, from From, email, password string) (SignedIn, error) {
	address, err := checkEmail(email)
	if err != nil {
		return SignedIn{}, err
	}
	if len(password) > maxPasswordBytes {
		password = "" // no account has it; the answer is the same as for any wrong one
	}
	keys := []limitKey{accountKey(address), addressKey(from.Address)}
	if err := a.limits.take(time.Now(), keys...); err != nil {
		return SignedIn{}, err
	}
	accountID, phc, err := a.credential(ctx, address)
	if err != nil {
		return SignedIn{}, err
	}
	ok, err := a.passwords.matches(ctx, password, phc)
	if err != nil {
		return SignedIn{}, err
	}
	if !ok {
		return SignedIn{}, app.Errorf(app.Denied, "The e-mail address or the password is not right. Please try again.")
	}
	a.limits.giveBack(keys...)
	return a.begin(ctx, from, accountID, false)
}

// credential returns the account of an address and its password; both are "" if
// there is none, which costs the caller as much time as if there were.
func (a *Auth) credential(ctx context.Context, address string) (accountID, phc string, err error) {
	accountID, err = a.accountOf(ctx, address)
	if errors.Is(err, app.ErrNotFound) {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	rec, err := a.store.Get(ctx, "credentials", accountID)
	if errors.Is(err, app.ErrNotFound) {
		return "", "", nil
	}
	if err != nil {
		return "", "", fmt.Errorf("read the credential of %s: %w", accountID, err)
	}
	phc, _ = rec.Row["password"].(string)
	return accountID, phc, nil
}

// accountOf returns the account that has an address (in lower case), or
// app.ErrNotFound. An address that an interrupted sign-up has left has none.
func (a *Auth) accountOf(ctx context.Context, address string) (string, error) {
	rec, err := a.store.Get(ctx, "emails", address)
	if err != nil {
		return "", fmt.Errorf("read the account of an address: %w", err)
	}
	id, _ := rec.Row["account_id"].(string)
	if _, err := a.store.Get(ctx, "accounts", id); err != nil {
		return "", fmt.Errorf("read account %s: %w", id, err)
	}
	return id, nil
}

// ChangePassword gives the caller's account a new password and ends all its
// other sessions. The current one is not asked for soon after a sign-in by link.
func (a *Auth) ChangePassword(ctx context.Context, caller app.Caller, from From, current, new string) error {
	if !caller.SignedIn() {
		return app.Errorf(app.Denied, "Please sign in first.")
	}
	if err := checkPassword(new); err != nil {
		return err
	}
	recovered, err := a.recovered(ctx, caller.SessionID)
	if err != nil {
		return err
	}
	if !recovered {
		if err := a.checkCurrent(ctx, caller, from, current); err != nil {
			return err
		}
	}
	if err := a.setPassword(ctx, caller.AccountID, new); err != nil {
		return err
	}
	return a.endOthers(ctx, caller)
}

func (a *Auth) checkCurrent(ctx context.Context, caller app.Caller, from From, current string) error {
	rec, err := a.store.Get(ctx, "credentials", caller.AccountID)
	if err != nil {
		return fmt.Errorf("read the credential of %s: %w", caller.AccountID, err)
	}
	phc, _ := rec.Row["password"].(string)
	keys := []limitKey{accountKey(caller.AccountID), addressKey(from.Address)}
	if err := a.limits.take(time.Now(), keys...); err != nil {
		return err
	}
	ok, err := a.passwords.matches(ctx, current, phc)
	if err != nil {
		return err
	}
	if !ok {
		return app.Errorf(app.Denied, "The current password is not right. Please try again.")
	}
	a.limits.giveBack(keys...)
	return nil
}

func (a *Auth) setPassword(ctx context.Context, accountID, password string) error {
	phc, err := a.passwords.hash(ctx, password)
	if err != nil {
		return err
	}
	_, err = a.store.Write(ctx, app.Write{Table: "credentials", ID: accountID, IfRev: app.AnyRev, Row: app.Row{
		"account_id": accountID, "password": phc, "changed": time.Now().UnixMilli(),
	}})
	if err != nil {
		return fmt.Errorf("write the credential of %s: %w", accountID, err)
	}
	return nil
}

// maxEmailBytes is the longest address that mail can be sent to (RFC 5321).
const maxEmailBytes = 254

// checkEmail returns an address in the form in which addresses are compared.
func checkEmail(email string) (string, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	name, host, found := strings.Cut(email, "@")
	odd := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
	if !found || name == "" || host == "" || strings.Contains(host, "@") || strings.ContainsFunc(email, odd) || !utf8.ValidString(email) {
		return "", app.Errorf(app.Invalid, "This is not an e-mail address. Please write one such as ada@example.org.")
	}
	if len(email) > maxEmailBytes {
		return "", app.Errorf(app.TooLarge, "An e-mail address has at most %d bytes.", maxEmailBytes)
	}
	return email, nil
}
