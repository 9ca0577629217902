package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// killWait is how long the kernel may take to end a program after it has said
// that there is no memory; killLook is how often it is looked then.
const (
	killWait = time.Second
	killLook = 10 * time.Millisecond
)

// FollowFull calls fn whenever the kernel has ended more programs of the sandbox
// for want of memory than seen, with how many, until ctx ends or the process does.
// It does not say which: this is for where the kernel's log cannot be read. Without
// cgroups it is ErrUncounted.
func (p *Process) FollowFull(ctx context.Context, seen int64, fn func(count int64)) error {
	g := group{p.handle.Cgroups}
	name, wait := "user/memory.oom_control", g.waitFirst
	if g.v2() {
		name, wait = "user/memory.events", g.waitSecond
	}
	if _, ok := g.find(name); !ok {
		return ErrUncounted
	}
	f, err := wait(name)
	if err != nil {
		return fmt.Errorf("wait for %s: %w", name, err)
	}
	defer f.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = f.Close() })
	defer stop()
	go func() { // ends with cancel
		select {
		case <-p.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	if now := g.killed(name); now > seen { // while nobody followed
		seen = now
		fn(seen)
	}
	event := make([]byte, 4096)
	for {
		_, err := f.Read(event)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return fmt.Errorf("wait for %s: %w", name, err)
		}
		if now := g.killedSince(ctx, name, seen); now > seen {
			seen = now
			fn(seen)
		}
	}
}

// killed is how many programs the kernel has ended in the group.
func (g group) killed(name string) int64 {
	counts, _ := g.table(name) // gone: the group is
	return counts["oom_kill"]
}

// killedSince waits a moment for the count to change: the first generation speaks
// before it has ended anything.
func (g group) killedSince(ctx context.Context, name string, before int64) int64 {
	deadline := time.After(killWait)
	for {
		if now := g.killed(name); now != before {
			return now
		}
		select {
		case <-time.After(killLook):
		case <-deadline:
			return before
		case <-ctx.Done():
			return before
		}
	}
}

// waitFirst returns what can be read when memory is full, of the first generation:
// an eventfd that the group writes to.
func (g group) waitFirst(name string) (*os.File, error) {
	control, _ := g.find(name)
	watched, err := os.Open(control)
	if err != nil {
		return nil, err
	}
	defer watched.Close()
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, err
	}
	event := os.NewFile(uintptr(fd), "eventfd")
	err = g.write("user/cgroup.event_control", fmt.Sprintf("%d %d", fd, watched.Fd()))
	if err != nil {
		return nil, errors.Join(err, event.Close())
	}
	return event, nil
}

// waitSecond is waitFirst of the second generation: its file changes.
func (g group) waitSecond(name string) (*os.File, error) {
	path, _ := g.find(name)
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, err
	}
	changes := os.NewFile(uintptr(fd), "inotify")
	if _, err := unix.InotifyAddWatch(fd, path, unix.IN_MODIFY); err != nil {
		return nil, errors.Join(err, changes.Close())
	}
	return changes, nil
}
