package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// ErrGone says that the process of a handle has ended.
var ErrGone = errors.New("the process has ended")

// ErrRebooted is an ErrGone: the machine was started again since.
var ErrRebooted = fmt.Errorf("%w: the machine was restarted", ErrGone)

// Handle is what is needed to find a process again after a restart of the
// server. It is kept as JSON.
type Handle struct {
	PID       int      `json:"pid"`
	StartTime uint64   `json:"start_time"` // in clock ticks since boot; tells a pid that was used again
	Boot      string   `json:"boot"`       // id of the boot
	Mode      Mode     `json:"mode"`
	UID       int      `json:"uid,omitempty"` // of its processes on the host, where it has one of its own
	Cgroups   []string `json:"cgroups,omitempty"`
}

// Process is an agent that runs, process 1 of its sandbox. Close lets go of it;
// Kill ends it with everything that it has started.
type Process struct {
	handle Handle
	pidfd  *os.File
	done   chan struct{} // closed when it has ended
	gone   chan struct{} // closed when nobody watches any more
	once   sync.Once

	network      *os.File // in the mode without root: the other end of its interface, nil: none
	whyNoNetwork error
}

// adopt takes over a process by its pidfd.
func adopt(pid, pidfd int, mode Mode, g group) (*Process, error) {
	if err := unix.SetNonblock(pidfd, true); err != nil {
		return nil, errors.Join(fmt.Errorf("watch process %d: %w", pid, err), unix.Close(pidfd))
	}
	p := &Process{
		handle: Handle{PID: pid, Mode: mode, Cgroups: g.Folders},
		pidfd:  os.NewFile(uintptr(pidfd), "pidfd"),
		done:   make(chan struct{}), gone: make(chan struct{}),
	}
	var err error
	if p.handle.StartTime, err = startTime(pid); err != nil {
		return nil, errors.Join(err, p.pidfd.Close())
	}
	if p.handle.Boot, err = BootID(); err != nil {
		return nil, errors.Join(err, p.pidfd.Close())
	}
	go p.watch() // ends with the process or with Close, which waits for it
	return p, nil
}

// Find returns the process of a handle, or ErrGone.
func Find(h Handle) (*Process, error) {
	boot, err := BootID()
	if err != nil {
		return nil, err
	}
	if h.Boot != "" && boot != h.Boot {
		return nil, ErrRebooted
	}
	if h.Boot == "" || h.PID <= 1 {
		return nil, ErrGone
	}
	fd, err := unix.PidfdOpen(h.PID, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil, ErrGone
	}
	if err != nil {
		return nil, fmt.Errorf("open process %d: %w", h.PID, err)
	}
	p, err := adopt(h.PID, fd, h.Mode, group{h.Cgroups})
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrGone
	}
	if err != nil {
		return nil, err
	}
	p.handle.UID = h.UID
	if p.handle.StartTime != h.StartTime {
		p.Close()
		return nil, ErrGone // the number is another's now
	}
	return p, nil
}

// Forget removes what a process that is gone has left on the host.
func Forget(h Handle) error { return group{h.Cgroups}.remove() }

// Handle returns what finds the process again.
func (p *Process) Handle() Handle { return p.handle }

// Done is closed when the process has ended, and everything in its sandbox with
// it.
func (p *Process) Done() <-chan struct{} { return p.done }

func (p *Process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// watch waits for the end of the process.
func (p *Process) watch() {
	defer close(p.gone)
	raw, err := p.pidfd.SyscallConn()
	if err != nil {
		return
	}
	ended := false
	err = raw.Read(func(fd uintptr) bool {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(poll, 0)
		ended = err == nil && n > 0
		return ended
	})
	if err != nil || !ended {
		return // closed
	}
	// If it is a child of ours nobody else takes it off the list; by the pidfd it
	// cannot be another.
	_ = p.control(func(fd int) error {
		return unix.Waitid(unix.P_PIDFD, fd, nil, unix.WEXITED|unix.WNOHANG, nil)
	})
	close(p.done)
}

// Close lets go of the process, which goes on.
func (p *Process) Close() {
	p.once.Do(func() { closeAll([]*os.File{p.pidfd, p.network}) })
	<-p.gone
}

// killTimeout is how long the kernel may take to end all processes of a sandbox:
// one that waits for a broken disk ends late.
const killTimeout = 10 * time.Second

// Kill ends the process and all that is in its sandbox, removes its cgroups and
// lets go of it. When it returns nil nothing is left; otherwise it may be called
// again.
func (p *Process) Kill(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, killTimeout)
	defer cancel()
	if p.handle.Mode == None && !p.ended() {
		killDescendants(ctx, p.handle.PID)
	}
	err := p.control(func(fd int) error { return unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) })
	if err != nil && !errors.Is(err, unix.ESRCH) && !p.ended() {
		return fmt.Errorf("kill process %d: %w", p.handle.PID, err)
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		return fmt.Errorf("kill process %d: %w", p.handle.PID, ctx.Err())
	}
	p.Close()
	return group{p.handle.Cgroups}.remove()
}

func (p *Process) control(fn func(fd int) error) error {
	raw, err := p.pidfd.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = raw.Control(func(fd uintptr) { inner = fn(int(fd)) })
	return errors.Join(err, inner)
}

// startTime reads when a process started, field 22 of its stat. One that has
// ended and is only not yet off the list does not exist.
func startTime(pid int) (uint64, error) {
	fields, err := statFields(pid)
	if err != nil {
		return 0, err
	}
	if len(fields) > 0 && string(fields[0]) == "Z" {
		return 0, os.ErrNotExist
	}
	const afterName = 22 - 3 // statFields begins with field 3
	if len(fields) <= afterName {
		return 0, fmt.Errorf("stat of process %d is short", pid)
	}
	return strconv.ParseUint(string(fields[afterName]), 10, 64)
}

// statFields returns the fields after the name, which may have any character.
func statFields(pid int) ([][]byte, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, unix.ESRCH) {
		return nil, os.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	end := bytes.LastIndexByte(data, ')')
	return bytes.Fields(data[end+1:]), nil
}

// BootID is another after each restart of the machine.
func BootID() (string, error) {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return string(bytes.TrimSpace(data)), err
}
