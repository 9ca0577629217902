package agent

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"lyceum/projects/files"
	"lyceum/projects/sandbox/stage"
	"lyceum/terminal"
)

// options are the agent's arguments, which the stage gives it.
type options struct {
	doors    []*os.File // cgroup.procs of the leaf for programs
	limits   Limits     // until the server says others
	isolated bool
	probe    bool
}

// Run is the agent: it serves until it is killed, or until it has had neither a
// server nor work for long. It is process 1 of its sandbox.
func Run(arguments []string) error {
	ready := stage.Inherit(stage.ReadyFD, "ready")
	err := run(arguments, ready)
	if err != nil {
		_, _ = io.WriteString(ready, err.Error()) // the server may be gone
	}
	return err
}

func run(arguments []string, ready *os.File) error {
	o, err := parse(arguments)
	if err != nil {
		return err
	}
	signals, err := stage.Guard()
	if err != nil {
		return err
	}
	if !o.isolated {
		if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
			return fmt.Errorf("become the reaper: %w", err)
		}
	}
	if o.probe {
		_ = ready.Close() // that is the answer
		for range signals {
		}
	}
	config, err := readConfig()
	if err != nil {
		return err
	}
	listener, err := inheritedListener()
	if err != nil {
		return err
	}
	home, err := files.OpenFolder(config.Home)
	if err != nil {
		return fmt.Errorf("open the home: %w", err)
	}
	kids := newChildren()
	bounds := new(limits)
	bounds.set(o.limits)
	opener := newOpener(config.Home)
	shells := &shells{options: o, config: config, children: kids, limits: bounds, opener: opener}
	if !o.isolated {
		if err := errors.Join(os.MkdirAll(shells.commands(), 0o755), stage.WriteCommands(shells.commands())); err != nil {
			return err
		}
	}
	watchers := newWatchers()
	s := &service{
		config: config, files: home, opener: opener, children: kids, limits: bounds, watchers: watchers, isolated: o.isolated, end: make(chan struct{}),
		terminals: terminal.NewSessions(terminal.Options{
			Start: shells.start, Find: opener.places.find, ScratchDir: config.Scratch, Changed: watchers.changed, Log: discard,
		}),
	}
	if config.Terminals > 0 {
		s.terminals.SetMax(config.Terminals)
	}
	opener.show = s.terminals.Show
	if err := ready.Close(); err != nil {
		return err
	}
	// Process 1 lives for itself: nobody above it has a context.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	return s.run(ctx, listener, signals)
}

func parse(arguments []string) (options, error) {
	var o options
	set := flag.NewFlagSet("agent", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	procs := set.String("procs", "", "descriptors of the cgroup for programs")
	set.Uint64Var(&o.limits.Processes, "processes", 0, "RLIMIT_NPROC of programs")
	set.Uint64Var(&o.limits.DataBytes, "data-bytes", 0, "RLIMIT_DATA of programs")
	set.Uint64Var(&o.limits.OpenFiles, "open-files", 0, "RLIMIT_NOFILE of programs")
	set.BoolVar(&o.isolated, "isolated", false, "process 1 of a namespace")
	set.BoolVar(&o.probe, "probe", false, "only say that it works")
	if err := set.Parse(arguments); err != nil {
		return o, fmt.Errorf("arguments of the agent: %w", err)
	}
	for field := range strings.SplitSeq(*procs, ",") {
		if field == "" {
			continue
		}
		fd, err := strconv.Atoi(field)
		if err != nil {
			return o, fmt.Errorf("arguments of the agent: %w", err)
		}
		o.doors = append(o.doors, stage.Inherit(fd, "cgroup.procs"))
	}
	return o, nil
}

func readConfig() (Config, error) {
	f := stage.Inherit(stage.ConfigFD, "config")
	const maxConfig = 64 << 10
	data, err := io.ReadAll(io.LimitReader(f, maxConfig))
	if err = errors.Join(err, f.Close()); err != nil {
		return Config{}, fmt.Errorf("read the configuration: %w", err)
	}
	var c Config
	if err := json.Unmarshal(data, &c); err != nil {
		return Config{}, fmt.Errorf("decode the configuration: %w", err)
	}
	if c.Secret == "" || c.Home == "" {
		return Config{}, errors.New("the configuration lacks a secret or a home")
	}
	return c, nil
}

func inheritedListener() (net.Listener, error) {
	f := stage.Inherit(stage.ListenFD, "listener")
	l, err := net.FileListener(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("take over the socket: %w", err)
	}
	return l, nil
}
