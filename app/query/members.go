package query

import (
	"context"
	"errors"
	"strings"
	"time"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/schema"
)

// members is the Writer of the table members: who is in a project, and as what.
// It is the only way by which roles change, and it keeps who is meant from
// writing in the project meanwhile: nothing is written under a role after the
// loss of that role has been acknowledged. (W5)
type members struct{ *Engine }

// maxMembers bounds the people of one project: a large lecture. The map is part
// of the row, which every change of the project writes again.
const maxMembers = 2000

// Set implements Writer.
func (m *members) Set(ctx context.Context, s Set) (app.Row, error) {
	c := app.CallerFrom(ctx)
	projectID, _ := s.Row["project_id"].(string)
	accountID, err := m.account(ctx, s)
	if err != nil {
		return nil, err
	}
	release, clean, err := m.access.Change(ctx, projectID, accountID)
	if err != nil {
		return nil, err
	}
	defer release()
	if !clean {
		m.log.ErrorContext(ctx, "a write goes on over the loss of its role", "project", projectID)
	}
	role := app.NoRole
	if s.Op != schema.Delete {
		name, _ := s.Row["role"].(string)
		if role = app.ParseRole(name); role == app.NoRole {
			return nil, app.Errorf(app.Invalid, "A set of members must name role: viewer, editor or owner.")
		}
	}
	_, err = Update(ctx, m.store, "projects", projectID, func(row app.Row) (app.Row, error) {
		return change(row, c.AccountID, accountID, role)
	})
	if err != nil {
		return nil, err
	}
	if role == app.NoRole {
		m.forget(ctx, projectID, accountID)
	}
	answer := app.Row{"project_id": projectID, "account_id": accountID}
	if role != app.NoRole {
		answer["role"] = role.String()
	}
	return answer, nil
}

// change gives somebody a role in a project, or none. Doing it again changes
// nothing.
func change(row app.Row, callerID, accountID string, role app.Role) (app.Row, error) {
	users := access.Users(row)
	if err := access.Permit(users[callerID], app.Viewer); err != nil {
		return nil, err
	}
	leaves := callerID == accountID && role == app.NoRole
	if users[callerID] != app.Owner && !leaves {
		return nil, app.Errorf(app.Denied, "Only owners of the project may change its people.")
	}
	if users[accountID] == role {
		return row, nil
	}
	if users[accountID] == app.Owner && owners(users) == 1 {
		return nil, app.Errorf(app.Denied, "The last owner cannot go. Make somebody else an owner first.")
	}
	people, _ := row["users"].(app.Row)
	if role == app.NoRole {
		delete(people, accountID)
		return row, nil
	}
	if people[accountID] == nil && len(people) >= maxMembers {
		return nil, app.Errorf(app.TooLarge, "A project may have at most %d people.", maxMembers)
	}
	since := any(time.Now().UnixMilli())
	if before, ok := people[accountID].(app.Row); ok && before["since"] != nil {
		since = before["since"]
	}
	people[accountID] = app.Row{"role": role.String(), "since": since}
	return row, nil
}

func owners(users map[string]app.Role) int {
	n := 0
	for _, role := range users {
		if role == app.Owner {
			n++
		}
	}
	return n
}

// account returns who is meant: by id, or by the e-mail address of an account.
func (m *members) account(ctx context.Context, s Set) (string, error) {
	row := s.Row
	id, byID := row["account_id"].(string)
	address, byAddress := row["email_address"].(string)
	switch {
	case byID == byAddress:
		return "", app.Errorf(app.Invalid, "A set of members must name either account_id or email_address.")
	case byID && (s.Op == schema.Delete || m.access.Exists(id)):
		return id, nil
	case byID:
		return "", app.Errorf(app.NotFound, "There is no such account.")
	}
	rec, err := m.store.Get(ctx, "emails", strings.ToLower(address))
	if errors.Is(err, app.ErrNotFound) {
		return "", app.Errorf(app.NotFound, "Nobody with the address %s has an account here yet. Ask an administrator to send an invitation, and add the person afterwards.", address)
	}
	if err != nil {
		return "", err
	}
	id, _ = rec.Row["account_id"].(string)
	return id, nil
}

// forget removes what somebody who has gone has left in ephemeral tables.
func (m *members) forget(ctx context.Context, projectID, accountID string) {
	m.drop(ctx, app.Range{Table: "cursors", Index: "project", Prefix: []any{projectID}}, func(row app.Row) bool {
		return row["account_id"] == accountID
	})
}
