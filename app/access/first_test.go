package access_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"lyceum/app"
	"lyceum/app/access"
)

// reading is a store whose reads do first what read does.
type reading struct {
	app.Store
	read func() error
}

func (r *reading) Read(ctx context.Context, asked app.Range) (app.Page, error) {
	if err := r.read(); err != nil {
		return app.Page{}, err
	}
	return r.Store.Read(ctx, asked)
}

// Pages are served while the tables are read. Who asks waits, and holds up nobody
// who writes; what was changed meanwhile is in the answer.
func TestW5WhoAsksWhileTheTablesAreReadWaitsAndIsAnsweredWhatIsSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		gate := make(chan struct{})
		x, err := access.Begin(t.Context(), &reading{s.store, func() error { <-gate; return nil }})
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		answers := make(chan error, 2)
		for _, name := range []string{"ada", "ed"} {
			go func() {
				_, cancel, err := x.Guard(t.Context(), caller(name), "p1", app.Viewer)
				if err == nil {
					cancel()
				}
				answers <- err
			}()
		}
		synctest.Wait()
		s.users("p1", app.Row{"ada": role("owner")})
		s.users("p1", app.Row{"ada": role("viewer")})
		if len(answers) != 0 {
			t.Fatal("somebody was answered before anything was read")
		}
		close(gate)
		if a, b := <-answers, <-answers; (a == nil) == (b == nil) {
			t.Errorf("answers %v, %v; want one for ada, who is in the project, and none for ed, who was removed", a, b)
		}
		if got := x.Role(caller("ada"), "p1"); got != app.Viewer {
			t.Errorf("ada is %v, want what she was made last", got)
		}
	})
}

func TestADatabaseThatIsAwayForAMomentIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		left := make(chan error, 6)
		for range cap(left) {
			left <- app.Errorf(app.Unavailable, "The database is away.")
		}
		x, err := access.Open(t.Context(), &reading{s.store, func() error {
			select {
			case err := <-left:
				return err
			default:
				return nil
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		if len(left) != 0 || x.Role(caller("ed"), "p1") != app.Editor {
			t.Errorf("ed is %v, want what the rows say", x.Role(caller("ed"), "p1"))
		}
	})
}

func TestNobodyHasARoleIfTheTablesCannotBeRead(t *testing.T) {
	s := open(t)
	damaged := errors.New("damaged")
	x, err := access.Begin(t.Context(), &reading{s.store, func() error { return damaged }})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if err := x.Wait(t.Context()); !errors.Is(err, damaged) {
		t.Errorf("Wait = %v", err)
	}
	if _, ok := x.Session("s-ed"); ok || x.Role(caller("ed"), "p1") != app.NoRole || !errors.Is(x.Check(caller("ed"), "p1", app.Viewer), access.ErrLost) {
		t.Error("somebody is somebody though nothing is known")
	}
}
