package terminal

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"lyceum/terminal/pty"
)

const (
	// KeptSize is how much output of a terminal outlives its agent: the newest of
	// what a new screen gets, as it is written for every terminal of every project.
	KeptSize = 1 << 20
	// maxKeptHead is above a number and the modes.
	maxKeptHead = 1 << 10
	// MaxKept bounds what Kept writes and Restore reads.
	MaxKept = KeptSize + maxKeptHead
	// maxOffset is what a page can count to.
	maxOffset = 1 << 53
	// keptJump is added to the offsets of output that was kept some time before
	// the end: what pages have seen meanwhile is none of it, however much it was.
	keptJump = 1 << 40
)

// keptHead is the line before kept output.
type keptHead struct {
	From  int64 `json:"from"` // offset of its first byte
	Modes modes `json:"modes"`
}

// Past is how the shell of an earlier agent ended.
type Past struct {
	Reason string // a sentence
	Line   string // printed below what is kept
	Exact  bool   // it was kept after the last byte had been printed
}

// Kept writes the newest output of a terminal, at most most bytes and KeptSize,
// for Restore. It works until Close, also after Stop.
func (s *Sessions) Kept(w io.Writer, id string, most int64) error {
	s.mu.Lock()
	session := s.byID[id]
	s.mu.Unlock()
	if session == nil {
		return errNoSession
	}
	head, output, err := session.out.kept(min(most, KeptSize))
	if err != nil {
		return err
	}
	line, err := json.Marshal(head)
	if err != nil {
		return err
	}
	_, err = w.Write(slices.Concat(line, []byte("\n"), output))
	return err
}

// Restore makes a terminal that shows what Kept has written and in which no
// shell runs: Enter starts one (T8). r may be empty. Where the terminal is there
// already nothing happens.
func (s *Sessions) Restore(id string, r io.Reader, past Past) error {
	head, output, err := readKept(r)
	if err != nil {
		return err
	}
	if !past.Exact {
		head.From += keptJump
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return errClosed
	case !validID.MatchString(id):
		return errNoSession
	case s.byID[id] != nil:
		return nil
	case len(s.byID) >= s.most:
		return errTooMany
	}
	session := openSession(id, &s.options, pty.Size{}) // the first viewer has one
	session.past = &past
	session.out.resume(head)
	session.keep(output)
	session.keep([]byte(farewell(&session.out.modes, past.Line)))
	s.byID[id] = session
	return nil
}

// farewell is printed below kept output, which may end in the middle of a
// sequence, and of a program's screen.
func farewell(t *tracker, line string) string {
	const cancel = "\x18" // ends a sequence
	text := ""
	if !t.between() {
		text = cancel
	}
	text += t.modes.leave()
	if line != "" {
		text += "\x1b[m\r\n" + line + "\r\n"
	}
	return text
}

func readKept(r io.Reader) (head keptHead, output []byte, err error) {
	reader := bufio.NewReaderSize(io.LimitReader(r, MaxKept), maxKeptHead)
	line, err := reader.ReadSlice('\n')
	if errors.Is(err, io.EOF) && len(line) == 0 {
		return head, nil, nil
	}
	if err == nil {
		err = json.Unmarshal(line, &head)
	}
	if err == nil && (head.From < 0 || head.From > maxOffset/2) {
		err = fmt.Errorf("offset %d is out of bounds", head.From)
	}
	if err != nil {
		return keptHead{}, nil, fmt.Errorf("read kept output: %w", err)
	}
	output, err = io.ReadAll(reader)
	return head, output, err
}

// kept copies the newest output, from a place between two characters on.
func (r *ring) kept(most int64) (keptHead, []byte, error) {
	at, modes := r.newest(most)
	_, end := r.offsets()
	output := make([]byte, end-at)
	for done := int64(0); done < end-at; {
		n, err := r.read(output[done:], at+done)
		if err != nil {
			return keptHead{}, nil, err // overrun: a flood, of which the next save has the end
		}
		done += int64(n)
	}
	return keptHead{From: at, Modes: modes}, output, nil
}

// resume lets a ring that is still empty begin where an earlier one was.
func (r *ring) resume(head keptHead) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.start, r.end = head.From, head.From
	r.modes.modes, r.endModes = head.Modes, head.Modes
	r.checkpoints = []checkpoint{{head.From, head.Modes}}
}
