package schema

import "lyceum/app"

// Who names the callers that a rule of access means. Which project or account
// is meant is in the row: Table.Project and Table.Account name the field.
type Who int

// The scopes.
const (
	Nobody         Who = iota // the server only
	Anyone                    // also without a sign-in (Q9)
	SignedIn                  // every account
	Self                      // the account that the row names
	Collaborators             // who shares a project with the account that the row names
	Viewers                   // viewers, editors and owners of the row's project
	Editors                   // editors and owners of it
	Owners                    // owners of it
	Administrators            // of the whole site
	Overseers                 // viewers of the row's project, and administrators
)

// Role returns the role in the row's project that w asks for, NoRole if w does
// not ask for one.
func (w Who) Role() app.Role {
	switch w {
	case Viewers, Overseers:
		return app.Viewer
	case Editors:
		return app.Editor
	case Owners:
		return app.Owner
	}
	return app.NoRole
}

var whoNames = map[Who]string{
	Nobody: "nobody", Anyone: "anyone", SignedIn: "signed_in", Self: "self", Collaborators: "collaborators",
	Viewers: "viewers", Editors: "editors", Owners: "owners", Administrators: "administrators",
	Overseers: "overseers",
}

// Name is w in one word, for programs.
func (w Who) Name() string { return whoNames[w] }

// String describes w as in "Only … may do this".
func (w Who) String() string {
	switch w {
	case Anyone:
		return "anyone"
	case SignedIn:
		return "people who have signed in"
	case Self:
		return "its own account"
	case Collaborators:
		return "collaborators"
	case Viewers:
		return "members of the project"
	case Editors:
		return "editors and owners of the project"
	case Owners:
		return "owners of the project"
	case Administrators:
		return "administrators"
	case Overseers:
		return "members of the project and administrators"
	}
	return "the server"
}
