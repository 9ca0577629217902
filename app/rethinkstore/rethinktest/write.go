package rethinktest

import (
	"cmp"
	"errors"
	"slices"

	p "gopkg.in/rethinkdb/rethinkdb-go.v6/ql2"
)

// A write is one query's changes of rows of one table. Each row is written on
// its own, so that others may see some of them done and some not.
type write struct {
	env       *env
	table     *table
	soft      bool
	changes   string // "", "some" (return_changes: true) or "always"
	rows      []rowWrite
	generated []datum
	failures  int // of the primary, before the write
	result    writeResult
}

// A rowWrite is what is to become of one row.
type rowWrite struct {
	key  string
	hash uint64
	pk   datum
	next next
	err  error // known before: a bad key
	told datum // what return_changes says; nil is nothing
}

type writeResult struct {
	deleted, errors, inserted, replaced, skipped, unchanged float64
	firstError                                              string
}

func (e *env) newWrite(t any, n *node) (*write, error) {
	w := &write{env: e}
	switch t := t.(type) {
	case *table:
		w.table = t
	case *tableValue:
		w.table = t.table
	}
	durability, err := option(e, n, "durability", e.opts.durability)
	if err != nil {
		return nil, err
	}
	if durability == "" {
		w.table.mu.Lock()
		durability = w.table.config.durability
		w.table.mu.Unlock()
	}
	if durability != "hard" && durability != "soft" {
		return nil, logicError("Durability option `%s` unrecognized (options are \"hard\" and \"soft\").", durability)
	}
	w.soft = durability == "soft"
	if w.changes, err = e.changesOption(n); err != nil {
		return nil, err
	}
	return w, e.allowed(w.table, "write")
}

func (e *env) changesOption(n *node) (string, error) {
	opt := n.opts["return_changes"]
	if opt == nil {
		return "", nil
	}
	v, err := e.evalDatum(opt)
	switch {
	case err != nil:
		return "", err
	case v == "always":
		return "always", nil
	case v == true:
		return "some", nil
	case v == false:
		return "", nil
	}
	return "", logicError("Invalid return_changes value `%s` (options are \"always\", true and false).", show(v))
}

// add writes a document by its own key.
func (w *write) add(doc object, fn next) {
	w.addKey(doc[w.table.primaryKey], fn)
}

func (w *write) addKey(pk datum, fn next) {
	r := rowWrite{pk: pk, next: fn}
	r.key, r.err = primaryKey(pk)
	r.hash = hashOf(r.key)
	w.rows = append(w.rows, r)
}

// run writes the rows, in an order that nobody promised, and answers what was
// done in the order of the query.
func (w *write) run() (value, error) {
	if err := w.begin(); err != nil {
		return nil, err
	}
	order := make([]*rowWrite, len(w.rows))
	for i := range w.rows {
		order[i] = &w.rows[i]
	}
	slices.SortStableFunc(order, func(a, b *rowWrite) int { return cmp.Compare(a.hash, b.hash) })
	for _, r := range order {
		if err := w.row(r); err != nil {
			return nil, err
		}
	}
	if err := w.end(); err != nil {
		return nil, err
	}
	return w.answer(), nil
}

// row writes one row.
func (w *write) row(r *rowWrite) error {
	t := w.table
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.usable("write"); err != nil {
		return err
	}
	old := t.rows[r.key]
	var before datum
	if old != nil {
		before = old.value
	}
	after, made, err := w.after(r, before)
	if err != nil {
		return w.failed(r, before, err)
	}
	w.count(before, after)
	if !equal(before, after) {
		w.commit(change{old, made})
		r.told = object{"old_val": before, "new_val": after}
	} else if w.changes == "always" {
		r.told = object{"old_val": before, "new_val": after}
	}
	return nil
}

// after is what a row becomes.
func (w *write) after(r *rowWrite, before datum) (datum, *row, error) {
	if r.err != nil {
		return nil, nil, r.err
	}
	after, err := r.next(before)
	if err != nil || after == nil {
		return nil, nil, err
	}
	doc, ok := isObject(after)
	if !ok {
		return nil, nil, logicError("Inserted value must be an OBJECT (got %s):\n%s", kindOf(after), describe(after))
	}
	if stray(doc) {
		return nil, nil, logicError("Stray literal keyword found: literal is only present inside merge and cannot nest inside another literal.")
	}
	made, err := w.table.newRow(doc)
	if err != nil {
		return nil, nil, err
	}
	if made.key != r.key {
		return nil, nil, logicError("Primary key `%s` cannot be changed (`%s` -> `%s`).", w.table.primaryKey, show(before), show(doc))
	}
	return doc, made, nil
}

// failed counts a row that could not be written; the others still are.
func (w *write) failed(r *rowWrite, before datum, err error) error {
	q, ok := errors.AsType[*queryError](err)
	if !ok || q.response != p.Response_RUNTIME_ERROR {
		return err
	}
	w.result.errors++
	if w.result.firstError == "" {
		w.result.firstError = q.text
	}
	if w.changes == "always" {
		r.told = object{"error": q.text, "old_val": before, "new_val": before}
	}
	return nil
}

func (w *write) count(before, after datum) {
	r := &w.result
	switch {
	case before == nil && after == nil:
		r.skipped++
	case before == nil:
		r.inserted++
	case after == nil:
		r.deleted++
	case equal(before, after):
		r.unchanged++
	default:
		r.replaced++
	}
}

// commit takes a change in, and remembers it as long as it may be taken back.
// The caller holds the table's mutex.
func (w *write) commit(c change) {
	t := w.table
	if t.faults.held {
		t.unsafe = append(t.unsafe, c)
	}
	if w.soft {
		t.unsynced = append(t.unsynced, c)
	}
	t.commit(c)
}

func (w *write) answer() object {
	r := w.result
	out := object{"deleted": r.deleted, "errors": r.errors, "inserted": r.inserted, "replaced": r.replaced,
		"skipped": r.skipped, "unchanged": r.unchanged}
	if r.firstError != "" {
		out["first_error"] = r.firstError
	}
	if len(w.generated) > 0 {
		out["generated_keys"] = w.generated
	}
	if w.changes == "" || len(w.rows) == 0 { // no row, no list (58)
		return out
	}
	changes := []datum{}
	for _, row := range w.rows {
		if row.told != nil {
			changes = append(changes, row.told)
		}
	}
	out["changes"] = changes
	return out
}

// begin is where a fault may strike before anything is written.
func (w *write) begin() error {
	t := w.table
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.faults.cutBefore > 0 {
		t.faults.cutBefore--
		w.env.conn.cut()
		return errCut
	}
	w.failures = t.faults.failures
	return t.usable("write")
}

// end waits until what was written is safe, and is where a fault may strike
// before it is acknowledged.
func (w *write) end() error {
	t := w.table
	t.mu.Lock()
	defer t.mu.Unlock()
	if !w.soft {
		if err := t.pending(w.env.ctx); err != nil {
			return err
		}
	}
	if t.faults.failures != w.failures {
		return fail(p.Response_OP_INDETERMINATE, "Cannot perform write: lost contact with primary replica")
	}
	if t.faults.cutAfter > 0 {
		t.faults.cutAfter--
		w.env.conn.cut()
		return errCut
	}
	return nil
}
