package auth_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/auth"
	"lyceum/app/query"
	"lyceum/app/schema"
)

// scripts is a site in which ada owns p1 and makes keys.
type scripts struct {
	*site
	auth.Keys
}

func newScripts(t *testing.T) *scripts {
	t.Helper()
	s := newSite(t)
	s.put("accounts", "ada", app.Row{"id": "ada", "name": "Ada"})
	s.put("projects", "p1", app.Row{"id": "p1", "users": app.Row{"ada": app.Row{"role": "owner"}}})
	s.put("projects", "p2", app.Row{"id": "p2", "users": app.Row{"sam": app.Row{"role": "owner"}}})
	index, err := access.Open(t.Context(), s.store)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(index.Close)
	return &scripts{s, auth.Keys{Auth: s.Auth, Access: index}}
}

// make makes a key of ada and returns what is answered.
func (s *scripts) make(id string, fields app.Row) (app.Row, error) {
	row := app.Row{"account_id": "ada", "name": id, "scope": "all", "read_only": false, "created": time.Now().UnixMilli()}
	for name, v := range fields {
		row[name] = v
	}
	ctx := app.WithCaller(s.t.Context(), app.Caller{AccountID: "ada"})
	return s.Keys.Set(ctx, query.Set{Table: "api_keys", Op: schema.Create, ID: id, Row: row, Request: id})
}

func (s *scripts) made(id string, fields app.Row) (secret string) {
	s.t.Helper()
	row, err := s.make(id, fields)
	if err != nil {
		s.t.Fatal(err)
	}
	secret, _ = row["key"].(string)
	return secret
}

func (s *scripts) who(secret string) (app.Caller, error) {
	return s.Keys.Caller(s.t.Context(), home, secret)
}

// A backup of the database must not hold anything that signs in.
func TestK1AKeyIsAnsweredOnceAndStoredHashed(t *testing.T) {
	s := newScripts(t)
	secret := s.made("k1", app.Row{"scope": "project", "project_id": "p1", "read_only": true})
	if !strings.HasPrefix(secret, "lyceum_") || len(secret) < 30 {
		t.Errorf("the key is %q", secret)
	}
	if row := fmt.Sprint(s.row("api_keys", "k1")); strings.Contains(row, secret) || strings.Contains(row, strings.TrimPrefix(secret, "lyceum_")) {
		t.Errorf("the row holds the key: %s", row)
	}
	c, err := s.who(secret)
	if want := (app.Caller{AccountID: "ada", KeyID: "k1", ProjectID: "p1", ReadOnly: true}); err != nil || c != want {
		t.Errorf("the key is of %+v, %v, want %+v", c, err, want)
	}
}

// W3: the answer with the key was lost, and the page asks again. A key that is in
// use already keeps working: somebody has got the first answer.
func TestW3MakingAKeyAgain(t *testing.T) {
	s := newScripts(t)
	lost := s.made("k1", nil)
	second := s.made("k1", nil)
	if _, err := s.who(lost); !app.IsKind(err, app.Denied) {
		t.Errorf("the key whose answer was lost works: %v", err)
	}
	if _, err := s.who(second); err != nil {
		t.Errorf("the second: %v", err)
	}
	if again := s.made("k1", nil); again != "" {
		t.Error("a key that is in use was replaced")
	}
	if _, err := s.who(second); err != nil {
		t.Errorf("after a repetition: %v", err)
	}
}

func TestKeysThatWouldNotWorkAreRefused(t *testing.T) {
	s := newScripts(t)
	for name, tt := range map[string]struct {
		fields app.Row
		want   app.Kind
	}{
		"a project that is not named": {app.Row{"scope": "project"}, app.Invalid},
		"a project in spite of all":   {app.Row{"project_id": "p1"}, app.Invalid},
		"a project of somebody else":  {app.Row{"scope": "project", "project_id": "p2"}, app.NotFound},
		"a project that is not there": {app.Row{"scope": "project", "project_id": "p9"}, app.NotFound},
		"a key that has expired":      {app.Row{"expires": time.Now().Add(-time.Second).UnixMilli()}, app.Invalid},
	} {
		if _, err := s.make(app.NewID(), tt.fields); !app.IsKind(err, tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	for i := range 100 {
		s.made(fmt.Sprint("k", i), nil)
	}
	if _, err := s.make("one more", nil); !app.IsKind(err, app.TooLarge) {
		t.Errorf("the 101st key: %v", err)
	}
	if secret := s.made("k99", nil); secret == "" {
		t.Error("the hundredth cannot be asked for again")
	}
}

// Whoever has found a key on a computer is out as soon as it is revoked.
func TestK4AKeyEndsWhenItIsRevokedOrExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScripts(t)
		revoked := s.made("k1", nil)
		expires := s.made("k2", app.Row{"expires": time.Now().Add(time.Hour).UnixMilli()})
		for _, secret := range []string{revoked, expires} {
			if _, err := s.who(secret); err != nil {
				t.Fatal(err)
			}
		}
		s.put("api_keys", "k1", nil)
		if _, err := s.who(revoked); !app.IsKind(err, app.Denied) {
			t.Errorf("revoked: %v", err)
		}
		time.Sleep(time.Hour)
		if _, err := s.who(expires); !app.IsKind(err, app.Denied) {
			t.Errorf("expired: %v", err)
		}
		for _, wrong := range []string{"", "lyceum_", "lyceum_" + strings.Repeat("a", 26), strings.Repeat("x", 1<<20)} {
			if _, err := s.who(wrong); !app.IsKind(err, app.Denied) {
				t.Errorf("%.20q: %v", wrong, err)
			}
		}
	})
}

// Each request would otherwise cost a write to the disk.
func TestUsingAKeyIsWrittenOnceAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScripts(t)
		secret := s.made("k1", nil)
		use := func(after time.Duration) any {
			time.Sleep(after)
			if _, err := s.who(secret); err != nil {
				t.Fatal(err)
			}
			return s.row("api_keys", "k1")["used"]
		}
		first := use(0)
		if again := use(time.Minute); first == nil || again != first {
			t.Errorf("used is %v, and %v a minute later", first, again)
		}
		if later := use(2 * time.Hour); later == first {
			t.Error("not written after two hours")
		}
	})
}

// A script with an old key that tries without end is told to stop; nobody else
// behind the same address suffers from it.
func TestWrongKeysAreBoundedByAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScripts(t)
		secret := s.made("k1", nil)
		for range 100 {
			if _, err := s.who("lyceum_old"); !app.IsKind(err, app.Denied) {
				t.Fatal(err)
			}
		}
		if _, err := s.who("lyceum_old"); !app.IsKind(err, app.Unavailable) {
			t.Errorf("the 101st: %v", err)
		}
		if _, err := s.who(secret); err != nil {
			t.Errorf("a key that is right: %v", err)
		}
		elsewhere := auth.From{Address: "198.51.100.7"}
		if _, err := s.Keys.Caller(t.Context(), elsewhere, "lyceum_old"); !app.IsKind(err, app.Denied) {
			t.Errorf("from another address: %v", err)
		}
		if _, err := s.site.SignIn(t.Context(), home, "ada@example.org", password); !app.IsKind(err, app.Denied) {
			t.Errorf("signing in is kept from the same address: %v", err)
		}
		time.Sleep(10 * time.Minute)
		if _, err := s.who("lyceum_old"); !app.IsKind(err, app.Denied) {
			t.Errorf("ten minutes later: %v", err)
		}
	})
}

// A full disk stops writing, not reading: nobody is signed out by it.
func TestKeysAndSessionsWorkWhereTheirUseCannotBeNoted(t *testing.T) {
	s := newScripts(t)
	secret := s.made("k1", nil)
	in := s.first("bob@example.org")
	long := app.Row{"used": int64(0)}
	for name, v := range s.row("sessions", s.caller(in).SessionID) {
		if name != "used" {
			long[name] = v
		}
	}
	s.put("sessions", s.caller(in).SessionID, long)
	full := auth.Keys{Auth: auth.New(fullDisk{s.store}, slog.New(slog.DiscardHandler)), Access: s.Access}
	if _, err := full.Caller(t.Context(), home, secret); err != nil {
		t.Error(err)
	}
	if c, err := full.Auth.Caller(t.Context(), in.Token); err != nil || !c.SignedIn() {
		t.Errorf("a session that was not used for long: %+v, %v", c, err)
	}
}

// fullDisk is a store that cannot write.
type fullDisk struct{ app.Store }

var errFull = errors.New("no space left on device")

func (fullDisk) Write(context.Context, app.Write) (app.Record, error) { return app.Record{}, errFull }
