package document

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"

	"lyceum/app"
)

// How a save fails.
const (
	failBefore = 1 // nothing is written
	failAfter  = 2 // it is written, and the answer is lost
)

var errFlaky = errors.New("connection lost")

// flakyDisk is a disk of which the connection fails.
type flakyDisk struct {
	*fakeDisk
	saving func() // called at each save

	mu    sync.Mutex
	fail  int
	gone  bool // the project does not run
	asked int  // how often somebody wanted to know whether it does
}

// fails has saves fail from now on; 0: no more.
func (d *flakyDisk) fails(how int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = how
}

// stops has the project stop.
func (d *flakyDisk) stops() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gone = true
}

// times is how often somebody wanted to know whether the project runs.
func (d *flakyDisk) times() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}

func (d *flakyDisk) WriteDocument(ctx context.Context, s Save) (Saved, error) {
	if d.saving != nil {
		d.saving()
	}
	d.mu.Lock()
	fail := d.fail
	d.mu.Unlock()
	if fail == failBefore {
		return Saved{}, errFlaky
	}
	saved, err := d.fakeDisk.WriteDocument(ctx, s)
	if fail == failAfter {
		return Saved{}, errFlaky
	}
	return saved, err
}

// flakyStore is a store that refuses the writes of a table.
type flakyStore struct {
	app.Store
	mu    sync.Mutex
	table string // "": of none
}

func (s *flakyStore) refuses(table string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.table = table
}

func (s *flakyStore) Write(ctx context.Context, w app.Write) (app.Record, error) {
	s.mu.Lock()
	refused := w.Table == s.table
	s.mu.Unlock()
	if refused {
		return app.Record{}, app.ErrUnknown
	}
	return s.Store.Write(ctx, w)
}

// watched keeps a document open as a tab does, until the returned function.
func watched(t *testing.T, rooms *Rooms, b *tab) (release func()) {
	t.Helper()
	release, err := rooms.Watched(b.ctx(), app.Row{"document_id": b.id, "project_id": projectID})
	if err != nil {
		t.Fatal(err)
	}
	return release
}

func (p *project) serverOn(disk *flakyDisk) (rooms *Rooms, stop func()) {
	return p.serverWith(p.store, disk)
}

// serverWith is server with another store and disk.
func (p *project) serverWith(store app.Store, disk Files) (rooms *Rooms, stop func()) {
	p.t.Helper()
	flaky, _ := disk.(*flakyDisk)
	rooms = NewRooms(Options{
		Store: store, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Files: func(context.Context, string) (Files, error) { return disk, nil },
		Running: func(string) (Files, bool) {
			if flaky == nil {
				return disk, true
			}
			flaky.mu.Lock()
			defer flaky.mu.Unlock()
			flaky.asked++
			return disk, !flaky.gone
		},
		Role: func(c app.Caller, _ string) app.Role { return app.ParseRole(c.AccountID) },
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = rooms.Run(ctx) // ends with ctx
	}()
	return rooms, func() { cancel(); <-done }
}
