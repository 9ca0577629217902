package projects

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"lyceum/app"
	"lyceum/app/place"
	"lyceum/app/query"
	"lyceum/projects/agent"
	"lyceum/projects/sandbox"
)

// Options is what a Host needs.
type Options struct {
	Store   app.Store // with all tables, also the ephemeral ones
	Sandbox *sandbox.Sandbox
	Network *sandbox.Program // the helper that forwards; nil: projects have no network
	Data    string           // absolute path of the data directory
	UIDs    UIDs             // zero: DefaultUIDs
	// KernelLog is where the kernel says which programs it has ended; "" is
	// sandbox.KernelLog.
	KernelLog string
	Idle      IdleTimes     // zero: DefaultIdleTimes
	Places    *place.Places // which projects are here; nil: all
	Log       *slog.Logger
}

// Host starts and stops projects, finds running agents again, and does what
// rows ask of them. Its methods may be called from any goroutine.
type Host struct {
	// BeforeStop is called before a project's agent is ended, so that documents
	// are saved; it has saveTime. OnRunning is called when an agent can be
	// used, also one that was found again; it must not wait for the host. Both
	// are set before Start and may be nil.
	BeforeStop func(ctx context.Context, projectID string)
	OnRunning  func(projectID string)

	// OnRenamed and OnRemoved are called after a file or a folder was renamed or
	// deleted by a file action, and before that is answered: documents follow
	// their files. Both are set before Start and may be nil.
	OnRenamed func(ctx context.Context, projectID, from, to string) error
	OnRemoved func(ctx context.Context, projectID, path string) error

	o          Options
	generation int64
	slots      chan struct{} // one for each project that is being worked on
	disks      *disks

	mu      sync.Mutex
	entries map[string]*entry
	folders map[string]*folder
	meters  map[string]*meter
	ctx     context.Context               // of Run; nil before it
	owner   func(uid int64) (span, error) // who of this machine has a user id
	tasks   sync.WaitGroup                // all that Run waits for
	// unlogged is true when the kernel's log cannot be read.
	unlogged bool
}

var (
	_ query.Writer  = (*Host)(nil)
	_ query.Watcher = (*Host)(nil)
)

// maxWorkers is how many projects are started or stopped at once. A start is
// some ten milliseconds of work, a stop may wait for documents.
const maxWorkers = 16

// entry is what the host knows of a project beside its row.
type entry struct {
	id      string
	changed chan struct{} // closed and replaced at every change of row or agent
	agent   *connection   // nil: none
	visit   time.Time     // when somebody last used it
	warned  bool          // it will be stopped because nobody does
	acted   chan struct{} // capacity 1: it was warned, and is used
	why     string        // the server has asked for its stop, a sentence
	lost    string        // why there is none any more, a sentence
	dirty   bool          // to be looked at
	working bool          // a goroutine does
	limits  struct {
		dirty   bool // to be put in force
		working bool // a goroutine does
	}
	killed struct {
		last    app.Row // of projects.out_of_memory, to be written
		working bool    // a goroutine does
	}
	reasons map[string]string // why it should be restarted, by the part of the host that says so
}

// New returns a host that does nothing yet.
func New(o Options) *Host {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.UIDs == (UIDs{}) {
		o.UIDs = DefaultUIDs
	}
	if o.Idle == (IdleTimes{}) {
		o.Idle = DefaultIdleTimes
	}
	if o.KernelLog == "" {
		o.KernelLog = sandbox.KernelLog
	}
	h := &Host{
		owner: ownerOf, o: o, slots: make(chan struct{}, maxWorkers),
		entries: make(map[string]*entry), folders: make(map[string]*folder), meters: make(map[string]*meter),
	}
	h.disks = newDisks(h)
	return h
}

// Start takes over the agents that earlier servers have left. Only one server
// may use a data directory; whoever calls this has its lock.
func (h *Host) Start(ctx context.Context) error {
	if err := os.MkdirAll(h.runFolder(), 0o700); err != nil {
		return fmt.Errorf("make the folder of agents: %w", err)
	}
	if h.o.Sandbox.OwnUID() {
		if f := h.o.UIDs.Check(); f.Level != sandbox.OK {
			h.o.Log.Warn("user ids of projects overlap", "err", f.Text)
		}
	}
	var err error
	if h.generation, err = nextGeneration(filepath.Join(h.runFolder(), "generation")); err != nil {
		return err
	}
	if err := h.disks.open(); err != nil {
		return err
	}
	return h.adoptAll(ctx)
}

func (h *Host) runFolder() string { return runFolder(h.o.Data) }

// Run does what rows ask until ctx ends. It then lets go of the agents, which
// go on.
func (h *Host) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	h.mu.Lock()
	h.ctx = ctx
	h.mu.Unlock()
	_, unwatch, err := h.o.Store.Watch("projects", func(b app.Batch) {
		h.noteUse(b)
		for _, c := range b.Changes {
			if _, runs := h.Running(c.ID); runs || !h.o.Places.Foreign(c.New) {
				h.wake(c.ID)
			}
		}
	})
	if err != nil {
		return fmt.Errorf("watch projects: %w", err)
	}
	unwatchLimits, err := h.watchLimits()
	if err != nil {
		unwatch()
		return err
	}
	defer h.finish(cancel, func() { unwatch(); unwatchLimits() })
	h.task(h.followKilled)
	h.task(h.disks.run)
	if err := h.wakeAll(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// finish ends all tasks and lets go of the agents.
func (h *Host) finish(cancel, unwatch func()) {
	cancel()
	unwatch()
	h.mu.Lock()
	h.ctx = nil // no further tasks
	h.mu.Unlock()
	h.tasks.Wait()
	h.disks.close()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.entries {
		if e.agent != nil {
			e.agent.close()
			e.agent = nil
		}
	}
}

// wakeAll looks at every project of this server once: requests that nobody has
// finished, rows that say more than is true, agents that should not be. Projects
// of an older version become this server's where their files are here.
func (h *Host) wakeAll(ctx context.Context) error {
	r := app.Range{Table: "projects", Fields: []string{"state", "action_request", "server"}} // all that is looked at
	for {
		page, err := h.o.Store.Read(ctx, r)
		if err != nil {
			return fmt.Errorf("read projects: %w", err)
		}
		for _, rec := range page.Records {
			if err := h.o.Places.Settle(ctx, rec.ID, rec.Row); err != nil { // a full disk must not keep the server from starting
				h.o.Log.WarnContext(ctx, "project not claimed, it will be when it is asked for", "project", rec.ID, "err", err)
			}
			if h.o.Places.Foreign(rec.Row) {
				continue // if it was claimed just now, the change of its row wakes it
			}
			_, connected := h.Running(rec.ID)
			if next(viewOf(rec.Row, connected)) != rest {
				h.wake(rec.ID)
			}
		}
		if page.Next == nil {
			break
		}
		r.After = page.Next
	}
	h.mu.Lock()
	var found []*connection
	for _, e := range h.entries {
		if e.agent != nil {
			found = append(found, e.agent)
		}
	}
	h.mu.Unlock()
	for _, c := range found {
		h.wake(c.project) // its project may have been deleted
		h.attend(c)
		h.task(func(ctx context.Context) {
			if err := h.noteVersion(ctx, c); err != nil && ctx.Err() == nil && !errors.Is(err, app.ErrNotFound) {
				h.o.Log.Error("version of an agent not noted", "project", c.project, "err", err)
			}
		})
	}
	return nil
}

// task runs fn until it ends or Run does; false if Run is not running.
func (h *Host) task(fn func(ctx context.Context)) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.taskLocked(fn)
}

func (h *Host) taskLocked(fn func(ctx context.Context)) bool {
	if h.ctx == nil {
		return false
	}
	ctx := h.ctx
	h.tasks.Go(func() { fn(ctx) })
	return true
}

func (h *Host) entryLocked(id string) *entry {
	e := h.entries[id]
	if e == nil {
		e = &entry{id: id, changed: make(chan struct{}), acted: make(chan struct{}, 1)}
		h.entries[id] = e
	}
	return e
}

// stir tells those who show what is known of a project that it has changed.
func (h *Host) stir(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.entryLocked(id)
	close(e.changed)
	e.changed = make(chan struct{})
}

// wake has a project looked at. It never blocks.
func (h *Host) wake(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.entryLocked(id)
	close(e.changed)
	e.changed = make(chan struct{})
	e.dirty = true
	if !e.working {
		e.working = h.taskLocked(func(ctx context.Context) { h.work(ctx, e) })
	}
}

// retryAfter paces attempts when the store does not answer.
const retryAfter = time.Second

// work takes steps until there is nothing to do.
func (h *Host) work(ctx context.Context, e *entry) {
	var away outage
	for {
		h.mu.Lock()
		if !e.dirty || ctx.Err() != nil {
			e.working = false
			h.mu.Unlock()
			return
		}
		e.dirty = false
		h.mu.Unlock()
		err := h.advance(ctx, e.id)
		if ctx.Err() != nil {
			continue
		}
		switch begins, ends := away.heed(err); {
		case begins:
			h.o.Log.Error("project not advanced, will try again", "project", e.id, "err", err)
		case ends:
			h.o.Log.Info("project is advanced again", "project", e.id)
		}
		if err != nil {
			select {
			case <-time.After(retryAfter):
			case <-ctx.Done():
			}
			h.mu.Lock()
			e.dirty = true
			h.mu.Unlock()
		}
	}
}

// advance carries out one project's steps.
func (h *Host) advance(ctx context.Context, id string) error {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	var began request // the last that has started an agent
	for {
		rec, err := h.o.Store.Get(ctx, "projects", id)
		if errors.Is(err, app.ErrNotFound) {
			return h.end(ctx, id)
		}
		if err != nil {
			return err
		}
		_, connected := h.Running(id)
		v := viewOf(rec.Row, connected)
		s := next(v)
		if s == rest && !h.o.Places.Foreign(rec.Row) {
			return nil
		}
		if err := h.o.Places.OwnRow(ctx, id, rec.Row); err != nil {
			return h.refuse(ctx, id, v.Request, err)
		}
		if s == start && began.pending() && began.same(v.Request) {
			return h.failStart(ctx, id, v.Request)
		}
		if s == start {
			began = v.Request
		}
		if err := h.take(ctx, id, s, v.Request, rec.Row); err != nil {
			return err
		}
	}
}

// refuse does nothing for a project that another server has, but for ending what
// runs here all the same. That nobody has it is told to who asked; the row changes
// when somebody claims it, so it is not tried again.
func (h *Host) refuse(ctx context.Context, id string, r request, err error) error {
	switch {
	case app.IsKind(err, app.Elsewhere):
		return h.end(ctx, id)
	case errors.Is(err, place.ErrNowhere):
		if !r.pending() {
			return nil
		}
		_, message := app.Public(err)
		return h.markRequest(ctx, id, r, app.Row{"error": message, "finished": now()})
	}
	return err
}

// take takes one step.
func (h *Host) take(ctx context.Context, id string, s step, r request, row app.Row) error {
	switch s {
	case begin:
		return h.markRequest(ctx, id, r, app.Row{"started": now()})
	case start:
		return h.startStep(ctx, id, r, row)
	case stop:
		return h.stopStep(ctx, id)
	case sayRuns:
		return h.setState(ctx, id, running, "")
	case sayStops:
		return h.setState(ctx, id, stopped, h.whyLost(id))
	case shelve:
		return h.setState(ctx, id, archived, "")
	case unshelve:
		return h.setState(ctx, id, stopped, "")
	case refuseOld:
		_, message := app.Public(errArchived)
		return h.markRequest(ctx, id, r, app.Row{"error": message, "finished": now()})
	}
	return h.markRequest(ctx, id, r, app.Row{"finished": now()})
}

// Running returns the client of a project's agent, if it runs.
func (h *Host) Running(id string) (*agent.Client, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e := h.entries[id]; e != nil && e.agent != nil {
		return e.agent.client(), true
	}
	return nil, false
}
