package query

import (
	"context"
	"time"

	"lyceum/app/live"
)

// read makes the next message out of the next step of the stream. (L2, L3)
func (w *Subscription) read(ctx context.Context) (Message, bool, error) {
	s := w.at.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := w.at.missed; st != nil {
		if len(st.told) > 0 {
			w.next = w.at
			w.next.missed, w.next.pos = nil, st.pos
			return w.message(w.filter(st.told), st.keys, st.at), true, nil
		}
		w.at.missed = nil
	}
	for {
		if s.err == nil && w.at.index < s.first {
			return w.fallBehindLocked(ctx)
		}
		if s.err == nil && w.at.index == s.end() {
			if err := s.advanceLocked(ctx); err != nil {
				return Message{}, false, err
			}
		}
		if s.err != nil {
			return Message{}, false, s.err
		}
		if w.at.index == s.end() {
			if s.pos.N >= w.at.until {
				w.at.early = nil
			}
			w.at.pos = s.pos
			s.restLocked()
			return Message{}, false, nil
		}
		if w.at.index < s.first { // what came was more than is kept
			continue
		}
		st := s.steps[w.at.index-s.first]
		changes := w.filter(st.told)
		if len(changes) > 0 {
			w.next = w.at
			w.next.index, w.next.pos, w.next.until = w.at.index+1, st.pos, max(w.at.until, s.until)
			return w.message(changes, st.keys, st.at), true, nil
		}
		w.at.index, w.at.pos = w.at.index+1, st.pos
		s.reads(w, w.at.index)
	}
}

// message is what brings the client to w.next.
func (w *Subscription) message(changes []Change, keys map[string]bool, at time.Time) Message {
	return Message{Changes: changes, Position: w.next.position(), Still: w.still(keys), At: at}
}

// filter leaves out what the client was told already, by rows that were read
// later than the stream had come.
func (w *Subscription) filter(list []told) []Change {
	out := make([]Change, 0, len(list))
	for _, t := range list {
		if w.has(t) {
			continue
		}
		if w.at.early != nil && t.n <= w.at.until {
			delete(w.at.early, t.id)
			if t.Action != "delete" {
				w.at.early[t.id] = t.rev
			}
		}
		out = append(out, t.Change)
	}
	return out
}

// has reports whether a change is in the rows that the client has read. (S2)
func (w *Subscription) has(t told) bool {
	switch {
	case t.n == 0: // of a window, which nobody reads beside its stream
		return false
	case t.n <= w.at.skip:
		return true
	case t.n > w.at.until || w.at.early == nil:
		return false
	}
	rev, there := w.at.early[t.id]
	return there && t.rev <= rev || !there && t.Action != "insert"
}

// fallBehindLocked goes on alone where the stream has forgotten steps. (L7)
func (w *Subscription) fallBehindLocked(ctx context.Context) (Message, bool, error) {
	if w.held || w.at.pos.N < w.at.until { // the log would tell again what was read
		return Message{}, false, live.ErrTruncated
	}
	if w.at.alone = w.at.stream.alone(w.at.pos); w.at.alone == nil {
		return Message{}, false, live.ErrTruncated
	}
	return w.readAloneLocked(ctx)
}

// readAlone makes the next message out of the log of the table, and joins the
// stream again as soon as it can.
func (w *Subscription) readAlone(ctx context.Context) (Message, bool, error) {
	w.at.stream.mu.Lock()
	defer w.at.stream.mu.Unlock()
	return w.readAloneLocked(ctx)
}

func (w *Subscription) readAloneLocked(ctx context.Context) (Message, bool, error) {
	s, r := w.at.stream, w.at.alone
	if err := r.Seek(w.at.pos); err != nil {
		return Message{}, false, err
	}
	for {
		entries, more, err := r.Next()
		if err != nil {
			return Message{}, false, err
		}
		var changes []Change
		var at time.Time
		keys := make(map[string]bool)
		for _, e := range entries {
			if e.N <= w.at.skip {
				continue
			}
			var t told
			c := e.Change
			c.Old, c.New = s.view(w.ask.table, c.Old), s.view(w.ask.table, c.New)
			if !w.ask.tells(c, s.has(c.Old), s.has(c.New), &t) {
				continue
			}
			if t.row != nil {
				keys[s.scope.key(t.row)] = true
			}
			if at.IsZero() {
				at = e.At
			}
			changes = append(changes, t.Change)
		}
		next := w.at
		next.pos = r.Position()
		if !more {
			w.joinAgainLocked(&next)
		}
		if len(changes) > 0 {
			w.next = next
			return w.message(changes, keys, at), true, nil
		}
		w.place(next)
		if !more {
			return Message{}, false, s.err // of a stream that has ended: a new start
		}
	}
}

// joinAgainLocked makes a place that has read the log to its end one among the
// steps of the stream.
func (w *Subscription) joinAgainLocked(at *place) {
	s := at.stream
	if s.err != nil || at.pos.N < s.until {
		return
	}
	index, ok := s.indexAfterLocked(at.pos.N)
	if !ok {
		return
	}
	at.alone, at.index, at.skip = nil, index, at.pos.N
}
