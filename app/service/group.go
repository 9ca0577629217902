// Package service runs the parts of a server and stops them in the reverse of
// the order in which they were started.
//
// A part runs until its context ends; one that returns earlier is a failure with
// a name and stops the others. A part that does not stop in StopTimeout is left
// behind with a warning, so stopping always ends.
package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// StopTimeout is how long one part may take to stop. The longest that a part
// does then is saving documents, which has a bound of 5 s.
const StopTimeout = 10 * time.Second

// Group is a set of parts. Only Log must be set; a Group is used once.
type Group struct {
	Log *slog.Logger

	once   sync.Once
	failed chan error // capacity 1: only the first failure counts

	mu       sync.Mutex
	parts    []*part
	stopping bool
}

type part struct {
	name   string
	cancel context.CancelFunc
	done   chan struct{}
}

func (g *Group) init() { g.once.Do(func() { g.failed = make(chan error, 1) }) }

// Go starts a part at once; run returns when its context ends. A part that
// others depend on is therefore started before them. In a Group that is stopping
// nothing is started any more.
func (g *Group) Go(name string, run func(ctx context.Context) error) {
	g.init()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopping {
		g.Log.Warn("part not started, the server is stopping", "part", name)
		return
	}
	// Background: the end of Run's context must not stop all parts at once.
	ctx, cancel := context.WithCancel(context.Background())
	p := &part{name: name, cancel: cancel, done: make(chan struct{})}
	g.parts = append(g.parts, p)
	go func() {
		defer close(p.done)
		g.ended(name, ctx, run(ctx))
	}()
}

// ended judges what a part has returned.
func (g *Group) ended(name string, ctx context.Context, err error) {
	if ctx.Err() != nil { // it was told to stop
		if err != nil && !errors.Is(err, context.Canceled) {
			g.Log.Warn("part stopped with an error", "part", name, "err", err)
		}
		return
	}
	if err == nil {
		err = errors.New("ended without being told to")
	}
	select {
	case g.failed <- fmt.Errorf("%s: %w", name, err):
	default:
		g.Log.Error("another part failed", "part", name, "err", err)
	}
}

// Run waits until ctx ends or a part fails, then stops all parts, the one
// started last first. It returns the failure, or nil when ctx has ended.
func (g *Group) Run(ctx context.Context) error {
	g.init()
	var err error
	select {
	case err = <-g.failed:
	case <-ctx.Done():
	}
	g.mu.Lock()
	g.stopping = true
	parts := g.parts // nobody appends any more
	g.mu.Unlock()
	for _, p := range slices.Backward(parts) {
		p.cancel()
		select {
		case <-p.done:
		case <-time.After(StopTimeout):
			g.Log.Warn("part did not stop in time", "part", p.name, "timeout", StopTimeout)
		}
	}
	return err
}
