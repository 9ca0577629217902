package helper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"lyceum/projects/network"
	"lyceum/projects/network/forward"
)

// Run forwards until the project has ended.
func Run(ctx context.Context) error {
	ready := inherit(network.ReadyFD, "ready")
	f, config, err := start(ctx)
	if err != nil {
		_, _ = io.WriteString(ready, err.Error()) // the server may be gone
		return err
	}
	listener, err := listen()
	if err != nil {
		_, _ = io.WriteString(ready, err.Error())
		return err
	}
	go serve(listener, config, f) // ends with the process
	go func() {                   // ends with the process
		waitFor(network.ProjectFD)
		f.Close()
	}()
	if err := ready.Close(); err != nil {
		return err
	}
	return f.Run()
}

// start reads what is to be done, gives up what is not needed for it, and makes
// the forwarder.
func start(ctx context.Context) (*forward.Forwarder, *network.Config, error) {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return nil, nil, fmt.Errorf("hide the memory: %w", err)
	}
	// A server's terminal or group may be told to end; the project is not.
	signal.Ignore(syscall.SIGINT, syscall.SIGHUP, syscall.SIGPIPE)
	config, err := readConfig()
	if err != nil {
		return nil, nil, err
	}
	_ = unix.Close(network.ProgramFD) // it runs
	if err := Confine(config.Filter); err != nil {
		return nil, nil, err
	}
	if err := unix.SetNonblock(network.TunFD, true); err != nil {
		return nil, nil, fmt.Errorf("take over the interface: %w", err)
	}
	f, err := forward.New(ctx, inherit(network.TunFD, "tun"), config.Policy, forward.DefaultBounds)
	return f, config, err
}

func readConfig() (*network.Config, error) {
	f := inherit(network.ConfigFD, "config")
	const maxConfig = 128 << 10
	data, err := io.ReadAll(io.LimitReader(f, maxConfig))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	var c network.Config
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("decode the configuration: %w", err)
	}
	return &c, nil
}

func listen() (net.Listener, error) {
	file := inherit(network.ListenFD, "listener")
	l, err := net.FileListener(file)
	return l, errors.Join(err, file.Close())
}

// serve answers servers, one after the other.
func serve(l net.Listener, config *network.Config, f *forward.Forwarder) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return // the process ends
		}
		_ = network.Serve(conn, config, f.SetPolicy, f.Status) // who has gone away hears nothing
	}
}

// waitFor returns when the process of a pidfd has ended.
func waitFor(pidfd int) {
	for {
		poll := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
		if n, err := unix.Poll(poll, -1); n > 0 || (err != nil && err != unix.EINTR) {
			return
		}
	}
}

// inherit takes over a descriptor that the server has left open.
func inherit(fd int, name string) *os.File {
	unix.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), name)
}
