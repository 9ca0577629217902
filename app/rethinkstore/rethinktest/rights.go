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
	if t.db.system && what != "read" {
		return unknown("how to %s `%s.%s`", what, t.db.name, t.name)
	}
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
		if db == systemName || r.user != user ||
			(r.db != "" && r.db != db) || (r.table != "" && r.table != table) {
			continue
		}
		width := 0
		if r.db != "" {
			width++
		}
		if r.table != "" {
			width++
		}
		if may, said := r.may[what]; said && width >= narrowest {
			allowed, narrowest = may, width
		}
	}
	if !allowed {
		return fail(p.Response_PERMISSION_ERROR, "User `%s` does not have the required `%s` permission", user, what)
	}
	return nil
}

// Grant lets a user read, write or config, or forbids it: in a table, in a
// database when the table is "", everywhere when both are. Of several the
// narrowest counts.
func (s *Server) Grant(user, db, table string, may map[string]bool) {
	for what := range may {
		if what != "read" && what != "write" && what != "config" {
			s.t.Errorf("there is no right to %s", what)
		}
	}
	s.data.mu.Lock()
	defer s.data.mu.Unlock()
	s.data.rights = append(s.data.rights, right{user, db, table, may})
}
