package sandboxtest

import (
	"strings"
	"testing"
)

// Every signal to process 1: a student must not be able to end the agent, or
// the shared terminals are gone. It is sent while the agent starts programs,
// which is when a signal without a handler would get through.
func testSignals(t *testing.T, b *bench) {
	p := b.start(t)
	done := make(chan string)
	go func() { // done is read
		out, failure := p.run("signals")
		done <- out + failure
	}()
	for {
		select {
		case out := <-done:
			if out != "" {
				t.Error(out)
			}
			p.alive()
			return
		default:
			p.alive()
		}
	}
}

// Signals that carry what looks like the kernel's own word, or that the kernel
// sends for somebody: the runtime of the agent would believe in an error of its
// own and end it.
func testForged(t *testing.T, b *bench) {
	p := b.start(t)
	for _, way := range []string{"queue", "own"} {
		out, failure := p.run(way)
		if failure != "" || !strings.HasPrefix(out, "sent") {
			t.Errorf("%s: %q %q", way, out, failure)
		}
		p.alive()
	}
}

// A program that is about to leave the agent's cgroup has the way out open;
// nobody else may take it from there.
func testHunt(t *testing.T, b *bench) {
	p := b.start(t)
	done := make(chan string)
	go func() { // done is read
		out, failure := p.run("hunt")
		done <- out + failure
	}()
	for {
		select {
		case out := <-done:
			if out != "seen map[]" {
				t.Errorf("hunt: %q", out)
			}
			return
		default:
			p.alive() // starts a program
		}
	}
}
