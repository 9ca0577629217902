package sandbox

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"lyceum/projects/network/link"
)

// ErrStart says that a project gets its interface at its start only.
var ErrStart = errors.New("in this mode a project gets its network when it starts")

// OpenNetwork makes the network interface of a project and returns its other
// end. There can be one at a time; it is gone when the last descriptor is
// closed.
func (p *Process) OpenNetwork() (*os.File, error) {
	if !p.handle.Mode.ownUID() {
		return p.networkFromStart()
	}
	fd := -1
	done := make(chan error, 1)
	go func() { // done is waited for
		runtime.LockOSThread() // never unlocked: the thread, which is in the project's network, ends here
		err := p.control(func(pidfd int) error { return unix.Setns(pidfd, unix.CLONE_NEWNET) })
		if err == nil {
			fd, err = link.Open()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), link.Name), nil
}

// networkFromStart returns the interface that the stage has made.
func (p *Process) networkFromStart() (*os.File, error) {
	if p.network == nil {
		return nil, errors.Join(ErrStart, p.whyNoNetwork)
	}
	return duplicate(p.network)
}

// receiveNetwork takes the interface from the stage, or why there is none. The
// stage has ended: what it says is there.
func receiveNetwork(from *os.File) (*os.File, error) {
	const maxReason = 1024
	text, rights := make([]byte, maxReason), make([]byte, unix.CmsgSpace(4))
	n, m, _, _, err := unix.Recvmsg(int(from.Fd()), text, rights, unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("take over the network: %w", err)
	}
	messages, err := unix.ParseSocketControlMessage(rights[:m])
	if err != nil || len(messages) != 1 {
		return nil, errors.New(string(text[:n]))
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return nil, errors.New("take over the network: no descriptor")
	}
	return os.NewFile(uintptr(fds[0]), link.Name), nil
}

// giveNetwork has the stage make the interface, where nobody else can.
func (l *launch) giveNetwork() error {
	if !l.spec.Network || l.mode != Unprivileged {
		return nil
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("make a socket for the network: %w", err)
	}
	l.network = os.NewFile(uintptr(pair[0]), "network")
	l.plan.NetworkFD = l.give(os.NewFile(uintptr(pair[1]), "network"))
	return nil
}

// takeNetwork keeps what the stage has made.
func (l *launch) takeNetwork() {
	if l.network != nil {
		l.process.network, l.process.whyNoNetwork = receiveNetwork(l.network)
	}
}

// probeNetwork says why a process has no network although it should, nil if it
// can have one.
func (p *Process) probeNetwork() error {
	if p.handle.Mode == None {
		return nil
	}
	f, err := p.OpenNetwork()
	if err != nil {
		return err
	}
	return f.Close()
}

func (s *Sandbox) networkFinding() Finding {
	const about = "network"
	switch {
	case s.mode == None:
		return Finding{Missing, about, "Every project has the network of this machine. Use --isolation=auto."}
	case s.noNetwork != nil:
		return Finding{Limited, about, fmt.Sprintf("No project can have a network, whatever its limits say: %v.", s.noNetwork)}
	}
	return Finding{OK, about, "A project has no network unless an administrator gives it one, which is filtered: it reaches nothing of this machine or around it."}
}
