package pty

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// drainTime is how long Read goes on after the program's end while some
// background job holds the terminal open. What the program itself wrote is in
// the kernel's buffer by then; the job gets EIO from here on.
const drainTime = 100 * time.Millisecond

// reopenTime is how often Read looks whether a program that has closed its
// terminal has opened it again.
const reopenTime = 50 * time.Millisecond

// Command says what to start.
type Command struct {
	Argv []string // Argv[0] is a path
	Env  []string // the whole environment, nothing is inherited; has TERM
	Dir  string
	Size Size
	// ExtraFiles become descriptors 3 and up of the program.
	ExtraFiles []*os.File
	// Attr may add to the attributes of the new process; nil adds nothing.
	// Setsid and Setctty are set already.
	Attr func(*syscall.SysProcAttr)
	// Spawn starts the command and answers how to wait for it; nil uses
	// exec.Cmd. Process 1 passes its own, because its reaper must know its
	// children before they can end. wait is called once, from a goroutine of its
	// own.
	Spawn func(*exec.Cmd) (wait func() (syscall.WaitStatus, error), err error)
}

// Start starts the command on a new terminal.
func Start(c Command) (Process, error) {
	if len(c.Argv) == 0 {
		return nil, errors.New("start terminal: no command")
	}
	master, slave, err := openPair()
	if err != nil {
		return nil, fmt.Errorf("open terminal: %w", err)
	}
	defer slave.Close()
	if err := unix.IoctlSetWinsize(int(slave.Fd()), unix.TIOCSWINSZ, winsize(c.Size)); err != nil {
		return nil, errors.Join(fmt.Errorf("set size of terminal: %w", err), master.Close())
	}
	cmd := &exec.Cmd{
		Path: c.Argv[0], Args: c.Argv, Env: c.Env, Dir: c.Dir,
		Stdin: slave, Stdout: slave, Stderr: slave, ExtraFiles: c.ExtraFiles,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true, Setctty: true},
	}
	if c.Attr != nil {
		c.Attr(cmd.SysProcAttr)
	}
	spawn := c.Spawn
	if spawn == nil {
		spawn = spawnDirectly
	}
	wait, err := spawn(cmd)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", c.Argv[0], err), master.Close())
	}
	p := &process{master: master, pid: cmd.Process.Pid, ended: make(chan struct{})}
	go p.await(wait) // its end is the channel ended, which Wait waits for
	return p, nil
}

// openPair opens a terminal: its master, not blocking so that Close and deadlines
// end a Write under way, and its slave, by the kernel's own way, which does not
// ask where devpts is mounted.
func openPair() (master, slave *os.File, err error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, &os.PathError{Op: "open", Path: "/dev/ptmx", Err: err}
	}
	master = os.NewFile(uintptr(fd), "/dev/ptmx")
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("unlock: %w", err), master.Close())
	}
	if slave, err = openSlave(fd); err != nil {
		return nil, nil, errors.Join(err, master.Close())
	}
	return master, slave, nil
}

// openSlave opens the other end of a master; no path is needed.
func openSlave(master int) (*os.File, error) {
	const flags = unix.O_RDWR | unix.O_NOCTTY | unix.O_CLOEXEC
	fd, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(master), unix.TIOCGPTPEER, flags)
	if errno != 0 {
		return nil, fmt.Errorf("open slave: %w", errno)
	}
	return os.NewFile(fd, "pts"), nil
}

// dropInput forgets what has been typed and the program has not read. Only the
// program's end of the terminal reaches the last 4 KiB, which the line discipline has.
func dropInput(master int) error {
	slave, err := openSlave(master)
	if err != nil {
		return err
	}
	defer slave.Close()
	return unix.IoctlSetInt(int(slave.Fd()), unix.TCFLSH, unix.TCIFLUSH)
}

func spawnDirectly(cmd *exec.Cmd) (func() (syscall.WaitStatus, error), error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() (syscall.WaitStatus, error) {
		err := cmd.Wait()
		if _, failed := errors.AsType[*exec.ExitError](err); failed {
			err = nil // the status says it
		}
		status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
		return status, err
	}, nil
}

type process struct {
	master *os.File
	pid    int

	ended   chan struct{} // closed when exit and waitErr are set
	exit    Exit
	waitErr error

	mu      sync.Mutex
	gone    bool       // the pid may be another's now
	writing sync.Mutex // held by a Write under way; locked with mu held
}

func (p *process) await(wait func() (syscall.WaitStatus, error)) {
	defer close(p.ended)
	status, err := wait()
	p.mu.Lock()
	p.gone = true
	_ = p.master.SetWriteDeadline(time.Now()) // fails only when closed
	p.mu.Unlock()
	if err != nil {
		p.waitErr = fmt.Errorf("wait for the shell: %w", err)
	}
	if status.Signaled() {
		p.exit = Exit{Signal: unix.SignalName(status.Signal())}
	} else {
		p.exit = Exit{Code: status.ExitStatus()}
	}
	_ = p.master.SetReadDeadline(time.Now().Add(drainTime)) // fails only when closed
}

func (p *process) Read(b []byte) (int, error) {
	for {
		n, err := p.master.Read(b)
		if n > 0 {
			return n, nil
		}
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, os.ErrClosed) {
			return 0, io.EOF
		}
		if !errors.Is(err, unix.EIO) {
			return 0, err
		}
		// Nobody has the other side open: the end, or a program that will open it
		// again.
		select {
		case <-p.ended:
			return 0, io.EOF
		case <-time.After(reopenTime):
		}
	}
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	if p.gone {
		p.mu.Unlock()
		return 0, os.ErrProcessDone
	}
	// Taken back here and not by Interrupt: one that is waiting would not notice
	// a deadline that has passed and is gone.
	_ = p.master.SetWriteDeadline(time.Time{})
	p.writing.Lock()
	defer p.writing.Unlock()
	p.mu.Unlock()
	n, err := p.master.Write(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return n, ErrInterrupted
	}
	return n, err
}

func (p *process) Resize(s Size) error {
	err := p.control(func(fd int) error { return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, winsize(s)) })
	if err != nil {
		return fmt.Errorf("set size of terminal: %w", err)
	}
	return nil
}

func (p *process) Hangup() { p.signal(unix.SIGHUP, unix.SIGCONT) }

func (p *process) Kill() { p.signal(unix.SIGKILL) }

// signal tells the program's group and the one in the foreground, which is
// another when a shell runs a job.
func (p *process) signal(signals ...unix.Signal) {
	foreground := p.foreground()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return
	}
	for _, s := range signals {
		_ = unix.Kill(-p.pid, s) // ESRCH: ended just now
		if foreground > 1 && foreground != p.pid {
			_ = unix.Kill(-foreground, s)
		}
	}
}

func (p *process) foreground() (pgrp int) {
	_ = p.control(func(fd int) (err error) {
		pgrp, err = unix.IoctlGetInt(fd, unix.TIOCGPGRP)
		return err
	})
	return pgrp
}

// Folder asks for the leader of the foreground, and where that has ended or
// tells nobody, for the program itself.
func (p *process) Folder() string {
	for _, pid := range []int{p.foreground(), p.pid} {
		if pid <= 1 {
			continue
		}
		if folder, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err == nil {
			return folder
		}
	}
	return ""
}

// Interrupt asks the kernel to signal the foreground (TIOCSIG): typed bytes
// would wait behind those that nobody reads.
func (p *process) Interrupt(c byte) (done bool) {
	_ = p.control(func(fd int) error {
		t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		if err != nil || t.Lflag&unix.ISIG == 0 {
			return err
		}
		for key, signal := range map[int]unix.Signal{unix.VINTR: unix.SIGINT, unix.VQUIT: unix.SIGQUIT, unix.VSUSP: unix.SIGTSTP} {
			if c == 0 || t.Cc[key] != c {
				continue
			}
			// A Write under way ends, and has ended: what it still has must not follow
			// the key, nor come into the room that is made for it.
			p.mu.Lock()
			_ = p.master.SetWriteDeadline(time.Now())
			p.writing.Lock()
			p.mu.Unlock()
			defer p.writing.Unlock()
			_ = dropInput(fd) // the signal is worth more
			err = unix.IoctlSetInt(fd, unix.TIOCSIG, int(signal))
			done = err == nil
		}
		return err
	})
	return done
}

func (p *process) Wait() (Exit, error) {
	<-p.ended
	return p.exit, p.waitErr
}

func (p *process) Close() error { return p.master.Close() }

func (p *process) control(fn func(fd int) error) error {
	raw, err := p.master.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = raw.Control(func(fd uintptr) { inner = fn(int(fd)) })
	return errors.Join(err, inner)
}

func winsize(s Size) *unix.Winsize {
	s = s.Clamp()
	return &unix.Winsize{Col: uint16(s.Cols), Row: uint16(s.Rows)}
}
