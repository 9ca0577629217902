package sandbox

// Limits are the bounds of one project.
type Limits struct {
	MemoryBytes       int64   // of all its programs
	Processes         int64   // and threads, of all its programs
	CPUs              float64 // cores it may use at once; beside that all projects weigh the same
	SharedMemoryBytes int64   // of /dev/shm and of /run/user, each; counts as memory too
}

// DefaultLimits fit a student's work and a machine that many share: TeX and a
// notebook need some 500 MB; a parallel build some hundred processes.
var DefaultLimits = Limits{
	MemoryBytes:       2 << 30,
	Processes:         512,
	CPUs:              2,
	SharedMemoryBytes: 64 << 20,
}

// Bounds of the agent's own leaf: its programs cannot use them up, so that it
// answers while they are at their bounds. A file that it writes counts as its
// memory until it is on disk.
const (
	agentMemoryBytes = 512 << 20
	agentThreads     = 128
)

func (l Limits) orDefault() Limits {
	d := DefaultLimits
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
	return d
}
