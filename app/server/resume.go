package server

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// resumeTimeout bounds the saving of what an earlier server has left unwritten in
// one project; what it does not reach is written when its document is opened.
const resumeTimeout = time.Minute

// resumer saves documents of projects that have begun to run, one project after
// the other, apart from the host, which must not wait for it.
type resumer struct {
	resume func(ctx context.Context, projectID string) error
	log    *slog.Logger
	wake   chan struct{} // capacity 1

	mu      sync.Mutex
	waiting map[string]bool
}

func newResumer(resume func(ctx context.Context, projectID string) error, log *slog.Logger) *resumer {
	return &resumer{resume: resume, log: log, wake: make(chan struct{}, 1), waiting: map[string]bool{}}
}

// add has a project's documents saved soon. It does not block.
func (r *resumer) add(projectID string) {
	r.mu.Lock()
	r.waiting[projectID] = true
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// take returns a project that waits, "" if none does.
func (r *resumer) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := range r.waiting {
		delete(r.waiting, id)
		return id
	}
	return ""
}

// Run works until ctx ends.
func (r *resumer) Run(ctx context.Context) error {
	for {
		select {
		case <-r.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
		for id := r.take(); id != "" && ctx.Err() == nil; id = r.take() {
			bounded, cancel := context.WithTimeout(ctx, resumeTimeout)
			err := r.resume(bounded, id)
			cancel()
			if err != nil && ctx.Err() == nil {
				r.log.WarnContext(ctx, "documents not saved yet, they are kept", "project", id, "err", err)
			}
		}
	}
}
