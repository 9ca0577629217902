package agent

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// children are the processes that the agent has started itself. Process 1
// inherits everybody's orphans and must reap them, but never a child of its own
// before the one who waits for it.
type children struct {
	mu  sync.Mutex
	own map[int]bool
	// lost is the last that somebody, or the kernel, has killed.
	lost *Killed

	kick chan struct{} // an own child has been reaped: look again
}

func newChildren() *children {
	return &children{own: make(map[int]bool), kick: make(chan struct{}, 1)}
}

// spawn starts a command and returns how to wait for it, once. It is the Spawn
// of pty.Command.
func (c *children) spawn(cmd *exec.Cmd) (func() (syscall.WaitStatus, error), error) {
	c.mu.Lock() // so that the reaper does not see a child that is not yet in own
	defer c.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	pid, name := cmd.Process.Pid, filepath.Base(cmd.Args[len(cmd.Args)-1]) // the shell that the shim becomes
	c.own[pid] = true
	return func() (syscall.WaitStatus, error) {
		err := cmd.Wait()
		c.mu.Lock()
		delete(c.own, pid)
		c.mu.Unlock()
		select {
		case c.kick <- struct{}{}:
		default: // somebody has asked already
		}
		if _, failed := errors.AsType[*exec.ExitError](err); failed {
			err = nil // the status says it
		}
		var status syscall.WaitStatus
		if cmd.ProcessState != nil {
			status, _ = cmd.ProcessState.Sys().(syscall.WaitStatus)
		}
		c.note(name, status)
		return status, err
	}, nil
}

// reap takes every orphan that has ended, until there is none or the next one
// is an own child; then kick says when to go on.
func (c *children) reap() {
	for {
		pid := nextEnded()
		if pid == 0 {
			return
		}
		c.mu.Lock()
		mine := c.own[pid]
		c.mu.Unlock()
		if mine {
			return
		}
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)) // until it is waited for
		var status unix.WaitStatus
		if _, err := unix.Wait4(pid, &status, unix.WNOHANG, nil); err != nil {
			return
		}
		c.note(strings.TrimSpace(string(name)), syscall.WaitStatus(status))
	}
}

// nextEnded looks at a child that has ended and leaves it; 0 is none.
func nextEnded() int {
	var info unix.Siginfo
	for {
		err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return 0
		}
		break
	}
	// The fields behind the code are a union; in that of a child the pid is
	// first, aligned as a pointer.
	const header = 3 * 4
	const pointer = unsafe.Sizeof(uintptr(0))
	offset := (header + pointer - 1) / pointer * pointer
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(&info), offset)))
}

// note remembers a program that was killed.
func (c *children) note(name string, status syscall.WaitStatus) {
	if !status.Signaled() || status.Signal() != unix.SIGKILL {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost = &Killed{Program: name, Time: time.Now().UnixMilli()}
}

// killed returns the last program that was killed, nil if there was none.
func (c *children) killed() *Killed {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

// count returns how many own children run.
func (c *children) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.own)
}
