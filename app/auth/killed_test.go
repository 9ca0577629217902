package auth_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lyceum/app"
	"lyceum/app/auth"
)

var errKilled = errors.New("killed")

// mortal is a store whose process is killed at a write: before it, or after it
// was committed and before anybody knew.
type mortal struct {
	app.Store
	left  int // writes until then
	after bool
}

func (m *mortal) Write(ctx context.Context, w app.Write) (app.Record, error) {
	if m.left--; m.left < 0 {
		if m.after && m.left == -1 {
			_, _ = m.Store.Write(ctx, w) // nobody hears of it
		}
		return app.Record{}, errKilled
	}
	return m.Store.Write(ctx, w)
}

// The server is killed while somebody signs up, before or after each row. After a
// minute the person has one account: the one that was made, or the one of the
// next try.
func TestAKilledSignUpCanBeTriedAgain(t *testing.T) {
	for _, after := range []bool{false, true} {
		over := false
		for k := 0; !over; k++ {
			t.Run(fmt.Sprintf("at write %d after=%t", k, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { over = killedSignUp(t, k, after) })
			})
		}
	}
}

// killedSignUp is one place of death; it reports that there is none so late. It
// runs in synctest.
func killedSignUp(t *testing.T, k int, after bool) (over bool) {
	s := newSite(t)
	s.put("server_settings", "site", app.Row{"id": "site", "sign_up": "open"})
	bob := auth.NewAccount{Email: "bob@example.org", Password: password, Name: "Bob"}
	dying := auth.New(&mortal{s.store, k, after}, slog.New(slog.DiscardHandler))
	if _, err := dying.SignUp(t.Context(), home, bob); err == nil {
		return true
	}
	time.Sleep(2 * time.Minute)
	_, err := s.SignUp(t.Context(), home, bob)
	if err != nil && !app.IsKind(err, app.Conflict) {
		t.Errorf("the next try: %v", err)
	}
	in, err := s.SignIn(t.Context(), home, bob.Email, password)
	if err != nil {
		t.Fatalf("signing in: %v", err)
	}
	page, err := s.store.Read(t.Context(), app.Range{Table: "accounts"})
	if err != nil || len(page.Records) != 1 || page.Records[0].ID != in.AccountID {
		t.Errorf("there are the accounts %v, %v; bob has signed in as %s", page.Records, err, in.AccountID)
	}
	if owner := s.row("emails", bob.Email)["account_id"]; owner != in.AccountID {
		t.Errorf("the address is that of %v", owner)
	}
	return false
}

// A person taps twice, or two people want one address: one of them has it, and
// no account is left that nobody can sign in to.
func TestTwoWhoSignUpWithOneAddressAtOnceMakeOneAccount(t *testing.T) {
	s := newSite(t)
	s.put("server_settings", "site", app.Row{"id": "site", "sign_up": "open"})
	const people = 6
	var made [people]auth.SignedIn
	var group sync.WaitGroup
	for i := range people {
		group.Go(func() {
			email := []string{"bob@example.org", " Bob@Example.org"}[i%2]
			from := auth.From{Address: fmt.Sprintf("192.0.2.%d", i)}
			var err error
			made[i], err = s.SignUp(t.Context(), from, auth.NewAccount{Email: email, Password: password + fmt.Sprint(i), Name: "Bob"})
			if err != nil && !app.IsKind(err, app.Conflict) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	winner := -1
	for i, in := range made {
		if in.AccountID == "" {
			continue
		}
		if winner >= 0 {
			t.Errorf("%d and %d have both made an account", winner, i)
		}
		winner = i
	}
	if winner < 0 {
		t.Fatal("nobody has an account")
	}
	for _, table := range []string{"accounts", "credentials", "emails"} {
		page, err := s.store.Read(t.Context(), app.Range{Table: table})
		if err != nil || len(page.Records) != 1 {
			t.Errorf("%s has %d rows, %v", table, len(page.Records), err)
		}
	}
	if in, err := s.SignIn(t.Context(), home, "bob@example.org", password+fmt.Sprint(winner)); err != nil || in.AccountID != made[winner].AccountID {
		t.Errorf("the one who has it cannot sign in: %v", err)
	}
}
