package document

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"lyceum/app"
)

// DefaultSaveAfter is the pause in typing after which the file is written. (D9)
const DefaultSaveAfter = time.Second

// Options are what rooms need.
type Options struct {
	Store app.Store
	Log   *slog.Logger

	// Files gives the disk of a project and starts the project where it has to.
	Files func(ctx context.Context, projectID string) (Files, error)
	// Running gives the disk of a project that runs.
	Running func(projectID string) (Files, bool)
	// Role is the role of a caller in a project now.
	Role func(c app.Caller, projectID string) app.Role

	// Own returns nil if a project is on this server, else an error that says
	// where it is: a document has one room. nil: all are.
	Own func(ctx context.Context, projectID string) error

	// SaveAfter is the pause in typing after which the file is written.
	SaveAfter time.Duration

	closeIdle func(*room) bool // set by NewRooms
	forget    func(*room)
}

// Rooms are the open documents of a server. Methods may be called from any
// goroutine.
type Rooms struct {
	opts Options

	mu      sync.Mutex
	open    map[string]*entry // by document
	stopped bool
	running sync.WaitGroup
	stop    context.CancelFunc
	ctx     context.Context

	opening keyed // one opening of a path at a time
}

// entry is a room and those who need it open.
type entry struct {
	room     *room // nil while it is loaded
	loaded   chan struct{}
	err      error
	closing  bool          // it takes nobody any more, and still writes its file
	closed   chan struct{} // closed when it has been forgotten
	refs     int
	released time.Time
}

// NewRooms returns rooms; none is open.
func NewRooms(opts Options) *Rooms {
	if opts.SaveAfter == 0 {
		opts.SaveAfter = DefaultSaveAfter
	}
	// Rooms outlive the requests that open them; they end in Run.
	ctx, stop := context.WithCancel(context.Background())
	rs := &Rooms{opts: opts, open: make(map[string]*entry), ctx: ctx, stop: stop}
	rs.opts.closeIdle = rs.closeIdle
	rs.opts.forget = rs.forget
	return rs
}

// Run waits until ctx ends, then closes all rooms: what is not in the files is
// written where that is possible.
func (rs *Rooms) Run(ctx context.Context) error {
	<-ctx.Done()
	rs.mu.Lock()
	rs.stopped = true
	rs.mu.Unlock()
	rs.stop()
	rs.running.Wait()
	return ctx.Err()
}

// acquire opens the room of a document and keeps it open until release.
func (rs *Rooms) acquire(ctx context.Context, id string) (r *room, release func(), err error) {
	e, err := rs.enter(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	release = func() {
		rs.mu.Lock()
		defer rs.mu.Unlock()
		e.refs--
		e.released = time.Now()
	}
	select {
	case <-e.loaded:
	case <-ctx.Done():
		release()
		return nil, nil, ctx.Err()
	}
	if e.err != nil {
		release()
		return nil, nil, e.err
	}
	return e.room, release, nil
}

// enter counts one more who needs a document open. A room that is closing is
// waited for: two at a time would both write the file.
func (rs *Rooms) enter(ctx context.Context, id string) (*entry, error) {
	for {
		rs.mu.Lock()
		if rs.stopped {
			rs.mu.Unlock()
			return nil, app.Errorf(app.Unavailable, "The server is stopping. Please try again in a moment.")
		}
		e := rs.open[id]
		if e == nil {
			e = &entry{loaded: make(chan struct{}), closed: make(chan struct{})}
			rs.open[id] = e
			rs.running.Go(func() { rs.load(id, e) })
		}
		if !e.closing {
			e.refs++
			rs.mu.Unlock()
			return e, nil
		}
		rs.mu.Unlock()
		select {
		case <-e.closed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// load reads a document and runs its room.
func (rs *Rooms) load(id string, e *entry) {
	r, err := rs.newRoom(id)
	if err != nil {
		rs.mu.Lock()
		e.err = err
		delete(rs.open, id)
		rs.mu.Unlock()
		close(e.loaded)
		return
	}
	e.room = r
	close(e.loaded)

	watchCtx, stopWatch := context.WithCancel(rs.ctx)
	var watching sync.WaitGroup
	path := r.disk.path // the disk belongs to run from now on
	watching.Go(func() { r.watch(watchCtx, path) })
	r.run(rs.ctx)
	stopWatch()
	watching.Wait()
	rs.mu.Lock()
	defer rs.mu.Unlock()
	delete(rs.open, id)
	close(e.closed)
}

func (rs *Rooms) newRoom(id string) (*room, error) {
	rec, err := rs.opts.Store.Get(rs.ctx, documentsTable, id)
	if err != nil {
		return nil, err
	}
	project, _ := rec.Row["project_id"].(string)
	if rs.opts.Own != nil {
		if err := rs.opts.Own(rs.ctx, project); err != nil {
			return nil, err
		}
	}
	c, err := load(rs.ctx, rs.opts.Store, id, 0)
	if err != nil {
		return nil, err
	}
	r := &room{
		id: id, project: project, opts: &rs.opts, core: c, disk: newDisk(rec.Row),
		requests: make(chan request, maxWaiting), done: make(chan struct{}), moved: make(chan string, 1), checkpoint: c.seq,
	}
	owner, err := rs.lookUp(rs.ctx, project, r.disk.path)
	if err != nil && !errors.Is(err, app.ErrNotFound) {
		return nil, err
	}
	if r.disk.detached = owner != id; r.disk.detached {
		r.fileIs(fileDeleted, sentenceDeleted)
	}
	// Contents that were taken from the file after it was last written: they
	// are no news when they are read again.
	err = eachPatch(rs.ctx, rs.opts.Store, id, r.disk.inFile.seq, 0, func(_ int64, p push, hash string) error {
		switch p.origin {
		case originDisk:
			r.disk.known[hash] = true
		case originDisplaced:
			r.disk.merged[hash] = true
		}
		return nil
	})
	if r.disk.rowDirty && r.disk.state == fileOK {
		r.disk.touched(r)
	}
	return r, err
}

// closeIdle lets go of a room that nobody has needed for a while.
func (rs *Rooms) closeIdle(r *room) bool {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	e := rs.open[r.id]
	if e == nil || e.room != r {
		return true
	}
	if e.refs > 0 || time.Since(e.released) < idleAfter || len(r.requests) > 0 {
		return false
	}
	e.closing = true
	return true
}

// forget makes the next request open the document anew, when r has closed.
func (rs *Rooms) forget(r *room) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if e := rs.open[r.id]; e != nil && e.room == r {
		e.closing = true
	}
}

// with calls fn with the room of a document, once more if the room closed
// meanwhile.
func (rs *Rooms) with(ctx context.Context, id string, fn func(*room) error) error {
	for attempt := 0; ; attempt++ {
		r, release, err := rs.acquire(ctx, id)
		if err != nil {
			return err
		}
		err = fn(r)
		release()
		if !errors.Is(err, errRoomClosed) || attempt == 2 {
			return err
		}
	}
}

// ask sends a request to a room and waits for the answer.
func ask[T any](ctx context.Context, r *room, req request, reply <-chan T) (answer T, err error) {
	if err := r.ask(ctx, req); err != nil {
		return answer, err
	}
	select {
	case answer = <-reply:
		return answer, nil
	case <-r.done:
		select { // it may have answered last
		case answer = <-reply:
			return answer, nil
		default:
			return answer, r.closedBecause()
		}
	case <-ctx.Done():
		return answer, fmt.Errorf("wait for document: %w", ctx.Err())
	}
}

// keyed are locks by name.
type keyed struct {
	mu    sync.Mutex
	locks map[string]*keyedLock
}

type keyedLock struct {
	sync.Mutex
	users int
}

// lock waits for the lock of a name and returns its release.
func (k *keyed) lock(name string) (unlock func()) {
	k.mu.Lock()
	if k.locks == nil {
		k.locks = make(map[string]*keyedLock)
	}
	l := k.locks[name]
	if l == nil {
		l = new(keyedLock)
		k.locks[name] = l
	}
	l.users++
	k.mu.Unlock()
	l.Lock()
	return func() {
		l.Unlock()
		k.mu.Lock()
		defer k.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(k.locks, name)
		}
	}
}
