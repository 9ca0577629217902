package agent

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lyceum/terminal"
)

// listening returns an agent that serves on a socket, without a sandbox.
func listening(t *testing.T) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{
		config: Config{Project: "p", Secret: "s3cret", Home: t.TempDir()}, children: newChildren(),
		watchers: newWatchers(), end: make(chan struct{}),
		terminals: terminal.NewSessions(terminal.Options{ScratchDir: t.TempDir(), Log: discard}),
	}
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { _ = s.run(ctx, l, nil) })
	t.Cleanup(func() {
		cancel()
		done.Wait()
	})
	return socket
}

func hello(generation int64) Hello {
	return Hello{Project: "p", Secret: "s3cret", Generation: generation}
}

// After a restart the new server takes over at once, although the old one still
// hangs on its connection; the old one cannot come back.
func TestHigherGenerationTakesOver(t *testing.T) {
	socket := listening(t)
	old, err := Dial(t.Context(), socket, hello(3))
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	next, err := Dial(t.Context(), socket, hello(4))
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	select {
	case <-old.Closed():
	case <-time.After(helloTimeout):
		t.Error("the old server is still connected")
	}
	if _, err := Dial(t.Context(), socket, hello(3)); !errors.Is(err, ErrRefused) {
		t.Errorf("the old server came back: %v", err)
	}
	if _, err := next.Terminals(t.Context()); err != nil {
		t.Errorf("the new server is not served: %v", err)
	}
}

// A server of another data directory must not get at a project's shells.
func TestWrongSecretIsRefused(t *testing.T) {
	socket := listening(t)
	h := hello(9)
	h.Secret = "guess"
	if _, err := Dial(t.Context(), socket, h); !errors.Is(err, ErrRefused) {
		t.Errorf("Dial with a wrong secret = %v", err)
	}
	good, err := Dial(t.Context(), socket, hello(1))
	if err != nil {
		t.Fatalf("a refused hello must not raise the generation: %v", err)
	}
	_ = good.Close()
}

func TestEndIsSeenByTheServer(t *testing.T) {
	c, err := Dial(t.Context(), listening(t), hello(1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.End(t.Context()); err != nil {
		t.Errorf("End = %v", err)
	}
}

// Process 1 reaps everybody's orphans and steals no exit code of its own
// children: a shell that ended with 7 must not be told as lost.
func TestReaperTakesOrphansAndLeavesChildren(t *testing.T) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) }()
	c := newChildren()
	stop := make(chan struct{})
	var reaper, waiters sync.WaitGroup
	reaper.Go(func() { // as busy as SIGCHLD can make it
		for {
			select {
			case <-stop:
				return
			default:
				c.reap()
			}
		}
	})
	const commands = 100
	for i := range commands {
		// The child leaves two orphans behind that end after it.
		cmd := exec.Command("/bin/sh", "-c", "(sleep 0.01 &) ; (sleep 0.02 &) ; exit "+strconv.Itoa(i%50))
		wait, err := c.spawn(cmd)
		if err != nil {
			t.Fatal(err)
		}
		waiters.Go(func() {
			status, err := wait()
			if err != nil || syscall.WaitStatus(status).ExitStatus() != i%50 {
				t.Errorf("command %d: %v, %v", i, status.ExitStatus(), err)
			}
		})
	}
	waiters.Wait()
	deadline := time.After(5 * time.Second)
	for zombies() {
		select {
		case <-deadline:
			t.Error("orphans are left")
			close(stop)
			reaper.Wait()
			return
		default:
		}
	}
	close(stop)
	reaper.Wait()
	if n := c.count(); n != 0 {
		t.Errorf("%d children are still noted", n)
	}
}

// zombies reports whether the process has children, ended or not.
func zombies() bool {
	err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return !errors.Is(err, unix.ECHILD)
}
