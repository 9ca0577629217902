package query_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/schema"
)

// ends are the ways in which ed stops being who he was, other than the loss of a
// role, which race_test.go has. Each returns when it is acknowledged.
var ends = map[string]func(w *world){
	"he ends the session in another tab": func(w *world) {
		if _, err := w.run("ed", one("sessions", app.Row{"id": "s-ed"}), app.Row{"delete": true}, ""); err != nil {
			w.t.Error(err)
		}
	},
	"the server ends the session": func(w *world) { w.remove("sessions", "s-ed") },
	"the session expires": func(w *world) {
		w.put("sessions", app.Row{"id": "s-ed", "account_id": "ed", "created": int64(1), "expires": int64(2)})
	},
	"the session becomes another's": func(w *world) {
		w.put("sessions", app.Row{"id": "s-ed", "account_id": "sam", "created": int64(1), "expires": int64(1) << 60})
	},
	"the account goes": func(w *world) { w.remove("accounts", "ed") },
}

// endsOfKey are the ways in which a script of his stops being one.
var endsOfKey = map[string]func(w *world){
	"he revokes the key": func(w *world) {
		if _, err := w.run("ed", one("api_keys", app.Row{"id": "script"}), app.Row{"delete": true}, ""); err != nil {
			w.t.Error(err)
		}
	},
	"the key becomes narrower": func(w *world) {
		w.put("api_keys", app.Row{"id": "script", "account_id": "ed", "name": "x", "hash": "x", "scope": "all", "read_only": true, "created": int64(1)})
	},
	"the account of the key goes": func(w *world) { w.remove("accounts", "ed") },
}

// eachEnd runs a test of somebody, ed or his script, and an end of him.
func eachEnd(t *testing.T, test func(t *testing.T, random *rand.Rand, who string, end func(*world))) {
	for who, of := range map[string]map[string]func(*world){"ed": ends, "script": endsOfKey} {
		for name, end := range of {
			for seed := range uint64(6) {
				t.Run(fmt.Sprint(name, " ", seed), func(t *testing.T) { test(t, rand.New(rand.NewPCG(seed, 7)), who, end) })
			}
		}
	}
}

// W5: whoever takes somebody's laptop away and ends its sign-in elsewhere is done:
// nothing that it asks from then on is committed.
func TestK4W5NothingAskedAfterTheEndOfASessionIsCommitted(t *testing.T) {
	eachEnd(t, func(t *testing.T, random *rand.Rand, who string, end func(*world)) {
		store := &slowStore{Store: memstore.New(schema.Tables())}
		w := worldOn(t, store)
		w.key("script", "ed", "", false)
		w.put("documents", app.Row{"id": "d1", "project_id": "p1", "path": "a", "created": int64(1)})
		var asked, highest atomic.Int64
		for _, table := range []string{"terminals", "accounts", "cursors", "projects"} {
			_, stop, err := w.store.Watch(table, func(b app.Batch) {
				for _, c := range b.Changes {
					for _, field := range []string{"title", "name", "colour"} {
						text, _ := c.New[field].(string)
						if n, err := strconv.ParseInt(text, 10, 64); err == nil {
							highest.Store(max(highest.Load(), n))
						}
					}
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			defer stop()
		}
		store.rounds.Store(random.Int64N(30))
		over := make(chan struct{})
		var group sync.WaitGroup
		for _, set := range []func(text string) app.Row{
			func(text string) app.Row {
				return one("terminals", app.Row{"id": "new", "project_id": "p1", "title": text})
			},
			func(text string) app.Row { return one("accounts", app.Row{"id": "ed", "name": text}) }, // needs no role
			func(text string) app.Row { return one("cursors", app.Row{"document_id": "d1", "colour": text}) },
			func(text string) app.Row { return one("projects", app.Row{"id": "new", "title": text}) }, // nor does this
		} {
			group.Go(func() {
				for {
					select {
					case <-over:
						return
					default:
						n := asked.Add(1)
						_, _ = w.run(who, set(strconv.FormatInt(n, 10)), nil, "") // is refused in the end
					}
				}
			})
		}
		for range random.Int64N(200) {
			runtime.Gosched()
		}
		end(w)
		last := asked.Load() // what is asked from here on has a higher number
		until := last + 50
		for asked.Load() < until {
			runtime.Gosched()
		}
		close(over)
		group.Wait()
		if highest.Load() > last {
			t.Errorf("set %d is committed; the end was acknowledged before set %d was asked", highest.Load(), last+1)
		}
	})
}

// W5: and it is shown nothing that is written from then on.
func TestK4W5NothingWrittenAfterTheEndOfASessionIsSent(t *testing.T) {
	eachEnd(t, func(t *testing.T, random *rand.Rand, who string, end func(*world)) {
		w := newWorld(t)
		w.key("script", "ed", "", false)
		var written atomic.Int64
		over := make(chan struct{})
		var group sync.WaitGroup
		group.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				n := written.Add(1)
				w.put("terminals", app.Row{"id": fmt.Sprint("t", n%5), "project_id": "p1", "title": strconv.FormatInt(n, 10), "account_id": "ada", "created": n})
			}
		})
		tabs := []*tab{
			w.watch(who, list("terminals", app.Row{"title": nil}), nil),
			w.watch(who, list("terminals", app.Row{"project_id": "p1", "title": nil}), nil),
			w.watch(who, list("terminals", app.Row{"title": nil}), app.Row{"limit": int64(3), "order_by": "-created"}),
		}
		for _, tab := range tabs {
			tab.until(func() bool { return len(tab.rows) > 0 }, "a row")
		}
		for range random.Int64N(300) {
			runtime.Gosched()
		}
		end(w)
		last := written.Load() // the next one, at the latest, is written after it
		for _, tab := range tabs {
			tab.ends(map[string]string{
				"ed":     "denied: Your sign-in has ended. Please sign in again.",
				"script": "denied: This API key was revoked or has expired. Make another one in the settings of your account.",
			}[who])
		}
		close(over)
		group.Wait()
		for _, tab := range tabs {
			for _, told := range tab.titles {
				if told > last {
					t.Errorf("%s was told of write %d; the end was acknowledged before write %d", who, told, last+1)
				}
			}
		}
	})
}
