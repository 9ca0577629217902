package files

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// followPause gathers paths that are followed at once, as when a person opens
	// a project; each change of them costs a request.
	followPause = 10 * time.Millisecond
	// followRetryMin and followRetryMax are how long it waits after a stream of
	// events has broken off, doubling.
	followRetryMin = time.Second
	followRetryMax = 30 * time.Second
)

// Follower lets many follow files of one project over a single Watch: each watch
// is a stream to the agent, of which there are few.
type Follower struct {
	files Files
	log   *slog.Logger

	mu        sync.Mutex
	following map[*following]struct{}
	changed   chan struct{} // capacity 1: following is not what is watched
}

// following is one Follow.
type following struct {
	path string
	fn   func()
	told bool // under the watch that runs
}

// NewFollower returns a follower of nothing yet.
func NewFollower(f Files, log *slog.Logger) *Follower {
	return &Follower{files: f, log: log, following: map[*following]struct{}{}, changed: make(chan struct{}, 1)}
}

// Follow calls fn once path is watched, and then whenever it may have changed,
// also when that cannot be known because the agent was away. fn must not block.
// After stop has returned, a call may still be under way, but no more begin.
func (f *Follower) Follow(path string, fn func()) (stop func()) {
	one := &following{path: path, fn: fn}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.following[one] = struct{}{}
	f.wake()
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.following, one)
		f.wake()
	}
}

func (f *Follower) wake() {
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

// paths returns what is to be watched.
func (f *Follower) paths() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	set := map[string]bool{}
	for one := range f.following {
		set[one.path] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// Run watches until ctx ends. The next watch begins before the one before it
// ends, so that nothing is missed between them.
func (f *Follower) Run(ctx context.Context) error {
	var streams sync.WaitGroup
	defer streams.Wait()
	var watched []string
	stop := func() {}
	defer func() { stop() }()
	retry := followRetryMin
	broken := make(chan error, 1) // of the stream that runs now
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.changed:
			if !pause(ctx, followPause) {
				return ctx.Err()
			}
		case err := <-broken:
			f.log.Warn("files not watched, will try again", "part", "files", "err", err)
			watched = nil
			if !pause(ctx, retry) {
				return ctx.Err()
			}
			retry = min(2*retry, followRetryMax)
			f.forgetTold()
		}
		paths := f.paths()
		if slices.Equal(paths, watched) {
			f.tell(Event{Ready: true}, watched) // one more who follows the same
			continue
		}
		end := stop
		watched, stop, broken = paths, func() {}, make(chan error, 1)
		if len(paths) > 0 {
			if stop = f.stream(ctx, &streams, paths, broken); f.ready(ctx, broken) {
				retry = followRetryMin
			}
		}
		end()
	}
}

// stream starts a watch; broken gets nil when it is ready, then its end.
func (f *Follower) stream(ctx context.Context, streams *sync.WaitGroup, paths []string, broken chan<- error) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	streams.Go(func() {
		ready := false
		err := f.files.Watch(ctx, paths, func(e Event) error {
			if e.Ready && !ready {
				ready = true
				broken <- nil
			}
			f.tell(e, paths)
			return nil
		})
		if ctx.Err() != nil {
			err = ctx.Err() // ended by us
		}
		select {
		case broken <- err:
		default: // nobody has looked at "ready"; the end of ctx says the rest
		}
	})
	return cancel
}

// ready waits for the watch to begin. An end is put back for Run.
func (f *Follower) ready(ctx context.Context, broken chan error) bool {
	select {
	case err := <-broken:
		if err != nil {
			broken <- err
			return false
		}
		return true
	case <-ctx.Done():
		return false
	}
}

// tell calls those whom an event concerns: at Ready who was not told yet.
func (f *Follower) tell(e Event, paths []string) {
	f.mu.Lock()
	var concerned []func()
	for one := range f.following {
		_, watched := slices.BinarySearch(paths, one.path)
		if watched && (e.Ready && !one.told || e.All || !e.Ready && e.Path == one.path) {
			one.told = true
			concerned = append(concerned, one.fn)
		}
	}
	f.mu.Unlock()
	for _, fn := range concerned {
		fn()
	}
}

// forgetTold lets everybody be told at the next Ready: what happened meanwhile is
// not known.
func (f *Follower) forgetTold() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for one := range f.following {
		one.told = false
	}
}
