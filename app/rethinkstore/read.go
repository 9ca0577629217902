package rethinkstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
	"lyceum/app/ordered"
	"lyceum/app/packed"
)

// maxRereads is how often a page is read again because too much changed while it
// was read. A hundredth of a second of changes does not push out minutes of them.
const maxRereads = 10

// Get implements app.Store.
func (s *Store) Get(ctx context.Context, table, id string, fields ...string) (app.Record, error) {
	t, err := s.begin(ctx, table)
	if err != nil {
		return app.Record{}, fmt.Errorf("get %s/%s: %w", table, id, err)
	}
	begun := time.Now()
	var d *document
	err = s.pool.query(ctx, t.reading().Get(primaryKey(id)), func() { d = nil }, func(b []byte) error {
		return json.Unmarshal(b, &d)
	})
	switch {
	case ctx.Err() != nil:
		return app.Record{}, fmt.Errorf("get %s/%s: %w", table, id, ctx.Err())
	case err != nil:
		return app.Record{}, fmt.Errorf("get %s/%s: %w", table, id, whileAway(err))
	}
	if err := s.sound(t); err != nil { // it may have become so since
		return app.Record{}, fmt.Errorf("get %s/%s: %w", table, id, err)
	}
	if !d.ours() || len(d.Gone) > 0 {
		return app.Record{}, app.ErrNotFound
	}
	rec, err := d.record(nil, fields)
	if err != nil {
		return app.Record{}, fmt.Errorf("get %s: %w", table, err)
	}
	s.options.Meter.Read(time.Since(begun))
	return rec, nil
}

// reading is a range on its way to a page.
type reading struct {
	store *Store
	table *table
	index *index // nil: by id
	r     app.Range
	lower []byte // the entries of the page are at or above it
	upper []byte // and below it; nil: no bound
	limit int
}

// placed is a record at its entry.
type placed struct {
	entry []byte
	rec   app.Record
}

// Read implements app.Store. A page is read from the database, which promises
// nothing about rows that change meanwhile; what our own feed then tells of them,
// up to where it has told of all that the page has, is put into the page. So it
// has exactly the changes up to its position. (S2)
func (s *Store) Read(ctx context.Context, r app.Range) (app.Page, error) {
	t, err := s.begin(ctx, r.Table)
	if err != nil {
		return app.Page{}, fmt.Errorf("read %s: %w", r.Table, err)
	}
	q, err := s.plan(t, r)
	if err != nil {
		return app.Page{}, err
	}
	begun := time.Now()
	for range maxRereads {
		page, err := q.page(ctx)
		switch {
		case errors.Is(err, errAgain):
			continue
		case ctx.Err() != nil:
			return app.Page{}, fmt.Errorf("read %s: %w", r.Table, ctx.Err())
		case err != nil:
			return app.Page{}, fmt.Errorf("read %s: %w", r.Table, whileAway(err))
		}
		if err := s.sound(t); err != nil { // it may have become so since
			return app.Page{}, fmt.Errorf("read %s: %w", r.Table, err)
		}
		s.options.Meter.Read(time.Since(begun))
		return page, nil
	}
	return app.Page{}, fmt.Errorf("read %s: %w", r.Table, errAgain)
}

var errAgain = app.Errorf(app.Unavailable, "Too much is being changed there at the moment. Please try again.")

// plan checks a range and says which entries it has.
func (s *Store) plan(t *table, r app.Range) (*reading, error) {
	q := &reading{store: s, table: t, r: r}
	var span ordered.Span
	var err error
	if r.Index == "" {
		span, err = ordered.IDSpan(r)
	} else {
		if q.index = t.index(r.Index); q.index == nil {
			return nil, fmt.Errorf("read %s: no index %q", r.Table, r.Index)
		}
		span, err = q.index.Span(r)
	}
	if err != nil {
		return nil, err
	}
	q.lower, q.upper = span.From, span.To
	if q.limit, err = ordered.Limit(r); err != nil {
		return nil, err
	}
	return q, q.goOn(r.After)
}

// goOn moves the bound at which the page before has ended.
func (q *reading) goOn(cursor []byte) error {
	if cursor == nil {
		return nil
	}
	place, err := ordered.ParseCursor(cursor)
	if err != nil {
		return fmt.Errorf("read %s: %w", q.table.Name, err)
	}
	at := entry(place.Key, place.ID)
	switch {
	case !q.r.Descending:
		if at = append(at, 0); bytes.Compare(at, q.lower) > 0 { // nothing is between an entry and this
			q.lower = at
		}
	case q.upper == nil || bytes.Compare(at, q.upper) < 0:
		q.upper = at
	}
	return nil
}

// cursor is Page.Next after an entry of a record.
func (q *reading) cursor(p placed) []byte {
	if q.index == nil {
		return ordered.Place{Key: p.entry}.Cursor()
	}
	key := p.entry[:len(p.entry)-len(p.rec.ID)]
	return ordered.Place{Key: key, ID: p.rec.ID}.Cursor()
}

// has reports whether an entry is within the bounds.
func (q *reading) has(e []byte) bool {
	return bytes.Compare(e, q.lower) >= 0 && (q.upper == nil || bytes.Compare(e, q.upper) < 0)
}

// before reports whether one entry comes before another in the page's order.
func (q *reading) before(a, b []byte) bool {
	if q.r.Descending {
		return bytes.Compare(a, b) > 0
	}
	return bytes.Compare(a, b) < 0
}

func (q *reading) page(ctx context.Context) (app.Page, error) {
	s, t := q.store, q.table
	s.mu.Lock()
	from := s.n
	s.mu.Unlock()
	list, more, err := q.fetch(ctx)
	if err != nil {
		return app.Page{}, err
	}
	if err := s.waitAll(ctx, t, list); err != nil {
		return app.Page{}, err
	}
	s.mu.Lock()
	n := s.n
	changes, ok := t.history.since(from)
	changes = slices.Clone(changes)
	s.mu.Unlock()
	if !ok {
		return app.Page{}, errAgain
	}
	var last *placed // up to here the page was read
	if more {
		last = &list[len(list)-1]
	}
	list = q.patch(list, changes, last)
	if len(list) > q.limit {
		list = list[:q.limit]
		last = &list[q.limit-1]
	}
	page := app.Page{Position: s.feed.PositionOf(t.Name, n)}
	for _, p := range list {
		page.Records = append(page.Records, p.rec.Only(q.r.Fields))
	}
	if last != nil {
		page.Next = q.cursor(*last)
		if len(list) == 0 { // all of them have gone meanwhile
			if err := q.goOn(page.Next); err != nil {
				return app.Page{}, err
			}
			return app.Page{}, errAgain
		}
	}
	return page, nil
}

// fetch reads the page as the database has it, and whether there is more.
func (q *reading) fetch(ctx context.Context) (list []placed, more bool, err error) {
	var lower, upper any
	if len(q.lower) > 0 {
		lower = q.lower
	}
	if q.upper != nil {
		upper = q.upper
		if bytes.Compare(q.lower, q.upper) >= 0 {
			return nil, false, nil
		}
	}
	term := q.table.rangeTerm(q.index.sorted(), lower, upper, false, q.r.Descending, q.limit+1).Pluck(rowFields...)
	var docs []document
	err = q.store.pool.query(ctx, term, func() { docs = docs[:0] }, func(b []byte) error {
		var d document
		err := json.Unmarshal(b, &d)
		docs = append(docs, d)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	if more = len(docs) > q.limit; more {
		docs = docs[:q.limit]
	}
	var before []byte
	texts := new(packed.Texts)
	for i := range docs {
		rec, err := docs[i].record(texts, nil)
		if err != nil {
			return nil, false, err
		}
		e := q.next(rec, before)
		if e == nil { // the row moved while the index was read
			return nil, false, errAgain
		}
		list = append(list, placed{e, rec})
		before = e
	}
	return list, more, nil
}

// next returns the first entry of a row after another one: the database yields a
// row once for each of its entries in the range, in their order.
func (q *reading) next(rec app.Record, before []byte) []byte {
	list := q.index.entries(rec)
	if q.r.Descending {
		slices.Reverse(list)
	}
	for _, e := range list {
		if q.has(e) && (before == nil || q.before(before, e)) {
			return e
		}
	}
	return nil
}

// waitAll waits until the watchers were told of all that a page has.
func (s *Store) waitAll(ctx context.Context, t *table, list []placed) error {
	ctx, cancel := context.WithTimeout(ctx, tellPatience)
	defer cancel()
	var late []app.Record
	s.mu.Lock()
	for _, p := range list {
		if !t.history.knows(p.rec.ID, p.rec.Rev) {
			late = append(late, p.rec)
		}
	}
	s.mu.Unlock()
	for _, rec := range late {
		if err := s.waitTold(ctx, t, rec.ID, rec.Rev); err != nil {
			return fmt.Errorf("wait for the feed: %w", err)
		}
	}
	return nil
}

// patch puts what was told since into a page that was read up to last, nil for to
// the end.
func (q *reading) patch(list []placed, changes []remembered, last *placed) []placed {
	if len(changes) == 0 {
		return list
	}
	newest := make(map[string]app.Change, len(changes))
	for _, c := range changes {
		newest[c.ID] = c.Change
	}
	list = slices.DeleteFunc(slices.Clone(list), func(p placed) bool { _, changed := newest[p.rec.ID]; return changed })
	for _, c := range newest {
		if c.New == nil {
			continue
		}
		rec := app.Record{ID: c.ID, Rev: c.Rev, Row: c.New}
		for _, e := range q.index.entries(rec) {
			if q.has(e) && (last == nil || !q.before(last.entry, e)) {
				list = append(list, placed{e, rec})
			}
		}
	}
	slices.SortFunc(list, func(a, b placed) int {
		c := bytes.Compare(a.entry, b.entry)
		if q.r.Descending {
			return -c
		}
		return c
	})
	return list
}

// probe writes a sign of life that the feed of a table must tell of. It is swept
// as a tombstone is.
func (s *Store) probe(ctx context.Context, t *table) {
	stamp := s.clock.next()
	d := map[string]any{fieldID: mark + "life/" + s.id, fieldRev: stamp, fieldDead: stamp}
	term := t.term().Insert(d, r.InsertOpts{Conflict: "replace", Durability: soft})
	ctx, cancel := context.WithTimeout(ctx, silentFor-probeAfter)
	defer cancel()
	s.ignore("sign of life was not written", s.pool.once(ctx, term, func([]byte) error { return nil }))
}
