package app

import (
	"context"
	"errors"
	"fmt"
)

// Kind is the machine-readable half of an error on the wire.
type Kind string

// The kinds of errors. Their spelling is part of the protocol.
const (
	Invalid     Kind = "invalid"     // the request itself is wrong
	Denied      Kind = "denied"      // the caller may see it, but not do this
	NotFound    Kind = "not_found"   // does not exist, or the caller may not know
	Conflict    Kind = "conflict"    // somebody else was faster
	TooLarge    Kind = "too_large"   // over a bound that the message names
	Unavailable Kind = "unavailable" // cannot be done now, may be possible later
	Internal    Kind = "internal"    // our fault; the log has the details
	Elsewhere   Kind = "elsewhere"   // another server does it; the message names it
)

// Error is an error with a sentence for the person at the browser.
//
// Message is shown as it stands: a full sentence that says what to do next,
// without SQL, without a path of the server, without another account's name.
// Err is for the log and never leaves the server.
type Error struct {
	Kind    Kind
	Message string
	Err     error // may be nil
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + " (" + e.Err.Error() + ")"
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an error that a person may read.
func Errorf(kind Kind, format string, args ...any) error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Explain gives err a kind and a sentence for a person; err itself stays in the
// log. An error that has a sentence already keeps it.
func Explain(err error, kind Kind, format string, args ...any) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), Err: err}
}

// What adapters answer; they write no sentences.
var (
	// ErrNotFound says that there is no such row or file.
	ErrNotFound = errors.New("not found")
	// ErrConflict says that the condition of a write did not hold.
	ErrConflict = errors.New("conflict")
	// ErrUnknown says that the outcome of a write cannot be known: it may or may
	// not be durable. It is never success and never a plain failure. (S6)
	ErrUnknown = errors.New("outcome unknown")
)

// Public returns as much of err as may leave the server. An error that nobody
// has explained is Internal and says nothing.
func Public(err error) (Kind, string) {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind, e.Message
	}
	switch {
	case errors.Is(err, ErrNotFound):
		return NotFound, "This does not exist, or you may not see it."
	case errors.Is(err, ErrConflict):
		return Conflict, "Somebody else has changed this at the same time. Please try again."
	case errors.Is(err, ErrUnknown):
		return Unavailable, "It is not known whether this was saved. Please look, and try again if it was not."
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return Unavailable, "The server did not answer in time. Please try again."
	}
	return Internal, "Something went wrong on the server. Its log has the details."
}

// IsKind reports whether err is an Error of this kind.
func IsKind(err error, kind Kind) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == kind
}
