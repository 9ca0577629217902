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

// KernelLog is where the kernel says which program it has ended.
const KernelLog = "/dev/kmsg"

// Killed is a program that the kernel has ended because memory was full.
type Killed struct {
	Program string // its name, at most 15 characters; from inside, so anything
	PID     int
	UID     int       // on the host
	Group   string    // path of its cgroup; "" if the kernel has not said it this time
	Record  int64     // number of the log's record; they rise until the machine is restarted
	Time    time.Time // when it was ended; of what was before the log was opened, about when
}

// FollowKilled calls fn for every program that the kernel ends for want of memory
// after a last one, of which Record and PID are looked at, until ctx ends. It waits for the
// kernel and does not ask. It fails at once where the log cannot be read.
func FollowKilled(ctx context.Context, log string, last Killed, fn func(Killed)) error {
	end, err := LastRecord(log)
	if err != nil {
		return err
	}
	f, err := openLog(log)
	if err != nil {
		return err
	}
	defer f.Close()
	stop := context.AfterFunc(ctx, func() { _ = f.Close() })
	defer stop()
	record := make([]byte, maxRecord)
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
		k, ok := parseKilled(string(record[:n]))
		if !ok || k.Record <= last.Record || k.PID == last.PID { // two lines tell of one
			continue
		}
		last = k
		if k.Record > end {
			k.Time = time.Now()
		}
		fn(k)
	}
}

// maxRecord is longer than the kernel's records; a longer one would be an error.
const maxRecord = 16 << 10

// openLog opens the log at its beginning. It does not block: then the runtime
// waits, and a Close ends the waiting.
func openLog(log string) (*os.File, error) {
	f, err := os.OpenFile(log, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open the kernel's log: %w", err)
	}
	return f, nil
}

// LastRecord returns the number of the last record of the kernel's log, 0 if there
// is none.
func LastRecord(log string) (int64, error) {
	f, err := openLog(log)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	last, record := int64(0), make([]byte, maxRecord)
	err = errors.Join(raw.Control(func(fd uintptr) { // the file itself would wait at the end
		for {
			var n int
			n, err = unix.Read(int(fd), record)
			switch {
			case errors.Is(err, unix.EPIPE), errors.Is(err, unix.EINTR):
				continue
			case errors.Is(err, unix.EAGAIN):
				err = nil
				return
			case n <= 0 || err != nil:
				return
			}
			if number, _, ok := parseHead(string(record[:n])); ok {
				last = number
			}
		}
	}), err)
	if err != nil {
		return 0, fmt.Errorf("read the kernel's log: %w", err)
	}
	return last, nil
}

// parseHead reads "priority,number,microseconds,…;", in which the kernel counts
// from the start of the machine. Of who may write to the log, but for the kernel,
// it is false: they do so with a facility.
func parseHead(record string) (number int64, at time.Time, ok bool) {
	head, _, found := strings.Cut(record, ";")
	fields := strings.Split(head, ",")
	const priority, sequence, since, facilities = 0, 1, 2, 8
	if !found || len(fields) <= since {
		return 0, time.Time{}, false
	}
	n, err := strconv.Atoi(fields[priority])
	number, failed := strconv.ParseInt(fields[sequence], 10, 64)
	micros, odd := strconv.ParseInt(fields[since], 10, 64)
	var now unix.Timespec
	if errors.Join(err, failed, odd, unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)) != nil {
		return 0, time.Time{}, false
	}
	ago := time.Duration(now.Nano()) - time.Duration(micros)*time.Microsecond
	return number, time.Now().Add(-max(ago, 0)), n < facilities
}

// parseKilled reads a record of the log. The kernel writes two of each program:
// one with the group, which it leaves out when there are many, and one that always
// comes.
func parseKilled(record string) (Killed, bool) {
	number, at, ok := parseHead(record)
	if !ok {
		return Killed{}, false
	}
	_, text, _ := strings.Cut(record, ";")
	text, _, _ = strings.Cut(text, "\n")
	k, ok := parseText(text)
	k.Record, k.Time = number, at
	return k, ok
}

func parseText(text string) (Killed, bool) {
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
