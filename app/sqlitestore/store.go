// Package sqlitestore keeps tables in one SQLite file.
//
// An acknowledged write is on disk: the database is in WAL mode with
// synchronous=FULL, one goroutine writes, and what has come while it waited for
// the disk goes into the next commit together (group commit). Readers have
// connections of their own and neither wait for the writer nor delay it.
//
// A table is one SQL table (id, rev, row), the row as deterministic CBOR. An
// index is a side table (key, id) whose keys are those of package ordered, in
// the same transaction as the row. This replaces expression indexes: one row may
// be in an index several times (".*"), values of different types have one order,
// and it is the same order as in every other store. The rev of a row is the
// number of the write in the store, so that it rises over deletes (S1) without a
// tombstone for every row that ever was.
//
// Indexes that are new in the declaration are filled when the file is opened,
// those no longer declared are dropped. Tables no longer declared are kept. The
// layout of the file itself has numbered migrations; a newer file is refused.
//
// A file is checked for damage when it is opened; one that is too large for that
// beside the work, in some minutes. A page that is damaged ends the process with
// a sentence, whoever finds it, and the next start looks at all of the file
// first. SQLite keeps no sums of pages: another value of the same length within
// a row, where it is still a row, is found by nobody.
package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mattn/go-sqlite3"

	"lyceum/app"
	"lyceum/app/feed"
	"lyceum/app/metrics"
)

// Store implements app.Store. Its methods may be called from any goroutine.
type Store struct {
	path  string
	log   *slog.Logger
	fatal func(error)
	meter *metrics.Store // nil counts nothing
	lock  *os.File
	// logIndex is the file of that name, see reserve; nil if it could not be had.
	logIndex *os.File
	tables   map[string]*table
	feed     *feed.Feed
	writer   *sql.DB // of one connection, used by Open and then by run alone
	conn     *sql.Conn
	readers  *readers

	write *connection // conn again, with the statements of writes; of run alone

	queue   chan *pending
	stopped chan struct{} // closed when run has ended

	gate   sync.RWMutex // held for reading while a write is put into queue
	closed bool

	unchecked  bool // when it was opened: the file is checked beside the work
	suspected  bool // damage was found before
	toCheck    []*walk
	checkUpTo  int64
	checkPause time.Duration
	checks     sync.WaitGroup
	stopCheck  context.CancelFunc // nil where nothing is checked

	broken atomic.Pointer[error] // why nothing can be written any more

	// Of the writing goroutine alone.
	n        int64 // number of the last committed write
	walPages int   // roughly how many pages were written since the last checkpoint
	full     bool  // the last commit found the disk full
	commitTx func(context.Context) error
}

// Option changes how a store is opened.
type Option func(*Store)

// WithFatal sets what is called when the disk fails while a commit is under way:
// it is then unknown what is on it, so the process must end (S6); and when a page
// of the file is found damaged, with a sentence for the operator. The default
// panics. If fatal returns, the store refuses all further writes.
func WithFatal(fatal func(error)) Option { return func(s *Store) { s.fatal = fatal } }

// WithLog sets where the store tells an operator what needs one.
func WithLog(log *slog.Logger) Option { return func(s *Store) { s.log = log } }

// WithMeter sets where commits and reads are counted.
func WithMeter(m *metrics.Store) Option { return func(s *Store) { s.meter = m } }

// Open opens the database file at path, or creates it and its folder, and brings
// it to the declared tables. Its errors are sentences for an operator: when
// another process has it open, when it is damaged, newer than this program, or
// cannot be written.
func Open(ctx context.Context, path string, tables []app.Table, opts ...Option) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s := &Store{
		path:    path,
		log:     slog.New(slog.DiscardHandler),
		fatal:   func(err error) { panic(err) }, // nothing that is said after this can be relied on
		queue:   make(chan *pending, maxQueued),
		stopped: make(chan struct{}),

		checkUpTo: checkUpTo, checkPause: checkPause,
	}
	for _, opt := range opts {
		opt(s)
	}
	if err := s.open(ctx, tables); err != nil {
		return nil, explain(path, errors.Join(err, s.release()))
	}
	// Writes that were accepted are finished although Open's caller has gone.
	ctx = context.WithoutCancel(ctx)
	go s.run(ctx)
	if s.unchecked {
		ctx, s.stopCheck = context.WithCancel(ctx)
		s.checks.Go(func() { s.checkBeside(ctx) })
	}
	return s, nil
}

// open does all that can fail, in an order in which nothing is touched before it
// is known to be ours.
func (s *Store) open(ctx context.Context, declared []app.Table) (err error) {
	if s.tables, err = compile(declared); err != nil {
		return err
	}
	if s.lock, err = acquire(s.path); err != nil {
		return err
	}
	s.writer = sql.OpenDB(connector{s.path, writerPragmas})
	s.writer.SetMaxOpenConns(1)
	if s.conn, err = s.writer.Conn(ctx); err != nil {
		return err
	}
	s.commitTx = func(ctx context.Context) error {
		_, err := s.conn.ExecContext(ctx, "COMMIT")
		return err
	}
	if err := migrate(ctx, s.conn, migrations); err != nil {
		return err
	}
	if err := s.checkFile(ctx); err != nil {
		return err
	}
	if err = s.syncTables(ctx); err != nil {
		return err
	}
	if err := s.conn.QueryRowContext(ctx, "SELECT n FROM _store").Scan(&s.n); err != nil {
		if ctx.Err() == nil && codeOf(err) == 0 { // not SQLite says so: what is there is no number
			err = errors.Join(errDamaged, err)
		}
		return fmt.Errorf("read the number of the last write: %w", err)
	}
	s.reserve()
	s.feed = feed.New(s.n)
	s.readers = newReaders(connector{s.path, readerPragmas}, s.number())
	if s.toCheck, err = s.walks(ctx); err != nil {
		return err
	}
	if s.suspected {
		if err := s.acquit(ctx); err != nil {
			return err
		}
	}
	return s.conn.Raw(func(conn any) error {
		s.write = newConnection(ctx, conn.(*sqlite3.SQLiteConn), s.numberWriter())
		return nil
	})
}

// release gives back what open has taken.
func (s *Store) release() error {
	var errs []error
	if s.write != nil {
		errs = append(errs, s.write.finish())
	}
	if s.readers != nil {
		errs = append(errs, s.readers.close())
	}
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.Close())
	}
	if s.logIndex != nil {
		errs = append(errs, s.logIndex.Close()) // after SQLite has closed it
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// Watch implements app.Store.
func (s *Store) Watch(table string, fn func(app.Batch)) (app.Position, func(), error) {
	if s.tables[table] == nil {
		return app.Position{}, nil, fmt.Errorf("watch: no table %q in this store", table)
	}
	pos, stop := s.feed.Watch(table, fn)
	return pos, stop, nil
}

// Close implements app.Store. It commits what was accepted, empties the WAL into
// the database and gives the file free. A second Close does nothing.
func (s *Store) Close() error {
	s.gate.Lock()
	if s.closed {
		s.gate.Unlock()
		return nil
	}
	s.closed = true
	close(s.queue)
	s.gate.Unlock()
	<-s.stopped
	if s.stopCheck != nil {
		s.stopCheck()
	}
	s.checks.Wait()
	return s.release()
}
