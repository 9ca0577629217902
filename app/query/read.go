package query

import (
	"context"
	"errors"
	"slices"

	"lyceum/app"
	"lyceum/app/live"
	"lyceum/app/schema"
)

// Bounds of one get.
const (
	// maxScanned is how many rows are looked at; a query that would look at
	// more has no index for what it asks.
	maxScanned = 500_000
	// MaxRead is how many bytes of rows are kept for one answer; what is more is
	// cut. The greatest answer of the wire is larger.
	MaxRead = 32 << 20
	// heavyPage is how many rows are read at once where a row may have a
	// mebibyte: patches.
	heavyPage = 64
	// slack is how many rows beyond twice the limit are kept before they are
	// sorted and cut: a get of one row sorts some dozens at a time.
	slack = 64
)

// found is what a get has found.
type found struct {
	records     []app.Record
	first, last app.Position // before which nothing, after which everything must be asked of the log (S2)
	cut         bool         // there are more
	looked      int          // rows that were looked at
}

// read finds the rows of a get in a scope, at most limit, in order.
func (e *Engine) read(ctx context.Context, q *ask, s scope, limit int) (found, error) {
	return e.find(ctx, q, s, limit, nil)
}

// find is read of rows that have some fields only; nil is all.
func (e *Engine) find(ctx context.Context, q *ask, s scope, limit int, fields []string) (found, error) {
	p := q.plan(s)
	got := &collector{ask: q, scope: s, engine: e, limit: limit, fields: fields}
	if err := got.readPlan(ctx, p); err != nil {
		return found{}, err
	}
	if len(p.ranges) == 0 {
		if log := e.logs[q.table.Stored()]; log != nil {
			got.first = log.Position()
			got.last = got.first
		}
	}
	if q.table.Singleton != "" && len(got.records) == 0 {
		got.take(app.Record{ID: q.table.Singleton, Row: app.Row{q.table.Key[0]: q.table.Singleton}})
	}
	got.trim(limit)
	got.looked = got.scanned
	return got.found, nil
}

// collector gathers the rows of one get.
type collector struct {
	found
	ask     *ask
	scope   scope
	engine  *Engine
	limit   int
	fields  []string
	ordered bool
	scanned int
	bytes   int
	worst   *app.Record // the last of those that were kept when there were too many
}

func (c *collector) readPlan(ctx context.Context, p plan) error {
	if p.first != nil {
		c.ordered = true
		if enough, err := c.readFirst(ctx, *p.first); enough || err != nil {
			return err
		}
		c.records, c.bytes, c.cut = nil, 0, false // but not the position: it is the older one
	}
	c.ordered = p.ordered
	for _, r := range p.ranges {
		if err := c.readRange(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// readFirst reads one page and reports whether the get needs no more.
func (c *collector) readFirst(ctx context.Context, r app.Range) (enough bool, err error) {
	r.Limit = app.MaxPage
	if !slices.ContainsFunc(c.ask.shape, (*node).filtered) {
		r.Limit = min(c.limit+1, app.MaxPage)
	}
	next, err := c.readPage(ctx, r)
	return next == nil || c.full(), err
}

func (c *collector) readRange(ctx context.Context, r app.Range) (err error) {
	page := app.MaxPage
	if c.ask.table.AppendOnly {
		page = heavyPage
	}
	r.Limit = page
	if c.ordered {
		r.Limit = min(c.limit+1, page)
	}
	for {
		if r.After, err = c.readPage(ctx, r); err != nil {
			return err
		}
		if r.After == nil || c.ordered && c.full() {
			return nil
		}
		r.Limit = page
	}
}

// full reports whether more rows are known than the answer may have.
func (c *collector) full() bool { return len(c.records) > c.limit || c.cut }

func (c *collector) readPage(ctx context.Context, r app.Range) (next []byte, err error) {
	r.Fields = c.fields
	got, err := c.engine.store.Read(ctx, r)
	if err != nil {
		return nil, err
	}
	if c.first == (app.Position{}) {
		c.first = got.Position
	}
	c.last = got.Position
	for _, rec := range got.Records {
		c.take(rec)
	}
	if c.scanned += len(got.Records); c.scanned > maxScanned {
		return nil, app.Errorf(app.TooLarge, "This would look at more than %d rows of %s; narrow it with a filter on an indexed field.", maxScanned, c.ask.table.Name)
	}
	return got.Next, nil
}

// take keeps a record if the caller may see it and it passes the filters.
func (c *collector) take(rec app.Record) {
	rec.Row = c.engine.view(c.ask.table, rec.Row)
	if !c.scope.has(rec.Row) || !c.ask.match(rec.Row) {
		return
	}
	if c.worst != nil && c.ask.opts.before(*c.worst, rec) < 0 {
		return // behind all that can be answered
	}
	if c.bytes += live.Size(rec.Row); c.bytes > MaxRead && len(c.records) > 0 {
		c.cut = true
		if c.ordered {
			return
		}
	}
	c.records = append(c.records, rec)
	if !c.ordered && (len(c.records) > 2*c.limit+slack || c.bytes > 2*MaxRead) {
		c.trim(c.limit + 1) // what is beyond can no longer be asked for
		worst := c.records[len(c.records)-1]
		c.worst = &worst
	}
}

// trim sorts and leaves at most n rows and MaxRead bytes.
func (c *collector) trim(n int) {
	if !c.ordered {
		slices.SortFunc(c.records, c.ask.opts.before)
	}
	if c.bytes <= MaxRead { // so only their number counts
		c.cutTo(min(n, len(c.records)))
		return
	}
	bytes := 0
	for i, rec := range c.records {
		bytes += live.Size(rec.Row)
		if i >= n || i > 0 && bytes > MaxRead {
			c.cutTo(i)
			return
		}
	}
}

// cutTo leaves the first n rows.
func (c *collector) cutTo(n int) {
	if n == len(c.records) {
		return
	}
	for _, rec := range c.records[n:] {
		c.bytes -= live.Size(rec.Row)
	}
	clear(c.records[n:])
	c.records, c.cut = c.records[:n], true
}

// view adds to a stored row what its table shows and no row holds.
func (e *Engine) view(t *schema.Table, row app.Row) app.Row {
	if row == nil || t.Field(schema.FirstAccount) == nil {
		return row
	}
	seen := make(app.Row, len(row)+1)
	for k, v := range row {
		seen[k] = v
	}
	seen[schema.FirstAccount] = !e.access.HasAdministrator()
	return seen
}

// get answers a get.
func (e *Engine) get(ctx context.Context, c app.Caller, q *ask) (Answer, error) {
	if err := e.resolve(ctx, q); err != nil {
		return Answer{}, err
	}
	s := e.scopeOfGet(c, q)
	var got found
	var err error
	if id, ok := q.table.ID(q.eq); ok && q.table.Singleton == "" {
		got, err = e.point(ctx, q, s, id)
	} else {
		got, err = e.find(ctx, q, s, q.limit(), q.fields(s))
	}
	if err != nil {
		return Answer{}, err
	}
	q.looked = got.looked
	// Once more: what was read may be newer than the scope, where it was not asked
	// row by row. (W5)
	rows := make([]app.Row, 0, len(got.records))
	for _, rec := range got.records {
		if s.may != nil || e.visible(c, q.table, s.key(rec.Row)) {
			rows = append(rows, q.project(rec.Row))
		}
	}
	if q.list {
		return Answer{List: true, Rows: rows, Cut: got.cut && q.opts.limit == 0}, nil
	}
	if len(rows) == 0 {
		return Answer{}, nil
	}
	return Answer{Row: rows[0]}, nil
}

// fields are those of a row that answer a get: what it asks for, its key, and
// what its order and its permission are of.
func (q *ask) fields(s scope) []string {
	names := make([]string, 0, len(q.table.Key)+len(q.shape)+len(q.opts.order)+1)
	names = append(names, q.table.Key...)
	if s.field != "" {
		names = append(names, s.field)
	}
	for _, n := range q.shape {
		names = append(names, n.name)
	}
	for _, by := range q.opts.order {
		names = append(names, by.path[0])
	}
	return names
}

// point finds the one row of a key. It is for gets, which need no position.
func (e *Engine) point(ctx context.Context, q *ask, s scope, id string) (found, error) {
	if len(s.keys) == 0 {
		return found{}, nil
	}
	rec, err := e.store.Get(ctx, q.table.Stored(), id, q.fields(s)...)
	if errors.Is(err, app.ErrNotFound) {
		return found{}, nil
	}
	if err != nil {
		return found{}, err
	}
	if rec.Row = e.view(q.table, rec.Row); !s.has(rec.Row) || !q.match(rec.Row) {
		return found{}, nil
	}
	return found{records: []app.Record{rec}, looked: 1}, nil
}

// limit is how many rows the get answers at most.
func (q *ask) limit() int {
	switch {
	case !q.list:
		return 1
	case q.opts.limit > 0:
		return q.opts.limit
	}
	return q.table.MaxRows()
}

// source answers a get of a virtual table. (Q9)
func (e *Engine) source(ctx context.Context, c app.Caller, q *ask) (Answer, error) {
	if err := e.resolve(ctx, q); err != nil {
		return Answer{}, err
	}
	projectID, _ := q.eq["project_id"].(string)
	if projectID == "" || !e.visible(c, q.table, projectID) {
		return Answer{}, errAbsent(q.table)
	}
	src := e.Sources[q.table.Name]
	if src == nil {
		return Answer{}, app.Errorf(app.Unavailable, "%s cannot be read on this server.", q.table.Name)
	}
	found, err := src.Get(ctx, q.eq)
	if err != nil {
		return Answer{}, err
	}
	var rows []app.Row
	for _, row := range found {
		if id, _ := row[q.table.Project].(string); e.visible(c, q.table, id) {
			rows = append(rows, q.project(row))
		}
	}
	if q.list {
		return Answer{List: true, Rows: rows}, nil
	}
	if len(rows) == 0 {
		return Answer{}, nil
	}
	return Answer{Row: rows[0]}, nil
}
