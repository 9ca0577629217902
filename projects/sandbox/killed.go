package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// KernelLog is where the kernel says which program it has ended.
const KernelLog = "/dev/kmsg"

// Killed is a program that the kernel has ended because memory was full.
type Killed struct {
	Program string // its name, at most 15 characters; from inside, so anything
	PID     int
	UID     int    // on the host
	Group   string // path of its cgroup; "" if the kernel has not said it this time
}

// FollowKilled calls fn for every program that the kernel ends for want of memory
// from now on, until ctx ends. It waits for the kernel and does not ask. It fails
// at once where the log cannot be read.
func FollowKilled(ctx context.Context, log string, fn func(Killed)) error {
	// Not blocking: then the runtime waits, and a Close ends the waiting.
	f, err := os.OpenFile(log, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("open the kernel's log: %w", err)
	}
	defer f.Close()
	if _, err := f.Seek(0, 2); err != nil {
		return fmt.Errorf("go to the end of the kernel's log: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = f.Close() })
	defer stop()
	record := make([]byte, 16<<10) // the kernel's are shorter; a longer one would be an error
	last := 0
	for {
		n, err := f.Read(record)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, unix.EPIPE):
			continue // more was said than is kept; the next read is of what there is
		case err != nil:
			return fmt.Errorf("read the kernel's log: %w", err)
		}
		if k, ok := parseKilled(string(record[:n])); ok && k.PID != last { // two lines tell of one
			last = k.PID
			fn(k)
		}
	}
}

// parseKilled reads a record of the log. The kernel writes two of each program:
// one with the group, which it leaves out when there are many, and one that always
// comes. Who may write to the log, but for the kernel, does so with a facility.
func parseKilled(record string) (Killed, bool) {
	head, text, found := strings.Cut(record, ";")
	text, _, _ = strings.Cut(text, "\n")
	priority, _, _ := strings.Cut(head, ",")
	const facilities = 8
	if n, err := strconv.Atoi(priority); !found || err != nil || n >= facilities {
		return Killed{}, false
	}
	if rest, ok := strings.CutPrefix(text, "oom-kill:constraint="); ok {
		return parseWithGroup(rest)
	}
	for _, start := range []string{"Memory cgroup out of memory: Killed process ", "Out of memory: Killed process "} {
		if rest, ok := strings.CutPrefix(text, start); ok {
			return parseWithout(rest)
		}
	}
	return Killed{}, false
}

// parseWithGroup reads "…,task_memcg=/a/b,task=name,pid=1,uid=2". A name may have
// commas, so it is what is between the first and the last mark.
func parseWithGroup(text string) (k Killed, ok bool) {
	_, text, found := strings.Cut(text, ",task_memcg=")
	k.Group, text, ok = strings.Cut(text, ",task=")
	end := strings.LastIndex(text, ",pid=")
	if !found || !ok || end < 0 {
		return Killed{}, false
	}
	k.Program = text[:end]
	pid, uid, _ := strings.Cut(text[end+len(",pid="):], ",uid=")
	return k.numbers(pid, uid)
}

// parseWithout reads "1 (name) total-vm:… UID:2 pgtables:…".
func parseWithout(text string) (k Killed, ok bool) {
	pid, text, found := strings.Cut(text, " (")
	end, uid := strings.LastIndex(text, ") total-vm:"), strings.LastIndex(text, "UID:")
	if !found || end < 0 || uid < end {
		return Killed{}, false
	}
	k.Program = text[:end]
	number, _, _ := strings.Cut(text[uid+len("UID:"):], " ")
	return k.numbers(pid, number)
}

func (k Killed) numbers(pid, uid string) (Killed, bool) {
	var errs [2]error
	k.PID, errs[0] = strconv.Atoi(pid)
	k.UID, errs[1] = strconv.Atoi(uid)
	return k, errors.Join(errs[:]...) == nil
}

// Has reports whether a program that was killed was one of this sandbox: by its
// cgroup, whose name is no other's, or by its uid.
func (p *Process) Has(k Killed) bool {
	if k.Group == "" {
		return p.handle.UID != 0 && p.handle.UID == k.UID
	}
	for _, folder := range p.handle.Cgroups {
		name := filepath.Join("/", filepath.Base(filepath.Dir(folder)), filepath.Base(folder))
		if strings.HasSuffix(filepath.Dir(k.Group), name) {
			return true
		}
	}
	return false
}
