package sandbox

import (
	"context"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// killDescendants ends the processes below pid. Without a pid namespace this is
// the best there is: the agent adopts orphans, so that all stay below it, and
// looking again finds what was started meanwhile.
func killDescendants(ctx context.Context, pid int) {
	for ctx.Err() == nil {
		found := descendants(pid)
		if len(found) == 0 {
			return
		}
		for _, child := range found {
			_ = unix.Kill(child, unix.SIGKILL) // ended just now
		}
	}
}

// descendants returns the processes below pid that have not ended.
func descendants(pid int) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	children := make(map[int][]int)
	for _, e := range entries {
		child, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		fields, err := statFields(child)
		if err != nil || len(fields) < 2 || string(fields[0]) == "Z" {
			continue
		}
		if parent, err := strconv.Atoi(string(fields[1])); err == nil {
			children[parent] = append(children[parent], child)
		}
	}
	var found []int
	for queue := children[pid]; len(queue) > 0; queue = queue[1:] {
		found = append(found, queue[0])
		queue = append(queue, children[queue[0]]...)
	}
	return found
}
