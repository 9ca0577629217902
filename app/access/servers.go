package access

import (
	"context"
	"reflect"

	"lyceum/app"
)

// Concerns reports whether a change of a row changes who may what: all servers on
// one database must have heard of it before its writer goes on. (W5)
func Concerns(table string, old, new app.Row) bool {
	fields, ours := tables[table]
	switch {
	case !ours:
		return false
	case old == nil || new == nil:
		return true
	case table == "projects":
		return !reflect.DeepEqual(Users(old), Users(new))
	case table == "accounts":
		return old["administrator"] != new["administrator"]
	}
	for _, name := range fields {
		if !reflect.DeepEqual(old[name], new[name]) {
			return true
		}
	}
	return false
}

// Settle waits until nothing is written any more under a role that a change of a
// row has taken, as Change does at the server that makes the change. The Index
// has heard of it already. It returns when ctx ends in any case.
func (x *Index) Settle(ctx context.Context, table string, c app.Change) {
	if table != "projects" {
		return
	}
	after := Users(c.New)
	for accountID, role := range Users(c.Old) {
		if after[accountID] >= role {
			continue
		}
		release, _, err := x.Change(ctx, c.ID, accountID)
		if err != nil {
			return
		}
		release()
	}
}
