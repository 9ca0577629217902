package schema

import "lyceum/app"

var documents = &Table{
	Name: "documents", Noun: "document", Key: []string{"id"}, Project: "project_id",
	Text: "Open or once opened files, and how far they are saved.",
	Get:  Viewers, Writer: Update, Limit: 10_000,
	Indexes: []app.Index{{Name: "project", Fields: []string{"project_id"}}},
	Fields: []Field{
		{Name: "id", Type: ID, Text: "Random; lasts as long as the file."},
		{Name: "project_id", Type: ID, Text: "Its project."},
		{Name: "path", Type: String, Text: "Where it is, from the home of the project."},
		{Name: "created", Type: Time, Text: "When it was first opened."},
		{Name: "saved", Type: Object, Optional: true, Text: "What is on disk.", Fields: []Field{
			{Name: "seq", Type: Int, Text: "The last patch in it."},
			{Name: "hash", Type: String, Text: "SHA-256 of the file."},
			{Name: "time", Type: Time, Text: "When it was written."},
		}},
		{Name: "saving", Type: Object, Optional: true, Text: "What is being put on disk.", Fields: []Field{
			{Name: "seq", Type: Int, Text: "The last patch in it."},
			{Name: "hash", Type: String, Text: "SHA-256 of what will be the file."},
		}},
		{Name: "dirty", Type: Bool, Default: false, Text: "Whether there are edits that are not on disk."},
		{Name: "error", Type: String, Optional: true, Text: "Why it could not be saved."},
		{Name: "disk", Type: Object, Optional: true, Text: "What has become of the file.", Fields: []Field{
			{Name: "state", Type: String, OneOf: []string{"ok", "deleted", "replaced", "binary"}, Text: "Whether it can be saved there."},
			{Name: "since", Type: Time, Text: "Since when."},
		}},
		{Name: "write_again", Type: Bool, Optional: true, Set: Editors, Input: true, Text: "Set to true, writes a file again that was deleted or replaced."},
		{Name: "line_ends", Type: String, OneOf: []string{"lf", "crlf"}, Default: "lf", Text: "How lines end in the file."},
	},
}

var documentPaths = &Table{
	Name: "document_paths", Noun: "document_path", Key: []string{"project_id", "path"}, Project: "project_id",
	Text: "Which document a file is: the path is the key, so it is unique.",
	Get:  Viewers, Limit: 10_000,
	Fields: []Field{
		{Name: "project_id", Type: ID, Text: "The project."},
		{Name: "path", Type: String, Text: "Where the file is, from the home of the project."},
		{Name: "document_id", Type: ID, Text: "The document."},
	},
}

var documentStates = &Table{
	Name: "document_states", Noun: "document_state", Key: []string{"document_id"}, Project: "project_id", Source: true,
	Text: "Opens a file: a state vector in, what is missing out. Then watch patches above seq.",
	Get:  Viewers,
	Fields: []Field{
		{Name: "document_id", Type: ID, Text: "The document; or give project_id and path."},
		{Name: "project_id", Type: ID, Text: "The project."},
		{Name: "path", Type: String, Text: "Where the file is, from the home of the project."},
		{Name: "state_vector", Type: Bytes, Input: true, Optional: true, Text: "What the browser has; empty for nothing."},
		{Name: "update", Type: Bytes, Max: 64 << 20, Text: "What the browser is missing."},
		{Name: "seq", Type: Int, Text: "The last patch in it."},
		{Name: "merged", Type: Map, Of: &Field{Type: Int, Text: "The last number."}, Text: "The last outbox number of each tab that is in it."},
		{Name: "read_only", Type: Bool, Default: false, Text: "Whether the caller may only read."},
	},
}

var patches = &Table{
	Name: "patches", Noun: "patch", Key: []string{"document_id", "seq"}, Project: "project_id", AppendOnly: true,
	Text: "Every edit of every document, in order.",
	Get:  Viewers, Create: Editors, Writer: Create, Watcher: true, Limit: 10_000,
	Fields: []Field{
		{Name: "document_id", Type: ID, Set: Editors, Once: true, Text: "The document."},
		{Name: "seq", Type: Int, Text: "1, 2, 3 … in each document."},
		{Name: "project_id", Type: ID, Force: ByDocument, Text: "The project of the document."},
		{Name: "time", Type: Time, Force: ByCreation, Text: "When it was stored."},
		{Name: "account_id", Type: ID, Optional: true, Force: ByCaller, Text: "Who edited; missing if the project did."},
		{Name: "origin", Type: String, Max: 64, OneLine: true, Set: Editors, Once: true, Text: "The outbox that it came from, or \"disk\"."},
		{Name: "n_from", Type: Int, Optional: true, Set: Editors, Once: true, Text: "The first outbox number in it; missing if it is n."},
		{Name: "n", Type: Int, Set: Editors, Once: true, Text: "The last outbox number in it."},
		{Name: "update", Type: Bytes, Min: 1, Max: maxBytes, Set: Editors, Once: true, Text: "The edit as an update of Yjs, version 1."},
		{Name: "file_hash", Type: String, Optional: true, Text: "SHA-256 of the content of the file that this edit of the project brought in."},
	},
}

var checkpoints = &Table{
	Name: "checkpoints", Noun: "checkpoint", Key: []string{"document_id", "seq"},
	Text: "States of documents, so that opening need not read every patch. A cache.",
	Fields: []Field{
		{Name: "document_id", Type: ID, Text: "The document."},
		{Name: "seq", Type: Int, Text: "The last patch in it."},
		{Name: "state", Type: Bytes, Max: 64 << 20, Text: "The state as an update of Yjs."},
		{Name: "merged", Type: Map, Text: "How far each outbox is in it.", Of: &Field{Type: Object, Text: "One outbox.", Fields: []Field{
			{Name: "n", Type: Int, Text: "Its last number."},
			{Name: "seq", Type: Int, Text: "The patch that held it."},
		}}},
		{Name: "time", Type: Time, Text: "When it was made."},
	},
}

var cursors = &Table{
	Name: "cursors", Noun: "cursor", Key: []string{"document_id", "connection_id"}, Project: "project_id", Account: "account_id",
	Text:      "Where people are in a document. One row a document and connection; it goes with the connection.",
	Ephemeral: true, Upsert: true,
	Get: Viewers, Create: Viewers, Delete: Self,
	Indexes: []app.Index{
		{Name: "connection", Fields: []string{"connection_id"}},
		{Name: "project", Fields: []string{"project_id"}},
	},
	Fields: []Field{
		{Name: "document_id", Type: ID, Set: Viewers, Once: true, Text: "The document."},
		{Name: "connection_id", Type: ID, Force: ByConnection, Text: "The connection of the tab; the tab knows its own from the hello."},
		{Name: "project_id", Type: ID, Force: ByDocument, Text: "The project of the document."},
		{Name: "account_id", Type: ID, Force: ByCaller, Text: "Who it is."},
		{Name: "name", Type: String, Force: ByName, Text: "The name of who it is."},
		{Name: "colour", Type: String, Max: 20, OneLine: true, Optional: true, Set: Viewers, Text: "The colour of the caret, as in CSS."},
		{Name: "position", Type: Bytes, Max: 1024, Optional: true, Set: Viewers, Unset: true, Text: "Anchor and head, relative to the text; opaque to the server."},
		{Name: "time", Type: Time, Force: ByClock, Text: "When it last moved."},
		requestIDs,
	},
}
