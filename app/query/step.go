package query

import (
	"context"
	"reflect"
	"slices"

	"lyceum/app"
)

// step sends what has changed, or waits until something has.
func (w *watch) step(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	entries, more, err := w.reader.Next()
	if err != nil {
		return err
	}
	out := &batch{keys: make(map[string]bool)}
	concerned := false
	for _, c := range entries {
		concerned = w.fold(c, out) || concerned
	}
	if w.reader.Position().N >= w.until {
		w.early = nil // from here on nothing was in the first answer
	}
	lost := error(nil)
	if w.accessMoved.Swap(false) {
		concerned = true
		if lost, err = w.follow(ctx, out); err != nil {
			return err
		}
	}
	if w.again && concerned {
		if err := w.compare(ctx, out); err != nil {
			return err
		}
	}
	if len(out.changes) > 0 {
		err := w.send(Message{Changes: out.changes, Position: w.position(w.reader.Position()), Still: w.still(out.keys)})
		if err != nil {
			return err
		}
	}
	if lost != nil {
		return lost
	}
	if len(w.known) > w.ask.table.MaxRows() {
		w.again = true // more than one answer may have: from now on a window
		return errAgain
	}
	if more {
		return nil
	}
	select {
	case <-w.reader.Wake():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// batch is one message in the making.
type batch struct {
	changes []Change
	keys    map[string]bool // of the rows that are in it
}

func (b *batch) add(c Change, key string) {
	b.changes = append(b.changes, c)
	if c.Action != "delete" {
		b.keys[key] = true
	}
}

// may reports whether a row is part of the answer now. (L5)
func (w *watch) may(row app.Row) bool {
	return row != nil && w.scope.has(row) && w.ask.match(row) && w.visible(w.caller, w.ask.table, w.scope.key(row))
}

// fold turns one change of the table into one of the answer. It reports whether
// the change concerns the answer. (L3, L5)
func (w *watch) fold(c app.Change, out *batch) bool {
	c.Old, c.New = w.view(w.ask.table, c.Old), w.view(w.ask.table, c.New)
	is := w.may(c.New)
	switch {
	case w.again:
		_, was := w.shown[c.ID]
		return was || is
	case w.ask.table.AppendOnly:
		if is && !w.early[c.ID] {
			out.add(Change{Action: "insert", New: w.ask.project(c.New)}, w.scope.key(c.New))
		}
		return is
	}
	before, was := w.known[c.ID]
	if w.after && c.N <= w.until {
		// What the client has is the row before this change, not what was read
		// to know which rows there are.
		if is && (!was || before.rev < c.Rev) {
			w.known[c.ID] = known{c.Rev, w.scope.key(c.New)}
		} else if was && before.rev < c.Rev {
			delete(w.known, c.ID)
		}
		was = c.Old != nil && w.scope.has(c.Old) && w.ask.match(c.Old)
	} else {
		if was && before.rev >= c.Rev {
			return false // the first answer had it (S2)
		}
		delete(w.known, c.ID)
		if is {
			w.known[c.ID] = known{c.Rev, w.scope.key(c.New)}
		}
	}
	w.emit(c, was, is, out)
	return was || is
}

// emit adds what a change of one row is to the client.
func (w *watch) emit(c app.Change, was, is bool, out *batch) {
	switch {
	case was && is:
		change, differs := w.ask.difference(w.ask.project(c.Old), w.ask.project(c.New))
		if differs {
			out.add(change, w.scope.key(c.New))
		}
	case is:
		out.add(Change{Action: "insert", New: w.ask.project(c.New)}, w.scope.key(c.New))
	case was:
		out.add(Change{Action: "delete", Old: w.ask.name(c.ID, c.Old)}, "")
	}
}

// difference is the update between two answers: the key and what changed. (L3)
func (q *ask) difference(old, new app.Row) (Change, bool) {
	c := Change{Action: "update", New: make(app.Row), Old: q.name("", old)}
	for name, v := range new {
		if q.table.IsKey(name) {
			c.New[name] = v
		} else if !reflect.DeepEqual(v, old[name]) {
			c.New[name] = v
		}
	}
	for name := range old {
		if _, there := new[name]; !there {
			c.New[name] = nil
		}
	}
	return c, len(c.New) > len(q.table.Key)
}

// name is what tells the client which row is meant: the key and what was
// filtered on. Of a row of which only the id is known it is the key and the
// values that the filter fixes.
func (q *ask) name(id string, row app.Row) app.Row {
	out := make(app.Row)
	if row == nil {
		out = q.table.KeyOf(id)
	}
	for _, name := range q.table.Key {
		if v, ok := row[name]; ok {
			out[name] = v
		}
	}
	for _, n := range q.shape {
		if !n.filtered() {
			continue
		}
		if v := n.read(row[n.name]); row != nil && v != nil {
			out[n.name] = v
		} else if v, fixed := n.equals(); fixed && row == nil {
			out[n.name] = v
		}
	}
	return out
}

// follow takes a change of access in: rows of what the caller may see no longer
// go, rows of what it may see now come; nothing else is disturbed. lost is the
// end of a watch that cannot go on without the role. (L5, W5)
func (w *watch) follow(ctx context.Context, out *batch) (lost, err error) {
	if !w.access.Valid(w.caller) {
		return nil, w.access.Check(w.caller, "", app.NoRole)
	}
	if w.after && w.reader.Position().N < w.until {
		return nil, errAgain // half resumed: what the client has is not known
	}
	before := w.rescope()
	if w.again {
		return nil, nil
	}
	var gone []string
	for id, k := range w.known {
		if !w.scope.keys[k.key] {
			gone = append(gone, id)
		}
	}
	slices.Sort(gone)
	for _, id := range gone {
		delete(w.known, id)
		out.add(Change{Action: "delete", Old: w.ask.name(id, nil)}, "")
	}
	if w.strict && len(before.keys) > 0 && len(w.scope.keys) == 0 {
		return errAbsent(w.ask.table), nil
	}
	added := scope{field: w.scope.field, keys: make(map[string]bool)}
	for key := range w.scope.keys {
		if !before.keys[key] {
			added.keys[key] = true
		}
	}
	if len(added.keys) == 0 {
		return nil, nil
	}
	got, err := w.read(ctx, w.ask, added, w.ask.limit())
	if err != nil {
		return nil, err
	}
	for _, rec := range got.records {
		if k, was := w.known[rec.ID]; was && k.rev >= rec.Rev || !w.may(rec.Row) {
			continue
		}
		w.known[rec.ID] = known{rec.Rev, w.scope.key(rec.Row)}
		out.add(Change{Action: "insert", New: w.ask.project(rec.Row)}, w.scope.key(rec.Row))
	}
	return nil, nil
}

// compare reads the rows again and sends the difference to what the client has:
// how windows are kept. (L6)
func (w *watch) compare(ctx context.Context, out *batch) error {
	out.changes = nil
	got, err := w.read(ctx, w.ask, w.scope, w.ask.limit())
	if err != nil {
		return err
	}
	now := make(map[string]app.Row, len(got.records))
	for _, rec := range got.records {
		now[rec.ID] = w.ask.project(rec.Row)
	}
	for _, id := range sortedIDs(w.shown) {
		if _, stays := now[id]; !stays {
			out.add(Change{Action: "delete", Old: w.ask.name(id, w.shown[id])}, "")
		}
	}
	for _, rec := range got.records {
		key, row := w.scope.key(rec.Row), now[rec.ID]
		before, was := w.shown[rec.ID]
		if !was {
			out.add(Change{Action: "insert", New: row}, key)
		} else if change, differs := w.ask.difference(before, row); differs {
			out.add(change, key)
		}
	}
	w.shown = now
	return nil
}

func sortedIDs(rows map[string]app.Row) []string {
	ids := make([]string, 0, len(rows))
	for id := range rows {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
