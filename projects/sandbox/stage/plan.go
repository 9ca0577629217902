package stage

// Descriptors that the server gives to the stage and the stage to the agent.
const (
	PlanFD    = 3 // Plan as JSON, until the end of the pipe
	ReadyFD   = 4 // closed without a word: the agent serves; else a sentence why not
	ProgramFD = 5 // the program itself, to execute again
	ListenFD  = 6 // the listening socket, for the agent
	ConfigFD  = 7 // what the agent has to know, for the agent
	FirstFD   = 8 // mounts and cgroups as the Plan says
)

// Plan is everything the stage has to know. The server makes it; a project
// never sees it.
type Plan struct {
	Isolated bool   // false: no namespaces, only limits and a clean descriptor table
	SetID    bool   // become UID and GID at the end (root without a user namespace)
	UserNS   bool   // in a user namespace of its own
	UID, GID int    // as seen inside
	Hostname string // of the new UTS namespace

	ReadOnly []string // host files and folders that are seen read-only
	HomeFD   int      // detached mount of the home, 0: open HomePath
	HomePath string
	TmpFD    int // detached mount of /tmp, 0: open TmpPath
	TmpPath  string

	NetworkFD int // socket on which the interface is handed over, 0: none is made

	SharedMemoryBytes int64    // bound of /dev/shm and of /run/user
	Filter            []uint64 // seccomp program, each a packed sock_filter
	UserProcs         []int    // cgroup.procs of the user leaf, for the shim
	Processes         uint64   // RLIMIT_NPROC of programs, 0: none
	DataBytes         uint64   // RLIMIT_DATA of programs, 0: none
	OpenFiles         uint64   // RLIMIT_NOFILE of programs, 0: none
	PTYs              int64    // pseudo-terminals at once
	Arguments         []string // of the agent
}

// Paths that exist in every sandbox.
const (
	Home       = "/home/user"
	RuntimeDir = "/run/user"
	// CommandsDir has the commands that a project page understands; read-only.
	CommandsDir = "/run/lyceum/bin"
	oldRootHit  = "/proc" // where the new root is put together; everybody has it
)
