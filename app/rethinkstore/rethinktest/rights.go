package rethinktest

import (
	p "gopkg.in/rethinkdb/rethinkdb-go.v6/ql2"
)

// A right is what a user may or may not: everywhere, in a database, or in a
// table. The narrower one counts.
type right struct {
	user      string
	db, table string // "" is any
	may       map[string]bool
}

// allowed refuses a user that may not read, write or config a table. Admin may
// everything.
func (e *env) allowed(t *table, what string) error {
	return e.permitted(t.db.name, t.name, what)
}

func (e *env) permitted(db, table, what string) error {
	user := e.conn.user
	if user == "admin" {
		return nil
	}
	d := e.conn.data()
	d.mu.Lock()
	defer d.mu.Unlock()
	allowed, narrowest := false, -1
	for _, r := range d.rights {
		if r.user != user || (r.db != "" && r.db != db) || (r.table != "" && r.table != table) {
			continue
		}
		width := 0
		if r.db != "" {
			width++
		}
		if r.table != "" {
			width++
		}
		if may, said := r.may[what]; said && width > narrowest {
			allowed, narrowest = may, width
		}
	}
	if !allowed {
		return fail(p.Response_PERMISSION_ERROR, "User `%s` does not have the required `%s` permission.", user, what)
	}
	return nil
}
