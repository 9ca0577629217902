package auth_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"lyceum/app"
	"lyceum/app/auth"
)

// A sign-in lasts while it is used and ends a month after it was left.
func TestSessionLastsWhileItIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		in := s.first("ada@example.org")
		for range 4 {
			time.Sleep(20 * 24 * time.Hour)
			if !s.caller(in).SignedIn() {
				t.Fatal("ended although it was used")
			}
		}
		time.Sleep(31 * 24 * time.Hour)
		if s.caller(in).SignedIn() {
			t.Error("lasts although nobody uses it")
		}
	})
}

// Each request would otherwise cost a write to the disk.
func TestUsingASessionIsWrittenOnceAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		in := s.first("ada@example.org")
		id := s.caller(in).SessionID
		before := s.row("sessions", id)["used"]
		time.Sleep(time.Minute)
		s.caller(in)
		if after := s.row("sessions", id)["used"]; after != before {
			t.Error("written after a minute")
		}
		time.Sleep(2 * time.Hour)
		s.caller(in)
		if after := s.row("sessions", id)["used"]; after == before {
			t.Error("not written after two hours")
		}
	})
}

// The clock of the server was wrong when people signed in, by an hour or by a
// year, and is set back. They stay signed in, and not for a year longer.
func TestSessionsKeepTheirLengthWhenTheClockIsSetBack(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"an hour": time.Hour, "a year": 365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				in := s.first("ada@example.org")
				id := s.caller(in).SessionID
				row := app.Row{}
				for name, v := range s.row("sessions", id) {
					if at, isTime := v.(int64); isTime {
						v = at + ahead.Milliseconds()
					}
					row[name] = v
				}
				s.put("sessions", id, row)
				if !s.caller(in).SignedIn() {
					t.Error("signed out")
				}
				end := time.UnixMilli(s.row("sessions", id)["expires"].(int64))
				if left := time.Until(end); left > 30*24*time.Hour+time.Hour {
					t.Errorf("ends in %v", left)
				}
				for range 3 {
					time.Sleep(20 * 24 * time.Hour)
					if !s.caller(in).SignedIn() {
						t.Error("ended although it was used")
					}
				}
			})
		})
	}
}

// A row that is gone closes the sockets of its session; one that only expires
// would keep them.
func TestRunRemovesWhatHasExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		in := s.first("ada@example.org")
		id := s.caller(in).SessionID
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		time.Sleep(29 * 24 * time.Hour)
		s.row("sessions", id)
		time.Sleep(2 * 24 * time.Hour)
		synctest.Wait()
		if _, err := s.store.Get(t.Context(), "sessions", id); !errors.Is(err, app.ErrNotFound) {
			t.Errorf("after a month without use: %v", err)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v", err)
		}
	})
}

// Whoever changes the password because somebody else knows it wants him out.
func TestChangingThePasswordEndsOtherSessions(t *testing.T) {
	s := newSite(t)
	mine := s.first("ada@example.org")
	other, err := s.SignIn(t.Context(), home, "ada@example.org", password)
	if err != nil {
		t.Fatal(err)
	}
	err = s.ChangePassword(t.Context(), s.caller(mine), home, "not it at all", "battery staple")
	wantKind(t, err, app.Denied)
	if err := s.ChangePassword(t.Context(), s.caller(mine), home, password, "battery staple"); err != nil {
		t.Fatal(err)
	}
	if !s.caller(mine).SignedIn() || s.caller(other).SignedIn() {
		t.Error("the wrong session has ended")
	}
	_, err = s.SignIn(t.Context(), home, "ada@example.org", password)
	wantKind(t, err, app.Denied)
	if _, err := s.SignIn(t.Context(), home, "ada@example.org", "battery staple"); err != nil {
		t.Error(err)
	}
}

// Who has lost the password signs in by a link, once, and sets a new one.
func TestLinkSignsInOnceAndLetsThePasswordBeSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.first("ada@example.org")
		token, err := s.SignInLink(t.Context(), "Ada@example.org")
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.SignUp(t.Context(), home, auth.NewAccount{Token: token, Email: "eve@example.org", Password: password, Name: "Eve"})
		wantKind(t, err, app.NotFound) // it is no invitation
		in, err := s.SignInByLink(t.Context(), home, token)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.SignInByLink(t.Context(), home, token)
		wantKind(t, err, app.NotFound)
		if err := s.ChangePassword(t.Context(), s.caller(in), home, "", "battery staple"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(16 * time.Minute)
		err = s.ChangePassword(t.Context(), s.caller(in), home, "", "another password")
		wantKind(t, err, app.Denied)
	})
}

func TestLinksExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.first("ada@example.org")
		token, err := s.SignInLink(t.Context(), "ada@example.org")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(25 * time.Hour)
		_, err = s.SignInByLink(t.Context(), home, token)
		wantKind(t, err, app.NotFound)
		_, err = s.SignInLink(t.Context(), "eve@example.org")
		wantKind(t, err, app.NotFound)
	})
}
