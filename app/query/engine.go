package query

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/live"
	"lyceum/app/metrics"
	"lyceum/app/schema"
)

// Options are what an Engine works with.
type Options struct {
	Durable   app.Store // knows schema.Tables
	Ephemeral app.Store // knows schema.Ephemeral, or schema.Shared where there is Local
	Local     app.Store // knows schema.Local; nil: Ephemeral does
	Access    *access.Index
	Server    string           // who has the files of projects that are made here, see package place
	Log       *slog.Logger     // nil discards
	Clock     func() time.Time // nil is time.Now

	Meter     *metrics.Meter // nil counts nothing
	SlowAfter time.Duration  // what takes longer is a slow query; 0 is DefaultSlowAfter, below 0 all are
}

// Engine answers queries. Its methods may be called from any goroutine; the
// maps are filled before the first query.
type Engine struct {
	// Writers, Sources and Watchers by table; see Check.
	Writers  map[string]Writer
	Sources  map[string]Source
	Watchers map[string]Watcher
	// Used is told of every set of a row of a project, but not of rows that a tab
	// sets by itself, which are ephemeral. It must not block; nil: nobody.
	Used func(projectID string)

	store  *Stores
	server string
	access *access.Index
	log    *slog.Logger
	clock  func() time.Time
	meter  meter
	logs   map[string]*live.Log // by stored table
	stop   []func()

	streams streams

	mu        sync.Mutex
	documents map[string]string // document → project; a document never moves to another
}

// maxDocuments bounds what is remembered of documents' projects; when it is
// full it is forgotten as a whole, which costs one read a document.
const maxDocuments = 10_000

// New returns an engine that follows the stores until Close.
func New(o Options) (*Engine, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	e := &Engine{
		Writers: make(map[string]Writer), Sources: make(map[string]Source), Watchers: make(map[string]Watcher),
		store:  &Stores{Durable: o.Durable, Ephemeral: o.Ephemeral, Local: o.Local},
		server: o.Server, access: o.Access, log: o.Log, clock: o.Clock, meter: newMeter(o),
		logs: make(map[string]*live.Log), documents: make(map[string]string),
		streams: streams{byKey: make(map[streamKey]*stream)},
	}
	e.Writers["members"] = &members{e}
	for _, t := range schema.All() {
		if t.Get == schema.Nobody || t.Source || e.logs[t.Stored()] != nil {
			continue
		}
		if err := e.follow(t.Stored()); err != nil {
			e.Close()
			return nil, err
		}
	}
	return e, nil
}

// follow makes the log of a table.
func (e *Engine) follow(table string) error {
	var log *live.Log
	ready := make(chan struct{}) // a commit may come before Watch has returned its position
	topics := topicsOf(table)
	meter := e.meter.Table(table)
	pos, stop, err := e.store.Watch(table, func(b app.Batch) {
		<-ready
		meter.Changed(len(b.Changes))
		log.Append(b)
	})
	if err != nil {
		close(ready)
		return fmt.Errorf("watch %s: %w", table, err)
	}
	log = live.NewLog(pos, topics)
	close(ready)
	e.logs[table] = log
	e.stop = append(e.stop, stop)
	return nil
}

// toldOf returns up to where the log of a table has everything that was committed.
// What is read may be newer, for the moment between a commit and the telling of
// it.
func (e *Engine) toldOf(table string) int64 {
	pos, stop, err := e.store.Watch(table, func(app.Batch) {})
	if err != nil {
		return 0 // closed
	}
	stop()
	return pos.N
}

// Close ends the following. Watches that still run are told nothing more.
func (e *Engine) Close() {
	for _, stop := range e.stop {
		stop()
	}
	e.stop = nil
}

// Check returns an error if a table names a writer, a source or a watcher that
// is not there, or the reverse: a mistake in putting the parts together.
func (e *Engine) Check() error {
	var errs []error
	compare := func(kind, table string, declared, there bool) {
		if declared != there {
			errs = append(errs, fmt.Errorf("table %s: %s declared %t, registered %t", table, kind, declared, there))
		}
	}
	for _, t := range schema.All() {
		compare("writer", t.Name, t.Writer != 0, e.Writers[t.Name] != nil)
		compare("source", t.Name, t.Source, e.Sources[t.Name] != nil)
		compare("watcher", t.Name, t.Watcher, e.Watchers[t.Name] != nil)
	}
	return errors.Join(errs...)
}

// Store returns the store for clients inside the server: it asks nobody for
// permission.
func (e *Engine) Store() app.Store { return e.store }

// Access returns the index that the engine asks.
func (e *Engine) Access() *access.Index { return e.access }

// Watches reports whether options ask for a watch.
func Watches(options app.Row) bool {
	changes, _ := options["changes"].(bool)
	return changes
}

// maxQueries is how many queries one array may have: a page asks some dozens.
const maxQueries = 100

// Run carries out a get, a set, or an array of them, for the caller in ctx.
// request is the id that makes a repetition of a set harmless, or "". (Q1, W3)
func (e *Engine) Run(ctx context.Context, query any, options app.Row, request string) (Answer, error) {
	if len(request) > maxRequest {
		return Answer{}, app.Errorf(app.TooLarge, "A request id may have at most %d characters; this has %d.", maxRequest, len(request))
	}
	list, ok := query.([]any)
	if !ok {
		return e.one(ctx, query, options, request)
	}
	if len(list) > maxQueries {
		return Answer{}, app.Errorf(app.TooLarge, "An array may have at most %d queries; this has %d.", maxQueries, len(list))
	}
	all := Answer{Answers: make([]Answer, 0, len(list))}
	size := 0
	for i, q := range list {
		part := request
		if part != "" {
			part = fmt.Sprintf("%s#%d", request, i) // each makes rows of its own
		}
		a, err := e.one(ctx, q, options, part)
		if err != nil {
			return Answer{}, &IndexError{i, err}
		}
		if size += a.Size(); size > MaxRead && i > 0 {
			return Answer{}, &IndexError{i, app.Errorf(app.TooLarge, "The answers to these queries have more than %d MiB together. Please ask them in several requests.", MaxRead>>20)}
		}
		all.Answers = append(all.Answers, a)
		all.Wrote = all.Wrote || a.Wrote
	}
	return all, nil
}

// maxRequest bounds a request id; ours have 26 characters.
const maxRequest = 64

func (e *Engine) one(ctx context.Context, query any, options app.Row, request string) (a Answer, err error) {
	begun := time.Now()
	q, err := parse(query, options)
	defer func() { e.meter.ran(q, begun, a, err) }()
	if err != nil {
		return Answer{}, err
	}
	c := app.CallerFrom(ctx)
	if err := e.enter(c, q); err != nil {
		return Answer{}, err
	}
	switch {
	case q.op != opGet:
		return e.set(ctx, c, q, request)
	case q.opts.changes:
		return Answer{}, app.Errorf(app.Invalid, "options.changes is for one query on a connection that stays open.")
	case q.table.Source:
		return e.source(ctx, c, q)
	}
	return e.get(ctx, c, q)
}

// enter checks who may ask anything of a table at all. (Q9)
func (e *Engine) enter(c app.Caller, q *ask) error {
	if err := reaches(c, q.table); err != nil {
		return err
	}
	if q.op != opGet && c.ReadOnly {
		return errReadOnly(q.table)
	}
	if q.op == opGet && q.table.Get == schema.Nobody {
		return app.Errorf(app.Invalid, "%s cannot be read, only set.", q.table.Name)
	}
	if q.op == opGet && q.table.Get == schema.Anyone {
		return nil
	}
	return e.access.Check(c, "", app.NoRole)
}

// Disconnected removes the ephemeral rows of a connection. It is called once,
// after every query of the connection has returned. (W4, L9)
func (e *Engine) Disconnected(ctx context.Context, connectionID string) {
	for _, t := range schema.All() {
		if t.Ephemeral && t.Field("connection_id") != nil {
			e.drop(ctx, app.Range{Table: t.Name, Index: "connection", Prefix: []any{connectionID}}, nil)
		}
	}
}

// drop deletes the ephemeral rows of a range for which which is true; nil is all.
func (e *Engine) drop(ctx context.Context, r app.Range, which func(app.Row) bool) {
	for {
		page, err := e.store.Read(ctx, r)
		if err != nil {
			e.log.ErrorContext(ctx, "ephemeral rows not removed", "table", r.Table, "err", err)
			return
		}
		for _, rec := range page.Records {
			if which != nil && !which(rec.Row) {
				continue
			}
			if _, err := e.store.Write(ctx, app.Write{Table: r.Table, ID: rec.ID, IfRev: app.AnyRev}); err != nil {
				e.log.ErrorContext(ctx, "ephemeral row not removed", "table", r.Table, "id", rec.ID, "err", err)
			}
		}
		if page.Next == nil {
			return
		}
		r.After = page.Next
	}
}

// Compact has the memory of what is kept of the latest changes moved together.
func (e *Engine) Compact() {
	for _, log := range e.logs {
		log.Compact()
	}
}
