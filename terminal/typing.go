package terminal

import (
	"errors"
	"regexp"
	"slices"
	"sync"

	"lyceum/terminal/pty"
)

// typing is what has been typed and the program has not taken yet. Adding never
// waits; what does not fit is refused whole. (T4)
type typing struct {
	mu      sync.Mutex
	waiting []byte
	writing bool          // a chunk is on its way
	wake    chan struct{} // capacity 1: there is something
}

func newTyping() *typing { return &typing{wake: make(chan struct{}, 1)} }

// add takes all of p or nothing.
func (t *typing) add(p []byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting)+len(p) > TypingBound {
		return false
	}
	t.waiting = append(t.waiting, p...)
	select {
	case t.wake <- struct{}{}:
	default:
	}
	return true
}

// interrupt signals the program where a key for that would wait behind others, and
// forgets those. Nothing more of them goes out meanwhile: a shell would carry it out.
func (t *typing) interrupt(signal func() bool) (done bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.writing && len(t.waiting) == 0 || !signal() {
		return false
	}
	t.waiting = nil
	return true
}

// drop forgets what waits.
func (t *typing) drop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = nil
}

// take returns the next chunk, nil if there is none.
func (t *typing) take() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := min(len(t.waiting), typingChunk)
	t.writing = n > 0
	if n == 0 {
		t.waiting = nil // a great paste does not stay in memory
		return nil
	}
	chunk := slices.Clone(t.waiting[:n])
	t.waiting = t.waiting[n:]
	return chunk
}

// typeInto hands to the program what is typed, until ended is closed or it takes
// no more.
func (t *typing) typeInto(p pty.Process, ended <-chan struct{}) {
	for {
		chunk := t.take()
		if chunk == nil {
			select {
			case <-t.wake:
				continue
			case <-ended:
				return
			}
		}
		if _, err := p.Write(chunk); err != nil && !errors.Is(err, pty.ErrInterrupted) {
			return // the terminal is closed; Read tells
		}
	}
}

// report matches what a terminal sends by itself: answers to device status,
// attributes, modes and colours, and the news that it has the focus.
var report = regexp.MustCompile(`^(?:\x1b\[[?>=]?[0-9;]*(?:[cRn]|\$y)|\x1b\[[IO]|\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\))+$`)

// maxReport is longer than every answer of a terminal.
const maxReport = 1 << 10

// IsReport reports whether nobody has typed p.
func IsReport(p []byte) bool { return len(p) <= maxReport && report.Match(p) }

// isInterrupt reports whether p is a key that ends or stops a program.
func isInterrupt(p []byte) bool {
	return len(p) == 1 && (p[0] == 0x03 || p[0] == 0x1c || p[0] == 0x1a)
}
