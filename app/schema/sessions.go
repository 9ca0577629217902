package schema

import "lyceum/app"

var sessions = &Table{
	Name: "sessions", Noun: "session", Key: []string{"id"}, Account: "account_id",
	Text: "Sign-ins. Deleting one ends it everywhere within a second.",
	Get:  Self, Delete: Self, Credential: true,
	Indexes: []app.Index{{Name: "account", Fields: []string{"account_id"}}},
	Fields: []Field{
		{Name: "id", Type: ID, Text: "Hash of the token in the cookie, in hexadecimal."},
		{Name: "account_id", Type: ID, Text: "Who has signed in."},
		{Name: "created", Type: Time, Text: "When."},
		{Name: "expires", Type: Time, Text: "When it ends by itself."},
		{Name: "used", Type: Time, Optional: true, Text: "When it was last used, to the hour or so."},
		{Name: "user_agent", Type: String, Max: 500, Optional: true, Text: "What the browser calls itself."},
		{Name: "address", Type: String, Max: 100, Optional: true, Text: "The network address it came from."},
		{Name: "recovered", Type: Time, Optional: true, Hidden: true, Text: "When a link signed it in: for a while after it the password is set without the old one."},
	},
}

var signInLinks = &Table{
	Name: "sign_in_links", Noun: "sign_in_link", Key: []string{"id"}, Account: "account_id",
	Text:       "Links that an operator has printed and that work once.",
	Credential: true,
	Fields: []Field{
		{Name: "id", Type: ID, Text: "Hash of the token in the link, in hexadecimal."},
		{Name: "account_id", Type: ID, Optional: true, Text: "Who it signs in; missing for the first account."},
		{Name: "kind", Type: String, OneOf: []string{"first", "sign_in"}, Text: "Whether it makes the first account or signs in."},
		{Name: "created", Type: Time, Text: "When it was printed."},
		{Name: "expires", Type: Time, Text: "When it ends by itself."},
		{Name: "used", Type: Time, Optional: true, Text: "When it was used."},
	},
}

var registrationTokens = &Table{
	Name: "registration_tokens", Noun: "registration_token", Key: []string{"id"}, Account: "account_id",
	Text: "Invitations to sign up. The link is answered once, when it is made.",
	Get:  Administrators, Create: Administrators, Delete: Administrators, NewID: true, Writer: Create, Credential: true,
	Indexes: []app.Index{{Name: "hash", Fields: []string{"hash"}}},
	Fields: []Field{
		{Name: "id", Type: ID, Set: Administrators, Once: true, Text: "Random."},
		{Name: "account_id", Type: ID, Force: ByCaller, Text: "Who made it."},
		{Name: "created", Type: Time, Force: ByCreation, Text: "When."},
		{Name: "expires", Type: Time, Optional: true, Text: "When it ends by itself."},
		{Name: "uses", Type: Int, Default: int64(0), Text: "How many have signed up with it."},
		{Name: "max_uses", Type: Int, Min: 1, Max: 10_000, Default: int64(1), Set: Administrators, Once: true, Text: "How many may."},
		{Name: "note", Type: String, Max: 200, OneLine: true, Optional: true, Set: Administrators, Text: "For whom it is, for the administrators."},
		{Name: "hash", Type: String, Hidden: true, Text: "Hash of the token in the link, in hexadecimal."},
		{Name: "link", Type: String, Input: true, Optional: true, Text: "The link, only in the answer that makes it."},
		requestIDs,
	},
}
