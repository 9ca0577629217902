package query

import (
	"context"
	"errors"
	"maps"

	"lyceum/app"
	"lyceum/app/schema"
)

// scope is the part of a table that a caller may see: the rows whose field has
// one of some values. everything is the key where rows are not told apart.
type scope struct {
	field   string // "" if everything or nothing is visible
	keys    map[string]bool
	account string // whose keys these are all, "" if they are some
	// may is asked instead of keys where there may be too many to list them for
	// one get: the rows of an account that an index finds.
	may func(key string) bool
	// stamp is set where rows are found by the account, and not by the keys: such
	// a scope is another one after every change of the account's access.
	stamp string
}

// maxListed is up to how many keys of a scope the rows of a watch are found key
// by key, which is exact: what an index finds of an account is as new as the
// store, and the scope may be older.
const maxListed = 200

// ofWatch returns the scope for a watch: by its keys, so that equal ones are
// shared between accounts, or where they are many by the account.
func (s scope) ofWatch(stamp string) scope {
	if len(s.keys) <= maxListed {
		s.account = ""
	} else if s.account != "" {
		s.stamp = stamp
	}
	return s
}

// equal reports whether two scopes are of the same rows.
func (s scope) equal(o scope) bool {
	return s.account == o.account && s.stamp == o.stamp && maps.Equal(s.keys, o.keys)
}

const everything = "*"

// key returns what a row counts as.
func (s scope) key(row app.Row) string {
	if s.field == "" {
		return everything
	}
	k, _ := row[s.field].(string)
	return k
}

func (s scope) has(row app.Row) bool {
	if s.may != nil {
		return s.may(s.key(row))
	}
	return s.keys[s.key(row)]
}

// scopeOfGet is scope for a get that is answered once.
func (e *Engine) scopeOfGet(c app.Caller, q *ask) scope {
	s := scope{field: scopeField(q.table), account: c.AccountID}
	if _, fixed := q.eq[s.field]; fixed || q.table.People == "" || c.ProjectID != "" {
		return e.scope(c, q)
	}
	s.may = func(key string) bool { return e.visible(c, q.table, key) }
	return s
}

// scopeField is the field that says whether a row of the table may be seen.
func scopeField(t *schema.Table) string {
	switch {
	case t.Get == schema.Self || t.Get == schema.Collaborators:
		return t.Account
	case t.Get.Role() != app.NoRole:
		return t.Project
	}
	return ""
}

// visible reports whether a caller may see, right now, the rows of a key. (W5)
func (e *Engine) visible(c app.Caller, t *schema.Table, key string) bool {
	if t.Get == schema.Anyone {
		return true
	}
	if !c.SignedIn() || !e.access.Valid(c) || reaches(c, t) != nil {
		return false
	}
	switch t.Get {
	case schema.SignedIn:
		return c.ProjectID == ""
	case schema.Self:
		return c.ProjectID == "" && key == c.AccountID
	case schema.Collaborators:
		return e.access.Collaborate(c, key)
	case schema.Administrators:
		return e.access.Administrator(c)
	case schema.Overseers:
		if e.access.Administrator(c) {
			return true
		}
	}
	need := t.Get.Role()
	return need != app.NoRole && e.access.Role(c, key) >= need
}

// scope returns what a caller may see of what a get asks for.
func (e *Engine) scope(c app.Caller, q *ask) scope {
	s := scope{field: scopeField(q.table), keys: make(map[string]bool), account: c.AccountID}
	var keys []string
	fixed, isFixed := q.eq[s.field].(string)
	if q.table.Get == schema.Overseers && !isFixed && e.access.Administrator(c) {
		s.field = "" // all rows, not only those of the own projects
	}
	switch {
	case s.field == "":
		keys = []string{everything}
	case isFixed:
		keys = []string{fixed}
	case q.table.Get == schema.Self:
		keys = []string{c.AccountID}
	case q.table.Get == schema.Collaborators:
		keys = e.access.Collaborators(c)
	default:
		keys = e.access.Projects(c)
	}
	for _, k := range keys {
		if e.visible(c, q.table, k) {
			s.keys[k] = true
		}
	}
	return s
}

// resolve adds the project to a get that names a document: the project is where
// permission is looked up. A document that is not there leaves the get as it is.
func (e *Engine) resolve(ctx context.Context, q *ask) error {
	f := q.table.Field("project_id")
	id, named := q.eq["document_id"].(string)
	if !named || f == nil || (f.Force != schema.ByDocument && !q.table.Source) {
		return nil
	}
	projectID, err := e.projectOf(ctx, id)
	if errors.Is(err, app.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if given, ok := q.eq["project_id"]; ok && given != projectID {
		return nil // finds nothing
	}
	q.eq["project_id"] = projectID
	return nil
}

// projectOf returns the project of a document, or ErrNotFound.
func (e *Engine) projectOf(ctx context.Context, documentID string) (string, error) {
	e.mu.Lock()
	projectID, ok := e.documents[documentID]
	e.mu.Unlock()
	if ok {
		return projectID, nil
	}
	rec, err := e.store.Get(ctx, "documents", documentID)
	if err != nil {
		return "", err
	}
	projectID, _ = rec.Row["project_id"].(string)
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.documents) >= maxDocuments {
		clear(e.documents)
	}
	e.documents[documentID] = projectID
	return projectID, nil
}

// errAbsent is the answer for a row that is not there and for one that the
// caller may not see. (Q9)
func errAbsent(t *schema.Table) error {
	return app.Errorf(app.NotFound, "This %s does not exist, or you may not see it.", noun(t))
}
