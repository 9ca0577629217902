package query

import (
	"reflect"

	"lyceum/app"
)

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

// replacement is the update to an answer from an older one that is not known any
// more: every field that is asked for, null where there is nothing.
func (q *ask) replacement(row app.Row) Change {
	c := Change{Action: "update", New: make(app.Row, len(row)), Old: q.name("", row)}
	for _, n := range q.shape {
		c.New[n.name] = nil
	}
	for name, v := range row {
		c.New[name] = v
	}
	return c
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

// insert, update and delete are the three changes of a row as they are told.

func (q *ask) insert(row app.Row) Change { return Change{Action: "insert", New: q.project(row)} }

func (q *ask) update(old, new app.Row) (Change, bool) {
	return q.difference(q.project(old), q.project(new))
}

func (q *ask) delete(id string, row app.Row) Change {
	return Change{Action: "delete", Old: q.name(id, row)}
}
