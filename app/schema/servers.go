package schema

var servers = &Table{
	Name: "servers", Noun: "server", Key: []string{"id"},
	Text: "The servers that share this database, or have shared it; none where there can be one only. projects.server names one.",
	Get:  SignedIn,
	Fields: []Field{
		{Name: "id", Type: ID, Text: "Random, of the server's data directory."},
		{Name: "name", Type: String, Max: 300, OneLine: true, Text: "What people call it."},
		{Name: "address", Type: String, Max: 500, OneLine: true, Text: "Where browsers reach it; ends with a slash."},
		{Name: "started", Type: Time, Text: "When it was last started."},
	},
}

var thisServer = &Table{
	Name: "this_server", Noun: "this_server", Key: []string{"id"},
	Text:      "Which of servers answers, one row; none where there can be one only.",
	Ephemeral: true, Local: true,
	Get: SignedIn,
	Fields: []Field{
		{Name: "id", Type: String, OneOf: []string{"here"}, Text: "Always \"here\"."},
		{Name: "server", Type: ID, Text: "Its id in servers."},
	},
}
