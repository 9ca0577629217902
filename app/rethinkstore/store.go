// Package rethinkstore keeps tables in a RethinkDB cluster that several servers
// may use at once.
//
// A row is a document: the row as bytes of package packed, its revision, the
// entries of its indexes, and the tags of its last writes. An index is a multi
// index over these entries, which are the keys of package ordered: RethinkDB's
// own order of values would round integers and knows other limits, and so every
// store has the same rows in the same order. The document of a deleted row stays
// for a day as a tombstone, so that revisions rise over deletes (S1) and a feed
// that was away sees what has gone.
//
// Writes of a table that come together are one query of several rows, each under
// its own condition. A write whose connection is cut is sent again; its tag in the
// document says whether it was done. The revision is the time in microseconds, or
// one more than the revision before.
//
// One feed of each table is read into memory. A change is told when a majority of
// the replicas has it on disk (W2): our own when it is acknowledged, others after
// a read that says so; and a write is acknowledged only after our own feed has
// told of it. A feed that ends is opened again, what has changed meanwhile is read
// by revision, and the difference is told; only where it is not known any more
// what was before, watchers begin a new log (S4). Numbers of changes are of this
// server: a page is read, and what the feed tells meanwhile is put into it, so
// that it has exactly the changes up to its position (S2).
//
// See servers.go for what several servers promise each other (W4, W5).
package rethinkstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"lyceum/app"
	"lyceum/app/feed"
)

// Store implements app.Store, for tables that are kept and for ephemeral ones. Its
// methods may be called from any goroutine.
type Store struct {
	options *Options
	id      string // of this process, random
	pool    *pool
	clock   clock
	tables  map[string]*table
	feed    *feed.Feed
	peers   *peers

	ctx  context.Context // ends when the store is closed
	stop context.CancelFunc
	runs sync.WaitGroup // what runs until then

	gate   sync.RWMutex // held for reading while a write is put into a queue
	closed bool
	writes sync.WaitGroup // writes under way

	fenced atomic.Bool // other servers may believe that we are gone

	models atomic.Pointer[map[string]indexState] // what the database said last of patterns; nil: nothing yet

	mu sync.Mutex // guards n and the tables' histories, and is held while watchers are told
	n  int64      // number of the last change that was told
}

// Open opens the database, or makes it, and brings it to the declared tables. Its
// errors are sentences for an operator.
func Open(ctx context.Context, o Options) (*Store, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	s := &Store{options: &o, id: app.NewID()[:12], feed: feed.New(0)}
	var err error
	if s.tables, err = compile(&o); err != nil {
		return nil, err
	}
	if s.pool, err = newPool(&o); err != nil {
		return nil, err
	}
	// What runs outlives Open's caller, until Close.
	s.ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.peers = newPeers(s)
	if err := s.open(ctx); err != nil {
		s.release()
		return nil, s.explain(err)
	}
	if err := s.peers.claim(ctx); err != nil {
		return nil, s.explain(errors.Join(err, s.Close()))
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	if err := s.prepare(ctx); err != nil {
		return err
	}
	if err := s.peers.join(ctx); err != nil { // before a row is read that others may change
		return err
	}
	if err := s.startFollowing(ctx); err != nil {
		return err
	}
	// That may have taken so long that the first sign of life is not believed any
	// more: who opens a store must not find it fenced until the next.
	if err := s.peers.say(ctx, false); err != nil {
		return err
	}
	for _, t := range s.tables {
		t.writer = &writer{store: s, table: t, queue: make(chan *pending, maxQueued)}
		s.runs.Go(t.writer.run)
	}
	s.runs.Go(func() { s.peers.run(s.ctx) })
	s.runs.Go(func() { s.sweepOften(s.ctx) })
	s.runs.Go(func() { s.checkOften(s.ctx) })
	if s.options.DiscoverHosts {
		s.discoverOften(ctx)
	}
	return nil
}

// startFollowing opens the feeds of all tables and waits for the first element of
// each.
func (s *Store) startFollowing(ctx context.Context) error {
	ready := make(chan error, 2*len(s.tables))
	for _, t := range s.tables {
		t.follower = newFollower(s, t)
		s.runs.Go(func() {
			failed := false
			t.follower.run(s.ctx, func(err error) {
				if !failed {
					ready <- err
				}
				failed = true
			})
		})
	}
	for range s.tables {
		select {
		case err := <-ready:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n = max(s.n, s.clock.next())
	s.feed.Tell(feed.Commit{N: s.n})
	return nil
}

// begin answers the table for a call, or why there can be none.
func (s *Store) begin(ctx context.Context, name string) (*table, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t := s.tables[name]
	if t == nil {
		return nil, fmt.Errorf("no table %q in this store", name)
	}
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.closed {
		return nil, errClosed
	}
	if err := s.sound(t); err != nil {
		return nil, err
	}
	return t, nil
}

// Watch implements app.Store.
func (s *Store) Watch(table string, fn func(app.Batch)) (app.Position, func(), error) {
	if s.tables[table] == nil {
		return app.Position{}, nil, fmt.Errorf("watch: no table %q in this store", table)
	}
	pos, stop := s.feed.Watch(table, fn)
	return pos, stop, nil
}

// Close implements app.Store. It waits for the writes that were accepted, takes
// this server and its ephemeral rows out of the database, and ends the feeds. A
// second Close does nothing.
func (s *Store) Close() error {
	s.gate.Lock()
	if s.closed {
		s.gate.Unlock()
		return nil
	}
	s.closed = true
	s.gate.Unlock()
	s.writes.Wait()
	for _, t := range s.tables {
		close(t.writer.queue)
	}
	err := s.peers.leave()
	s.release()
	if err != nil && !passing(err) {
		return fmt.Errorf("leave the database: %w", err)
	}
	return nil // without the database the others find out by themselves
}

// release ends what runs.
func (s *Store) release() {
	s.stop()
	s.runs.Wait()
	s.pool.close()
}

// logger of a part that runs by itself.
func (s *Store) log() *slog.Logger { return s.options.Log.With("part", "store") }

// ignore is for what is done for good measure.
func (s *Store) ignore(what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		s.log().Debug(what, "err", err)
	}
}
