package query

import (
	"lyceum/app"
	"lyceum/app/live"
)

// maxKept is how many bytes the streams that one account has opened may keep: the
// rows of windows, which rows the others have, and where changes are looked for. A
// fullest page keeps some MiB; more is somebody who wants to fill the memory.
const maxKept = 128 << 20

// Estimates of what is kept of a row that is part of an answer, and of a key of a
// scope (its entry, its topic and the reader's place there), in bytes.
const (
	knownSize = 150
	keySize   = 500
)

// weighLocked estimates what a stream keeps that has read these rows.
func (s *stream) weighLocked(records []app.Record) int {
	n := len(s.scope.keys) * keySize
	switch {
	case s.window != nil:
		for _, rec := range records {
			n += live.Size(rec.Row)
		}
	case !s.ask.table.AppendOnly:
		n += len(records) * knownSize
	}
	return n
}

// keep charges a stream to the account that has opened it, until it is closed.
func (ss *streams) keep(s *stream, bytes int) error {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.kept[s.owner]+bytes > maxKept {
		return app.Errorf(app.TooLarge, "What you watch takes more than %d MiB of the server's memory, the most for one account. Please close some tabs, or ask for fewer rows.", maxKept>>20)
	}
	if ss.kept == nil {
		ss.kept = make(map[string]int)
	}
	ss.kept[s.owner] += bytes
	s.kept = bytes
	return nil
}

// giveBackLocked is called once, when the stream is closed.
func (ss *streams) giveBackLocked(s *stream) {
	if s.kept == 0 {
		return // it was never opened
	}
	if ss.kept[s.owner] -= s.kept; ss.kept[s.owner] == 0 {
		delete(ss.kept, s.owner)
	}
}
