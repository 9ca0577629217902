package metrics

import (
	"sync"
	"sync/atomic"
)

// maxRoutes bounds the pairs of route and status that are counted apart: the
// routes are some dozen patterns, each with some statuses. What is beyond counts
// as one.
const maxRoutes = 500

// Wire is what bytes go over.
type Wire int

// The wires that are counted apart.
const (
	HTTP Wire = iota // bodies of requests and answers
	Socket
	wires // how many there are
)

// route is what requests are counted by: the pattern, never the path.
type route struct {
	pattern string
	status  int
}

// Web has the figures of what goes to and comes from browsers. Its methods do
// nothing on nil.
type Web struct {
	sent, received [wires]atomic.Uint64

	mu       sync.RWMutex
	requests map[route]*atomic.Uint64
}

func newWeb() *Web { return &Web{requests: make(map[route]*atomic.Uint64)} }

// Answered counts a request by the pattern of its route and its status.
func (w *Web) Answered(pattern string, status int) {
	if w == nil {
		return
	}
	r := route{pattern, status}
	w.mu.RLock()
	n := w.requests[r]
	w.mu.RUnlock()
	if n == nil {
		n = w.first(r)
	}
	n.Add(1)
}

// first returns the counter of a route and status that come for the first time.
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

// Sent counts bytes that went to a browser.
func (w *Web) Sent(over Wire, bytes int64) {
	if w != nil {
		w.sent[over].Add(uint64(bytes))
	}
}

// Received counts bytes that came from one.
func (w *Web) Received(over Wire, bytes int64) {
	if w != nil {
		w.received[over].Add(uint64(bytes))
	}
}
