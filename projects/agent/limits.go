package agent

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"

	"lyceum/app"
)

// Limits are the bounds of a project that its agent keeps. What is zero is not
// bounded; in a program that runs nothing changes.
type Limits struct {
	Processes uint64 `json:"processes,omitempty"`  // RLIMIT_NPROC of programs, where no cgroup counts them
	DataBytes uint64 `json:"data_bytes,omitempty"` // RLIMIT_DATA of programs, where no cgroup counts memory
	OpenFiles uint64 `json:"open_files,omitempty"` // RLIMIT_NOFILE of programs
	Terminals int    `json:"terminals,omitempty"`  // at once
}

// arguments are the limits for the shim.
func (l Limits) arguments() []string {
	numbers := []uint64{l.Processes, l.DataBytes, l.OpenFiles}
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = strconv.FormatUint(n, 10)
	}
	return words
}

// limits are those in force.
type limits struct{ now atomic.Pointer[Limits] }

func (l *limits) get() Limits { return *l.now.Load() }

func (l *limits) set(to Limits) { l.now.Store(&to) }

// setLimits takes what the server says that is in force.
func (s *service) setLimits(w http.ResponseWriter, r *http.Request) {
	const maxLimits = 4 << 10
	var l Limits
	if err := json.NewDecoder(io.LimitReader(r.Body, maxLimits)).Decode(&l); err != nil {
		fail(w, app.Errorf(app.Invalid, "These limits cannot be read."))
		return
	}
	s.limits.set(l)
	if l.Terminals > 0 {
		s.terminals.SetMax(l.Terminals)
	}
	w.WriteHeader(http.StatusNoContent)
}
