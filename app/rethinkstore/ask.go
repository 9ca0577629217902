package rethinkstore

import "time"

// A server answers by itself for a change that it tells of. Of some it does not: its
// feed was cut, and it tells of a later change of the row only; or the one that
// writes cannot know any more whether the change concerns anybody. Who waits in vain
// for an answer therefore asks in its row of serversTable, which every server reads
// each second.

const (
	// askAfter is how long an answer may take that is given unasked: it comes
	// within milliseconds, or not at all.
	askAfter = beatEvery
	// maxAsks is how many writes one server asks for at a time: every second one
	// row of so many is read by all servers. More are asked for when these are
	// answered.
	maxAsks = 100
)

// ask is what stands in the row of a server that asks for an answer: for the write
// that brought a row to a revision.
type ask struct {
	Table string `json:"table"`
	ID    string `json:"id"`
	Rev   int64  `json:"rev"`
	Stamp int64  `json:"stamp"` // of the write's tag
}

// question is one that is asked when it is due.
type question struct {
	ask
	due time.Time
}

// ask notes a question until forget is called.
func (p *peers) ask(t tag, q question) (forget func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asks[t] = q
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.asks, t)
	}
}

// dueLocked are the questions to be asked now.
func (p *peers) dueLocked() []ask {
	list := []ask{}
	for _, q := range p.asks {
		if len(list) < maxAsks && time.Now().After(q.due) {
			list = append(list, q.ask)
		}
	}
	return list
}

// answer answers the questions of other servers whose rows our watchers have been
// told of, as far as the write that is asked for or further.
func (s *Store) answer(there []server) {
	for _, row := range there {
		for _, a := range row.Asks {
			t := s.tables[a.Table]
			if t == nil {
				continue
			}
			s.mu.Lock()
			knows := t.history.knows(a.ID, a.Rev)
			changes := t.history.from(a.ID, a.Rev)
			s.mu.Unlock()
			if knows {
				s.heard([]agreed{{a.Table, changes, tag{a.Stamp, row.ID}}})
			}
		}
	}
}
