package sandbox

import "time"

// Limits are the bounds of one project.
type Limits struct {
	MemoryBytes       int64   // of all its programs
	Processes         int64   // and threads, of all its programs
	CPUs              float64 // cores it may use at once; beside that all projects weigh the same
	SharedMemoryBytes int64   // of /dev/shm and of /run/user, each; counts as memory too
	OpenFiles         int64   // of each program
	Terminals         int64   // at once; kept by the agent, with room for programs that open some
	DiskBytes         int64   // of its files

	Network      string        // Off or Filtered
	NetworkAllow []string      // what the filter lets through although it would refuse it
	Idle         time.Duration // after which it is stopped; 0: never, but in Options the default
}

// What Limits.Network may be.
const (
	Off      = "off"
	Filtered = "filtered"
)

// DefaultLimits fit a student's work and a machine that many share: TeX and a
// notebook need some 500 MB; a parallel build some hundred processes; a
// language server some thousand files; a home with environments of Python some
// gigabytes, of which a disk of 250 GB has room for forty. Two hours are longer
// than a lecture or a meal, and a project that does nothing costs some megabytes.
var DefaultLimits = Limits{
	MemoryBytes:       2 << 30,
	Processes:         512,
	CPUs:              2,
	SharedMemoryBytes: 64 << 20,
	OpenFiles:         4096,
	Terminals:         50,
	DiskBytes:         5 << 30,
	Network:           Off,
	Idle:              2 * time.Hour,
}

// Bounds of the agent's own leaf: its programs cannot use them up, so that it
// answers while they are at their bounds. A file that it writes counts as its
// memory until it is on disk.
const (
	agentMemoryBytes = 512 << 20
	agentThreads     = 128
	// agentWeight is how many times as much of a processor it gets as programs
	// that all want it: a key is seen, and an interrupt works, while a fork bomb
	// has hundreds of processes.
	agentWeight = 10
	// agentCPUs are cores beside those that programs may use up.
	agentCPUs = 0.5
)

// Or returns l with what is zero in it taken from d.
func (l Limits) Or(d Limits) Limits {
	if l.MemoryBytes > 0 {
		d.MemoryBytes = l.MemoryBytes
	}
	if l.Processes > 0 {
		d.Processes = l.Processes
	}
	if l.CPUs > 0 {
		d.CPUs = l.CPUs
	}
	if l.SharedMemoryBytes > 0 {
		d.SharedMemoryBytes = l.SharedMemoryBytes
	}
	if l.OpenFiles > 0 {
		d.OpenFiles = l.OpenFiles
	}
	if l.Terminals > 0 {
		d.Terminals = l.Terminals
	}
	if l.DiskBytes > 0 {
		d.DiskBytes = l.DiskBytes
	}
	if l.Network != "" {
		d.Network = l.Network
	}
	if l.NetworkAllow != nil {
		d.NetworkAllow = l.NetworkAllow
	}
	if l.Idle > 0 {
		d.Idle = l.Idle
	}
	return d
}

// Room for pseudo-terminals: tmux, script and ssh open some beside the
// terminals of the pages.
const (
	minPTYs   = 64
	sparePTYs = 14
)

// ptys is how many pseudo-terminals a project may have. The kernel has 3072 for
// all projects.
func (l Limits) ptys() int64 { return max(minPTYs, l.Terminals+sparePTYs) }
