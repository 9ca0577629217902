package rethinktest

import "slices"

// A limited feed (orderBy an index, limit, changes) tells how the first rows of
// an order change: who leaves makes place for who comes.

// beginTop finds the first rows. The caller holds the table's mutex.
func (f *feed) beginTop() error {
	rows, err := f.watch.source.locked(f.watch.limit)
	if err != nil {
		return err
	}
	f.top = rows
	if f.options.states && f.options.initial {
		f.queue = append(f.queue, told{kind: "state", state: "initializing"})
	}
	if f.options.initial {
		for i, r := range rows {
			f.queue = append(f.queue, told{kind: "initial", row: r.key, new: r.value, to: float64(i)})
		}
	}
	if f.options.states {
		f.queue = append(f.queue, told{kind: "state", state: "ready"})
	}
	return nil
}

// toldTop queues what a change of the table does to the first rows. The caller
// holds the table's mutex.
func (f *feed) toldTop() {
	if f.options.squash {
		f.signal() // it is looked at when someone reads
		return
	}
	f.compareTop()
}

// compareTop queues the difference between the first rows and those that were
// told last: who came, the first of them, replaces who left, the last of them
// (163).
func (f *feed) compareTop() {
	rows, err := f.watch.source.locked(f.watch.limit)
	if err != nil {
		f.end(err)
		return
	}
	before := f.top
	f.top = rows
	came, left := missingFrom(rows, before), missingFrom(before, rows)
	slices.Reverse(left)
	for _, r := range rows {
		if i := indexOf(before, r.key); i >= 0 && before[i] != r {
			f.put(f.topChange(before, before[i], r))
		}
	}
	for i := range max(len(came), len(left)) {
		var old, new *row
		if i < len(left) {
			old = left[i]
		}
		if i < len(came) {
			new = came[i]
		}
		f.put(f.topChange(before, old, new))
	}
}

func (f *feed) topChange(before []*row, old, new *row) told {
	c := told{}
	if old != nil {
		c.row, c.old, c.from = old.key, old.value, float64(indexOf(before, old.key))
	}
	if new != nil {
		c.row, c.new, c.to = new.key, new.value, float64(indexOf(f.top, new.key))
	}
	c.kind = kindOfChange(c.old, c.new)
	return c
}

func indexOf(rows []*row, key string) int {
	return slices.IndexFunc(rows, func(r *row) bool { return r.key == key })
}

func missingFrom(rows, in []*row) []*row {
	var out []*row
	for _, r := range rows {
		if indexOf(in, r.key) < 0 {
			out = append(out, r)
		}
	}
	return out
}
