package schema

import "lyceum/app"

var directories = &Table{
	Name: "directories", Noun: "directory", Key: []string{"project_id", "path"}, Project: "project_id",
	Text:      "Folders that somebody watches. Watching one with project_id and path makes the host of projects follow it.",
	Ephemeral: true, Watcher: true,
	Get: Viewers,
	Fields: []Field{
		{Name: "project_id", Type: ID, Text: "The project."},
		{Name: "path", Type: String, Text: "The folder, from the home of the project; empty for the home."},
		{
			Name: "entries", Type: Map, Optional: true, Text: "What is in it, by name.",
			Of: &Field{Type: Object, Text: "One entry.", Fields: []Field{
				{Name: "kind", Type: String, OneOf: []string{"file", "directory", "link", "other"}, Text: "What it is."},
				{Name: "size", Type: Int, Text: "Bytes of a file."},
				{Name: "modified", Type: Time, Text: "When it last changed."},
				{Name: "mode", Type: Int, Text: "Its permissions, as in Unix."},
			}},
		},
		{Name: "error", Type: String, Optional: true, Text: "Why it cannot be listed."},
		{Name: "cut", Type: Bool, Default: false, Text: "Whether there are more entries than are listed."},
		{Name: "time", Type: Time, Text: "When it was read."},
	},
}

var fileActions = &Table{
	Name: "file_actions", Noun: "file_action", Key: []string{"id"}, Project: "project_id", NewID: true,
	Text: "What is done to files: set a row, and it is answered when it is done.",
	Get:  Viewers, Create: Editors, Writer: Create,
	Indexes: []app.Index{{Name: "project", Fields: []string{"project_id", "time"}}},
	Fields: []Field{
		{Name: "id", Type: ID, Set: Editors, Once: true, Text: "Random."},
		{Name: "project_id", Type: ID, Set: Editors, Once: true, Text: "The project."},
		{Name: "action", Type: String, OneOf: []string{"create_file", "create_directory", "rename", "delete"}, Set: Editors, Once: true, Text: "What to do."},
		{Name: "path", Type: String, Min: 1, Set: Editors, Once: true, Text: "To what, from the home of the project."},
		{Name: "to", Type: String, Min: 1, Optional: true, Set: Editors, Once: true, Text: "The new path of what is renamed."},
		{Name: "account_id", Type: ID, Force: ByCaller, Text: "Who asked."},
		{Name: "time", Type: Time, Force: ByCreation, Text: "When."},
		{Name: "finished", Type: Time, Optional: true, Text: "When it was done, or given up."},
		{Name: "error", Type: String, Optional: true, Text: "Why it could not be done."},
		requestIDs,
	},
}

var terminals = &Table{
	Name: "terminals", Noun: "terminal", Key: []string{"id"}, Project: "project_id", NewID: true,
	Text: "Shells of projects; their bytes have a socket of their own. Deleting one ends it.",
	Get:  Viewers, Create: Editors, Delete: Editors, Writer: Delete, PerProject: maxTerminals,
	Indexes: []app.Index{{Name: "project", Fields: []string{"project_id"}}},
	Fields: []Field{
		{Name: "id", Type: ID, Set: Editors, Once: true, Text: "Random."},
		{Name: "project_id", Type: ID, Set: Editors, Once: true, Text: "The project."},
		{Name: "title", Type: String, Min: 1, Max: 100, OneLine: true, Default: "Terminal", Set: Editors, Text: "What its tab is called."},
		{Name: "account_id", Type: ID, Force: ByCaller, Text: "Who opened it."},
		{Name: "created", Type: Time, Force: ByCreation, Text: "When."},
		{Name: "ended", Type: Object, Optional: true, Text: "How the shell ended.", Fields: []Field{
			{Name: "time", Type: Time, Text: "When."},
			{Name: "exit_code", Type: Int, Optional: true, Text: "Its exit code."},
			{Name: "signal", Type: String, Optional: true, Text: "The signal that ended it."},
			{Name: "reason", Type: String, Optional: true, Text: "Why it ended with its project, as a sentence."},
		}},
		requestIDs,
	},
}
