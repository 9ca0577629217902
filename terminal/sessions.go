package terminal

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"sync"

	"github.com/gorilla/websocket"

	"lyceum/terminal/pty"
)

// Options is what Sessions need from outside.
type Options struct {
	// Start starts the shell of terminal id. It may be called from several
	// goroutines, for one id at a time.
	Start func(id string, size pty.Size) (pty.Process, error)
	// Find says which places of the project names mean to a process, nil for each
	// that is none; without a process it is the home that they are in. A nil Find
	// knows none.
	Find func(process pty.Process, names []string) []*Place
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

// Sessions are the terminals of one project. They are safe for concurrent use.
type Sessions struct {
	options Options

	mu     sync.Mutex
	byID   map[string]*session
	most   int // how many there may be
	closed bool
}

// NewSessions returns none yet.
func NewSessions(o Options) *Sessions {
	return &Sessions{options: o, byID: map[string]*session{}, most: MaxSessions}
}

// SetMax changes how many terminals there may be. Those that are beyond stay.
func (s *Sessions) SetMax(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.most = n
}

// max is how many terminals there may be.
func (s *Sessions) max() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

// Why a terminal is not given.
var (
	errNoSession = errors.New("no such terminal")
	errTooMany   = errors.New("too many terminals")
	errClosed    = errors.New("terminals are closed")
)

var validID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// visit returns a terminal, with one more in visits; made and started if create.
func (s *Sessions) visit(id string, create bool, size pty.Size) (*session, error) {
	s.mu.Lock()
	session, there := s.byID[id]
	switch {
	case s.closed:
		s.mu.Unlock()
		return nil, errClosed
	case !there && (!create || !validID.MatchString(id)):
		s.mu.Unlock()
		return nil, errNoSession
	case !there && len(s.byID) >= s.most:
		s.mu.Unlock()
		return nil, errTooMany
	case !there:
		session = openSession(id, &s.options, size)
		s.byID[id] = session
	}
	session.visits.Add(1)
	s.mu.Unlock()

	if err := session.startFirst(); err != nil {
		session.visits.Done()
		s.forget(session)
		return nil, err
	}
	return session, nil
}

// startFirst starts the first shell; later ones are asked for (T8).
func (s *session) startFirst() error {
	s.mu.Lock()
	first := s.exit == nil && s.past == nil
	s.mu.Unlock()
	if !first {
		return nil
	}
	return s.start()
}

// forget takes back a terminal that could not get its first shell.
func (s *Sessions) forget(session *session) {
	session.starting.Lock()
	session.mu.Lock()
	unused := session.process == nil && session.exit == nil && !session.ending
	session.ending = session.ending || unused
	session.mu.Unlock()
	session.starting.Unlock()
	if !unused {
		return // somebody else got it started, or it is being ended
	}
	s.mu.Lock()
	if s.byID[session.id] == session {
		delete(s.byID, session.id)
	}
	s.mu.Unlock()
	session.visits.Wait() // others whose start fails now, too
	if err := session.out.close(); err != nil {
		session.log.Warn("output not closed", "err", err)
	}
}

// End ends the shell of a terminal (SIGHUP, after a while SIGKILL), tells its
// viewers, and forgets it. It returns when the shell is gone. Ending what is not
// there is no error.
func (s *Sessions) End(ctx context.Context, id string) error {
	s.mu.Lock()
	session := s.byID[id]
	delete(s.byID, id)
	s.mu.Unlock()
	if session == nil {
		return nil
	}
	if err := session.end(ctx, CloseNotThere, "This terminal has been closed."); err != nil {
		return err
	}
	return session.close()
}

// List returns the terminals in the order of their ids.
func (s *Sessions) List() []Info {
	s.mu.Lock()
	sessions := slices.SortedFunc(maps.Values(s.byID), func(a, b *session) int { return cmp.Compare(a.id, b.id) })
	s.mu.Unlock()
	infos := make([]Info, 0, len(sessions))
	for _, session := range sessions {
		session.mu.Lock()
		infos = append(infos, session.infoLocked())
		session.mu.Unlock()
	}
	return infos
}

// Stop ends every shell and waits for all; no more are started. Their output can
// still be had by Kept, also of a shell that has not ended before ctx did.
func (s *Sessions) Stop(ctx context.Context) error {
	s.mu.Lock()
	sessions := slices.Collect(maps.Values(s.byID))
	s.closed = true
	s.mu.Unlock()
	var ends sync.WaitGroup
	errs := make([]error, len(sessions))
	for i, session := range sessions {
		ends.Go(func() { errs[i] = session.end(ctx, websocket.CloseGoingAway, "The project is stopping.") })
	}
	ends.Wait()
	return errors.Join(errs...)
}

// Close is Stop, and gives the output back.
func (s *Sessions) Close(ctx context.Context) error {
	if err := s.Stop(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, session := range s.byID {
		errs = append(errs, session.close())
	}
	clear(s.byID)
	return errors.Join(errs...)
}
