package sqlitestore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"lyceum/app"
	"lyceum/app/ordered"
)

const (
	// readTimeout is how long one read may take. A read that lives longer keeps
	// the log from being emptied (S7).
	readTimeout = 10 * time.Second
	// maxPageBytes ends a page early when its rows are big: sixteen updates of
	// the largest size, not a thousand.
	maxPageBytes = 16 << 20
)

// beyond is above every key and every id: no tag and no UTF-8 has this byte.
var beyond = []byte{0xFF}

// Get implements app.Store.
func (s *Store) Get(ctx context.Context, table, id string) (app.Record, error) {
	t := s.tables[table]
	if t == nil {
		return app.Record{}, fmt.Errorf("get %s/%s: no such table in this store", table, id)
	}
	begun := time.Now()
	defer func() { s.meter.Read(time.Since(begun)) }()
	rows, err := t.get.QueryContext(ctx, id)
	if err != nil {
		return app.Record{}, fmt.Errorf("get %s/%s: %w", table, id, err)
	}
	defer rows.Close() // its error is that of Err
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return app.Record{}, fmt.Errorf("get %s/%s: %w", table, id, err)
		}
		return app.Record{}, app.ErrNotFound
	}
	rec := app.Record{ID: id}
	var raw sql.RawBytes
	if err := rows.Scan(&rec.Rev, &raw); err != nil {
		return app.Record{}, fmt.Errorf("get %s/%s: %w", table, id, err)
	}
	if rec.Row, err = decode(raw); err != nil {
		return app.Record{}, fmt.Errorf("get %s/%s: %w", table, id, err)
	}
	return rec, nil
}

// Read implements app.Store.
func (s *Store) Read(ctx context.Context, r app.Range) (app.Page, error) {
	begun := time.Now()
	page, err := s.read(ctx, r)
	s.meter.Read(time.Since(begun))
	if err != nil {
		return app.Page{}, fmt.Errorf("read %s by %q: %w", r.Table, r.Index, err)
	}
	return page, nil
}

func (s *Store) read(ctx context.Context, r app.Range) (app.Page, error) {
	q, err := s.plan(r)
	if err != nil {
		return app.Page{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	tx, err := s.readers.BeginTx(ctx, nil)
	if err != nil {
		return app.Page{}, err
	}
	defer tx.Rollback() // it has only read
	var n int64
	if err := tx.StmtContext(ctx, s.point).QueryRowContext(ctx).Scan(&n); err != nil {
		return app.Page{}, err
	}
	page := app.Page{Position: s.feed.Position(n)}
	rows, err := tx.StmtContext(ctx, q.stmt).QueryContext(ctx, q.args()...)
	if err != nil {
		return app.Page{}, err
	}
	defer rows.Close() // its error is that of Err
	var last ordered.Place
	size := 0
	for rows.Next() {
		if len(page.Records) == q.limit || size >= maxPageBytes {
			page.Next = last.Cursor()
			break
		}
		var key, raw sql.RawBytes
		var rec app.Record
		if err := rows.Scan(&key, &rec.ID, &rec.Rev, &raw); err != nil {
			return app.Page{}, err
		}
		if rec.Row, err = decode(raw); err != nil {
			return app.Page{}, fmt.Errorf("row %s: %w", rec.ID, err)
		}
		size += len(raw)
		page.Records = append(page.Records, rec)
		last = ordered.Place{Key: bytes.Clone(key), ID: rec.ID}
	}
	return page, rows.Err()
}

// plan is a range made ready: the places between two others.
type plan struct {
	stmt     *sql.Stmt
	primary  bool
	from, to ordered.Place // from is in it only if its id is empty; to is not
	limit    int
}

func (s *Store) plan(r app.Range) (plan, error) {
	t := s.tables[r.Table]
	if t == nil {
		return plan{}, errors.New("no such table in this store")
	}
	q := plan{primary: r.Index == ""}
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
	q.stmt, q.from, q.to = up, ordered.Place{Key: span.From}, ordered.Place{Key: span.To}
	if r.Descending {
		q.stmt = down
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

// args are those of the statement. One row more than the limit tells whether
// there is more.
func (q plan) args() []any {
	if q.primary {
		return []any{string(q.from.Key), string(q.to.Key), q.limit + 1}
	}
	return []any{notNil(q.from.Key), q.from.ID, q.to.Key, q.to.ID, q.limit + 1}
}

// notNil keeps the driver from writing NULL, which compares with nothing.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
