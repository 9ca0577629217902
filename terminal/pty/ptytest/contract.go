// Package ptytest holds every pty.Process to what it promises, and has a fake one
// whose program is written in the test.
package ptytest

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"lyceum/terminal/pty"
)

// Program is what a process of the contract does.
type Program string

// The programs that an implementation has to be able to start.
const (
	Hello   Program = "hello"   // prints "hello\n" and exits with 3
	Echo    Program = "echo"    // prints "ready\n", then each line typed as "<line>\n", without the terminal's own echo
	Sizes   Program = "sizes"   // prints "ready\n", then "<rows> <cols>\n" whenever its size has changed
	Asleep  Program = "asleep"  // prints "ready\n" and never reads; a key can interrupt it
	Raw     Program = "raw"     // prints "ready\n" and never reads; keys are text to it
	Orphans Program = "orphans" // prints "ready\n" and exits with 0; another program keeps the terminal open
)

// Run checks the processes that start makes. Each is closed by the suite.
func Run(t *testing.T, start func(t *testing.T, p Program) pty.Process) {
	open := func(t *testing.T, p Program) (pty.Process, *Expect) {
		process := start(t, p)
		t.Cleanup(func() {
			process.Kill()
			_ = process.Close() // some tests close it themselves
			_, _ = process.Wait()
		})
		return process, NewExpect(t, process)
	}
	runTalk(t, open)
	runEnds(t, open)
}

type opener func(t *testing.T, p Program) (pty.Process, *Expect)

// runTalk is about what goes in and out.
func runTalk(t *testing.T, open opener) {
	t.Run("what was printed before the end is read, then the end is told", func(t *testing.T) {
		p, out := open(t, Hello)
		out.Line("hello")
		out.End()
		wantExit(t, p, pty.Exit{Code: 3})
		wantExit(t, p, pty.Exit{Code: 3}) // every call gets the same answer
		p.Hangup()
		p.Kill()
	})
	t.Run("what is typed reaches the program", func(t *testing.T) {
		p, out := open(t, Echo)
		out.Line("ready")
		mustWrite(t, p, "one\ntwo\n")
		out.Line("<one>")
		out.Line("<two>")
	})
	t.Run("the program is told its size", func(t *testing.T) {
		p, out := open(t, Sizes)
		out.Line("ready")
		if err := p.Resize(pty.Size{Cols: 101, Rows: 33}); err != nil {
			t.Fatal(err)
		}
		out.Line("33 101")
	})
}

// runEnds is about how a program ends.
func runEnds(t *testing.T, open opener) {
	t.Run("hangup ends it", func(t *testing.T) {
		p, out := open(t, Asleep)
		out.Line("ready")
		p.Hangup()
		wantExit(t, p, pty.Exit{Signal: "SIGHUP"})
		out.End()
	})
	t.Run("kill ends it", func(t *testing.T) {
		p, out := open(t, Raw)
		out.Line("ready")
		p.Kill()
		wantExit(t, p, pty.Exit{Signal: "SIGKILL"})
		out.End()
	})
	t.Run("a key interrupts past typing that is not read", func(t *testing.T) {
		p, out := open(t, Asleep)
		out.Line("ready")
		stuck := typeUntilFull(p)
		if !p.Interrupt(0x03) {
			t.Error("Interrupt = false")
		}
		if err := <-stuck; err == nil {
			t.Error("Write of more than anybody reads = nil")
		}
		wantExit(t, p, pty.Exit{Signal: "SIGINT"})
	})
	t.Run("a program that takes keys as text is not interrupted", func(t *testing.T) {
		p, out := open(t, Raw)
		out.Line("ready")
		if p.Interrupt(0x03) {
			t.Error("Interrupt = true")
		}
	})
	t.Run("close ends reading and typing", func(t *testing.T) {
		p, out := open(t, Raw)
		out.Line("ready")
		stuck := typeUntilFull(p)
		_ = p.Close() // what it says about a program that still runs is no promise
		if err := <-stuck; err == nil {
			t.Error("Write of more than anybody reads = nil after Close")
		}
		out.End()
	})
	t.Run("the end is seen although another program has the terminal open", func(t *testing.T) {
		p, out := open(t, Orphans)
		out.Line("ready")
		wantExit(t, p, pty.Exit{})
		out.End()
	})
}

// typeUntilFull types lines that nobody reads; the channel has the error.
func typeUntilFull(p pty.Process) <-chan error {
	stuck := make(chan error, 1)
	go func() {
		_, err := p.Write(bytes.Repeat([]byte("not read, \n"), 1<<17))
		stuck <- err
	}()
	return stuck
}

func mustWrite(t *testing.T, p pty.Process, s string) {
	t.Helper()
	if _, err := io.WriteString(p, s); err != nil {
		t.Fatalf("type %q: %v", s, err)
	}
}

func wantExit(t *testing.T, p pty.Process, want pty.Exit) {
	t.Helper()
	if got, err := p.Wait(); err != nil || got != want {
		t.Errorf("Wait = %v, %v, want %v", got, err, want)
	}
}

// Expect reads a process and waits for what it should print.
type Expect struct {
	t    testing.TB
	from io.Reader
	seen bytes.Buffer // not yet expected
	all  strings.Builder
}

// NewExpect reads from r, and fails t when it ends too early. A test that waits
// for what never comes ends with the time-out of go test, which shows where.
func NewExpect(t testing.TB, r io.Reader) *Expect { return &Expect{t: t, from: r} }

// Text reads until text was printed, and returns what came before it.
func (e *Expect) Text(text string) string {
	e.t.Helper()
	chunk := make([]byte, 4096)
	for {
		if before, _, found := strings.Cut(e.seen.String(), text); found {
			e.seen.Next(len(before) + len(text))
			return before
		}
		n, err := e.from.Read(chunk)
		e.seen.Write(chunk[:n])
		e.all.Write(chunk[:n])
		if err != nil {
			e.t.Fatalf("expected %q, got %v after %q", text, err, e.all.String())
		}
	}
}

// Line reads until text was printed as a whole line.
func (e *Expect) Line(text string) {
	e.t.Helper()
	for {
		line := strings.TrimSuffix(e.Text("\n"), "\r")
		if line == text {
			return
		}
	}
}

// End reads until the end, and returns what came before it.
func (e *Expect) End() string {
	e.t.Helper()
	rest, err := io.ReadAll(e.from)
	if err != nil {
		e.t.Fatalf("expected the end, got %v after %q", err, e.all.String())
	}
	return e.seen.String() + string(rest)
}
