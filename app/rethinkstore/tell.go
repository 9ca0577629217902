package rethinkstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lyceum/app"
	"lyceum/app/feed"
)

// slack is how far back a feed that comes back looks: a write may be stored later
// than its revision says, by as long as it was under way and as clocks differ.
const slack = time.Minute

// news is a revision of a row that may not have been told yet.
type news struct {
	rec   app.Record
	born  int64
	old   app.Row // before it, where that is known
	known bool
	bytes int
	tag   tag
}

// tell tells elements of the feed.
func (f *follower) tell(list []*element) {
	all := make([]news, 0, len(list))
	var own []int64
	for _, e := range list {
		f.noticeOwn(e.New)
		if n, ok := f.news(e); ok {
			all = append(all, n)
		}
		if e.New.ours() && len(e.New.Tags) > 0 && e.New.Tags[0].server == f.store.id {
			own = append(own, e.New.Tags[0].stamp)
		}
	}
	f.store.tell(f.table, all, false)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, stamp := range own {
		delete(f.safe, stamp)
		delete(f.older, stamp)
	}
}

// news reads what an element says of a row; false: nothing.
func (f *follower) news(e *element) (news, bool) {
	n := news{bytes: 2 * e.bytes, known: true}
	if e.Old.ours() {
		old, err := e.Old.record(&f.texts, nil)
		if err != nil {
			f.damaged(err)
			return n, false
		}
		n.old = old.Row
	}
	if !e.New.ours() {
		// A tombstone that was swept, or a row that an operator has removed.
		n.rec = app.Record{}
		if n.old == nil {
			return n, false
		}
		n.rec = app.Record{ID: e.Old.row(), Rev: e.Old.Rev + 1}
		return n, true
	}
	rec, err := e.New.record(&f.texts, nil)
	if err != nil {
		f.damaged(err)
		return n, false
	}
	n.rec, n.born = rec, e.New.Born
	if len(e.New.Tags) > 0 {
		n.tag = e.New.Tags[0]
	}
	return n, true
}

// noticeOwn looks what others have made of ephemeral rows of ours.
func (f *follower) noticeOwn(d *document) {
	if f.table.ephemeral && d.ours() && firstTag(d).server != f.store.id {
		f.table.own.heard(d)
	}
}

func (f *follower) damaged(err error) {
	f.store.options.Log.Error("row of the database cannot be read, its change is not told", "part", "store", "table", f.table.Name, "err", err)
}

// tell tells the watchers of a table what they do not know yet. If some is lost, or a
// change had to be left out because it is not known what was before it, they begin
// anew, before other servers are told that they know.
func (s *Store) tell(t *table, all []news, lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := feed.Commit{N: s.n}
	var done []remembered
	var foreign []agreed
	for _, item := range all {
		s.clock.heard(item.rec.Rev)
		before, remembers := t.history.told[item.rec.ID]
		old, known := item.old, item.known
		if remembers {
			if item.rec.Rev <= before.Rev {
				continue
			}
			old, known = before.New, true
		}
		n := max(c.N+1, item.rec.Rev)
		change := app.Change{N: n, ID: item.rec.ID, Rev: item.rec.Rev, Old: old, New: item.rec.Row}
		if known && (old != nil || change.New != nil) { // else it came and went while nobody looked
			c.Add(t.Name, change)
		}
		lost = lost || !known
		c.N = n
		t.history.put(change, item.bytes)
		done = append(done, remembered{change, item.bytes})
		if item.tag.server != s.id && s.concerns(t, change) {
			foreign = append(foreign, agreed{t.Name, []app.Change{change}, item.tag})
		}
	}
	s.n = c.N
	s.feed.Tell(c)
	if lost {
		s.renewLocked(t)
	}
	for _, change := range done {
		t.history.wake(change.ID, change.Rev)
	}
	s.heard(foreign)
}

// renew begins a new log of a table: watchers read again what they know.
func (s *Store) renew(t *table) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renewLocked(t)
}

func (s *Store) renewLocked(t *table) {
	s.log().Warn("changes of a table were missed, its watchers begin anew", "table", t.Name)
	s.feed.Renew(t.Name)
}

// begin notes up to where the rows are that nobody has to be told of: nobody has
// read or watched before the first feed of a table runs, or they begin anew.
func (f *follower) begin(ctx context.Context, anew bool) error {
	var newest document
	err := f.store.pool.query(ctx, f.table.newestTerm(), func() { newest = document{} }, func(b []byte) error {
		return json.Unmarshal(b, &newest)
	})
	if err != nil {
		return err
	}
	f.store.clock.heard(newest.Rev)
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	f.store.n = max(f.store.n, newest.Rev)
	f.table.history = history{
		floor: newest.Rev, newest: newest.Rev, dropped: f.store.n, waiting: f.table.history.waiting,
	}
	if !anew {
		return nil
	}
	f.store.renewLocked(f.table)
	for id := range f.table.history.waiting {
		f.table.history.wake(id, newest.Rev)
	}
	return nil
}

// catchUp reads what may have changed while there was no feed, and tells of what
// was not told. Where it cannot know what was before, it begins a new log. (S3, S4)
func (f *follower) catchUp(ctx context.Context) error {
	f.store.mu.Lock()
	h := &f.table.history
	from := max(h.newest-slack.Microseconds(), 0)
	lost := h.floor > from // of these it is not known which were told
	from = max(from, h.floor)
	f.store.mu.Unlock()
	all, err := f.changedSince(ctx, from)
	if err != nil {
		return err
	}
	for i := range all {
		// A row that came after all that was forgotten was not there before.
		all[i].known = all[i].born > from
	}
	f.store.tell(f.table, all, lost)
	return nil
}

// changedSince reads the documents with a revision above from, in their order.
// Those that change meanwhile are read again, or come in the feed.
func (f *follower) changedSince(ctx context.Context, from int64) ([]news, error) {
	var all []news
	for {
		count := 0
		var page []news
		last := from
		term := f.table.rangeTerm(indexRevs, from, nil, true, false, catchUpPage)
		err := f.store.pool.query(ctx, term, func() { page, count = nil, 0 }, func(b []byte) error {
			var d document
			if err := json.Unmarshal(b, &d); err != nil {
				return err
			}
			count++
			last = d.Rev
			if !d.ours() {
				return nil
			}
			f.noticeOwn(&d)
			rec, err := d.record(&f.texts, nil)
			page = append(page, news{rec: rec, born: d.Born, bytes: 2 * len(b), tag: firstTag(&d)})
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read what has changed: %w", err)
		}
		all = append(all, page...)
		if count < catchUpPage {
			return all, nil
		}
		from = last - 1 // several may have the same revision
	}
}

// catchUpPage is how many documents are read at once; more have never the same
// revision.
const catchUpPage = 1000

func firstTag(d *document) tag {
	if len(d.Tags) == 0 {
		return tag{}
	}
	return d.Tags[0]
}
