package schema

// Bounds of what an administrator may allow a project. They catch slips of the
// pen; what a machine has is less.
const (
	minMemory    = 64 << 20  // a shell with Python
	maxMemory    = 1 << 44   // 16 TiB
	maxCPUs      = 1024      // cores
	minProcesses = 8         // a shell, and an editor that runs a compiler
	maxProcesses = 4_194_304 // all the ids that Linux has
	minDisk      = 1 << 20   // some texts
	maxDisk      = 1 << 50   // 1 PiB
	maxTerminals = 256       // a page has no use for more; the machine has 4096
	minOpenFiles = 64        // a shell, and an interpreter with its libraries
	maxOpenFiles = 1_048_576 // what Linux allows a program
	maxAllowed   = 100       // lines of network_allow that a person can look after
	maxAddress   = 300       // a host name has 253 characters, a port 5
	maxIdle      = 31_622_400
)

// limitFields are the limits of a project as a table shows them; who may set
// them. One that is missing is as it is where it is not limited by this row.
func limitFields(set Who) []Field {
	allowed := &Field{Type: String, Min: 1, Max: maxAddress, OneLine: true, Text: `"host", "host:port", an address, or a range of them as "10.0.0.0/8:443".`}
	fields := []Field{
		{Name: "memory_bytes", Type: Int, Min: minMemory, Max: maxMemory, Text: "Memory of all its programs together."},
		{Name: "cpus", Type: Float, Max: maxCPUs, Text: "Cores that they may use at once."},
		{Name: "processes", Type: Int, Min: minProcesses, Max: maxProcesses, Text: "Processes and threads of all its programs."},
		{Name: "disk_bytes", Type: Int, Min: minDisk, Max: maxDisk, Text: "What its files may take on disk."},
		{Name: "terminals", Type: Int, Min: 1, Max: maxTerminals, Text: "Terminals at once."},
		{Name: "open_files", Type: Int, Min: minOpenFiles, Max: maxOpenFiles, Text: "Files that one program may have open at once."},
		{Name: "network", Type: String, OneOf: []string{"off", "filtered"}, Text: "Whether its programs reach the internet; what is private to the site they never reach, unless it is in network_allow."},
		{Name: "network_allow", Type: List, Max: maxAllowed, Of: allowed, Text: "What its programs may reach although the filter would refuse it."},
		{Name: "idle_seconds", Type: Int, Max: maxIdle, Text: "After how long without anybody and without work it is stopped; 0 is never."},
	}
	for i := range fields {
		fields[i].Optional, fields[i].Set, fields[i].Unset = true, set, set != Nobody
	}
	return fields
}

var projectLimits = &Table{
	Name: "project_limits", Noun: "project_limit", Key: []string{"project_id"}, Project: "project_id", Upsert: true,
	Text: "What one project may use, where it differs from server_settings.project_defaults. A change holds at once, also while the project runs.",
	Get:  Overseers, Create: Administrators, Delete: Administrators,
	Fields: append(append([]Field{
		{Name: "project_id", Type: ID, Set: Administrators, Once: true, Text: "The project."},
	}, limitFields(Administrators)...), requestIDs),
}

var projectUsage = &Table{
	Name: "project_usage", Noun: "project_usage", Key: []string{"project_id"}, Project: "project_id",
	Text: "What a project uses now of what it may. Watching it with project_id makes the host of projects measure. " +
		"While the project does not run there is nothing but its limits and its files.",
	Ephemeral: true, Watcher: true,
	Get: Overseers,
	Fields: []Field{
		{Name: "project_id", Type: ID, Text: "The project."},
		{Name: "time", Type: Time, Text: "When it was measured."},
		{Name: "memory_bytes", Type: Int, Optional: true, Text: "Memory of its programs, without what the kernel only keeps of files and would give back."},
		{Name: "cpus", Type: Float, Optional: true, Text: "Cores that its programs have used since the measurement before."},
		{Name: "processes", Type: Int, Optional: true, Text: "Its processes and their threads."},
		{Name: "disk_bytes", Type: Int, Optional: true, Text: "What its files take on disk."},
		{Name: "disk_by", Type: String, OneOf: []string{"quota", "polling"}, Optional: true, Text: "How that is known: the file system counts and refuses, or the host looks now and then."},
		{Name: "terminals", Type: Int, Optional: true, Text: "Its terminals."},
		{Name: "limits", Type: Object, Fields: limitFields(Nobody), Text: "What it may use, as it is in force."},
		{Name: "defaults", Type: Object, Fields: limitFields(Nobody), Text: "What it might use if project_limits said nothing."},
		{Name: "bounded", Type: Bool, Default: false, Text: "Whether memory, processes and cores are bounded for the whole project; else the bounds of memory and processes are for each of its programs."},
		{Name: "network", Type: String, OneOf: []string{"off", "filtered"}, Optional: true, Text: "Whether its programs reach the internet now."},
		{Name: "note", Type: String, Optional: true, Text: "Why a limit is not kept as it was set, as a sentence."},
	},
}

var projectVisits = &Table{
	Name: "project_visits", Noun: "project_visit", Key: []string{"project_id"}, Project: "project_id",
	Text:   "Says that somebody uses a project, so that it is not stopped. A page sets it while its person acts, at most once a minute. It is not kept.",
	Writer: Create | Update | Delete, Create: Viewers,
	Fields: []Field{
		{Name: "project_id", Type: ID, Set: Viewers, Text: "The project."},
	},
}
