package sandbox

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Usage is what the programs of a project use.
type Usage struct {
	// MemoryBytes is what the kernel cannot give back when memory gets scarce:
	// pages of programs, file systems in memory, and what the kernel holds for
	// them. What it only keeps of files is not in it: a project that has read a
	// great file would seem to be at its bound, and is not.
	MemoryBytes int64
	Processes   int64         // and threads
	CPU         time.Duration // of processors, since the start; only differences mean something
}

// ErrUncounted says that nothing counts what the project uses: it has no cgroups.
var ErrUncounted = errors.New("the project has no cgroups")

// Usage reads what the programs of the project use.
func (p *Process) Usage() (Usage, error) {
	g := group{p.handle.Cgroups}
	if len(g.Folders) == 0 {
		return Usage{}, ErrUncounted
	}
	memory, counted := "user/memory.usage_in_bytes", "total_"
	if g.v2() {
		memory, counted = "user/memory.current", ""
	}
	var u Usage
	var err error
	if u.MemoryBytes, err = g.number(memory); err != nil {
		return Usage{}, err
	}
	stat, err := g.table("user/memory.stat")
	if err != nil {
		return Usage{}, err
	}
	u.MemoryBytes -= stat[counted+"inactive_file"] + stat[counted+"active_file"] + stat["slab_reclaimable"]
	u.MemoryBytes = max(u.MemoryBytes, 0) // the two are read one after the other
	if u.Processes, err = g.number("user/pids.current"); err != nil {
		return Usage{}, err
	}
	u.CPU, err = g.cpu()
	return u, err
}

// cpu is the time of processors that the programs have used.
func (g group) cpu() (time.Duration, error) {
	if g.v2() {
		stat, err := g.table("user/cpu.stat")
		return time.Duration(stat["usage_usec"]) * time.Microsecond, err
	}
	n, err := g.number("user/cpuacct.usage")
	if errors.Is(err, os.ErrNotExist) {
		return 0, ErrUncounted
	}
	return time.Duration(n), err
}

// table reads a file of lines with a name and a number each.
func (g group) table(name string) (map[string]int64, error) {
	path, ok := g.find(name)
	if !ok {
		return nil, fmt.Errorf("cgroup file %s: %w", name, os.ErrNotExist)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	values := make(map[string]int64)
	scanner := bufio.NewScanner(f)
	for scanner.Scan() {
		name, value, _ := strings.Cut(scanner.Text(), " ")
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			values[name] = n
		}
	}
	return values, scanner.Err()
}
