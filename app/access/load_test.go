package access_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/memstore"
	"lyceum/app/schema"
)

// busy is a store that others write to while it is read: after a page was read
// and before the reader has it, and before it is read.
type busy struct {
	app.Store
	write func()
}

func (b *busy) Read(ctx context.Context, r app.Range) (app.Page, error) {
	b.write()
	page, err := b.Store.Read(ctx, r)
	b.write()
	return page, err
}

// A server starts while another part of it writes already: whoever is removed from
// a project in that moment must not be found in it afterwards, and who came must.
func TestW5TheIndexIsRightThoughRolesChangeWhileItIsRead(t *testing.T) {
	const projects, people = app.MaxPage + 50, 20
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 5))
			var mu sync.Mutex // of random: the tables are read at once
			s := &site{t: t, store: memstore.New(schema.Tables())}
			change := func() {
				users := app.Row{}
				for i := range people {
					if random.IntN(8) == 0 {
						users[fmt.Sprint("a", i)] = role([]string{"viewer", "editor", "owner"}[random.IntN(3)])
					}
				}
				id := fmt.Sprintf("p%04d", random.IntN(projects))
				if random.IntN(5) == 0 {
					s.put("projects", id, nil)
				} else {
					s.users(id, users)
				}
				id = fmt.Sprint("a", random.IntN(people))
				if random.IntN(4) == 0 {
					s.put("accounts", id, nil)
				} else {
					s.put("accounts", id, app.Row{"id": id, "name": fmt.Sprint(random.IntN(9)), "administrator": random.IntN(3) == 0})
				}
			}
			for range 2 * projects {
				change()
			}
			index, err := access.Open(t.Context(), &busy{Store: s.store, write: func() {
				mu.Lock()
				defer mu.Unlock()
				for range 200 {
					change()
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			defer index.Close()
			s.index = index
			s.compare(projects, people)
		})
	}
}

// compare fails unless the index says what the rows say.
func (s *site) compare(projects, people int) {
	s.t.Helper()
	for i := range people {
		id := fmt.Sprint("a", i)
		rec, err := s.store.Get(s.t.Context(), "accounts", id)
		there := err == nil
		admin, _ := rec.Row["administrator"].(bool)
		if name, _ := rec.Row["name"].(string); s.index.Exists(id) != there || s.index.Name(id) != name || s.index.Administrator(app.Caller{AccountID: id}) != admin {
			s.t.Errorf("account %s is %v; the index has %q", id, rec.Row, s.index.Name(id))
		}
		for k := range projects {
			project := fmt.Sprintf("p%04d", k)
			rec, err := s.store.Get(s.t.Context(), "projects", project)
			want := app.NoRole
			if err == nil && there {
				want = access.Users(rec.Row)[id]
			}
			if got := s.index.Role(app.Caller{AccountID: id}, project); got != want {
				s.t.Fatalf("%s in %s is %v, the row says %v", id, project, got, want)
			}
		}
	}
}
