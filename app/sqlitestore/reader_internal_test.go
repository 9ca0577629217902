package sqlitestore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"testing"

	"lyceum/app"
)

// manyNotes fills a store with more rows than a read takes between two looks at
// the clock.
func manyNotes(t *testing.T, s *Store) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range 4 * checkEvery {
		wg.Go(func() {
			if err := write(t.Context(), s, fmt.Sprintf("%04d", i), app.Absent); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// A tab that has asked for a long list goes away: the read ends soon, and its
// connection can be used again.
func TestS7AReadEndsWithItsContext(t *testing.T) {
	s := openNotes(t)
	manyNotes(t, s)
	r, err := s.readers.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	seen := 0
	err = r.query(ctx, s.tables["notes"].up, 4, func([]driver.Value) (bool, error) {
		if seen++; seen == 10 {
			cancel()
		}
		return true, nil
	}, "", string(beyond), int64(1000))
	if !errors.Is(err, context.Canceled) || seen > checkEvery {
		t.Errorf("%d rows were read after the end, %v", seen-10, err)
	}
	s.readers.release(r)
	if _, err := s.Read(t.Context(), app.Range{Table: "notes"}); err != nil {
		t.Error(err)
	}
}

// A disk is so slow that a page takes for ever: the log must be able to shrink,
// so the read ends with an error instead.
func TestS7AReadThatTakesTooLongEnds(t *testing.T) {
	s := openNotes(t)
	manyNotes(t, s)
	for _, r := range s.readers.idle {
		r.patience = 1 // nanosecond
	}
	s.readers.patience = 1
	if _, err := s.Read(t.Context(), app.Range{Table: "notes"}); !errors.Is(err, errTooLong) {
		t.Errorf("read = %v", err)
	}
	if _, err := s.Get(t.Context(), "notes", "0001"); err != nil {
		t.Errorf("a read of one row = %v", err)
	}
}

// Fifty tabs ask at once. Eight are served at a time; one that goes away while it
// waits takes no place from the others.
func TestReadersWaitForAPlaceAndGoAway(t *testing.T) {
	s := openNotes(t)
	var held []*connection
	for range maxReaders {
		r, err := s.readers.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waits := make(chan error)
	go func() {
		_, err := s.Get(ctx, "notes", "a")
		waits <- err
	}()
	cancel()
	if err := <-waits; !errors.Is(err, context.Canceled) {
		t.Errorf("Get without a place = %v", err)
	}
	for _, r := range held {
		s.readers.release(r)
	}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := s.Get(t.Context(), "notes", "a"); !errors.Is(err, app.ErrNotFound) {
				t.Errorf("Get = %v", err)
			}
		})
	}
	wg.Wait()
	if n := len(s.readers.idle); n > maxReaders {
		t.Errorf("%d connections are open", n)
	}
}

// Somebody's edit is in the log of the disk only after its fsync: until then
// nobody else may see it, be told of it, or find it by an index.
func TestW2NothingIsSeenBeforeItsCommit(t *testing.T) {
	s := openNotes(t)
	if err := write(t.Context(), s, "a", app.Absent); err != nil {
		t.Fatal(err)
	}
	var told int
	if _, _, err := s.Watch("notes", func(b app.Batch) { told += len(b.Changes) }); err != nil {
		t.Fatal(err)
	}
	real := s.commitTx
	s.commitTx = func(ctx context.Context) error {
		rec, err := s.Get(ctx, "notes", "a")
		if err != nil || rec.Row["time"] != int64(1) || told != 0 {
			t.Errorf("before the commit: %v, %v, told %d", rec, err, told)
		}
		page, err := s.Read(ctx, app.Range{Table: "notes", Index: "time", From: &app.Bound{Value: int64(2)}})
		if err != nil || len(page.Records) != 0 || page.Position.N != 1 {
			t.Errorf("before the commit the index has %v, %v", page, err)
		}
		return real(ctx)
	}
	w := app.Write{Table: "notes", ID: "a", Row: app.Row{"time": int64(2)}, IfRev: app.AnyRev}
	if _, err := s.Write(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if rec, err := s.Get(t.Context(), "notes", "a"); err != nil || rec.Row["time"] != int64(2) || told != 1 {
		t.Errorf("after the commit: %v, %v, told %d", rec, err, told)
	}
}
