package terminal

import (
	"time"

	"lyceum/terminal/pty"
)

// Who typed last decides the size and answers the program's questions. The
// change of hands has an exact place in everybody's stream: questions before it
// are the old one's, those after it the new one's, so that each is answered
// once however far apart the two are. (T6, T7)

// joinLocked lets v be a viewer and tells it how things stand.
func (s *session) joinLocked(v *viewer) {
	s.viewers[v] = struct{}{}
	if s.driver == nil && v.write {
		s.driveLocked(v)
		return
	}
	v.noteLocked(note{at: 0, frame: encode(s.sizeFor(v))})
	v.noteLocked(note{at: 0, frame: encode(Answers{Op: "answers"})})
}

// leaveLocked passes on what v had: to who typed last of those who stay.
func (s *session) leaveLocked(v *viewer) {
	delete(s.viewers, v)
	if s.driver != v {
		return
	}
	s.driver = nil
	var next *viewer
	for other := range s.viewers {
		if other.write && (next == nil || other.turn > next.turn) {
			next = other
		}
	}
	if next != nil {
		s.driveLocked(next)
	}
}

// typedLocked notes that v has typed.
func (s *session) typedLocked(v *viewer) {
	s.turns++
	v.turn = s.turns
	if s.driver != v {
		s.driveLocked(v)
	}
}

// driveLocked makes v the one whose size counts and who answers.
func (s *session) driveLocked(v *viewer) {
	_, end := s.out.offsets()
	if s.driver != nil {
		s.driver.noteLocked(note{at: end, frame: encode(Answers{Op: "answers", You: false})})
	}
	s.driver = v
	v.noteLocked(note{at: end, frame: encode(Answers{Op: "answers", You: true})})
	if v.size != (pty.Size{}) {
		s.resizeLocked(v.size)
	}
	s.tellSizeLocked(end)
}

// resizedLocked notes the size of v's window.
func (s *session) resizedLocked(v *viewer, size pty.Size) {
	v.size = size.Clamp()
	if s.driver == v && s.resizeLocked(v.size) {
		_, end := s.out.offsets()
		s.tellSizeLocked(end)
	}
}

// resizeLocked reports whether the size has changed.
func (s *session) resizeLocked(size pty.Size) bool {
	if s.size == size {
		return false
	}
	s.size = size
	if s.process != nil {
		_, end := s.out.offsets()
		s.sizes = s.sizes.with(end, size)
		if err := s.process.Resize(size); err != nil {
			s.log.Warn("size not changed", "err", err)
		}
	}
	return true
}

func (s *session) tellSizeLocked(at int64) {
	for v := range s.viewers {
		v.noteLocked(note{at: at, frame: encode(s.sizeFor(v))})
	}
}

func (s *session) sizeFor(v *viewer) SizeChange {
	m := SizeChange{Op: "size", Cols: s.size.Cols, Rows: s.size.Rows, You: s.driver == v}
	if s.driver != nil {
		m.By = s.driver.name
	}
	return m
}

// redraw asks the program to draw again, for a viewer that has lost output: the
// size changes by a row and back. One at a time, and not more often than
// nudgeEvery. (T3)
func (s *session) redraw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nudge != nil {
		s.nudgeNext = true
		return
	}
	s.nudgeLocked()
}

func (s *session) nudgeLocked() {
	if s.process == nil || s.ending {
		s.nudge = nil
		return
	}
	other := s.size
	if other.Rows++; other.Rows > pty.MaxRows {
		other.Rows -= 2
	}
	_ = s.process.Resize(other) // no redraw is no harm
	s.nudge = time.AfterFunc(nudgeTime, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.process != nil {
			_ = s.process.Resize(s.size)
		}
		s.nudge = time.AfterFunc(nudgeEvery, s.nudgeAgain)
	})
}

func (s *session) nudgeAgain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nudge = nil
	if s.nudgeNext {
		s.nudgeNext = false
		s.nudgeLocked()
	}
}
