package access_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"lyceum/app"
)

// key makes an API key of ed; bounds replace fields of its row.
func (s *site) key(id string, bounds app.Row) app.Caller {
	s.t.Helper()
	row := app.Row{"id": id, "account_id": "ed", "scope": "all", "read_only": false}
	for name, v := range bounds {
		row[name] = v
	}
	s.put("api_keys", id, row)
	c, ok := s.index.Key(id)
	if !ok {
		s.t.Fatalf("the key %s does not hold", id)
	}
	return c
}

// A leaked key must do as little as its maker has said, also where its account
// may do more; and never more than its account.
func TestK1AKeyIsAPartOfItsAccount(t *testing.T) {
	s := open(t)
	s.put("accounts", "ed", app.Row{"id": "ed", "administrator": true})
	s.users("p2", app.Row{"sam": role("owner"), "ed": role("owner")})
	look := func(c app.Caller) string {
		return fmt.Sprint(s.index.Role(c, "p1"), s.index.Role(c, "p2"), s.index.Projects(c), s.index.Collaborators(c),
			s.index.Collaborate(c, "sam"), s.index.Administrator(c), s.index.Check(c, "p1", app.Editor) == nil)
	}
	for _, tt := range []struct {
		name   string
		caller app.Caller
		want   string
	}{
		{"a sign-in", caller("ed"), "editor owner [p1 p2] [ada ed sam] true true true"},
		{"everything", s.key("k1", nil), "editor owner [p1 p2] [ada ed sam] true false true"},
		{"read only", s.key("k2", app.Row{"read_only": true}), "viewer viewer [p1 p2] [ada ed sam] true false false"},
		{"one project", s.key("k3", app.Row{"scope": "project", "project_id": "p1"}), "editor  [p1] [ada ed] false false true"},
		{"another", s.key("k4", app.Row{"scope": "project", "project_id": "p2"}), " owner [p2] [ed sam] true false false"},
	} {
		if got := look(tt.caller); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	one := s.key("k3", app.Row{"scope": "project", "project_id": "p1"})
	s.users("p1", app.Row{"ada": role("owner")})
	if got := look(one); got != "  [] [ed] false false false" {
		t.Errorf("after its account has lost the role: %s", got)
	}
	if _, _, err := s.index.Hold(t.Context(), s.key("k2", app.Row{"read_only": true}), "", app.NoRole); !app.IsKind(err, app.Denied) {
		t.Errorf("a key that is read only may write: %v", err)
	}
}

// Nobody can widen the bounds of a key by saying that they are others.
func TestAKeyHoldsWithItsBoundsOnly(t *testing.T) {
	s := open(t)
	c := s.key("k1", app.Row{"scope": "project", "project_id": "p1", "read_only": true})
	for name, change := range map[string]func(*app.Caller){
		"another account": func(c *app.Caller) { c.AccountID = "ada" },
		"every project":   func(c *app.Caller) { c.ProjectID = "" },
		"may write":       func(c *app.Caller) { c.ReadOnly = false },
		"also a session":  func(c *app.Caller) { c.SessionID = "s-ed" },
		"a key of nobody": func(c *app.Caller) { c.KeyID = "k9" },
	} {
		other := c
		change(&other)
		if !s.index.Valid(c) || s.index.Valid(other) {
			t.Errorf("%s: holds", name)
		}
	}
}

// A script that watches, or takes a file, is cut off with its key.
func TestK4W5GuardEndsWithTheKey(t *testing.T) {
	lose := map[string]func(*site){
		"revoked":             func(s *site) { s.put("api_keys", "k1", nil) },
		"expired":             func(*site) { <-time.After(2 * time.Hour) },
		"its account is gone": func(s *site) { s.put("accounts", "ed", nil) },
		"its account's role":  func(s *site) { s.users("p1", app.Row{"ada": role("owner")}) },
	}
	for name, do := range lose {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := open(t)
				c := s.key("k1", app.Row{"expires": time.Now().Add(time.Hour).UnixMilli()})
				ctx, cancel, err := s.index.Guard(t.Context(), c, "p1", app.Editor)
				if err != nil {
					t.Fatal(err)
				}
				defer cancel()
				if ctx.Err() != nil {
					t.Fatal("over before anything happened")
				}
				do(s)
				synctest.Wait()
				kind, _ := app.Public(context.Cause(ctx))
				if ctx.Err() == nil || kind != app.Denied && kind != app.NotFound {
					t.Errorf("after the loss: %v", context.Cause(ctx))
				}
				if s.index.Valid(c) && name != "its account's role" {
					t.Error("the key still holds")
				}
			})
		})
	}
}
