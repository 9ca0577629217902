package schema

import "lyceum/app"

var actionRequest = Field{
	Name: "action_request", Type: Object, Optional: true, Fresh: true,
	Text: "What somebody last asked of the project; the host of projects tells here how far it is.",
	Fields: []Field{
		{
			Name: "action", Type: String, OneOf: []string{"start", "stop", "restart", "archive", "unarchive"},
			Needs: map[string]Who{"start": Viewers, "stop": Editors, "restart": Editors, "archive": Owners, "unarchive": Owners},
			Text:  "What to do.",
		},
		{Name: "request", Type: String, Optional: true, Force: ByRequest, Text: "The request id of the set."},
		{Name: "account_id", Type: ID, Optional: true, Force: ByCaller, Text: "Who asked; missing if the server did."},
		{Name: "time", Type: Time, Force: ByClock, Text: "When."},
		{Name: "started", Type: Time, Optional: true, Text: "When the host began with it."},
		{Name: "finished", Type: Time, Optional: true, Text: "When it was done."},
		{Name: "error", Type: String, Optional: true, Text: "Why it could not be done."},
	},
}

var projectState = Field{
	Name: "state", Type: Object, Text: "Whether the project runs.",
	Fields: []Field{
		{Name: "state", Type: String, OneOf: []string{"archived", "stopped", "starting", "running", "stopping"}, Text: "The state."},
		{Name: "since", Type: Time, Text: "Since when."},
		{Name: "error", Type: String, Optional: true, Text: "Why it is not as it was asked for."},
	},
}

var outOfMemory = Field{
	Name: "out_of_memory", Type: Object, Optional: true, Text: "That the kernel has ended a program because memory was full, the last time since the project was started.",
	Fields: []Field{
		{Name: "program", Type: String, Optional: true, Text: "Which program it was; missing where the kernel's log cannot be read."},
		{Name: "time", Type: Time, Text: "When."},
		{Name: "memory_bytes", Type: Int, Optional: true, Text: "What the project might use then."},
	},
}

var projects = &Table{
	Name: "projects", Noun: "project", Key: []string{"id"}, Project: "id", People: "users", NewID: true,
	Text: "A project: people, files, and what runs.",
	Get:  Viewers, Create: SignedIn,
	// What the page of projects sorts by. Each is an entry for each member, written
	// anew when its second field changes: 2000 people are 20 ms of the one writer,
	// and last_edited is exact to a minute for that.
	Indexes: []app.Index{
		{Name: "users", Fields: []string{"users.*"}},
		{Name: "users_edited", Fields: []string{"users.*", "last_edited"}},
		{Name: "users_title", Fields: []string{"users.*", "title"}},
	},
	Fields: []Field{
		{Name: "id", Type: ID, Set: SignedIn, Once: true, Text: "Random."},
		{Name: "title", Type: String, Min: 1, Max: 200, OneLine: true, Set: Editors, Text: "What people call it."},
		{Name: "description", Type: String, Max: 2000, Default: "", Set: Editors, Text: "What it is about."},
		{
			Name: "users", Type: Map, Text: "Its people, by account.",
			Of: &Field{Type: Object, Text: "One of its people.", Fields: []Field{
				{Name: "role", Type: String, OneOf: []string{"viewer", "editor", "owner"}, Text: "What this person may do."},
				{Name: "since", Type: Time, Optional: true, Text: "Since when."},
			}},
		},
		{Name: "created", Type: Time, Force: ByCreation, Text: "When it was made."},
		{Name: "last_edited", Type: Time, Force: ByClock, Text: "When somebody last changed something in it."},
		actionRequest, projectState,
		{Name: "isolation", Type: String, Optional: true, Text: "How its programs are kept apart from the rest, in words."},
		{Name: "stops_at", Type: Time, Optional: true, Text: "When it will be stopped because nobody uses it; missing while somebody does."},
		outOfMemory,
		{Name: "disk_full", Type: Time, Optional: true, Text: "Since when all the space on disk that it may have is used."},
		{Name: "restart_reason", Type: String, Optional: true, Text: "Why it should be restarted, as a sentence."},
		{Name: "network_note", Type: String, Optional: true, Text: "Why its network is not as its limits say, as a sentence."},
		{Name: "server", Type: ID, Optional: true, Text: "Which of servers has its files; only that one runs it."},
		{Name: "uid", Type: Int, Optional: true, Hidden: true, Text: "The user id of its processes on the host."},
		requestIDs,
	},
}

var members = &Table{
	Name: "members", Noun: "member", Key: []string{"project_id", "account_id"}, Project: "project_id", Account: "account_id",
	Text:   "Sets who is in a project; it is read in projects.users. A member may delete the own row to leave.",
	Upsert: true, Writer: Create | Update | Delete, Create: Owners, Delete: Viewers,
	Fields: []Field{
		{Name: "project_id", Type: ID, Set: Owners, Text: "The project."},
		{Name: "account_id", Type: ID, Set: Owners, Text: "The person, if already known here."},
		{Name: "email_address", Type: String, Max: 254, OneLine: true, Set: Owners, Input: true, Optional: true, Text: "The person, by the address of an account."},
		{Name: "role", Type: String, OneOf: []string{"viewer", "editor", "owner"}, Set: Owners, Text: "What this person may do."},
	},
}

var projectUIDs = &Table{
	Name: "project_uids", Noun: "project_uid", Key: []string{"id"}, Project: "project_id",
	Text: "User ids of the host that projects have claimed; none is used twice.",
	Fields: []Field{
		{Name: "id", Type: String, Text: "The user id as ten digits."},
		{Name: "project_id", Type: ID, Text: "Whose it is."},
	},
}
