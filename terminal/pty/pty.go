// Package pty runs a program on a pseudo-terminal of its own.
//
// Process is all that a terminal needs of it; Start makes a real one, package
// ptytest a fake one, and one contract suite there holds both to the same
// promises: every byte the program wrote before its end is read, the end is seen
// even when a background job still holds the terminal open, and no method but
// Read, Write and Wait waits for the program.
package pty

import (
	"errors"
	"strconv"
)

// ErrInterrupted says that Interrupt has dropped what Write still had.
var ErrInterrupted = errors.New("typing interrupted")

// Size is that of the terminal in characters.
type Size struct{ Cols, Rows int }

// Bounds of a terminal's size. Smaller than two columns makes programs loop, and
// nobody has a screen that is greater.
const (
	MinCols, MaxCols = 2, 1000
	MinRows, MaxRows = 1, 500
)

// Clamp returns the size inside the bounds. A side that is zero or negative
// becomes that of the classic terminal, 80 by 24.
func (s Size) Clamp() Size {
	if s.Cols <= 0 {
		s.Cols = 80
	}
	if s.Rows <= 0 {
		s.Rows = 24
	}
	return Size{min(max(s.Cols, MinCols), MaxCols), min(max(s.Rows, MinRows), MaxRows)}
}

// Exit is how a program ended.
type Exit struct {
	Code   int    // meaningful when Signal is ""
	Signal string // "SIGKILL" and the like; "" if it ended by itself
}

func (e Exit) String() string {
	if e.Signal != "" {
		return e.Signal
	}
	return "exit " + strconv.Itoa(e.Code)
}

// Process is a running program and its terminal. Read is called from one
// goroutine, Write from one, the other methods from any.
type Process interface {
	// Read returns what the program has written, at least one byte. After the
	// last byte of a program that has ended it returns io.EOF, also when other
	// programs still hold the terminal open.
	Read(p []byte) (int, error)

	// Write types p. It waits while the program does not read, until Close or
	// the program's end, or until Interrupt drops the rest (ErrInterrupted).
	Write(p []byte) (int, error)

	// Resize tells the program its new size (SIGWINCH).
	Resize(s Size) error

	// Interrupt does what the key c (Ctrl-C 0x03, Ctrl-\ 0x1c, Ctrl-Z 0x1a)
	// would do, past all typing that the program has not read, which is dropped.
	// It reports false and does nothing when the program takes the key as text.
	Interrupt(c byte) bool

	// Folder is where the program in the foreground works, as an absolute path;
	// "" if that is not known. The path may be gone.
	Folder() string

	// Hangup tells the program and what runs in its foreground that the terminal
	// is going (SIGHUP); Kill ends them. After the end both do nothing.
	Hangup()
	Kill()

	// Wait returns when the program has ended. Every call gets the same answer.
	Wait() (Exit, error)

	// Close gives the terminal back and ends Read and Write. It does not wait.
	Close() error
}
