package auth_test

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"lyceum/app"
	"lyceum/app/auth"
	"lyceum/app/memstore"
	"lyceum/app/schema"
)

const password = "correct horse"

var home = auth.From{Address: "192.0.2.1", UserAgent: "test"}

// site is a store with an Auth over it.
type site struct {
	*auth.Auth
	t     *testing.T
	store app.Store
}

func newSite(t *testing.T) *site {
	store := memstore.New(schema.Tables())
	return &site{Auth: auth.New(store, slog.New(slog.DiscardHandler)), t: t, store: store}
}

func (s *site) put(table, id string, row app.Row) {
	s.t.Helper()
	if _, err := s.store.Write(s.t.Context(), app.Write{Table: table, ID: id, Row: row, IfRev: app.AnyRev}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) row(table, id string) app.Row {
	s.t.Helper()
	rec, err := s.store.Get(s.t.Context(), table, id)
	if err != nil {
		s.t.Fatalf("%s/%s: %v", table, id, err)
	}
	return rec.Row
}

// first makes the first account and returns its session.
func (s *site) first(email string) auth.SignedIn {
	s.t.Helper()
	token, err := s.FirstLink(s.t.Context())
	if err != nil || token == "" {
		s.t.Fatalf("FirstLink = %q, %v", token, err)
	}
	in, err := s.SignUp(s.t.Context(), home, auth.NewAccount{Token: token, Email: email, Password: password, Name: "Ada"})
	if err != nil {
		s.t.Fatal(err)
	}
	return in
}

func (s *site) caller(in auth.SignedIn) app.Caller {
	s.t.Helper()
	c, err := s.Caller(s.t.Context(), in.Token)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func wantKind(t *testing.T, err error, kind app.Kind) {
	t.Helper()
	if !app.IsKind(err, kind) {
		t.Errorf("error is %v, want kind %s", err, kind)
	}
}

// Whoever starts the server is its administrator; nobody else can be by a link.
func TestFirstLinkMakesTheOneAdministrator(t *testing.T) {
	s := newSite(t)
	old, err := s.FirstLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	in := s.first("Ada@Example.org")
	if admin := s.row("accounts", in.AccountID)["administrator"]; admin != true {
		t.Errorf("administrator is %v", admin)
	}
	if token, err := s.FirstLink(t.Context()); token != "" || err != nil {
		t.Errorf("with an administrator FirstLink = %q, %v", token, err)
	}
	_, err = s.SignUp(t.Context(), home, auth.NewAccount{Token: old, Email: "eve@example.org", Password: password, Name: "Eve"})
	wantKind(t, err, app.NotFound)
}

// Two servers on one database are started for the first time: the link that each
// has printed is good, until one of them was used.
func TestFirstLinkOfAnotherServerStaysGood(t *testing.T) {
	s := newSite(t)
	var tokens []string
	for range 3 {
		token, err := s.FirstLink(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, token)
	}
	var made atomic.Int32
	var all sync.WaitGroup
	for i, token := range tokens[:2] {
		all.Go(func() {
			_, err := s.SignUp(t.Context(), home, auth.NewAccount{
				Token: token, Email: fmt.Sprint("ada", i, "@example.org"), Password: password, Name: "Ada"})
			if err == nil {
				made.Add(1)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 {
		t.Errorf("%d of two links at once have made the first account, want 1", made.Load())
	}
	_, err := s.SignUp(t.Context(), home, auth.NewAccount{Token: tokens[2], Email: "eve@example.org", Password: password, Name: "Eve"})
	wantKind(t, err, app.NotFound)
}

func TestSignInAndOut(t *testing.T) {
	s := newSite(t)
	ada := s.first("ada@example.org")
	in, err := s.SignIn(t.Context(), home, " ADA@example.org ", password)
	if err != nil || in.AccountID != ada.AccountID {
		t.Fatalf("SignIn = %+v, %v", in, err)
	}
	c := s.caller(in)
	if c.AccountID != ada.AccountID || c.SessionID == "" {
		t.Fatalf("caller is %+v", c)
	}
	if err := s.SignOut(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if c := s.caller(in); c.SignedIn() {
		t.Errorf("after signing out the token is still of %+v", c)
	}
	if c := s.caller(ada); !c.SignedIn() {
		t.Error("signing out ended another session")
	}
}

// A thief of the database must find nothing that signs him in.
func TestStoredRowsHoldNoSecret(t *testing.T) {
	s := newSite(t)
	in := s.first("ada@example.org")
	link, err := s.SignInLink(t.Context(), "ada@example.org")
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range schema.Tables() {
		page, err := s.store.Read(t.Context(), app.Range{Table: table.Name})
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range page.Records {
			text := fmt.Sprint(rec.ID, rec.Row)
			for _, secret := range []string{password, in.Token, link} {
				if strings.Contains(text, secret) {
					t.Errorf("%s holds a secret: %s", table.Name, text)
				}
			}
		}
	}
}

// An attacker must not learn who has an account here.
func TestUnknownAddressAndWrongPasswordAnswerTheSame(t *testing.T) {
	s := newSite(t)
	s.first("ada@example.org")
	_, wrong := s.SignIn(t.Context(), home, "ada@example.org", "wrong password")
	_, unknown := s.SignIn(t.Context(), home, "eve@example.org", "wrong password")
	_, long := s.SignIn(t.Context(), home, "ada@example.org", strings.Repeat("x", 10_000))
	wantKind(t, wrong, app.Denied)
	if wrong.Error() != unknown.Error() || wrong.Error() != long.Error() {
		t.Errorf("answers differ: %v, %v, %v", wrong, unknown, long)
	}
}

// Ten wrong passwords stop a dictionary; the right one is refused as well, or
// the limit would tell when it was found. It is over after ten minutes.
func TestAttemptsAreLimitedForEachAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.first("ada@example.org")
		for i := range 10 {
			from := auth.From{Address: fmt.Sprintf("192.0.2.%d", i+10)}
			_, err := s.SignIn(t.Context(), from, "ada@example.org", "wrong password")
			wantKind(t, err, app.Denied)
		}
		_, err := s.SignIn(t.Context(), home, "ada@example.org", password)
		wantKind(t, err, app.Unavailable)
		if !strings.Contains(err.Error(), "10 minutes") {
			t.Errorf("the sentence does not say when to come back: %v", err)
		}
		time.Sleep(10 * time.Minute)
		if _, err := s.SignIn(t.Context(), home, "ada@example.org", password); err != nil {
			t.Errorf("after the window: %v", err)
		}
	})
}

// Somebody who tries one password with every address is stopped too; others at
// the same address who sign in properly do not count.
func TestAttemptsAreLimitedForEachAddress(t *testing.T) {
	s := newSite(t)
	s.first("ada@example.org")
	for i := range 100 {
		// An address that is none is refused before the costly part.
		_, err := s.SignInByLink(t.Context(), home, fmt.Sprint("guess ", i))
		wantKind(t, err, app.NotFound)
	}
	_, err := s.SignIn(t.Context(), home, "ada@example.org", password)
	wantKind(t, err, app.Unavailable)
	if _, err := s.SignIn(t.Context(), auth.From{Address: "198.51.100.7"}, "ada@example.org", password); err != nil {
		t.Errorf("from another address: %v", err)
	}
}

func TestSignUpNeedsAnInvitationUnlessItIsOpen(t *testing.T) {
	s := newSite(t)
	s.first("ada@example.org")
	bob := auth.NewAccount{Email: "bob@example.org", Password: password, Name: "Bob"}
	_, err := s.SignUp(t.Context(), home, bob)
	wantKind(t, err, app.Denied)
	s.put("server_settings", "site", app.Row{"id": "site", "sign_up": "open"})
	in, err := s.SignUp(t.Context(), home, bob)
	if err != nil {
		t.Fatal(err)
	}
	if admin := s.row("accounts", in.AccountID)["administrator"]; admin != false {
		t.Errorf("administrator is %v", admin)
	}
	_, err = s.SignUp(t.Context(), home, auth.NewAccount{Email: "BOB@example.org", Password: password, Name: "Bob"})
	wantKind(t, err, app.Conflict)
	page, err := s.store.Read(t.Context(), app.Range{Table: "credentials"})
	if err != nil || len(page.Records) != 2 {
		t.Errorf("%d credentials of two accounts, %v", len(page.Records), err)
	}
}

func TestSignUpRefusesWhatCannotBe(t *testing.T) {
	s := newSite(t)
	s.put("server_settings", "site", app.Row{"id": "site", "sign_up": "open"})
	good := auth.NewAccount{Email: "bob@example.org", Password: password, Name: "Bob"}
	tests := []struct {
		name   string
		change func(n *auth.NewAccount)
		kind   app.Kind
	}{
		{"no at", func(n *auth.NewAccount) { n.Email = "bob" }, app.Invalid},
		{"two ats", func(n *auth.NewAccount) { n.Email = "b@b@b" }, app.Invalid},
		{"line in address", func(n *auth.NewAccount) { n.Email = "b\n@b" }, app.Invalid},
		{"long address", func(n *auth.NewAccount) { n.Email = strings.Repeat("b", 250) + "@b.org" }, app.TooLarge},
		{"short password", func(n *auth.NewAccount) { n.Password = "1234567" }, app.Invalid},
		{"long password", func(n *auth.NewAccount) { n.Password = strings.Repeat("x", 513) }, app.TooLarge},
		{"password that is no text", func(n *auth.NewAccount) { n.Password = "\xff\xff\xff\xff\xff\xff\xff\xff" }, app.Invalid},
		{"no name", func(n *auth.NewAccount) { n.Name = "  " }, app.Invalid},
		{"long name", func(n *auth.NewAccount) { n.Name = strings.Repeat("ä", 101) }, app.TooLarge},
		{"lines in name", func(n *auth.NewAccount) { n.Name = "Bob\nEve" }, app.Invalid},
		{"unknown link", func(n *auth.NewAccount) { n.Token = "abc" }, app.NotFound},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n := good
			test.change(&n)
			_, err := s.SignUp(t.Context(), home, n)
			wantKind(t, err, test.kind)
		})
	}
}

// A crash in the middle of a sign-up must not keep the address for ever.
func TestAnAddressWithoutAnAccountIsTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.put("server_settings", "site", app.Row{"id": "site", "sign_up": "open"})
		s.put("emails", "bob@example.org", app.Row{"address": "bob@example.org", "account_id": "gone", "created": time.Now().UnixMilli()})
		bob := auth.NewAccount{Email: "bob@example.org", Password: password, Name: "Bob"}
		_, err := s.SignUp(t.Context(), home, bob)
		wantKind(t, err, app.Conflict) // perhaps still under way
		time.Sleep(2 * time.Minute)
		if _, err := s.SignUp(t.Context(), home, bob); err != nil {
			t.Fatal(err)
		}
		if _, err := s.SignIn(t.Context(), home, "bob@example.org", password); err != nil {
			t.Fatal(err)
		}
	})
}

// An invitation for one must not make two accounts when two open it at once.
func TestLinksWorkOnceAlsoAtTheSameTime(t *testing.T) {
	s := newSite(t)
	token, err := s.FirstLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	made := 0
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			n := auth.NewAccount{Token: token, Email: fmt.Sprintf("p%d@example.org", i), Password: password, Name: "P"}
			if _, err := s.SignUp(t.Context(), home, n); err == nil {
				mu.Lock()
				defer mu.Unlock()
				made++
			}
		})
	}
	all.Wait()
	page, err := s.store.Read(t.Context(), app.Range{Table: "accounts"})
	if err != nil || made != 1 || len(page.Records) != 1 {
		t.Errorf("%d of 4 signed up, %d accounts, %v", made, len(page.Records), err)
	}
}
