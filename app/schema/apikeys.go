package schema

import "lyceum/app"

// Scopes of an API key.
const (
	ScopeAll     = "all"
	ScopeProject = "project"
)

var apiKeys = &Table{
	Name: "api_keys", Noun: "api_key", Key: []string{"id"}, Account: "account_id",
	Text: "Keys with which scripts do what their account may. A key is answered once, when it is made; deleting its row ends it everywhere within a second.",
	Get:  Self, Create: SignedIn, Delete: Self, NewID: true, Writer: Create, Credential: true,
	Indexes: []app.Index{
		{Name: "account", Fields: []string{"account_id"}},
		{Name: "hash", Fields: []string{"hash"}},
	},
	Fields: []Field{
		{Name: "id", Type: ID, Set: Self, Once: true, Text: "Random."},
		{Name: "account_id", Type: ID, Force: ByCaller, Text: "Whose it is."},
		{Name: "name", Type: String, Min: 1, Max: 100, OneLine: true, Set: Self, Text: "What it is for."},
		{Name: "scope", Type: String, OneOf: []string{ScopeAll, ScopeProject}, Set: Self, Once: true, Text: "Everything that the account may, or one project and nothing else."},
		{Name: "project_id", Type: ID, Optional: true, Set: Self, Once: true, Text: "The project, with the scope \"project\"."},
		{Name: "read_only", Type: Bool, Set: Self, Once: true, Text: "Whether it can only read."},
		{Name: "created", Type: Time, Force: ByCreation, Text: "When it was made."},
		{Name: "expires", Type: Time, Optional: true, Set: Self, Once: true, Text: "When it ends by itself; missing for never."},
		{Name: "used", Type: Time, Optional: true, Text: "When it was last used, to the hour or so."},
		{Name: "hash", Type: String, Hidden: true, Text: "Hash of the key, in hexadecimal."},
		{Name: "key", Type: String, Input: true, Optional: true, Text: "The key itself, only in the answer that makes it."},
		requestIDs,
	},
}
