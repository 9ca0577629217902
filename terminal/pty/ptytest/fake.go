package ptytest

import (
	"io"
	"os"
	"sync"

	"lyceum/terminal/pty"
)

// fakeTypingBound is how much a fake takes before Write waits, as a kernel does.
const fakeTypingBound = 64 << 10

// Fake is a process whose program the test plays.
type Fake struct {
	// Sizes gets every size that the process is told, if there is room.
	Sizes chan pty.Size
	// RawKeys lets Interrupt answer false.
	RawKeys bool
	// WorksIn is what Folder answers.
	WorksIn string
	// Stubborn ignores Hangup.
	Stubborn bool

	mu      sync.Mutex
	change  sync.Cond
	printed []byte
	typed   []byte
	dropped int // counts Interrupt
	closed  bool
	exit    *pty.Exit
}

// NewFake returns a program that runs and does nothing.
func NewFake() *Fake {
	f := &Fake{Sizes: make(chan pty.Size, 64)}
	f.change.L = &f.mu
	return f
}

// Print writes as the program does. It does not wait.
func (f *Fake) Print(s string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.printed = append(f.printed, s...)
	f.change.Broadcast()
}

// Typed waits for n bytes and reads them, as the program does. It returns fewer
// when the process was closed or has ended.
func (f *Fake) Typed(n int) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var taken []byte
	for {
		part := min(n-len(taken), len(f.typed))
		taken = append(taken, f.typed[:part]...)
		f.typed = f.typed[part:]
		f.change.Broadcast()
		if len(taken) == n || f.closed || f.exit != nil {
			return string(taken)
		}
		f.change.Wait()
	}
}

// End ends the program; the first end counts.
func (f *Fake) End(e pty.Exit) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.exit == nil {
		f.exit = &e
	}
	f.change.Broadcast()
}

func (f *Fake) Folder() string { return f.WorksIn }

func (f *Fake) Read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.printed) == 0 && !f.closed && f.exit == nil {
		f.change.Wait()
	}
	if len(f.printed) == 0 || f.closed {
		return 0, io.EOF
	}
	n := copy(p, f.printed)
	f.printed = f.printed[n:]
	return n, nil
}

func (f *Fake) Write(p []byte) (written int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	dropped := f.dropped
	for len(p) > 0 {
		n := min(len(p), fakeTypingBound-len(f.typed))
		f.typed = append(f.typed, p[:n]...)
		p, written = p[n:], written+n
		f.change.Broadcast()
		switch {
		case f.closed:
			return written, os.ErrClosed
		case f.dropped > dropped:
			return written, pty.ErrInterrupted
		case f.exit != nil:
			return written, io.ErrClosedPipe
		case len(p) > 0:
			f.change.Wait()
		}
	}
	return written, nil
}

func (f *Fake) Resize(s pty.Size) error {
	select {
	case f.Sizes <- s.Clamp():
	default:
	}
	return nil
}

func (f *Fake) Interrupt(c byte) bool {
	if f.RawKeys {
		return false
	}
	f.mu.Lock()
	f.typed = nil
	f.dropped++
	f.mu.Unlock()
	f.End(pty.Exit{Signal: map[byte]string{0x03: "SIGINT", 0x1c: "SIGQUIT"}[c]})
	return true
}

func (f *Fake) Hangup() {
	if !f.Stubborn {
		f.End(pty.Exit{Signal: "SIGHUP"})
	}
}

func (f *Fake) Kill() { f.End(pty.Exit{Signal: "SIGKILL"}) }

func (f *Fake) Wait() (pty.Exit, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.exit == nil {
		f.change.Wait()
	}
	return *f.exit, nil
}

func (f *Fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.change.Broadcast()
	return nil
}
