package rethinktest

import (
	"context"
	"errors"
	"fmt"
	"time"

	p "gopkg.in/rethinkdb/rethinkdb-go.v6/ql2"
)

// queryOptions are the options that hold for a whole query.
type queryOptions struct {
	db         *node
	noreply    bool
	arrayLimit int // elements
	batchRows  int // rows of an answer
	queueSize  int // changes that a feed keeps for a slow reader
	majority   bool
	durability string // "" is the table's
}

// Bounds of the real server.
const (
	defaultArrayLimit = 100_000
	defaultQueueSize  = 100_000
	// defaultBatch is less than the real server's, so that a cursor has to
	// be read on.
	defaultBatch = 200
)

func defaultOptions() queryOptions {
	return queryOptions{arrayLimit: defaultArrayLimit, batchRows: defaultBatch, queueSize: defaultQueueSize}
}

// readOptions reads the options of a query.
func (e *env) readOptions(raw map[string]any) error {
	for name, v := range raw {
		n, err := parse(v, nil, nil)
		if err != nil {
			return err
		}
		if name == "db" {
			e.opts.db = n
			continue
		}
		d, err := e.evalDatum(n)
		if err != nil {
			return err
		}
		if err := e.opts.set(name, d); err != nil {
			return err
		}
	}
	return nil
}

func (o *queryOptions) set(name string, v datum) (err error) {
	count := func(into *int) {
		var f float64
		if f, err = expect[float64](v, "NUMBER"); err == nil && f < 1 {
			err = logicError("Illegal %s `%s`.  (Must be >= 1.)", name, showNumber(f))
		}
		*into = int(f)
	}
	switch name {
	case "noreply":
		o.noreply, err = expect[bool](v, "BOOL")
	case "array_limit":
		count(&o.arrayLimit)
	case "max_batch_rows":
		count(&o.batchRows)
	case "changefeed_queue_size":
		count(&o.queueSize)
	case "durability":
		o.durability, err = expect[string](v, "STRING")
	case "read_mode":
		var mode string
		if mode, err = expect[string](v, "STRING"); err == nil {
			o.majority, err = mode == "majority", checkReadMode(mode)
		}
	case "time_format", "binary_format", "group_format":
		if v != "raw" {
			err = unknown("the option `%s` other than raw", name)
		}
	default:
		err = unknown("the option `%s` of a query", name)
	}
	return err
}

// A query is one that has a token: it runs, or has more to answer.
type query struct {
	conn   *conn
	token  uint64
	ctx    context.Context
	cancel context.CancelFunc
	turn   chan struct{} // of whoever answers, one at a time: STOP comes after what it stopped
	cursor cursor        // nil until the first answer
	rows   int           // of one answer
}

// A cursor gives the rest of an answer.
type cursor interface {
	// next waits for more, at most n rows. It reports whether that is all.
	next(ctx context.Context, n int) (rows []datum, last bool, err error)
	notes() []p.Response_ResponseNote
	close()
}

// list is a cursor over what has been read.
type list struct{ rows []datum }

func (l *list) next(_ context.Context, n int) ([]datum, bool, error) {
	n = min(n, len(l.rows))
	batch := l.rows[:n]
	l.rows = l.rows[n:]
	return batch, len(l.rows) == 0, nil
}

func (l *list) notes() []p.Response_ResponseNote { return nil }

func (l *list) close() {}

// start runs a query and answers it.
func (q *query) start(raw []any) {
	e := &env{ctx: q.ctx, conn: q.conn, opts: defaultOptions(), now: time.Now()}
	e.opts.durability = ""
	res, err := q.run(e, raw)
	switch {
	case errors.Is(err, errCut) || e.opts.noreply:
		q.end()
		return
	case err != nil:
		res = q.failure(err)
	}
	q.conn.answer(q.token, res)
}

func (q *query) run(e *env, raw []any) (*response, error) {
	if len(raw) > 3 || len(raw) < 2 {
		return nil, clientError("Expected a query of a term and options but found %d elements.", len(raw))
	}
	if len(raw) == 3 {
		opts, ok := raw[2].(map[string]any)
		if !ok {
			return nil, clientError("Expected the options of a query as an OBJECT.")
		}
		if err := e.readOptions(opts); err != nil {
			return nil, err
		}
	}
	root, err := parse(raw[1], nil, nil)
	if err != nil {
		return nil, err
	}
	v, err := e.eval(root)
	if err != nil {
		return nil, err
	}
	return q.result(e, v)
}

// result is the first answer to a query.
func (q *query) result(e *env, v value) (*response, error) {
	q.rows = e.opts.batchRows
	switch v := v.(type) {
	case *feedValue:
		c, err := v.open(e)
		if err != nil {
			return nil, err
		}
		q.cursor = c
		return &response{Type: p.Response_SUCCESS_PARTIAL, Results: []datum{}, Notes: c.notes()}, nil
	case *tableValue, *stream:
		s, err := e.sequence(v)
		if err != nil {
			return nil, err
		}
		if s.isArray() {
			break
		}
		items, err := s.read(e, -1)
		if err != nil {
			return nil, err
		}
		q.cursor = &list{values(items)}
		return q.more()
	}
	d, err := e.datum(v)
	if err != nil {
		return nil, err
	}
	if b, ok := d.(bound); ok {
		return nil, logicError("Cannot convert `%s` to JSON.", typeName(b))
	}
	q.end()
	return &response{Type: p.Response_SUCCESS_ATOM, Results: []datum{d}}, nil
}

// more is the next answer of a cursor.
func (q *query) more() (*response, error) {
	rows, last, err := q.cursor.next(q.ctx, q.rows)
	if err != nil {
		return nil, err
	}
	if rows == nil {
		rows = []datum{}
	}
	if last {
		q.end()
		return &response{Type: p.Response_SUCCESS_SEQUENCE, Results: rows}, nil
	}
	return &response{Type: p.Response_SUCCESS_PARTIAL, Results: rows, Notes: q.cursor.notes()}, nil
}

// resume answers a CONTINUE.
func (q *query) resume() {
	res, err := q.more()
	if err != nil {
		res = q.failure(err)
	}
	q.conn.answer(q.token, res)
}

// failure ends a query with an error. One that was stopped ends like any other.
func (q *query) failure(err error) *response {
	stopped := q.ctx.Err() != nil
	q.end()
	if stopped {
		return &response{Type: p.Response_SUCCESS_SEQUENCE, Results: []datum{}}
	}
	return failureOf(err)
}

func failureOf(err error) *response {
	e, ok := errors.AsType[*queryError](err)
	if !ok {
		panic(fmt.Sprintf("rethinktest: %v", err)) // a mistake of this server
	}
	return &response{Type: e.response, Error: e.kind, Results: []datum{e.text}, Backtrace: e.backtrace()}
}

// end forgets the query.
func (q *query) end() {
	if q.cursor != nil {
		q.cursor.close()
	}
	q.conn.forget(q)
}
