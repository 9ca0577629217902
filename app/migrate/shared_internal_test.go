package migrate

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/rethinkstore"
	"lyceum/app/rethinkstore/rethinktest"
	"lyceum/app/schema"
)

// A server of an older program would go on writing rows as they were, behind a
// migration that is past them.
func TestNothingIsMigratedWhileAnOlderProgramUsesTheDatabase(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	open := func(name string, rows int64) *rethinkstore.Store {
		s, err := rethinkstore.Open(t.Context(), rethinkstore.Options{
			Hosts: server.Addresses(), Database: "rows", Tables: schema.Tables(), Name: name, Rows: rows,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	old, new, beside := open("lab1", 0), open("lab2", 2), open("lab3", 2)
	seed(t, old, "projects", app.Row{"id": "p1", "title": "x"})
	before := rows(t, old, "projects")
	err := run(t.Context(), new, quiet, two)
	kind, text := app.Public(err)
	if kind != app.Unavailable || !strings.Contains(text, "(lab1)") || !strings.Contains(text, "Stop them all") {
		t.Fatalf("beside an older server: %v", err)
	}
	if after := rows(t, old, "projects"); !reflect.DeepEqual(after, before) {
		t.Errorf("beside an older server the rows became %v", after)
	}
	if err := run(t.Context(), old, quiet, nil); err != nil {
		t.Errorf("the older server is refused though nothing was begun: %v", err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	for _, s := range []app.Store{new, beside} {
		if err := run(t.Context(), s, quiet, two); err != nil {
			t.Errorf("beside a server of the same program: %v", err)
		}
	}
	if got := rows(t, new, "projects")["p1"]["description"]; got != "x!" {
		t.Errorf("migrated to the description %v", got)
	}
}

var errOlder = errors.New("an older server is there")

// starting is a store on which a server of an older program starts, reads what
// was begun when the migration looks for the first or the second time, and is
// seen from then on unless it was refused.
type starting struct {
	app.Store
	at    int
	looks int
}

func (s *starting) Alone(ctx context.Context) error {
	s.looks++
	if s.looks < s.at {
		return nil
	}
	if err := run(ctx, s.Store, quiet, nil); err == nil {
		return errOlder
	}
	return nil
}

// A server of an older program starts at the same moment as the migration:
// exactly one of the two goes on.
func TestAnOlderProgramThatStartsMeanwhileIsRefused(t *testing.T) {
	for at, want := range map[int]error{1: errOlder, 2: nil} {
		s := &starting{Store: memstore.New(schema.Tables()), at: at}
		seed(t, s, "projects", app.Row{"id": "p1", "title": "x"})
		if err := run(t.Context(), s, quiet, two); !errors.Is(err, want) {
			t.Errorf("it starts at look %d: %v, want %v", at, err, want)
		}
		if title := rows(t, s, "projects")["p1"]["title"]; (title == "x!") != (want == nil) {
			t.Errorf("it starts at look %d: the title is %v", at, title)
		}
	}
}

// Who has joined and not yet read what was begun when the note is written is seen
// by the second look: nothing is migrated.
func TestAnOlderProgramThatJoinsMeanwhileIsSeen(t *testing.T) {
	s := &joining{Store: memstore.New(schema.Tables())}
	seed(t, s, "projects", app.Row{"id": "p1", "title": "x"})
	if err := run(t.Context(), s, quiet, two); !errors.Is(err, errOlder) {
		t.Errorf("beside it: %v", err)
	}
	if title := rows(t, s, "projects")["p1"]["title"]; title != "x" {
		t.Errorf("beside it the title became %v", title)
	}
	if err := run(t.Context(), s.Store, quiet, nil); !app.IsKind(err, app.Unavailable) {
		t.Errorf("it reads what was begun: %v", err)
	}
}

// joining is a store that an older server joins after the first look.
type joining struct {
	app.Store
	looked bool
}

func (j *joining) Alone(context.Context) error {
	if j.looked {
		return errOlder
	}
	j.looked = true
	return nil
}
