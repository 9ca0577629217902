package access

import (
	"maps"
	"slices"
	"time"

	"lyceum/app"
)

// Role returns what a caller may do in a project: with an API key as much as its
// account may, within the key's bounds.
func (x *Index) Role(c app.Caller, projectID string) app.Role {
	x.rlock()
	defer x.mu.RUnlock()
	if _, ok := x.accounts[c.AccountID]; !ok || x.lost || c.ProjectID != "" && c.ProjectID != projectID {
		return app.NoRole
	}
	role := x.roles[c.AccountID][projectID]
	if c.ReadOnly {
		role = min(role, app.Viewer)
	}
	return role
}

// Administrator reports whether a caller runs the site. An API key never does: a
// key that leaks out of a script must not be able to open the site to all.
func (x *Index) Administrator(c app.Caller) bool {
	x.rlock()
	defer x.mu.RUnlock()
	return !x.lost && !c.ByKey() && x.accounts[c.AccountID].admin
}

// HasAdministrator reports whether anybody runs the site.
func (x *Index) HasAdministrator() bool {
	x.rlock()
	defer x.mu.RUnlock()
	return x.admins > 0
}

// Name returns the name of an account, "" if there is no such account.
func (x *Index) Name(accountID string) string {
	x.rlock()
	defer x.mu.RUnlock()
	return x.accounts[accountID].name
}

// Session returns whose a sign-in is; ok is false if it has ended.
func (x *Index) Session(sessionID string) (accountID string, ok bool) {
	x.rlock()
	defer x.mu.RUnlock()
	return x.sessionLocked(sessionID)
}

func (x *Index) sessionLocked(sessionID string) (string, bool) {
	s, ok := x.sessions[sessionID]
	if !ok || x.lost || !time.Now().Before(s.expires) {
		return "", false
	}
	if _, ok := x.accounts[s.account]; !ok {
		return "", false
	}
	return s.account, true
}

// Valid reports whether a caller is still who it was: the account exists and the
// sign-in or the key has not ended. Nobody is always valid; a caller without a session is
// one of the server's own.
func (x *Index) Valid(c app.Caller) bool {
	if !c.SignedIn() {
		return true
	}
	x.rlock()
	defer x.mu.RUnlock()
	if c.ByKey() {
		return x.keyLocked(c)
	}
	if c.SessionID == "" {
		_, ok := x.accounts[c.AccountID]
		return ok && !x.lost
	}
	accountID, ok := x.sessionLocked(c.SessionID)
	return ok && accountID == c.AccountID
}

// Projects returns the projects in which a caller has a role, in order of ids.
func (x *Index) Projects(c app.Caller) []string {
	x.rlock()
	defer x.mu.RUnlock()
	return slices.Sorted(maps.Keys(x.rolesLocked(c)))
}

// rolesLocked returns the roles of a caller's account in the projects that the
// caller reaches.
func (x *Index) rolesLocked(c app.Caller) map[string]app.Role {
	if _, ok := x.accounts[c.AccountID]; !ok || x.lost {
		return nil
	}
	roles := x.roles[c.AccountID]
	if c.ProjectID == "" {
		return roles
	}
	if role, ok := roles[c.ProjectID]; ok {
		return map[string]app.Role{c.ProjectID: role}
	}
	return nil
}

// Collaborators returns the accounts that share a project with a caller, and the
// caller's own, in order of ids.
func (x *Index) Collaborators(c app.Caller) []string {
	x.rlock()
	defer x.mu.RUnlock()
	if _, ok := x.accounts[c.AccountID]; !ok || x.lost {
		return nil
	}
	people := map[string]bool{c.AccountID: true}
	for project := range x.rolesLocked(c) {
		for _, m := range x.projects[project] {
			people[m.account] = true
		}
	}
	return slices.Sorted(maps.Keys(people))
}

// Check returns nil if the caller's sign-in or key holds and its role in the project is
// at least need; without a project only that counts.
func (x *Index) Check(c app.Caller, projectID string, need app.Role) error {
	if !c.SignedIn() {
		return app.Errorf(app.Denied, "Please sign in first.")
	}
	if !x.Valid(c) {
		if x.Lost() {
			return ErrLost
		}
		return errEnded(c)
	}
	if projectID == "" {
		return nil
	}
	role := x.Role(c, projectID)
	if c.ReadOnly && role != app.NoRole && need > app.Viewer {
		return errReadOnly
	}
	return Permit(role, need)
}

// Permit returns nil if role is enough, and else a sentence: to who has no role
// in a project it does not exist.
func Permit(role, need app.Role) error {
	switch {
	case role == app.NoRole:
		return app.Errorf(app.NotFound, "This project does not exist, or you are not a member of it.")
	case role < need:
		article := "an"
		if need == app.Viewer {
			article = "a"
		}
		return app.Errorf(app.Denied, "As %s of this project you may not do this; ask an owner to make you %s %s.", withArticle(role), article, need)
	}
	return nil
}

func withArticle(r app.Role) string {
	if r == app.Viewer {
		return "a viewer"
	}
	return "an " + r.String()
}

func errEnded(c app.Caller) error {
	if c.ByKey() {
		return app.Errorf(app.Denied, "This API key was revoked or has expired. Make another one in the settings of your account.")
	}
	return app.Errorf(app.Denied, "Your sign-in has ended. Please sign in again.")
}

// Collaborate reports whether an account shares a project with a caller, or is
// the caller's own.
func (x *Index) Collaborate(c app.Caller, accountID string) bool {
	x.rlock()
	defer x.mu.RUnlock()
	if _, ok := x.accounts[accountID]; !ok || x.lost {
		return false
	}
	if c.AccountID == accountID {
		return true
	}
	for project := range x.rolesLocked(c) {
		if _, ok := x.roles[accountID][project]; ok {
			return true
		}
	}
	return false
}

// Exists reports whether there is such an account.
func (x *Index) Exists(accountID string) bool {
	x.rlock()
	defer x.mu.RUnlock()
	_, ok := x.accounts[accountID]
	return ok
}
