package terminal

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"lyceum/terminal/pty"
)

// session is one terminal: a shell, or the end of one, its output over all its
// shells, and its viewers.
type session struct {
	id      string
	options *Options
	log     *slog.Logger
	out     *ring
	typed   *typing

	starting sync.Mutex     // held while a shell is being started
	shells   sync.WaitGroup // run
	visits   sync.WaitGroup // Attach

	mu       sync.Mutex
	process  pty.Process // nil: none runs
	exit     *pty.Exit   // of the last shell; nil while one runs or before the first
	past     *Past       // no shell has run here, but one in an earlier agent
	ending   bool        // no shell is started any more
	farewell *note       // sends away who comes after the end
	size     pty.Size
	sizes    sizes // for what was printed
	viewers  map[*viewer]struct{}
	driver   *viewer // who typed last: has the size and answers (T6, T7)
	turns    int64   // counts who types

	nudge     *time.Timer // nil: no redraw is under way
	nudgeNext bool        // another one was asked for meanwhile
}

func openSession(id string, o *Options, size pty.Size) *session {
	s := &session{
		id: id, options: o, log: o.Log.With("part", "terminal", "id", id),
		typed: newTyping(), size: size.Clamp(), viewers: map[*viewer]struct{}{},
	}
	var err error
	if s.out, err = openRing(o.ScratchDir, RingSize); err != nil {
		s.log.Warn("output is kept in memory only", "err", err)
	}
	return s
}

// start starts a shell unless one runs.
func (s *session) start() error {
	s.starting.Lock()
	defer s.starting.Unlock()
	s.mu.Lock()
	running, ending, size := s.process != nil, s.ending, s.size
	s.mu.Unlock()
	switch {
	case ending:
		return errClosed
	case running:
		return nil
	}
	process, err := s.options.Start(s.id, size)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, end := s.out.offsets()
	s.sizes = s.sizes.with(end, s.size)
	if s.exit != nil || s.past != nil {
		s.tellLocked(nil, end, Restarted{Op: "restarted", From: end})
	}
	s.process, s.exit, s.past = process, nil, nil
	if s.size != size {
		_ = process.Resize(s.size) // a size it does not get is not worth a shell
	}
	if s.ending { // End came meanwhile and has seen no shell
		process.Kill()
	}
	s.changedLocked()
	s.shells.Go(func() { s.run(process) })
	return nil
}

// run carries one shell to its end: output into the ring, typing into the shell.
func (s *session) run(process pty.Process) {
	ended := make(chan struct{})
	var hand sync.WaitGroup
	hand.Go(func() { s.typed.typeInto(process, ended) })

	chunk := make([]byte, 32<<10)
	for {
		n, err := process.Read(chunk)
		s.keep(chunk[:n])
		if err != nil {
			if !errors.Is(err, io.EOF) {
				s.log.Error("terminal not readable, its shell goes on", "err", err)
			}
			break
		}
	}
	exit, err := process.Wait()
	if err != nil {
		s.log.Error("end of a shell not known", "err", err)
		exit = pty.Exit{Code: -1}
	}
	close(ended)
	if err := process.Close(); err != nil {
		s.log.Warn("terminal not closed", "err", err)
	}
	hand.Wait()
	s.keep([]byte(s.out.modes.modes.leave()))

	s.mu.Lock()
	defer s.mu.Unlock()
	s.process, s.exit = nil, &exit
	s.typed.drop() // it was meant for the shell that is gone
	_, end := s.out.offsets()
	s.tellLocked(nil, end, exited(exit))
	s.changedLocked()
}

func (s *session) keep(p []byte) {
	if err := s.out.append(p); err != nil {
		s.log.Warn("output lost, from here on it is kept in memory only", "err", err)
	}
}

// awaitStart returns when no start is under way.
func (s *session) awaitStart() {
	s.starting.Lock()
	defer s.starting.Unlock()
}

// end ends the shell: asks, then kills. It returns when the shell is gone and the
// viewers have left. The output stays until close.
func (s *session) end(ctx context.Context, code int, reason string) error {
	s.mu.Lock()
	s.ending = true
	if s.process != nil {
		s.process.Hangup()
	}
	if s.nudge != nil {
		s.nudge.Stop()
	}
	s.mu.Unlock()

	gone := make(chan struct{})
	go func() { // its end is gone, waited for below unless ctx ends first
		defer close(gone)
		s.awaitStart() // a start under way kills its own
		s.shells.Wait()
	}()
	if !within(ctx, gone, hangupTime) {
		s.mu.Lock()
		if s.process != nil {
			s.process.Kill()
		}
		s.mu.Unlock()
		select {
		case <-gone:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.leave(ctx, code, reason)
}

// leave sends the viewers away; nobody reads the output then.
func (s *session) leave(ctx context.Context, code int, reason string) error {
	_, end := s.out.offsets()
	s.mu.Lock()
	s.farewell = &note{at: end, code: code, reason: reason}
	for v := range s.viewers {
		v.noteLocked(*s.farewell)
	}
	s.mu.Unlock()
	left := make(chan struct{})
	go func() { // its end is left, waited for below
		defer close(left)
		s.visits.Wait()
	}()
	if !within(ctx, left, leaveTime) {
		s.mu.Lock()
		for v := range s.viewers {
			_ = v.conn.Close() // one that takes nothing any more
		}
		s.mu.Unlock()
		select {
		case <-left:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// close gives the output back, of a terminal that has been ended.
func (s *session) close() error { return s.out.close() }

// endLocked is what is told who comes while no shell runs, if one has run.
func (s *session) endLocked() (Exited, bool) {
	switch {
	case s.exit != nil:
		return exited(*s.exit), true
	case s.past != nil:
		return Exited{Op: "exit", Reason: s.past.Reason}, true
	}
	return Exited{}, false
}

// within reports whether done is closed in time.
func within(ctx context.Context, done <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// tellLocked puts message into the streams of all viewers but one at offset at.
func (s *session) tellLocked(but *viewer, at int64, message any) {
	frame := encode(message)
	for v := range s.viewers {
		if v != but {
			v.noteLocked(note{at: at, frame: frame})
		}
	}
}

func (s *session) changedLocked() {
	if s.options.Changed != nil {
		s.options.Changed(s.infoLocked())
	}
}

func (s *session) infoLocked() Info {
	_, end := s.out.offsets()
	return Info{
		ID: s.id, Running: s.process != nil, Exit: s.exit, Viewers: len(s.viewers),
		Cols: s.size.Cols, Rows: s.size.Rows, End: end,
	}
}

// encode writes one of the messages of wire.go.
func encode(message any) []byte {
	frame, err := json.Marshal(message)
	if err != nil {
		panic(err) // they hold numbers and strings only
	}
	return frame
}
