package document

import (
	"context"
	"strings"
)

// File is a text file of a project as it was read.
type File struct {
	Data []byte // at most MaxText bytes of UTF-8 without NUL
	Hash string // of Data, hex; the same bytes have the same hash everywhere
}

// Save is a file to put in place.
type Save struct {
	Path string
	Data []byte
	// Known are the hashes of contents that are in the document already. Any
	// other content that the save displaces comes back, see Saved.
	Known []string
	// Create makes the file again if it is gone; otherwise a missing file is
	// app.ErrNotFound.
	Create bool
}

// Saved is the outcome of a Save.
type Saved struct {
	Hash string // of what is in place now
	// Displaced is a content that nobody here knew; nil if there was none. (D9)
	Displaced *Displaced
}

// Displaced is a content that a save has taken out of the file. It stays on the
// disk of the project, under a name of its own, until Discard.
type Displaced struct {
	Name string
	File
}

// Files is the disk of a running project as rooms use it. Methods may be called
// from any goroutine.
type Files interface {
	// ReadDocument returns a text file. What is no text, too large or not there
	// is an app.Error with a sentence; a missing file is also app.ErrNotFound.
	ReadDocument(ctx context.Context, path string) (File, error)

	// WriteDocument puts a content in place at once or not at all. (D9)
	WriteDocument(ctx context.Context, s Save) (Saved, error)

	// Leftovers returns what was displaced and never discarded, because of a
	// crash, and removes those whose hash is known.
	Leftovers(ctx context.Context, path string, known []string) ([]Displaced, error)

	// Discard removes a displaced content whose edit is durable.
	Discard(ctx context.Context, path string, d Displaced) error

	// WatchDocument calls changed, without arguments and maybe too often, after
	// the file may have changed. It returns when ctx ends or the project is gone.
	WatchDocument(ctx context.Context, path string, changed func()) error
}

// toText turns the bytes of a file into the text of a document. A file whose
// line ends are all CR LF is edited with LF and written back as it was; in any
// other file a CR is a character like others.
func toText(data []byte) (text string, crlf bool) {
	text = string(data)
	ends := strings.Count(text, "\r\n")
	if ends == 0 || ends != strings.Count(text, "\n") || ends != strings.Count(text, "\r") {
		return text, false
	}
	return strings.ReplaceAll(text, "\r\n", "\n"), true
}

// toData is the reverse of toText.
func toData(text string, crlf bool) []byte {
	if crlf {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return []byte(text)
}
