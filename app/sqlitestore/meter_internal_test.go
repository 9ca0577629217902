package sqlitestore

import (
	"fmt"
	"testing"

	"github.com/mattn/go-sqlite3"

	"lyceum/app"
	"lyceum/app/metrics"
)

// An operator who asks why writing is slow sees how many writes share an fsync.
func TestCommitsAreCountedWithTheirWrites(t *testing.T) {
	m := metrics.New(nil)
	s := openNotes(t, WithMeter(m.Store()))
	release, _ := held(t, s) // one write, held in its commit
	const writes = 6
	results := make(chan error, writes)
	for i := range writes {
		go func() { results <- write(t.Context(), s, fmt.Sprint(i/2), app.Absent) }() // half of them come too late
	}
	queued(s, writes)
	release()
	for range writes {
		<-results
	}
	r := m.Read().Store
	if r.Commits.Count() != 2 || r.Batch.Sum != 1+writes/2 || r.Commits.Sum <= 0 {
		t.Errorf("%d commits of %d writes, want 2 of %d", r.Commits.Count(), r.Batch.Sum, 1+writes/2)
	}
	if r.LogPages == 0 {
		t.Error("the log has no pages after a commit")
	}
	before := r.Reads.Count()
	if _, err := s.Get(t.Context(), "notes", "0"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(t.Context(), app.Range{Table: "notes"}); err != nil {
		t.Fatal(err)
	}
	if n := m.Read().Store.Reads.Count() - before; n != 2 {
		t.Errorf("%d reads were counted, want 2", n)
	}
}

func TestAFullDiskIsSeenUntilThereIsRoom(t *testing.T) {
	m := metrics.New(nil)
	s := openNotes(t, WithMeter(m.Store()))
	failNextCommit(s, sqlite3.ErrFull, 0)
	if err := write(t.Context(), s, "a", app.Absent); err == nil {
		t.Fatal("the write should have failed")
	}
	if r := m.Read().Store; !r.Full || r.Failed != 1 {
		t.Errorf("full %t, failed %d, want the full disk and one commit", r.Full, r.Failed)
	}
	if err := write(t.Context(), s, "a", app.Absent); err != nil {
		t.Fatal(err)
	}
	if r := m.Read().Store; r.Full || r.Failed != 1 {
		t.Errorf("full %t, failed %d after there was room", r.Full, r.Failed)
	}
}
