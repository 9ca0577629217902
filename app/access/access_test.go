package access_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/memstore"
	"lyceum/app/schema"
)

type site struct {
	t     *testing.T
	store app.Store
	index *access.Index
}

func open(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, store: memstore.New(schema.Tables())}
	for _, name := range []string{"ada", "ed", "sam"} {
		s.put("accounts", name, app.Row{"id": name, "name": name})
		s.put("sessions", "s-"+name, app.Row{"id": "s-" + name, "account_id": name, "expires": time.Now().Add(time.Hour).UnixMilli()})
	}
	s.users("p1", app.Row{"ada": role("owner"), "ed": role("editor")})
	s.users("p2", app.Row{"sam": role("owner")})
	var err error
	if s.index, err = access.Open(t.Context(), s.store); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.index.Close)
	return s
}

func role(name string) app.Row { return app.Row{"role": name} }

func (s *site) put(table, id string, row app.Row) {
	s.t.Helper()
	if _, err := s.store.Write(s.t.Context(), app.Write{Table: table, ID: id, Row: row, IfRev: app.AnyRev}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) users(project string, users app.Row) {
	s.put("projects", project, app.Row{"id": project, "users": users})
}

func caller(name string) app.Caller { return app.Caller{AccountID: name, SessionID: "s-" + name} }

// W5: when the write is acknowledged the index answers so already; there is no
// waiting in this test.
func TestW5TheIndexIsUpToDateWhenAWriteIsAcknowledged(t *testing.T) {
	s := open(t)
	check := func(want string) {
		t.Helper()
		got := fmt.Sprint(s.index.Role(caller("ed"), "p1"), s.index.Projects(caller("ed")), s.index.Collaborators(caller("ed")), s.index.Collaborate(caller("ed"), "ada"), s.index.Valid(caller("ed")), s.index.Administrator(caller("ed")), s.index.HasAdministrator())
		if got != want {
			t.Errorf("answers %s\nwant    %s", got, want)
		}
	}
	check("editor [p1] [ada ed] true true false false")
	s.users("p1", app.Row{"ada": role("owner"), "ed": role("viewer")})
	check("viewer [p1] [ada ed] true true false false")
	s.users("p2", app.Row{"sam": role("owner"), "ed": role("editor")})
	check("viewer [p1 p2] [ada ed sam] true true false false")
	s.users("p1", app.Row{"ada": role("owner")})
	check(" [p2] [ed sam] false true false false")
	s.put("projects", "p2", nil)
	check(" [] [ed] false true false false")
	s.put("accounts", "ed", app.Row{"id": "ed", "name": "Ed", "administrator": true})
	check(" [] [ed] false true true true")
	s.put("sessions", "s-ed", nil)
	check(" [] [ed] false false true true")
	s.users("p1", app.Row{"ada": role("owner"), "ed": role("owner")})
	s.put("accounts", "ed", nil)
	check(" [] [] false false false false")
}

func TestTheConcernedAreTold(t *testing.T) {
	s := open(t)
	told := map[string]int{}
	for _, name := range []string{"ada", "ed", "sam", ""} {
		stop := s.index.Watch(name, func() { told[name]++ })
		defer stop()
	}
	steps := []struct {
		name string
		do   func()
		want string
	}{
		{"a title", func() {
			s.put("projects", "p1", app.Row{"id": "p1", "title": "x", "users": app.Row{"ada": role("owner"), "ed": role("editor")}})
		}, "map[]"},
		{"a role", func() { s.users("p1", app.Row{"ada": role("owner"), "ed": role("viewer")}) }, "map[ed:1]"},
		{"a new person", func() { s.users("p1", app.Row{"ada": role("owner"), "ed": role("viewer"), "sam": role("viewer")}) }, "map[ada:1 ed:1 sam:1]"},
		{"one less", func() { s.users("p1", app.Row{"ada": role("owner"), "sam": role("viewer")}) }, "map[ada:1 ed:1 sam:1]"},
		{"a sign-out", func() { s.put("sessions", "s-sam", nil) }, "map[sam:1]"},
		{"an administrator", func() { s.put("accounts", "ada", app.Row{"id": "ada", "administrator": true}) }, "map[:1 ada:1]"},
	}
	for _, step := range steps {
		clear(told)
		stamps := s.index.Stamp("ed")
		step.do()
		if got := fmt.Sprint(told); got != step.want {
			t.Errorf("%s: told %s, want %s", step.name, got, step.want)
		}
		if (stamps != s.index.Stamp("ed")) != (told["ed"] > 0) {
			t.Errorf("%s: the stamp of ed and what ed was told differ", step.name)
		}
	}
}

// W5: a download or a terminal runs under a guarded context.
func TestW5GuardEndsWithRoleSessionAndAccount(t *testing.T) {
	lose := map[string]func(*site){
		"role":             func(s *site) { s.users("p1", app.Row{"ada": role("owner"), "ed": role("viewer")}) },
		"session":          func(s *site) { s.put("sessions", "s-ed", nil) },
		"account":          func(s *site) { s.put("accounts", "ed", nil) },
		"project":          func(s *site) { s.put("projects", "p1", nil) },
		"session that ran": func(*site) { <-time.After(2 * time.Hour) },
	}
	for name, do := range lose {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := open(t)
				ctx, cancel, err := s.index.Guard(t.Context(), caller("ed"), "p1", app.Editor)
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
				if _, _, err := s.index.Guard(t.Context(), caller("ed"), "p1", app.Editor); err == nil {
					t.Error("a new guard is given")
				}
			})
		})
	}
}

func TestPermitSaysWhatIsMissing(t *testing.T) {
	for want, err := range map[string]error{
		"This project does not exist, or you are not a member of it.":                          access.Permit(app.NoRole, app.Viewer),
		"As a viewer of this project you may not do this; ask an owner to make you an editor.": access.Permit(app.Viewer, app.Editor),
		"As an editor of this project you may not do this; ask an owner to make you an owner.": access.Permit(app.Editor, app.Owner),
	} {
		if _, got := app.Public(err); got != want {
			t.Errorf("says %q, want %q", got, want)
		}
	}
	if err := access.Permit(app.Owner, app.Viewer); err != nil {
		t.Error(err)
	}
}

// W5: a removal waits for the commit that is under way, and a write that comes
// meanwhile waits for the removal.
func TestW5AChangeOfRolesAndWritesExcludeEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		held, release, err := s.index.Hold(t.Context(), caller("ed"), "p1", app.Editor)
		if err != nil {
			t.Fatal(err)
		}
		var changed, wrote atomic.Bool
		go func() {
			done, clean, err := s.index.Change(t.Context(), "p1", "ed")
			if err != nil || !clean {
				t.Errorf("Change = %t, %v", clean, err)
			}
			changed.Store(true)
			s.users("p1", app.Row{"ada": role("owner")})
			done()
		}()
		synctest.Wait()
		go func() {
			if _, _, err := s.index.Hold(t.Context(), caller("ed"), "p1", app.Editor); !app.IsKind(err, app.NotFound) {
				t.Errorf("Hold after the removal = %v", err)
			}
			wrote.Store(true)
		}()
		synctest.Wait()
		if _, release, err := s.index.Hold(t.Context(), caller("ada"), "p1", app.Owner); err != nil {
			t.Errorf("somebody else is kept from writing: %v", err)
		} else {
			release()
		}
		if changed.Load() || wrote.Load() || held.Err() != nil {
			t.Error("the change of roles did not wait for who writes, or a new write not for the change")
		}
		release()
		synctest.Wait()
		if !changed.Load() || !wrote.Load() {
			t.Error("the change of roles waits although nobody writes")
		}
		other, release, err := s.index.Hold(t.Context(), caller("ada"), "p1", app.Owner)
		if err != nil || other.Err() != nil {
			t.Errorf("afterwards: %v", err)
		}
		release()
	})
}

// A writer that hangs must not keep somebody in a project who has to go.
func TestW5AChangeOfRolesWaitsForASecondThenForItsPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		start := time.Now()
		held, release, err := s.index.Hold(t.Context(), caller("ed"), "p1", app.Editor)
		if err != nil {
			t.Fatal(err)
		}
		heeds := make(chan time.Duration, 1)
		go func() { // heeds its context
			<-held.Done()
			heeds <- time.Since(start)
			release()
		}()
		done, clean, err := s.index.Change(t.Context(), "p1", "ed")
		if err != nil || !clean || <-heeds != time.Second {
			t.Errorf("Change over a writer that heeds its context = %t, %v", clean, err)
		}
		done()

		_, release, err = s.index.Hold(t.Context(), caller("ed"), "p1", app.Editor) // never heeds
		if err != nil {
			t.Fatal(err)
		}
		start = time.Now()
		done, clean, err = s.index.Change(t.Context(), "p1", "ed")
		if err != nil || clean || time.Since(start) != 5*time.Second {
			t.Errorf("Change over a writer that hangs = %t, %v after %v", clean, err, time.Since(start))
		}
		done()
		release()
	})
}
