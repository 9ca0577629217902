package files

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"lyceum/app"
)

// sharePause gathers watches that begin at once, as when a person opens a
// project: each change of what is watched costs a request.
const sharePause = 10 * time.Millisecond

// spareShare is how many paths nobody watches any more may stay in a stream, over
// as many as are watched.
const spareShare = 16

// sharing lets all watches of one client run over a single stream: a project has
// many open documents and folders, and its agent few streams and inotify
// instances. The next stream begins before the one before it ends, and then
// everybody looks once more, so that nothing is missed between them.
type sharing struct {
	watch func(ctx context.Context, paths []string, send func(Event) error) error

	mu  sync.Mutex
	now *shared // nil while nobody watches
}

// shared is a stream that changes with who watches, until it breaks or the last
// one leaves.
type shared struct {
	members map[*member]bool
	changed chan struct{} // capacity 1: members are not those that were looked at
	cancel  context.CancelFunc
	done    chan struct{} // closed when nothing runs any more
}

// member is one Watch. Its fields are guarded by sharing.mu, but for the channels.
type member struct {
	paths  []string
	ready  bool            // its paths are watched
	dirty  map[string]bool // not yet sent
	events []Event         // Ready and All, not yet sent
	wake   chan struct{}   // capacity 1
	broken chan error      // capacity 1: the stream has ended
}

// join begins a watch; stop ends it, and the stream with the last.
func (s *sharing) join(ctx context.Context, paths []string) (m *member, stop func(), err error) {
	m = &member{paths: paths, dirty: map[string]bool{}, wake: make(chan struct{}, 1), broken: make(chan error, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	var there map[*member]bool
	if s.now != nil {
		there = s.now.members
	}
	union := pathsOf(there)
	for _, p := range paths {
		union[p] = true
	}
	if len(union) > maxWatched {
		return nil, nil, app.Errorf(app.TooLarge, "At most %d files and folders of a project can be watched at once.", maxWatched)
	}
	if s.now == nil {
		s.now = &shared{members: map[*member]bool{}, changed: make(chan struct{}, 1), done: make(chan struct{})}
		var running context.Context
		// It outlives the watch that comes first: the last one ends it, and waits.
		running, s.now.cancel = context.WithCancel(context.WithoutCancel(ctx))
		go s.run(running, s.now)
	}
	now := s.now
	now.members[m] = true
	wakeUp(now.changed)
	return m, func() { s.leave(now, m) }, nil
}

func (s *sharing) leave(now *shared, m *member) {
	s.mu.Lock()
	delete(now.members, m)
	last := len(now.members) == 0
	if last && s.now == now {
		s.now = nil
	}
	wakeUp(now.changed)
	s.mu.Unlock()
	if last {
		now.cancel()
		<-now.done
	}
}

func wakeUp(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func pathsOf(members map[*member]bool) map[string]bool {
	set := map[string]bool{}
	for m := range members {
		for _, p := range m.paths {
			set[p] = true
		}
	}
	return set
}

// run keeps a stream that has the paths of all members.
func (s *sharing) run(ctx context.Context, now *shared) {
	defer close(now.done)
	var streams sync.WaitGroup
	defer streams.Wait()
	watched := map[string]bool{}
	end := func() {}
	defer func() { end() }()
	var broken chan error // of the stream that runs now
	for {
		select {
		case <-ctx.Done():
			return
		case err := <-broken:
			s.breakOff(now, err)
			return
		case <-now.changed:
			if !pause(ctx, sharePause) {
				return
			}
		}
		paths := s.wanted(now, watched)
		if paths == nil {
			continue
		}
		before, served := end, s.served(now)
		watched, broken = paths, make(chan error, 1)
		ready := make(chan struct{})
		end = s.stream(ctx, &streams, now, paths, ready, broken)
		select {
		case <-ready:
		case err := <-broken:
			broken <- err // the loop takes it
		case <-ctx.Done():
		}
		before()
		s.lookAgain(served)
	}
}

// served returns the members whose paths are watched.
func (s *sharing) served(now *shared) []*member {
	s.mu.Lock()
	defer s.mu.Unlock()
	var served []*member
	for m := range now.members {
		if m.ready {
			served = append(served, m)
		}
	}
	return served
}

// lookAgain tells those who were served by the stream before that their paths may
// have changed: it may have ended between seeing a change and telling it, since
// changes of one burst are told once.
func (s *sharing) lookAgain(served []*member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range served {
		for _, p := range m.paths {
			m.dirty[p] = true
		}
		wakeUp(m.wake)
	}
}

// wanted returns the paths of a better stream than one of watched, or nil.
// Members that it serves already are told so.
func (s *sharing) wanted(now *shared, watched map[string]bool) map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	paths := pathsOf(now.members)
	for p := range paths {
		if !watched[p] {
			return paths
		}
	}
	if len(watched) > 2*len(paths)+spareShare {
		return paths
	}
	now.tellLocked(Event{Ready: true}, watched)
	return nil
}

// stream starts a stream; broken gets its end unless that was asked for.
func (s *sharing) stream(ctx context.Context, streams *sync.WaitGroup, now *shared, paths map[string]bool, ready chan<- struct{}, broken chan<- error) context.CancelFunc {
	ctx, cancel := context.WithCancel(ctx)
	streams.Go(func() {
		begun := false
		err := s.watch(ctx, slices.Sorted(maps.Keys(paths)), func(e Event) error {
			s.mu.Lock()
			now.tellLocked(e, paths)
			s.mu.Unlock()
			if e.Ready && !begun {
				begun = true
				close(ready)
			}
			return nil
		})
		if ctx.Err() == nil {
			broken <- err
		}
	})
	return cancel
}

// tellLocked notes an event for the members whom it concerns: Ready for those
// that were not ready yet and whose paths are all watched.
func (now *shared) tellLocked(e Event, watched map[string]bool) {
	for m := range now.members {
		switch {
		case e.Ready:
			unwatched := func(p string) bool { return !watched[p] }
			if m.ready || slices.ContainsFunc(m.paths, unwatched) {
				continue
			}
			m.ready = true
			m.events = append(m.events, Event{Ready: true})
		case !m.ready:
			continue
		case e.All:
			if !slices.Contains(m.events, e) {
				m.events = append(m.events, e)
			}
		case slices.Contains(m.paths, e.Path):
			m.dirty[e.Path] = true
		default:
			continue
		}
		wakeUp(m.wake)
	}
}

// breakOff ends all watches with the error of their stream.
func (s *sharing) breakOff(now *shared, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == now {
		s.now = nil
	}
	for m := range now.members {
		m.broken <- err
	}
}

// take returns what is to be sent. What changed several times is told once.
func (s *sharing) take(m *member) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := m.events
	for _, p := range slices.Sorted(maps.Keys(m.dirty)) {
		events = append(events, Event{Path: p})
	}
	m.events = nil
	clear(m.dirty)
	return events
}

// follow sends what concerns paths until ctx, send or the stream ends it.
func (s *sharing) follow(ctx context.Context, paths []string, send func(Event) error) error {
	m, stop, err := s.join(ctx, paths)
	if err != nil {
		return err
	}
	defer stop()
	for {
		select {
		case <-m.wake:
		case err := <-m.broken:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
		for _, e := range s.take(m) {
			if err := send(e); err != nil {
				return err
			}
		}
	}
}
