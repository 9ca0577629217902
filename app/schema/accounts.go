package schema

import "lyceum/app"

// maxName bounds what is shown beside carets and in lists of people.
const maxName = 100

var editorSettings = Field{
	Name: "editor_settings", Type: Object, Set: Self, Text: "How editors look and behave for this person.",
	Default: app.Row{}, Fields: []Field{
		{Name: "theme", Type: String, OneOf: []string{"auto", "light", "dark"}, Default: "auto", Set: Self, Text: "Light, dark, or as the computer says."},
		{Name: "font_size", Type: Int, Min: 8, Max: 40, Default: int64(14), Set: Self, Text: "Height of letters in editors and terminals, in pixels."},
		{Name: "keymap", Type: String, OneOf: []string{"default", "vim", "emacs"}, Default: "default", Set: Self, Text: "Which keys an editor knows."},
		{Name: "line_wrapping", Type: Bool, Default: true, Set: Self, Text: "Whether long lines are wrapped."},
		{Name: "tab_size", Type: Int, Min: 1, Max: 16, Default: int64(4), Set: Self, Text: "Columns between two tab stops."},
	},
}

var accounts = &Table{
	Name: "accounts", Noun: "account", Key: []string{"id"}, Account: "id",
	Text: "People. Everybody sees the own row only; names of others are in collaborators.",
	Get:  Self,
	Fields: []Field{
		{Name: "id", Type: ID, Text: "Random, never used again."},
		{Name: "name", Type: String, Min: 1, Max: maxName, OneLine: true, Set: Self, Text: "What others see."},
		{Name: "email_address", Type: String, Max: 254, Optional: true, Text: "Where mail reaches this person, as it was typed."},
		{Name: "administrator", Type: Bool, Default: false, Text: "Whether this person runs the site."},
		{Name: "created", Type: Time, Text: "When the account was made."},
		editorSettings,
		requestIDs,
	},
}

var collaborators = &Table{
	Name: "collaborators", Noun: "collaborator", Key: []string{"id"}, Account: "id", Of: "accounts",
	Text: "The caller, and everybody who shares a project with the caller.",
	Get:  Collaborators,
	Fields: []Field{
		{Name: "id", Type: ID, Text: "The account."},
		{Name: "name", Type: String, Text: "What others see."},
	},
}

var emails = &Table{
	Name: "emails", Noun: "email", Key: []string{"address"}, Account: "account_id",
	Text:       "Which account has an e-mail address: the address is the key, so it is unique.",
	Credential: true,
	Indexes:    []app.Index{{Name: "account", Fields: []string{"account_id"}}},
	Fields: []Field{
		{Name: "address", Type: String, Max: 254, Text: "In lower case."},
		{Name: "account_id", Type: ID, Text: "Whose it is."},
		{Name: "created", Type: Time, Text: "Since when."},
	},
}

var credentials = &Table{
	Name: "credentials", Noun: "credential", Key: []string{"account_id"}, Account: "account_id",
	Text:       "Passwords, as far as a server may know them.",
	Credential: true,
	Fields: []Field{
		{Name: "account_id", Type: ID, Text: "Whose it is."},
		{Name: "password", Type: String, Hidden: true, Text: "Argon2id in the PHC form."},
		{Name: "changed", Type: Time, Text: "When it was set."},
	},
}
