package schema

// What one server does, for administrators. The rows are kept true while
// somebody watches them, and are gone otherwise: an idle server does nothing.

var tableStats = &Table{
	Name: "table_stats", Noun: "table_stats", Key: []string{"name"},
	Text:      "What is asked of each table, a row a table, while somebody watches. Rates and times are of the last minute at most.",
	Ephemeral: true, Local: true, Watcher: true,
	Get: Administrators,
	Fields: []Field{
		{Name: "name", Type: String, Max: 100, Text: "The table; \"unknown\" for queries that name none that there is."},
		{Name: "subscriptions", Type: Int, Text: "Watches that are open."},
		{Name: "shared_queries", Type: Int, Text: "Distinct queries among them: equal ones share the work."},
		{Name: "changes_per_second", Type: Float, Optional: true, Text: "Changes that were committed; 0 for tables that no client may read."},
		{Name: "delivered_per_second", Type: Float, Optional: true, Text: "Changes that were written to browsers."},
		{Name: "fan_out_p50_ms", Type: Float, Optional: true, Text: "How long a change took from its commit to a browser: half took less."},
		{Name: "fan_out_p99_ms", Type: Float, Optional: true, Text: "The same: 99 of 100 took less."},
		{Name: "new_starts", Type: Int, Text: "Answers that replaced all rows of a watch, since the start."},
		{Name: "gets", Type: Int, Text: "Since the start."},
		{Name: "sets", Type: Int, Text: "Since the start, deletes too."},
		{Name: "get_p99_ms", Type: Float, Optional: true, Text: "How long a get took: 99 of 100 took less."},
		{Name: "set_p99_ms", Type: Float, Optional: true, Text: "How long a set took: 99 of 100 took less."},
		{Name: "errors", Type: Int, Text: "Queries that were refused or failed, since the start."},
		{Name: "slow", Type: Int, Text: "Queries over the bound of slow ones, since the start."},
	},
}

var serverStats = &Table{
	Name: "server_stats", Noun: "server_stats", Key: []string{"id"},
	Text:      "What the server does as a whole, one row, while somebody watches. Rates and times are of the last minute at most.",
	Ephemeral: true, Local: true, Watcher: true,
	Get: Administrators,
	Fields: []Field{
		{Name: "id", Type: String, OneOf: []string{ServerStatsID}, Text: "Always \"server\"."},
		{Name: "time", Type: Time, Text: "When this was true."},
		{Name: "window_ms", Type: Int, Text: "Of how long rates and times are; 0 at first, then there are none."},
		{Name: "started", Type: Time, Text: "When the server was started."},
		{Name: "version", Type: String, Max: 100, Text: "The version that runs."},
		{Name: "connections", Type: Int, Text: "Tabs that are connected."},
		{Name: "subscriptions", Type: Int, Text: "Watches that are open, but for those of these figures."},
		{Name: "shared_queries", Type: Int, Text: "Distinct queries among them."},
		{Name: "changes_per_second", Type: Float, Optional: true, Text: "Changes that were committed, but for those of these figures."},
		{Name: "delivered_per_second", Type: Float, Optional: true, Text: "Changes that were written to browsers, but for those of these figures."},
		{Name: "fan_out_p50_ms", Type: Float, Optional: true, Text: "How long a change took from its commit to a browser: half took less."},
		{Name: "fan_out_p99_ms", Type: Float, Optional: true, Text: "The same: 99 of 100 took less."},
		{Name: "commits_per_second", Type: Float, Optional: true, Text: "Commits of the database, each with one fsync."},
		{Name: "writes_per_commit", Type: Float, Optional: true, Text: "How many writes shared one, in the mean."},
		{Name: "commit_p50_ms", Type: Float, Optional: true, Text: "How long a commit took: half took less."},
		{Name: "commit_p99_ms", Type: Float, Optional: true, Text: "The same: 99 of 100 took less."},
		{Name: "commits_failed", Type: Int, Text: "Commits of which nothing was written, since the start."},
		{Name: "tables_refused", Type: Int, Text: "Tables that cannot be written, because nodes of the database are away."},
		{Name: "wal_bytes", Type: Int, Text: "What of the write-ahead log is not in the database yet, about."},
		{Name: "requests_per_second", Type: Float, Optional: true, Text: "Requests over HTTP that were answered."},
		{Name: "sent_per_second", Type: Float, Optional: true, Text: "Bytes that went to browsers."},
		{Name: "received_per_second", Type: Float, Optional: true, Text: "Bytes that came from browsers."},
		{Name: "cpu", Type: Float, Optional: true, Text: "Processor time: 1 is one processor all the time."},
		{Name: "processors", Type: Int, Text: "How many processors the server may use."},
		{Name: "memory", Type: Int, Text: "Bytes of memory, as the kernel counts them."},
		{Name: "heap", Type: Int, Text: "Bytes of it that objects take."},
		{Name: "goroutines", Type: Int, Text: "Goroutines."},
		{Name: "open_files", Type: Int, Text: "Open files and sockets."},
		{Name: "disk_free", Type: Int, Text: "Bytes that are left for the data."},
		{Name: "disk_size", Type: Int, Text: "Bytes of the file system of the data."},
		{Name: "project_limits", Type: Object, Optional: true, Fields: limitFields(Nobody), Text: "What a project may use as Lyceum has it built in, where administrators have chosen nothing."},
		{Name: "disk_full", Type: Bool, Text: "Whether writes are refused for want of room."},
	},
}

// ServerStatsID is the key of the one row of server_stats.
const ServerStatsID = "server"

var slowQueries = &Table{
	Name: "slow_queries", Noun: "slow_query", Key: []string{"id"},
	Text:      "The latest queries that took long, while somebody watches. They have neither values nor who asked.",
	Ephemeral: true, Local: true, Watcher: true,
	Get: Administrators,
	Fields: []Field{
		{Name: "id", Type: ID, Text: "Which one since the start."},
		{Name: "time", Type: Time, Text: "When."},
		{Name: "table", Type: String, Max: 100, Text: "Of which table."},
		{Name: "duration_ms", Type: Float, Text: "How long it took."},
		{Name: "text", Type: String, Max: 100_000, Text: "The query; \"?\" stands for what somebody has written or looks for."},
		{Name: "looked_at", Type: Int, Text: "Rows that were looked at."},
		{Name: "answered", Type: Int, Text: "Rows of the answer."},
	},
}

var databaseNodes = &Table{
	Name: "database_nodes", Noun: "database_node", Key: []string{"name"},
	Text:      "The nodes of the database as this server sees them, while somebody watches; none where the database is a file.",
	Ephemeral: true, Local: true, Watcher: true,
	Get: Administrators,
	Fields: []Field{
		{Name: "name", Type: String, Max: 300, Text: "The node's name in its cluster, or its address where the database's user may not see the name."},
		{Name: "up", Type: Bool, Text: "Whether it is there."},
		{Name: "time", Type: Time, Text: "When this was last asked."},
		{Name: "host", Type: String, Max: 300, Optional: true, Text: "The machine that it runs on."},
		{Name: "version", Type: String, Max: 100, Optional: true, Text: "The version of RethinkDB."},
		{Name: "started", Type: Time, Optional: true, Text: "When it was started."},
		{Name: "tables", Type: Int, Text: "Tables of which it has, or should have, a replica."},
	},
}
