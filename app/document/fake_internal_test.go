package document

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"

	"lyceum/app"
	"lyceum/app/memstore"
)

// tables are those of schema that this package uses; schema's own are checked
// with the real server.
var tables = []app.Table{
	{Name: documentsTable, Indexes: []app.Index{{Name: "project", Fields: []string{"project_id"}}}},
	{Name: pathsTable}, {Name: "projects"}, {Name: patchesTable, AppendOnly: true}, {Name: checkpointsTable},
}

// fakeDisk is a project's disk in memory, with the promises of Files.
type fakeDisk struct {
	mu      sync.Mutex
	files   map[string]string
	aside   map[string]string // displaced contents by name
	changed map[string]map[int]func()
	writes  int
	nextID  int

	// beforeSwap is called when a save is about to exchange the files, as a
	// program that writes at that moment. It may be nil.
	beforeSwap func(d *fakeDisk)
}

func newDiskWith(files map[string]string) *fakeDisk {
	return &fakeDisk{files: files, aside: map[string]string{}, changed: map[string]map[int]func(){}}
}

// program writes a file as a program in the project does.
func (d *fakeDisk) program(path, text string) {
	d.mu.Lock()
	d.files[path] = text
	var tell []func()
	for _, fn := range d.changed[path] {
		tell = append(tell, fn)
	}
	d.mu.Unlock()
	for _, fn := range tell {
		fn()
	}
}

func (d *fakeDisk) remove(path string) {
	d.mu.Lock()
	delete(d.files, path)
	var tell []func()
	for _, fn := range d.changed[path] {
		tell = append(tell, fn)
	}
	d.mu.Unlock()
	for _, fn := range tell {
		fn()
	}
}

func (d *fakeDisk) content(path string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.files[path]
}

func (d *fakeDisk) ReadDocument(_ context.Context, path string) (File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	text, ok := d.files[path]
	if !ok {
		return File{}, app.ErrNotFound
	}
	if text == "\x00" {
		return File{}, app.Errorf(app.Invalid, "%s is not a text.", path)
	}
	return File{Data: []byte(text), Hash: hashOf([]byte(text))}, nil
}

func (d *fakeDisk) WriteDocument(_ context.Context, s Save) (Saved, error) {
	if d.beforeSwap != nil {
		d.beforeSwap(d)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	old, ok := d.files[s.Path]
	if !ok && !s.Create {
		return Saved{}, app.ErrNotFound
	}
	d.files[s.Path] = string(s.Data)
	d.writes++
	saved := Saved{Hash: hashOf(s.Data)}
	hash := hashOf([]byte(old))
	for _, known := range s.Known {
		if known == hash {
			return saved, nil
		}
	}
	if ok {
		d.nextID++
		name := fmt.Sprintf("%s.displaced%d", s.Path, d.nextID)
		d.aside[name] = old
		saved.Displaced = &Displaced{Name: name, File: File{Data: []byte(old), Hash: hash}}
	}
	return saved, nil
}

func (d *fakeDisk) Leftovers(_ context.Context, _ string, known []string) ([]Displaced, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var left []Displaced
next:
	for name, text := range d.aside {
		for _, hash := range known {
			if hash == hashOf([]byte(text)) {
				delete(d.aside, name)
				continue next
			}
		}
		left = append(left, Displaced{Name: name, File: File{Data: []byte(text), Hash: hashOf([]byte(text))}})
	}
	return left, nil
}

func (d *fakeDisk) Discard(_ context.Context, _ string, c Displaced) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.aside, c.Name)
	return nil
}

func (d *fakeDisk) WatchDocument(ctx context.Context, path string, changed func()) error {
	d.mu.Lock()
	d.nextID++
	id := d.nextID
	if d.changed[path] == nil {
		d.changed[path] = map[int]func(){}
	}
	d.changed[path][id] = changed
	d.mu.Unlock()
	<-ctx.Done()
	d.mu.Lock()
	delete(d.changed[path], id)
	d.mu.Unlock()
	return ctx.Err()
}

// errCrashed is what everything answers after the server was killed.
var errCrashed = errors.New("killed")

// killer kills a server before or after its nth step on the store or the disk:
// from then on nothing it does has an effect.
type killer struct {
	mu    sync.Mutex
	at    int // 0: never
	after bool
	steps int
	dead  bool
	died  chan struct{}
}

func (k *killer) step(act func()) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dead {
		return errCrashed
	}
	k.steps++
	if k.at == 0 || k.steps != k.at {
		act()
		return nil
	}
	if k.after {
		act()
	}
	k.dead = true
	close(k.died)
	return errCrashed
}

type killedStore struct {
	app.Store
	k *killer
}

func (s killedStore) Write(ctx context.Context, w app.Write) (rec app.Record, err error) {
	if killed := s.k.step(func() { rec, err = s.Store.Write(ctx, w) }); killed != nil {
		return app.Record{}, killed
	}
	return rec, err
}

type killedDisk struct {
	Files
	k *killer
}

func (d killedDisk) WriteDocument(ctx context.Context, s Save) (saved Saved, err error) {
	if killed := d.k.step(func() { saved, err = d.Files.WriteDocument(ctx, s) }); killed != nil {
		return Saved{}, killed
	}
	return saved, err
}

func (d killedDisk) Discard(ctx context.Context, path string, c Displaced) (err error) {
	if killed := d.k.step(func() { err = d.Files.Discard(ctx, path, c) }); killed != nil {
		return killed
	}
	return err
}

// project is what outlives a server: its store and its disk.
type project struct {
	t     *testing.T
	store *memstore.Store
	disk  *fakeDisk
}

const projectID = "p1"

func newProject(t *testing.T, files map[string]string) *project {
	t.Helper()
	return &project{t: t, store: memstore.New(tables), disk: newDiskWith(files)}
}

// server starts rooms on the project; stop ends them. k may be nil.
func (p *project) server(k *killer) (rooms *Rooms, stop func()) {
	p.t.Helper()
	var store app.Store = p.store
	var disk Files = p.disk
	if k != nil {
		store, disk = killedStore{p.store, k}, killedDisk{p.disk, k}
	}
	rooms = NewRooms(Options{
		Store: store, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Files:   func(context.Context, string) (Files, error) { return disk, nil },
		Running: func(string) (Files, bool) { return disk, true },
		Role: func(c app.Caller, project string) app.Role {
			if project != projectID {
				return app.NoRole
			}
			return app.ParseRole(c.AccountID) // accounts of these tests are named by their role
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = rooms.Run(ctx) // ends with ctx
	}()
	return rooms, func() { cancel(); <-done }
}

// count is how many times the file was put in place.
func (d *fakeDisk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.writes
}
