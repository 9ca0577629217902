package rethinktest

import (
	"errors"
	"fmt"
	"slices"

	p "gopkg.in/rethinkdb/rethinkdb-go.v6/ql2"
)

// A queryError is what a query is answered with when it cannot be done.
type queryError struct {
	response p.Response_ResponseType
	kind     p.Response_ErrorType // of a runtime error
	text     string
	at       *node // the term that failed; nil until the evaluation passes one
}

func (e *queryError) Error() string { return e.text }

// fail is an error while a query runs.
func fail(kind p.Response_ErrorType, format string, args ...any) error {
	return &queryError{response: p.Response_RUNTIME_ERROR, kind: kind, text: fmt.Sprintf(format, args...)}
}

// The kinds of failures. Their names are those of the driver's errors.
func logicError(format string, args ...any) error {
	return fail(p.Response_QUERY_LOGIC, format, args...)
}

func missingError(format string, args ...any) error {
	return fail(p.Response_NON_EXISTENCE, format, args...)
}

func failedError(format string, args ...any) error {
	return fail(p.Response_OP_FAILED, format, args...)
}

func limitError(format string, args ...any) error {
	return fail(p.Response_RESOURCE_LIMIT, format, args...)
}

// clientError is about a message that the server cannot take.
func clientError(format string, args ...any) error {
	return &queryError{response: p.Response_CLIENT_ERROR, text: fmt.Sprintf(format, args...)}
}

// compileError is about a query that the server cannot understand.
func compileError(format string, args ...any) error {
	return &queryError{response: p.Response_COMPILE_ERROR, text: fmt.Sprintf(format, args...)}
}

// unknown is a term, an argument or a value that the real server may know and
// this one does not.
func unknown(format string, args ...any) error {
	return compileError("rethinktest does not know "+format, args...)
}

// errCut ends a query whose connection was cut: nobody is answered.
var errCut = errors.New("the connection was cut")

// isMissing reports whether an error is one that default() catches.
func isMissing(err error) bool {
	e, ok := errors.AsType[*queryError](err)
	return ok && e.kind == p.Response_NON_EXISTENCE
}

func arrayTooLong(limit int) error {
	return limitError("Array over size limit `%d`.  To raise the number of allowed elements, modify the `array_limit` option to `.run` (not available in the Data Explorer), or use an index.", limit)
}

// backtrace is the way from the root of the query to the term that failed: a
// number for an argument, a text for an optional one.
func (e *queryError) backtrace() []any {
	frames := []any{}
	for n := e.at; n != nil && n.parent != nil; n = n.parent {
		frames = append(frames, n.frame)
	}
	slices.Reverse(frames)
	return frames
}
