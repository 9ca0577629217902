package schema

// site is the key of the one row of settings.
const site = "site"

var (
	signUp = Field{
		Name: "sign_up", Type: String, OneOf: []string{"invitation", "open"}, Default: "invitation", Set: Administrators,
		Text: "Whether a new account needs an invitation.",
	}
	siteName = Field{Name: "name", Type: String, Min: 1, Max: 100, OneLine: true, Default: "Lyceum", Set: Administrators, Text: "What the site is called."}
)

var serverSettings = &Table{
	Name: "server_settings", Noun: "server_settings", Key: []string{"id"}, Singleton: site, Upsert: true,
	Text: "What administrators have chosen for the whole site.",
	Get:  Administrators, Create: Administrators,
	Fields: []Field{
		{Name: "id", Type: String, OneOf: []string{site}, Set: Administrators, Once: true, Text: "Always \"site\"."},
		signUp, siteName,
		{
			Name: "project_defaults", Type: Object, Optional: true, Fields: limitFields(Administrators),
			Text: "What a project may use where project_limits says nothing else; what is missing is as Lyceum has it built in.",
		},
		requestIDs,
	},
}

var siteSettings = &Table{
	Name: "site_settings", Noun: "site_settings", Key: []string{"id"}, Singleton: site, Of: "server_settings",
	Text: "What everybody may know of the site, also before signing in.",
	Get:  Anyone,
	Fields: []Field{
		{Name: "id", Type: String, OneOf: []string{site}, Text: "Always \"site\"."},
		shown(signUp), shown(siteName),
		{Name: FirstAccount, Type: Bool, Default: false, Text: "Whether the site waits for its first administrator."},
	},
}

// FirstAccount is a field of site_settings that no row holds: it is true while
// there is no administrator.
const FirstAccount = "first_account"

// shown returns f as somebody sees it who may not set it.
func shown(f Field) Field {
	f.Set = Nobody
	return f
}

var serverSecrets = &Table{
	Name: "server_secrets", Noun: "server_secret", Key: []string{"id"},
	Text:       "Keys that the server has made for itself.",
	Credential: true,
	Fields: []Field{
		{Name: "id", Type: String, Max: 100, Text: "What the secret is for."},
		{Name: "value", Type: Bytes, Hidden: true, Text: "The secret."},
	},
}
