package terminal

import (
	"context"
	"log/slog"
	"net/http"

	"lyceum/terminal/pty"
)

// Options is what Sessions need from outside.
type Options struct {
	// Start starts the shell of terminal id. It may be called from several
	// goroutines, for one id at a time.
	Start func(id string, size pty.Size) (pty.Process, error)
	// ScratchDir is where the output of shells is kept, in files without a name.
	ScratchDir string
	// Changed is told whenever a shell has started or ended, in order for one
	// terminal; it must not block or call back. May be nil.
	Changed func(Info)
	Log     *slog.Logger
}

// Info is the state of one terminal.
type Info struct {
	ID      string    `json:"id"`
	Running bool      `json:"running"`
	Exit    *pty.Exit `json:"exit,omitempty"` // of the last shell; nil while it runs
	Viewers int       `json:"viewers"`
	Cols    int       `json:"cols"`
	Rows    int       `json:"rows"`
	End     int64     `json:"end"` // bytes printed so far
}

// Sessions are the terminals of one project.
type Sessions struct{ options Options }

// NewSessions returns none yet.
func NewSessions(o Options) *Sessions { return &Sessions{options: o} }

// Attach connects one viewer to the terminal {id} over a WebSocket:
// GET …/{id}/attach?from=&viewer=&name=&write=1&create=1&cols=&rows=
func (s *Sessions) Attach(w http.ResponseWriter, r *http.Request) { panic("not yet") }

// End ends the shell of a terminal, tells its viewers, and forgets it. It returns
// when the shell is gone. Ending what is not there is no error.
func (s *Sessions) End(ctx context.Context, id string) error { panic("not yet") }

// List returns the terminals in the order of their ids.
func (s *Sessions) List() []Info { panic("not yet") }

// Close ends every shell and waits for all.
func (s *Sessions) Close(ctx context.Context) error { panic("not yet") }
