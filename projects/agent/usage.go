package agent

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"
)

// Usage is what the programs of the project use, as the agent sees it. Where
// there are cgroups they know better.
type Usage struct {
	// MemoryBytes is what the programs have to themselves; memory that two share
	// after a fork counts twice, file systems in memory do not count.
	MemoryBytes int64         `json:"memory_bytes"`
	Processes   int64         `json:"processes"` // and threads
	CPU         time.Duration `json:"cpu"`       // since the start; only differences mean something
	Killed      *Killed       `json:"killed,omitempty"`
}

// Killed is the last program that ended by SIGKILL and was a child of the agent: a
// shell, or one whose parent had gone.
type Killed struct {
	Program string `json:"program"`
	Time    int64  `json:"time"` // ms
}

func (s *service) tellUsage(w http.ResponseWriter, _ *http.Request) {
	all, err := programs()
	if err != nil {
		fail(w, err)
		return
	}
	own, _ := readProgram(os.Getpid())
	u := usageOf(all, own, memoryOf)
	u.Killed = s.children.killed()
	encode(w, u)
}

// usageOf adds up what programs use. The agent itself counts for its time only,
// in which is that of programs that have ended.
func usageOf(all []program, agent program, memory func(pid int) int64) Usage {
	ticks := agent.ticks
	var u Usage
	for _, p := range all {
		u.Processes += int64(p.threads)
		u.MemoryBytes += memory(p.pid)
		ticks += p.ticks
	}
	const hertz = 100 // of all that /proc tells, on every machine
	u.CPU = time.Duration(ticks) * (time.Second / hertz)
	return u
}

// memoryOf is the memory of a process without what is of files or shared; 0 if it
// has ended.
func memoryOf(pid int) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	const resident, shared = 1, 2 // see proc(5)
	fields := bytes.Fields(data)
	if len(fields) <= shared {
		return 0
	}
	pages := func(field int) int64 {
		n, _ := strconv.ParseInt(string(fields[field]), 10, 64) // the kernel writes numbers
		return n
	}
	return (pages(resident) - pages(shared)) * int64(os.Getpagesize())
}
