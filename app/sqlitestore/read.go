package sqlitestore

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"lyceum/app"
	"lyceum/app/ordered"
)

var errNoTable = errors.New("no such table in this store")

// maxPageBytes ends a page early when its rows are big: sixteen updates of the
// largest size, not a thousand.
const maxPageBytes = 16 << 20

// beyond is above every key and every id: no tag and no UTF-8 has this byte.
var beyond = []byte{0xFF}

// Get implements app.Store.
func (s *Store) Get(ctx context.Context, table, id string, fields ...string) (app.Record, error) {
	begun := time.Now()
	rec, err := s.get(ctx, table, id, fields)
	s.meter.Read(time.Since(begun))
	if err != nil && !errors.Is(err, app.ErrNotFound) {
		return app.Record{}, fmt.Errorf("get %s/%s: %w", table, id, s.judged(err))
	}
	return rec, err
}

func (s *Store) get(ctx context.Context, table, id string, fields []string) (rec app.Record, err error) {
	t := s.tables[table]
	if t == nil {
		return app.Record{}, errNoTable
	}
	r, err := s.readers.acquire(ctx)
	if err != nil {
		return app.Record{}, err
	}
	defer s.readers.release(r)
	err = r.query(ctx, t.get, 2, func(row []driver.Value) (more bool, err error) {
		rec.ID = id
		rec.Rev, rec.Row, err = r.record(row, fields)
		return false, err
	}, id)
	if err == nil && rec.Row == nil {
		err = app.ErrNotFound
	}
	return rec, err
}

// record reads the two columns rev and row.
func (r *connection) record(columns []driver.Value, only []string) (int64, app.Row, error) {
	rev, isRev := columns[0].(int64)
	raw, isRow := columns[1].([]byte)
	if !isRev || !isRow {
		return 0, nil, errDamaged
	}
	row, err := decode(raw, &r.texts, only)
	return rev, row, err
}

// Read implements app.Store.
func (s *Store) Read(ctx context.Context, r app.Range) (app.Page, error) {
	begun := time.Now()
	page, err := s.read(ctx, r)
	s.meter.Read(time.Since(begun))
	if err != nil {
		return app.Page{}, fmt.Errorf("read %s by %q: %w", r.Table, r.Index, s.judged(err))
	}
	return page, nil
}

// read reads the position and the rows in one transaction. (S2)
func (s *Store) read(ctx context.Context, asked app.Range) (page app.Page, err error) {
	q, err := s.plan(asked)
	if err != nil {
		return app.Page{}, err
	}
	r, err := s.readers.acquire(ctx)
	if err != nil {
		return app.Page{}, err
	}
	defer s.readers.release(r)
	if err := r.exec(ctx, begin); err != nil {
		return app.Page{}, err
	}
	defer func() { err = errors.Join(err, r.exec(ctx, commit)) }()
	err = r.query(ctx, lastWrite, 1, func(row []driver.Value) (bool, error) {
		n, ok := row[0].(int64)
		if page.Position = s.feed.Position(n); !ok {
			return false, errDamaged
		}
		return false, nil
	})
	if err != nil {
		return app.Page{}, err
	}
	return page, q.fill(ctx, r, &page)
}

// fill reads the rows of a page.
func (q plan) fill(ctx context.Context, r *connection, page *app.Page) error {
	var last ordered.Place
	size := 0
	return r.query(ctx, q.statement, 4, func(row []driver.Value) (bool, error) {
		if len(page.Records) == q.limit || size >= maxPageBytes {
			page.Next = last.Cursor()
			return false, nil
		}
		id, ok := row[1].(string)
		if !ok {
			return false, errDamaged
		}
		rec := app.Record{ID: id}
		var err error
		if rec.Rev, rec.Row, err = r.record(row[2:], q.only); err != nil {
			return false, fmt.Errorf("row %s: %w", id, err)
		}
		last = placeOf(row[0], id)
		size += len(row[3].([]byte))
		page.Records = append(page.Records, rec)
		return true, nil
	}, q.args()...)
}

// placeOf returns where a row stands in what is read, by the first column: the
// key of an index, the row's number in the file, or nothing for the primary key.
func placeOf(column driver.Value, id string) ordered.Place {
	switch v := column.(type) {
	case []byte:
		return ordered.Place{Key: v, ID: id}
	case int64:
		return ordered.Place{Key: binary.BigEndian.AppendUint64(nil, uint64(v)), ID: id}
	default:
		return ordered.Place{Key: []byte(id), ID: id}
	}
}

// plan is a range made ready: the places between two others.
type plan struct {
	statement int
	primary   bool
	unordered bool
	behind    int64         // with unordered: the number in the file after which it goes on
	from, to  ordered.Place // from is in it only if its id is empty; to is not
	limit     int
	only      []string
}

func (s *Store) plan(r app.Range) (plan, error) {
	t := s.tables[r.Table]
	if t == nil {
		return plan{}, errNoTable
	}
	if r.Unordered && r.Index == "" {
		return planAll(t, r)
	}
	q := plan{primary: r.Index == "", only: r.Fields}
	var span ordered.Span
	var err error
	up, down := t.up, t.down
	if q.primary {
		span, err = ordered.IDSpan(r)
	} else {
		ix := t.index(r.Index)
		if ix == nil {
			return plan{}, errors.New("no such index")
		}
		up, down = ix.up, ix.down
		span, err = ix.Span(r)
	}
	if err != nil {
		return plan{}, err
	}
	if q.limit, err = ordered.Limit(r); err != nil {
		return plan{}, err
	}
	if span.To == nil {
		span.To = beyond
	}
	q.statement, q.from, q.to = up, ordered.Place{Key: span.From}, ordered.Place{Key: span.To}
	if r.Descending {
		q.statement = down
	}
	if r.After == nil {
		return q, nil
	}
	after, err := ordered.ParseCursor(r.After)
	if err != nil {
		return plan{}, err
	}
	if q.primary {
		after = ordered.Place{Key: []byte(after.ID)}
		if !r.Descending {
			after.Key = append(after.Key, 0) // nothing is between the two
		}
	}
	if r.Descending && after.Compare(q.to) < 0 {
		q.to = after
	}
	if !r.Descending && after.Compare(q.from) > 0 {
		q.from = after
	}
	return q, nil
}

// planAll reads a table as it lies in the file, where a row is found without
// being looked for. A row keeps its number while it is there.
func planAll(t *table, r app.Range) (q plan, err error) {
	if _, err := ordered.IDSpan(r); err != nil {
		return plan{}, err
	}
	q = plan{statement: t.all, unordered: true, only: r.Fields}
	if q.limit, err = ordered.Limit(r); err != nil || r.After == nil {
		return q, err
	}
	after, err := ordered.ParseCursor(r.After)
	if err != nil {
		return plan{}, err
	}
	if len(after.Key) != 8 {
		return plan{}, errors.New("cursor: of another range")
	}
	q.behind = int64(binary.BigEndian.Uint64(after.Key))
	return q, nil
}

// args are those of the statement. One row more than the limit tells whether
// there is more.
func (q plan) args() []driver.Value {
	if q.unordered {
		return []driver.Value{q.behind, int64(q.limit + 1)}
	}
	if q.primary {
		return []driver.Value{string(q.from.Key), string(q.to.Key), int64(q.limit + 1)}
	}
	return []driver.Value{notNil(q.from.Key), q.from.ID, q.to.Key, q.to.ID, int64(q.limit + 1)}
}

// notNil keeps the driver from writing NULL, which compares with nothing.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
