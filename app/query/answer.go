package query

import (
	"time"

	"lyceum/app"
	"lyceum/app/live"
)

// Answer is the answer to one query.
type Answer struct {
	List    bool // Rows counts, else Row
	Rows    []app.Row
	Row     app.Row  // nil: there is no such row
	Answers []Answer // of an array of queries; then nothing else counts

	// Wrote: it was a set, or one was among an array; run again it would be another.
	Wrote bool

	Cut      bool          // there are more rows (Q6)
	Start    bool          // of a watch: forget what you had (L4)
	Position *app.Position // of a watch
}

// Size is about how many bytes the rows take in memory.
func (a Answer) Size() int {
	n := live.Size(a.Row)
	for _, row := range a.Rows {
		n += live.Size(row)
	}
	for _, one := range a.Answers {
		n += one.Size()
	}
	return n
}

// Change is what happened to one row of a watch. (L3)
type Change struct {
	Action string // "insert", "update" or "delete"
	New    app.Row
	Old    app.Row
}

// Message is what a watch sends: an answer, or changes after it.
type Message struct {
	Answer   *Answer // nil: Changes
	Changes  []Change
	Position app.Position

	// At is when the store told of the first of the changes; zero where that is
	// not known.
	At time.Time

	// Still is asked by who writes to the socket, after it has waited for its
	// turn and right before the first byte: whether the caller may still see all
	// that is in the message. If not, nothing may be written. (W5)
	Still func() bool
}

// IndexError says which query of an array was refused. (Q1)
type IndexError struct {
	Index int
	Err   error
}

func (e *IndexError) Error() string { return e.Err.Error() }

// Unwrap returns the error of that query.
func (e *IndexError) Unwrap() error { return e.Err }
