package agent

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// life is one process, also where its number was used before.
type life struct {
	pid   int
	start string
}

// program is a process of the project.
type program struct {
	life
	parent  int
	state   byte
	ticks   int64 // used by it and by its children that have ended
	threads int
}

// programs returns the processes below the agent, which adopts all orphans. Those
// that have ended count until they are reaped.
func programs() ([]program, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	below := make(map[int][]program)
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if p, ok := readProgram(pid); ok {
			below[p.parent] = append(below[p.parent], p)
		}
	}
	all := below[os.Getpid()]
	for i := 0; i < len(all); i++ {
		all = append(all, below[all[i].pid]...)
	}
	return all, nil
}

// statFields returns the fields of a stat of /proc after the name, which may have
// any character; the first is field 3.
func statFields(name string) []string {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	return strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
}

func readProgram(pid int) (program, bool) {
	const first = 3 // see proc(5)
	fields := statFields(fmt.Sprintf("/proc/%d/stat", pid))
	if len(fields) <= 22-first {
		return program{}, false
	}
	number := func(field int) int64 {
		n, _ := strconv.ParseInt(fields[field-first], 10, 64) // the kernel writes numbers
		return n
	}
	return program{
		life:   life{pid, fields[22-first]},
		parent: int(number(4)), state: fields[0][0], threads: int(number(20)),
		ticks: number(14) + number(15) + number(16) + number(17),
	}, true
}

// runningThreads returns the stat files of at most most threads that run or wait
// for a processor.
func (p program) runningThreads(most int) (names []string) {
	if p.threads <= 1 {
		if p.state == 'R' && most > 0 {
			names = append(names, fmt.Sprintf("/proc/%d/stat", p.pid))
		}
		return names
	}
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.pid))
	for _, name := range threads[:min(len(threads), most)] {
		if runs(name) {
			names = append(names, name)
		}
	}
	return names
}

func runs(stat string) bool {
	fields := statFields(stat)
	return len(fields) > 0 && fields[0] == "R"
}

// stillRunning looks at running threads again: one that happened to have a moment
// of work does not count.
func stillRunning(ctx context.Context, threads []string) bool {
	for range waitsTimes - 1 {
		if len(threads) == 0 {
			return false
		}
		select {
		case <-time.After(waitsApart):
		case <-ctx.Done():
			return false
		}
		threads = slices.DeleteFunc(threads, func(name string) bool { return !runs(name) })
	}
	return len(threads) > 0
}

// diskBytes is what a process and its children that have ended have read from
// disks and written to them; 0 where that is not told.
func diskBytes(pid int) (n int64) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if name == "read_bytes" || name == "write_bytes" {
			count, _ := strconv.ParseInt(value, 10, 64)
			n += count
		}
	}
	return n
}

// networkDevices is where the kernel counts what each device has carried.
const networkDevices = "/proc/self/net/dev"

// networkBytes is what has come and gone over the devices, but not what programs
// say to each other.
func networkBytes(devices string) (n int64) {
	f, err := os.Open(devices)
	if err != nil {
		return 0
	}
	defer f.Close()
	scanner := bufio.NewScanner(f)
	for scanner.Scan() {
		device, counts, found := strings.Cut(scanner.Text(), ":")
		fields := strings.Fields(counts)
		if !found || strings.TrimSpace(device) == "lo" || len(fields) < 9 {
			continue
		}
		for _, field := range []string{fields[0], fields[8]} { // received and sent
			count, _ := strconv.ParseInt(field, 10, 64)
			n += count
		}
	}
	return n
}
