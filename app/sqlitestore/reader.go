package sqlitestore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/mattn/go-sqlite3"

	"lyceum/app/packed"
)

const (
	// maxReaders is how many reads run at once. They are short and mostly served
	// from memory; more would only compete for the same processors. Each has a
	// cache of at most 8 MB that it fills only when it is used: the one that was
	// used last is used first.
	maxReaders = 8
	// readTimeout is how long one read may take. A read that lives longer keeps
	// the log from being emptied (S7).
	readTimeout = 10 * time.Second
	// checkEvery is after how many rows a read looks at the clock and whether
	// anybody still waits for it.
	checkEvery = 32
)

var (
	errClosed  = errors.New("store is closed")
	errTooLong = errors.New("the read took too long")
)

// readers are the connections that only read. The driver is used without
// database/sql, which takes longer to hand out a connection than SQLite to find a
// row; and with a context that never ends, since for any other the driver would
// watch each step.
type readers struct {
	connect  connector
	queries  []string // of all statements, by number
	patience time.Duration

	places  chan struct{} // one for each connection that may be in use
	closing chan struct{} // closed when there will be no more reads

	mu   sync.Mutex
	idle []*connection // the last was used last
}

// connection is one connection with its statements: of the writer, or of whoever
// has acquired it.
type connection struct {
	conn  *sqlite3.SQLiteConn
	never context.Context // carries nothing and never ends

	queries  []string // of the statements, by number
	patience time.Duration
	stmts    []driver.StmtQueryContext // by number; nil until first used
	texts    packed.Texts
	args     [8]driver.NamedValue
	dest     [8]driver.Value
}

func newReaders(c connector, queries []string) *readers {
	return &readers{connect: c, queries: queries, patience: readTimeout, places: make(chan struct{}, maxReaders), closing: make(chan struct{})}
}

// acquire returns a connection that nobody else uses; release gives it back.
func (rs *readers) acquire(ctx context.Context) (*connection, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case rs.places <- struct{}{}:
	case <-rs.closing:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case <-rs.closing: // both were ready
		<-rs.places
		return nil, errClosed
	default:
	}
	rs.mu.Lock()
	if n := len(rs.idle); n > 0 {
		r := rs.idle[n-1]
		rs.idle = rs.idle[:n-1]
		rs.mu.Unlock()
		return r, nil
	}
	rs.mu.Unlock()
	r, err := rs.open(ctx)
	if err != nil {
		<-rs.places
		return nil, err
	}
	return r, nil
}

func (rs *readers) open(ctx context.Context) (*connection, error) {
	conn, err := rs.connect.Connect(ctx)
	if err != nil {
		return nil, err
	}
	c := newConnection(ctx, conn.(*sqlite3.SQLiteConn), rs.queries)
	c.patience = rs.patience
	return c, nil
}

func newConnection(ctx context.Context, conn *sqlite3.SQLiteConn, queries []string) *connection {
	return &connection{
		conn: conn, never: context.WithoutCancel(ctx), queries: queries, patience: readTimeout,
		stmts: make([]driver.StmtQueryContext, len(queries)),
	}
}

// finish closes the statements. SQLite keeps a connection with an open one, its
// files and locks included.
func (r *connection) finish() error {
	var errs []error
	for _, stmt := range r.stmts {
		if stmt != nil {
			errs = append(errs, stmt.(driver.Stmt).Close())
		}
	}
	return errors.Join(errs...)
}

func (rs *readers) release(r *connection) {
	rs.mu.Lock()
	rs.idle = append(rs.idle, r)
	rs.mu.Unlock()
	<-rs.places
}

// close waits for the reads under way and closes the connections.
func (rs *readers) close() error {
	close(rs.closing)
	for range maxReaders {
		rs.places <- struct{}{}
	}
	var errs []error
	for _, r := range rs.idle {
		errs = append(errs, r.finish(), r.conn.Close())
	}
	return errors.Join(errs...)
}

// statement returns the statement of a number, prepared.
func (r *connection) statement(number int) (driver.StmtQueryContext, error) {
	if r.stmts[number] == nil {
		stmt, err := r.conn.Prepare(r.queries[number])
		if err != nil {
			return nil, fmt.Errorf("prepare: %w", err)
		}
		r.stmts[number] = stmt.(driver.StmtQueryContext)
	}
	return r.stmts[number], nil
}

// query runs a statement and calls each for every row, until it returns false.
// The values belong to each: the driver copies them out of SQLite.
func (r *connection) query(ctx context.Context, number, columns int, each func(row []driver.Value) (more bool, err error), args ...driver.Value) (err error) {
	stmt, err := r.statement(number)
	if err != nil {
		return err
	}
	for i, v := range args {
		r.args[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	rows, err := stmt.QueryContext(r.never, r.args[:len(args)])
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, rows.Close())
		clear(r.args[:]) // keep no row in memory
		clear(r.dest[:])
	}()
	var begin time.Time // of more than a few rows
	for n := 1; ; n++ {
		if err := rows.Next(r.dest[:columns]); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
		if more, err := each(r.dest[:columns]); !more || err != nil {
			return err
		}
		if n%checkEvery != 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if begin.IsZero() {
			begin = time.Now()
		}
		if time.Since(begin) > r.patience {
			return errTooLong
		}
	}
}

// exec runs a statement without rows.
func (r *connection) exec(ctx context.Context, number int, args ...driver.Value) error {
	return r.query(ctx, number, 0, func([]driver.Value) (bool, error) { return true, nil }, args...)
}
