package files

import (
	"context"
	"io"
)

// Kind is what an entry of a folder is.
type Kind string

// The kinds. Other is a device, a FIFO or a socket: it is listed and can be
// removed, and never opened.
const (
	File      Kind = "file"
	Directory Kind = "directory"
	Link      Kind = "link"
	Other     Kind = "other"
)

// Info describes one entry. A name that is not valid UTF-8 or has control
// characters is shown with each such byte as U+FFFD and two hexadecimal digits;
// in this form every method takes it back.
type Info struct {
	Name     string `json:"name"`
	Kind     Kind   `json:"kind"`
	Target   Kind   `json:"target,omitempty"` // of a link that leads inside the project
	Size     int64  `json:"size"`             // bytes
	Modified int64  `json:"modified"`         // ms since 1970 UTC
	Mode     uint32 `json:"mode"`             // permission bits, 0777 at most
}

// Listing is the content of a folder, sorted by name. Cut says that it has more
// than MaxEntries.
type Listing struct {
	Entries []Info `json:"entries"`
	Cut     bool   `json:"cut,omitempty"`
}

// LineEnds is how the lines of a document end on disk.
type LineEnds string

// CRLF only if every line ends so, and there is one.
const (
	LF   LineEnds = "lf"
	CRLF LineEnds = "crlf"
)

// Document is the content of a text file, as it is on disk.
type Document struct {
	Data     []byte   `json:"-"`
	Hash     []byte   `json:"hash"` // SHA-256 of Data
	Mode     uint32   `json:"mode"`
	Modified int64    `json:"modified"`
	LineEnds LineEnds `json:"line_ends"`
}

// Expect says what may be replaced.
type Expect struct {
	Hashes [][]byte // SHA-256 of contents that are known
	Absent bool     // create the file (and its folders) when it is not there
	// Max is the greatest displaced content that is returned; a greater one is
	// put back and the write fails with TooLarge. 0 is MaxDocument.
	Max int64
}

// Written says what WriteDocument has done.
type Written struct {
	Hash     []byte `json:"hash"`
	Mode     uint32 `json:"mode"`
	Modified int64  `json:"modified"`
	Created  bool   `json:"created,omitempty"` // it was not there
	// Left is set when the file was not as expected: what was displaced is kept
	// under this name until Discard.
	Left *Left `json:"left,omitempty"`
}

// Left is a content that a write has displaced and nobody has merged yet.
type Left struct {
	Name string `json:"name"` // for Discard
	Data []byte `json:"data"`
	Hash []byte `json:"hash"`
}

// Event says that something may have changed. Whoever gets it looks.
type Event struct {
	Path  string `json:"path"`            // one of those that are watched
	All   bool   `json:"all,omitempty"`   // anything may have changed
	Ready bool   `json:"ready,omitempty"` // the first event: from here on nothing is missed
}

// Files is what can be done with the files of a project. Folder does it, Client
// asks an agent to. Paths are relative to the project's home, separated by "/";
// "" is home itself where a folder is meant. Every error has a kind and a
// sentence (app.Error).
type Files interface {
	List(ctx context.Context, path string) (Listing, error)
	Stat(ctx context.Context, path string) (Info, error)
	CreateFile(ctx context.Context, path string) (Info, error)
	Mkdir(ctx context.Context, path string) (Info, error)
	Rename(ctx context.Context, from, to string) (Info, error)
	Remove(ctx context.Context, path string) error
	// Open opens a regular file for a download.
	Open(ctx context.Context, path string) (io.ReadCloser, Info, error)
	// Upload puts what r has in place of path, as a whole or not at all.
	Upload(ctx context.Context, path string, overwrite bool, r io.Reader) (Info, error)

	// ReadDocument reads a text file of at most max bytes (0: MaxDocument).
	ReadDocument(ctx context.Context, path string, max int64) (Document, error)
	// WriteDocument replaces a text file by data (D9), keeping its mode. A content
	// that is not expected is not lost: see Written.Left. Something that is no text
	// of at most Max bytes stays where it is, and the error says so. A file that is
	// not there is NotFound, unless Absent. After any other error, as after a
	// crash, Leftovers knows what was displaced.
	WriteDocument(ctx context.Context, path string, data []byte, e Expect) (Written, error)
	// Leftovers returns what writes have displaced and nobody has discarded,
	// because of a crash, at most max bytes together or one. Contents in known are
	// removed, not returned. It must not run beside WriteDocument of the same path.
	Leftovers(ctx context.Context, path string, known [][]byte, max int64) ([]Left, error)
	// Discard removes what was displaced, after it has been merged and the merge
	// is durable. If it has another hash meanwhile the error is a Conflict: ask
	// Leftovers again.
	Discard(ctx context.Context, path string, name string, hash []byte) error

	// Watch calls send with Ready once it watches, then for every change of the
	// paths (of a folder: of its entries), until ctx or send ends it.
	Watch(ctx context.Context, paths []string, send func(Event) error) error
}
