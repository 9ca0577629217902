package access_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/memstore"
	"lyceum/app/schema"
)

// gappy is a store whose feed can lose its place, and whose reads can fail.
type gappy struct {
	app.Store
	mu       sync.Mutex
	watchers map[string]func(app.Batch)
	away     bool
}

func (g *gappy) Watch(table string, fn func(app.Batch)) (app.Position, func(), error) {
	g.mu.Lock()
	g.watchers[table] = fn
	g.mu.Unlock()
	return g.Store.Watch(table, func(b app.Batch) {
		if !g.isAway() {
			fn(b)
		}
	})
}

func (g *gappy) isAway() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.away
}

func (g *gappy) set(away bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.away = away
}

func (g *gappy) Read(ctx context.Context, r app.Range) (app.Page, error) {
	if g.isAway() {
		return app.Page{}, errors.New("away")
	}
	return g.Store.Read(ctx, r)
}

// The database was away, and somebody was removed meanwhile at another server:
// nobody may do anything until that is known, and then all may what is true now,
// without a restart.
func TestW5AGapIsReadAgainAndNobodyMayAnythingMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gappy{Store: memstore.New(schema.Tables()), watchers: make(map[string]func(app.Batch))}
		s := &site{t: t, store: g}
		s.put("accounts", "ada", app.Row{"id": "ada", "name": "ada"})
		s.put("accounts", "ed", app.Row{"id": "ed", "name": "ed"})
		for _, name := range []string{"ada", "ed"} {
			s.put("sessions", "s-"+name, app.Row{"id": "s-" + name, "account_id": name, "expires": time.Now().Add(time.Hour).UnixMilli()})
		}
		s.users("p1", app.Row{"ada": role("owner"), "ed": role("editor")})
		x, err := access.Open(t.Context(), g)
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		woken := 0
		defer x.Watch("ed", func() { woken++ })()
		before := x.Stamp("ed")

		g.set(true)
		s.users("p1", app.Row{"ada": role("owner")}) // nobody is told
		g.watchers["projects"](app.Batch{Position: app.Position{Log: "after the gap"}})
		if err := x.Check(caller("ada"), "p1", app.Viewer); !x.Lost() || !app.IsKind(err, app.Unavailable) {
			t.Errorf("in the gap ada's role is %v", err)
		}
		time.Sleep(time.Minute)
		if !x.Lost() {
			t.Error("all is known although nothing could be read")
		}
		g.set(false)
		time.Sleep(time.Second)
		synctest.Wait()
		if err := x.Check(caller("ada"), "p1", app.Owner); err != nil {
			t.Errorf("after the gap: %v", err)
		}
		if r := x.Role(caller("ed"), "p1"); r != app.NoRole || woken < 2 || x.Stamp("ed") == before {
			t.Errorf("ed has the role %v, was woken %d times", r, woken)
		}
		g.watchers["projects"](app.Batch{Position: app.Position{Log: "after the gap"}, Changes: []app.Change{
			{ID: "p1", Rev: 1 << 40, New: app.Row{"users": app.Row{"ed": role("viewer")}}}}})
		if r := x.Role(caller("ed"), "p1"); r != app.Viewer {
			t.Errorf("a change in the new log gives ed the role %v", r)
		}
	})
}

func TestConcernsIsWhoMayWhat(t *testing.T) {
	people := app.Row{"users": app.Row{"ada": role("owner")}, "title": "a"}
	session := app.Row{"account_id": "ada", "expires": int64(5)}
	for _, test := range []struct {
		table    string
		old, new app.Row
		want     bool
	}{
		{"projects", people, app.Row{"users": app.Row{"ada": role("owner")}, "title": "b"}, false},
		{"projects", people, app.Row{"users": app.Row{"ada": role("viewer")}}, true},
		{"projects", people, nil, true},
		{"projects", nil, people, true},
		{"sessions", session, app.Row{"account_id": "ada", "expires": int64(5), "seen": int64(1)}, false},
		{"sessions", session, nil, true},
		{"accounts", app.Row{"name": "a"}, app.Row{"name": "b"}, false},
		{"accounts", app.Row{"name": "a"}, app.Row{"name": "a", "administrator": true}, true},
		{"api_keys", app.Row{"read_only": true}, app.Row{"read_only": false}, true},
		{"documents", nil, app.Row{}, false},
	} {
		if got := access.Concerns(test.table, test.old, test.new); got != test.want {
			t.Errorf("%s from %v to %v concerns all servers: %v, want %v", test.table, test.old, test.new, got, test.want)
		}
	}
}

// Another server removes somebody who is writing here: it goes on when that is
// over, and not before.
func TestW5SettleWaitsForWhatIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		held, release, err := s.index.Hold(t.Context(), caller("ed"), "p1", app.Editor)
		if err != nil {
			t.Fatal(err)
		}
		c := app.Change{ID: "p1", Old: app.Row{"users": app.Row{"ada": role("owner"), "ed": role("editor")}}, New: app.Row{"users": app.Row{"ada": role("owner")}}}
		settled := make(chan struct{})
		go func() { s.index.Settle(t.Context(), "projects", c); close(settled) }()
		<-held.Done() // after a second
		select {
		case <-settled:
			t.Error("settled while ed still writes")
		default:
		}
		release()
		<-settled
		s.index.Settle(t.Context(), "sessions", app.Change{ID: fmt.Sprint("s-", "ed")}) // waits for nothing
		s.index.Close()
	})
}
