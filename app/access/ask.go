package access

import (
	"time"

	"lyceum/app"
)

// Role returns what an account may do in a project.
func (x *Index) Role(accountID, projectID string) app.Role {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if _, ok := x.accounts[accountID]; !ok || x.lost {
		return app.NoRole
	}
	return x.projects[projectID][accountID]
}

// Administrator reports whether an account runs the site.
func (x *Index) Administrator(accountID string) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return !x.lost && x.accounts[accountID].admin
}

// HasAdministrator reports whether anybody runs the site.
func (x *Index) HasAdministrator() bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.admins > 0
}

// Name returns the name of an account, "" if there is no such account.
func (x *Index) Name(accountID string) string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.accounts[accountID].name
}

// Session returns whose a sign-in is; ok is false if it has ended.
func (x *Index) Session(sessionID string) (accountID string, ok bool) {
	x.mu.RLock()
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
// sign-in has not ended. Nobody is always valid; a caller without a session is
// one of the server's own.
func (x *Index) Valid(c app.Caller) bool {
	if !c.SignedIn() {
		return true
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	if c.SessionID == "" {
		_, ok := x.accounts[c.AccountID]
		return ok && !x.lost
	}
	accountID, ok := x.sessionLocked(c.SessionID)
	return ok && accountID == c.AccountID
}

// Projects returns the projects in which an account has a role, in order of ids.
func (x *Index) Projects(accountID string) []string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if _, ok := x.accounts[accountID]; !ok || x.lost {
		return nil
	}
	return sorted(x.roles[accountID])
}

// Collaborators returns the accounts that share a project with an account, and
// the account itself, in order of ids.
func (x *Index) Collaborators(accountID string) []string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if _, ok := x.accounts[accountID]; !ok || x.lost {
		return nil
	}
	people := map[string]bool{accountID: true}
	for project := range x.roles[accountID] {
		for id := range x.projects[project] {
			people[id] = true
		}
	}
	return sorted(people)
}

// Check returns nil if the caller's sign-in holds and its role in the project is
// at least need; without a project only the sign-in counts.
func (x *Index) Check(c app.Caller, projectID string, need app.Role) error {
	if !c.SignedIn() {
		return app.Errorf(app.Denied, "Please sign in first.")
	}
	if !x.Valid(c) {
		return errEnded()
	}
	if projectID == "" {
		return nil
	}
	return Permit(x.Role(c.AccountID, projectID), need)
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

func errEnded() error {
	return app.Errorf(app.Denied, "Your sign-in has ended. Please sign in again.")
}

// Collaborate reports whether two accounts share a project, or are one.
func (x *Index) Collaborate(a, b string) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if _, ok := x.accounts[b]; !ok || x.lost {
		return false
	}
	if a == b {
		return true
	}
	for project := range x.roles[a] {
		if _, ok := x.projects[project][b]; ok {
			return true
		}
	}
	return false
}

// Exists reports whether there is such an account.
func (x *Index) Exists(accountID string) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	_, ok := x.accounts[accountID]
	return ok
}
