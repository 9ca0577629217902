package query

import (
	"strings"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/schema"
)

// noun is what one row of a table is called in a sentence.
func noun(t *schema.Table) string { return strings.ReplaceAll(t.Noun, "_", " ") }

// roleIn is the caller's role in the project of a row. Where the row itself says
// who has which role, it decides too: the condition of the write then makes the
// answer hold until the commit.
func (e *Engine) roleIn(c app.Caller, t *schema.Table, row app.Row) app.Role {
	projectID, _ := row[t.Project].(string)
	role := e.access.Role(c, projectID)
	if t.Name == "projects" {
		role = min(role, access.RoleIn(row, c.AccountID))
	}
	return role
}

// permit returns nil if the caller may do what the need asks for with a row.
func (e *Engine) permit(c app.Caller, t *schema.Table, row app.Row, n need) error {
	if err := permitKey(c, t, row, n); err != nil {
		return err
	}
	switch n.who {
	case schema.SignedIn, schema.Anyone:
		return nil
	case schema.Self:
		if id, _ := row[t.Account].(string); id == c.AccountID {
			return nil
		}
		return errAbsent(t)
	case schema.Administrators:
		if e.access.Administrator(c) {
			return nil
		}
		return app.Errorf(app.Denied, "Only administrators may set %s.", n.path)
	case schema.Overseers:
		if e.access.Administrator(c) {
			return nil
		}
	case schema.Nobody, schema.Collaborators:
		return app.Errorf(app.Denied, "%s is set by the server.", n.path)
	}
	switch role := e.roleIn(c, t, row); {
	case role == app.NoRole:
		return errAbsent(t)
	case role < n.who.Role():
		return app.Errorf(app.Denied, "Only %s may set %s; ask an owner to change your role.", n.who, n.path)
	}
	return nil
}

// permitAll returns the first refusal.
func (e *Engine) permitAll(c app.Caller, t *schema.Table, row app.Row, list []need) error {
	for _, n := range list {
		if err := e.permit(c, t, row, n); err != nil {
			return err
		}
	}
	return nil
}

// sees returns nil if the caller may see a stored row at all.
func (e *Engine) sees(c app.Caller, t *schema.Table, row app.Row) error {
	if t.Get == schema.Nobody || e.visible(c, t, scope{field: scopeField(t)}.key(row)) {
		return nil
	}
	return errAbsent(t)
}

// greatest is the highest role that the needs name: what a fence must hold.
func greatest(list []need) app.Role {
	role := app.NoRole
	for _, n := range list {
		role = max(role, n.who.Role())
	}
	return role
}
