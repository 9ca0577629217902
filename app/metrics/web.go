package metrics

import (
	"sync"
	"sync/atomic"
)

// maxRoutes bounds the pairs of route and status that are counted apart: the
// routes are a dozen patterns, each with some statuses. What is beyond counts as
// one.
const maxRoutes = 500

// route is what requests are counted by: the pattern, never the path.
type route struct {
	pattern string
	status  int
}

// Web has the figures of what goes to and comes from browsers. Its methods do
// nothing on nil.
type Web struct {
	sent, received atomic.Uint64 // bytes of sockets
	body           atomic.Uint64 // bytes of answers over HTTP

	mu       sync.RWMutex
	requests map[route]*atomic.Uint64
}

func newWeb() *Web { return &Web{requests: make(map[route]*atomic.Uint64)} }

// Answered counts a request that was answered with a status and bytes, by the
// pattern of its route.
func (w *Web) Answered(pattern string, status int, bytes int64) {
	if w == nil {
		return
	}
	w.body.Add(uint64(bytes))
	r := route{pattern, status}
	w.mu.RLock()
	n := w.requests[r]
	w.mu.RUnlock()
	if n == nil {
		n = w.first(r)
	}
	n.Add(1)
}

// first makes the counter of a route and status that come for the first time.
func (w *Web) first(r route) *atomic.Uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.requests) >= maxRoutes && w.requests[r] == nil {
		r = route{pattern: "other"}
	}
	n := w.requests[r]
	if n == nil {
		n = new(atomic.Uint64)
		w.requests[r] = n
	}
	return n
}

// Sent counts bytes that were written to sockets.
func (w *Web) Sent(bytes int) {
	if w != nil {
		w.sent.Add(uint64(bytes))
	}
}

// Received counts bytes that were read from sockets.
func (w *Web) Received(bytes int) {
	if w != nil {
		w.received.Add(uint64(bytes))
	}
}
