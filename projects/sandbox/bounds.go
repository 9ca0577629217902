package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// period of the CPU bound: the kernel's default. leastQuota is the smallest part
// of it that the kernel takes.
const (
	period     = 100 * time.Millisecond
	leastQuota = time.Millisecond
)

// find returns where the group has a file of the kernel: in one of its
// hierarchies, or nowhere. A group that an older server has made is asked
// itself, so that it is changed as it was made.
func (g group) find(name string) (string, bool) {
	for _, folder := range g.Folders {
		path := filepath.Join(folder, name)
		if _, err := os.Stat(path); err == nil {
			return path, true
		}
	}
	return "", false
}

// write writes to a file of the group; one that this kernel lacks is
// os.ErrNotExist.
func (g group) write(name, value string) error {
	path, ok := g.find(name)
	if !ok {
		return fmt.Errorf("cgroup file %s: %w", name, os.ErrNotExist)
	}
	return writeExisting(path, value)
}

// number reads a file that has one number, or "max", which is the greatest.
func (g group) number(name string) (int64, error) {
	path, ok := g.find(name)
	if !ok {
		return 0, fmt.Errorf("cgroup file %s: %w", name, os.ErrNotExist)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	text := strings.TrimSpace(string(data))
	if text == "max" {
		return 1<<63 - 1, nil
	}
	return strconv.ParseInt(text, 10, 64)
}

// v2 reports whether the group is one of the unified hierarchy.
func (g group) v2() bool {
	_, ok := g.find("cgroup.controllers")
	return ok
}

// bound sets the limits of both leaves. unmet says in a sentence what of them
// cannot hold yet.
func (g group) bound(ctx context.Context, l Limits) (unmet string, err error) {
	if unmet, err = g.boundMemory(ctx, l.MemoryBytes); err != nil {
		return "", err
	}
	quota := max(time.Duration(l.CPUs*float64(period)), leastQuota).Microseconds()
	all := quota + time.Duration(agentCPUs*float64(period)).Microseconds()
	settings := [][2]string{
		{"agent/pids.max", strconv.Itoa(agentThreads)},
		{"user/pids.max", strconv.FormatInt(l.Processes, 10)},
	}
	if g.v2() {
		settings = append(settings, [][2]string{
			{"agent/cpu.weight", strconv.Itoa(agentWeight * 100)}, // 100 is what others have
			{"user/cpu.max", fmt.Sprintf("%d %d", quota, period.Microseconds())},
			{"cpu.max", fmt.Sprintf("%d %d", all, period.Microseconds())},
		}...)
	} else {
		settings = append(settings, [][2]string{
			{"agent/cpu.shares", strconv.Itoa(agentWeight * 1024)},
			{"cpu.cfs_quota_us", "-1"}, // a leaf never has more than the whole: first none
			{"user/cpu.cfs_quota_us", strconv.FormatInt(quota, 10)},
			{"cpu.cfs_quota_us", strconv.FormatInt(all, 10)},
		}...)
	}
	for _, s := range settings {
		if err := g.write(s[0], s[1]); err != nil {
			return "", err
		}
	}
	return unmet, nil
}

// boundMemory bounds memory, and swap so that a project whose memory is full does
// not fill that.
func (g group) boundMemory(ctx context.Context, bytes int64) (unmet string, err error) {
	if g.v2() {
		// Lowered below what is in use the kernel ends programs until it holds.
		return "", errors.Join(
			g.write("agent/memory.max", strconv.Itoa(agentMemoryBytes)),
			ifCounted(g.write("user/memory.swap.max", "0")),
			g.write("user/memory.max", strconv.FormatInt(bytes, 10)))
	}
	if err := g.write("agent/memory.limit_in_bytes", strconv.Itoa(agentMemoryBytes)); err != nil {
		return "", err
	}
	// Memory and swap together are never less than memory: the greater first.
	now, err := g.number("user/memory.limit_in_bytes")
	if err != nil {
		return "", err
	}
	if bytes > now {
		return "", errors.Join(ifCounted(g.write(memswFile, strconv.FormatInt(bytes, 10))),
			g.write("user/memory.limit_in_bytes", strconv.FormatInt(bytes, 10)))
	}
	return g.lowerMemory(ctx, bytes)
}

// memswFile bounds memory and swap together in the first generation.
const memswFile = "user/memory.memsw.limit_in_bytes"

// ifCounted leaves out the error of a kernel that does not count swap.
func ifCounted(err error) error {
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.EOPNOTSUPP) {
		return nil
	}
	return err
}

// lowerTries is how often memory is reclaimed before it counts as in use. The
// kernel tries itself some times at each.
const lowerTries = 3

// lowerMemory lowers the bound of the first generation. Where programs use more
// than that, the kernel refuses (EBUSY) and ends none: then the bound stays as
// it was. One at what is in use would end a program at the next key.
func (g group) lowerMemory(ctx context.Context, bytes int64) (unmet string, err error) {
	value := strconv.FormatInt(bytes, 10)
	for range lowerTries {
		if err = g.write("user/memory.limit_in_bytes", value); !errors.Is(err, unix.EBUSY) {
			break
		}
		if err := ctx.Err(); err != nil {
			return "", err
		}
		_ = g.write("user/memory.force_empty", "0") // gives back what is only kept of files; what it can
	}
	if errors.Is(err, unix.EBUSY) {
		return fmt.Sprintf("Its programs use more memory than the %d MiB that are allowed now; this holds after a restart of the project.", bytes>>20), nil
	}
	if err != nil {
		return "", err
	}
	return "", ifCounted(g.write(memswFile, value))
}
