package auth_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"lyceum/app"
	"lyceum/app/auth"
	"lyceum/app/query"
	"lyceum/app/schema"
)

// invite makes an invitation and returns its token.
func (s *site) invite(id string, maxUses int64) string {
	s.t.Helper()
	row, err := auth.Invitations{Auth: s.Auth}.Set(s.t.Context(), query.Set{
		Table: "registration_tokens", Op: schema.Create, ID: id, Row: app.Row{"account_id": "ada", "max_uses": maxUses},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	link, _ := row["link"].(string)
	token, found := strings.CutPrefix(link, "sign-up#token=")
	if !found {
		s.t.Fatalf("link is %q", link)
	}
	return token
}

func (s *site) signUp(token, name string) error {
	_, err := s.SignUp(s.t.Context(), home, auth.NewAccount{Token: token, Email: name + "@example.org", Password: password, Name: name})
	return err
}

// A class signs up at the same time with one link; the 4th of three is told.
func TestInvitationWorksAsOftenAsItSays(t *testing.T) {
	s := newSite(t)
	token := s.invite("class", 3)
	var made atomic.Int32
	var all sync.WaitGroup
	for i := range 5 {
		all.Go(func() {
			if s.signUp(token, fmt.Sprint("p", i)) == nil {
				made.Add(1)
			}
		})
	}
	all.Wait()
	if uses := s.row("registration_tokens", "class")["uses"]; made.Load() != 3 || uses != int64(3) {
		t.Errorf("%d signed up, %v uses", made.Load(), uses)
	}
	wantKind(t, s.signUp(token, "late"), app.NotFound)
}

// Who is refused must be able to use the address later.
func TestRefusedSignUpLeavesTheAddressFree(t *testing.T) {
	s := newSite(t)
	once := s.invite("once", 1)
	if err := s.signUp(once, "bob"); err != nil {
		t.Fatal(err)
	}
	wantKind(t, s.signUp(once, "eve"), app.NotFound)
	if err := s.signUp(s.invite("other", 1), "eve"); err != nil {
		t.Error(err)
	}
}

func TestInvitationEndsWhenItIsDeletedOrOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		deleted, old := s.invite("a", 1), s.invite("b", 1)
		if _, err := s.store.Write(t.Context(), app.Write{Table: "registration_tokens", ID: "a", IfRev: app.AnyRev}); err != nil {
			t.Fatal(err)
		}
		wantKind(t, s.signUp(deleted, "bob"), app.NotFound)
		time.Sleep(31 * 24 * time.Hour)
		wantKind(t, s.signUp(old, "bob"), app.NotFound)
	})
}

// The answer with the link may be lost; the browser asks again with the same
// request, and must get a link that works, and one invitation.
func TestW3InvitationAskedForAgainHasALinkThatWorks(t *testing.T) {
	s := newSite(t)
	lost := s.invite("a", 1)
	again := s.invite("a", 1)
	wantKind(t, s.signUp(lost, "bob"), app.NotFound)
	if err := s.signUp(again, "bob"); err != nil {
		t.Fatal(err)
	}
	row, err := auth.Invitations{Auth: s.Auth}.Set(t.Context(), query.Set{
		Table: "registration_tokens", Op: schema.Create, ID: "a", Row: app.Row{"max_uses": int64(1)},
	})
	if err != nil || row["link"] != nil || row["uses"] != int64(1) {
		t.Errorf("after its use: %v, %v", row, err)
	}
}
