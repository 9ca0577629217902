package projects

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/schema"
	"lyceum/projects/sandbox"
)

// A program that is ended and started again all the time does not fill the store,
// and the last of it is there.
func TestU5NoticesOfFullMemoryAreRare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New(schema.Tables())
		if _, err := store.Write(t.Context(), app.Write{Table: "projects", ID: "p1", Row: app.Row{"id": "p1"}, IfRev: app.AnyRev}); err != nil {
			t.Fatal(err)
		}
		var writes atomic.Int64
		_, stop, err := store.Watch("projects", func(app.Batch) { writes.Add(1) })
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		h := New(Options{Store: store, Sandbox: &sandbox.Sandbox{}})
		ctx, cancel := context.WithCancel(t.Context())
		h.ctx = ctx
		const lasts = 20 * time.Second
		for begun := time.Now(); time.Since(begun) < lasts; time.Sleep(10 * time.Millisecond) {
			h.outOfMemory("p1", "hog\x1b[2J", time.Now())
		}
		h.outOfMemory("p1", "last", time.Now())
		time.Sleep(2 * noticePause)
		if n, most := writes.Load(), int64(lasts/noticePause)+2; n > most || n < 2 {
			t.Errorf("%d notices in %v, at most %d", n, lasts, most)
		}
		rec, err := store.Get(t.Context(), "projects", "p1")
		if notice := object(rec.Row, "out_of_memory"); err != nil || text(notice, "program") != "last" {
			t.Errorf("the row says %v, %v", rec.Row, err)
		}
		cancel()
		h.tasks.Wait()
	})
	if got := printable("hog\x1b[2J"); got != "hog\uFFFD[2J" {
		t.Errorf("a name is shown as %q", got)
	}
	// An agent that was taken over may say anything.
	if got := printable(strings.Repeat("é", 1<<20)); len(got) > 2*maxProgram {
		t.Errorf("a name of a megabyte has %d bytes", len(got))
	}
}
