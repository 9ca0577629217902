package query

import (
	"lyceum/app"
	"lyceum/app/schema"
)

// The bounds of a caller that is a script with an API key. Every way to a row
// asks here: enter, visible and permit. What is not allowed explicitly is refused,
// so that a new table is out of reach of a narrow key until somebody thinks of it.

// reaches returns nil if a caller may ask or set anything of a table at all.
func reaches(c app.Caller, t *schema.Table) error {
	switch {
	case !c.ByKey():
		return nil
	case t.Credential:
		return app.Errorf(app.Denied, "No API key can read or set %s. Please sign in with a browser.", t.Name)
	case c.ProjectID != "" && t.Project == "" && t.Get != schema.Anyone && t.Get != schema.Collaborators:
		return app.Errorf(app.Denied, "This API key is for one project, and %s are not of a project.", t.Name)
	}
	return nil
}

// permitKey returns nil if a caller's key lets it set something of a row. What
// the account itself may is asked too.
func permitKey(c app.Caller, t *schema.Table, row app.Row, n need) error {
	if !c.ByKey() {
		return nil
	}
	if err := reaches(c, t); err != nil {
		return err
	}
	if c.ReadOnly {
		return errReadOnly(t)
	}
	if c.ProjectID == "" {
		return nil
	}
	if n.who == schema.SignedIn || n.who == schema.Anyone {
		return app.Errorf(app.Denied, "This API key is for one project, and cannot make %s.", t.Name)
	}
	if t.Project == "" || row[t.Project] != c.ProjectID {
		return errAbsent(t)
	}
	return nil
}

func errReadOnly(t *schema.Table) error {
	return app.Errorf(app.Denied, "This API key can only read, it cannot set %s.", t.Name)
}
