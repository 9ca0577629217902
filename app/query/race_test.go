package query_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/query"
	"lyceum/app/schema"
)

// slowStore takes its time over a commit, as a disk does: between the question
// whether somebody may and the commit anything can happen.
type slowStore struct {
	app.Store
	rounds atomic.Int64
}

func (s *slowStore) Write(ctx context.Context, w app.Write) (app.Record, error) {
	for range s.rounds.Load() {
		runtime.Gosched()
	}
	return s.Store.Write(ctx, w)
}

// W5: nothing of what somebody does in a project is committed after his removal
// has been acknowledged, through whichever table he does it.
func TestW5NoCommitAfterTheAcknowledgedRemoval(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 5))
			store := &slowStore{Store: memstore.New(schema.Tables())}
			w := worldOn(t, store)
			w.put("documents", app.Row{"id": "d1", "project_id": "p1", "path": "a", "created": int64(1)})
			w.engine.Writers["patches"] = &room{store: store}
			var last atomic.Int64 // number of the last commit that ed has made
			for _, table := range []string{"terminals", "patches"} {
				_, stop, err := store.Watch(table, func(b app.Batch) {
					for _, c := range b.Changes {
						if c.New["account_id"] == "ed" {
							last.Store(max(last.Load(), c.N))
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
			for _, q := range []app.Row{
				one("terminals", app.Row{"id": "new", "project_id": "p1", "title": "x"}),
				one("patches", app.Row{"document_id": "d1", "origin": "o", "n": int64(1), "update": []byte{1}}),
				one("terminals", app.Row{"id": "new", "project_id": "p1", "title": "y"}),
			} {
				group.Go(func() {
					for {
						select {
						case <-over:
							return
						default:
							_, _ = w.run("ed", q, nil, "") // is refused in the end
						}
					}
				})
			}
			for range random.Int64N(200) {
				runtime.Gosched()
			}
			w.member("p1", "ed", "")
			acknowledged := w.position("projects")
			for range 200 {
				runtime.Gosched()
			}
			close(over)
			group.Wait()
			if last.Load() > acknowledged {
				t.Errorf("ed has committed write %d; his removal was acknowledged before write %d", last.Load(), acknowledged)
			}
		})
	}
}

// position is the number of the store's last commit.
func (w *world) position(table string) int64 {
	w.t.Helper()
	page, err := w.store.Read(w.t.Context(), app.Range{Table: table, Limit: 1})
	if err != nil {
		w.t.Fatal(err)
	}
	return page.Position.N
}

// room is a writer that commits patches with numbers of its own.
type room struct {
	store app.Store
	seq   atomic.Int64
}

func (r *room) Set(ctx context.Context, s query.Set) (app.Row, error) {
	row := app.Clone(s.Row)
	row["seq"] = r.seq.Add(1)
	id := schema.JoinID("d1", row["seq"])
	_, err := r.store.Write(ctx, app.Write{Table: "patches", ID: id, Row: row, IfRev: app.Absent})
	return app.Row{"document_id": "d1", "seq": row["seq"]}, err
}

// W5: nothing that is written after the acknowledged removal reaches who was
// removed, whatever his browser watches and wherever its messages wait.
func TestW5NothingWrittenAfterTheRemovalIsSent(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 6))
			w := newWorld(t)
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
				w.watch("ed", list("terminals", app.Row{"title": nil}), nil),
				w.watch("ed", list("terminals", app.Row{"project_id": "p1", "title": nil}), nil),
				w.watch("ed", list("terminals", app.Row{"title": nil}), app.Row{"limit": int64(3), "order_by": "-created"}),
			}
			for _, tab := range tabs {
				tab.until(func() bool { return len(tab.rows) > 0 }, "a row")
			}
			for range random.Int64N(300) {
				runtime.Gosched()
			}
			w.member("p1", "ed", "")
			last := written.Load() // the next one, at the latest, is written after the removal
			for _, tab := range tabs {
				tab.until(func() bool { return len(tab.rows) == 0 }, "the rows to go")
			}
			again := written.Load() + 20
			for written.Load() < again {
				runtime.Gosched()
			}
			close(over)
			group.Wait()
			for _, tab := range tabs {
				tab.mu.Lock()
				for _, told := range tab.titles {
					if told > last {
						t.Errorf("ed was told of write %d; his removal was acknowledged before write %d", told, last)
					}
				}
				if len(tab.rows) != 0 {
					t.Errorf("ed still has %v", tab.rows)
				}
				tab.mu.Unlock()
			}
		})
	}
}
