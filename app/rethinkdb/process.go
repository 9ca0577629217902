package rethinkdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"lyceum/app"
	"lyceum/app/durable"
)

const (
	// inUsePatience is how long a start waits for an earlier process to leave the
	// folder or a port: it ends within seconds after SIGTERM, more with much that
	// is not on disk yet.
	inUsePatience = time.Minute
	// stopPatience is how long it may take to end, as any part of the server
	// (service.StopTimeout). After that it is killed, which costs it a check at the
	// next start and no acknowledged write: those are on the disk.
	stopPatience = 10 * time.Second
	// pauseFirst and pauseMost are between restarts: soon after the first failure,
	// rarely where it fails again and again.
	pauseFirst = 500 * time.Millisecond
	pauseMost  = 30 * time.Second
	// calmAfter is how long it must have run for the next pause to be short again.
	calmAfter = time.Minute
	// drainPatience is how long the last lines of an ended process may take: helpers
	// of it may hold its output open.
	drainPatience = time.Second
)

// Server is a node that runs. Its methods may be called from any goroutine.
type Server struct {
	o       Options
	launch  launch
	reach   Reach
	version string

	withdraw func() error
	stopping context.CancelFunc
	stopped  chan struct{} // closed when the process is gone for good

	mu       sync.Mutex
	name     string
	restarts int
}

// Start starts the node and returns when it takes connections. Its errors are
// sentences for an operator. The node runs until Close, whatever becomes of ctx.
func Start(ctx context.Context, o Options) (*Server, error) {
	s := &Server{o: o, stopped: make(chan struct{})}
	base, err := prepare(o)
	if err != nil {
		return nil, err
	}
	if s.version, err = Version(ctx, base.program); err != nil {
		return nil, err
	}
	first, err := s.firstStart(ctx, base)
	if err != nil {
		return nil, err
	}
	s.reach = Reach{s.launch.driver, passwordFile(o.Folder)}
	s.withdraw, err = announce(o.Folder, s.reach.Address)
	err = errors.Join(err, durable.WriteFile(NameFile(o.Folder), []byte(s.Name())))
	if err != nil {
		first.stop(s.log())
		return nil, fmt.Errorf("note where the database is: %w", err)
	}
	// Close ends it, not Start's caller.
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stopping = stop
	go func() {
		defer close(s.stopped)
		s.supervise(running, first)
	}()
	return s, nil
}

// firstStart starts the program until it is ready, as long as others are in the
// way. Each attempt has other ports.
func (s *Server) firstStart(ctx context.Context, base launch) (*process, error) {
	began, told := time.Now(), false
	for {
		var err error
		if s.launch, err = base.withPorts(s.o); err != nil {
			return nil, err
		}
		p, err := s.run()
		if err != nil {
			return nil, err
		}
		select {
		case <-p.ready:
			return p, nil
		case <-p.ended:
		case <-ctx.Done():
			p.stop(s.log())
			return nil, ctx.Err()
		}
		if !p.inTheWay() || time.Since(began) > inUsePatience {
			return nil, app.Errorf(app.Unavailable, "RethinkDB does not start: %s", p.lastWords())
		}
		if !told {
			s.log().Warn("database is in use, waiting for an earlier one to end", "path", s.o.Folder)
			told = true
		}
		select {
		case <-time.After(pauseFirst):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// supervise starts the program again whenever it ends, until ctx does.
func (s *Server) supervise(ctx context.Context, p *process) {
	pause := pauseFirst
	trim := time.NewTicker(trimEvery)
	defer trim.Stop()
	for {
		begun := time.Now()
		if p != nil {
			if !s.await(ctx, p, trim.C) {
				p.stop(s.log())
				return
			}
			s.log().Error("database has ended and is started again", "err", p.lastWords(), "duration", pause)
		}
		if time.Since(begun) > calmAfter {
			pause = pauseFirst
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		pause = min(2*pause, pauseMost)
		s.mu.Lock()
		s.restarts++
		s.mu.Unlock()
		var err error
		if p, err = s.run(); err != nil {
			s.log().Error("database not started", "err", err)
		}
	}
}

// await waits until the process ends, and keeps its log short meanwhile; false if
// ctx has ended before.
func (s *Server) await(ctx context.Context, p *process, trim <-chan time.Time) bool {
	for {
		select {
		case <-p.ended:
			return true
		case <-ctx.Done():
			return false
		case <-trim:
			s.trimLog()
		}
	}
}

// Reach tells how to connect to the node.
func (s *Server) Reach() Reach { return s.reach }

// ClusterAddress is where the node serves others.
func (s *Server) ClusterAddress() string { return s.launch.cluster }

// Version is that of the program.
func (s *Server) Version() string { return s.version }

// Name is that of the node in its cluster.
func (s *Server) Name() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.name
}

// Restarts is how often the program had to be started again.
func (s *Server) Restarts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.restarts
}

// Close ends the node and waits for it.
func (s *Server) Close() error {
	s.stopping()
	<-s.stopped
	if err := s.withdraw(); err != nil {
		return fmt.Errorf("note that the database has ended: %w", err)
	}
	return nil
}

func (s *Server) log() *slog.Logger { return s.o.Log.With("part", "rethinkdb") }

// process is one run of the program.
type process struct {
	pid   int
	ready chan struct{} // closed when it takes connections
	ended chan struct{} // closed when it is gone, with all its output read
	err   error         // how, once ended is closed

	mu     sync.Mutex
	last   []string // its last lines
	faults []string // the last of those that are errors
}

// readyLine is what it says when it takes connections, with its name.
var readyLine = regexp.MustCompile(`^Server ready, "([^"]*)"`)

// run starts the program once.
func (s *Server) run() (*process, error) {
	s.trimLog()
	p := &process{ready: make(chan struct{}), ended: make(chan struct{})}
	cmd := exec.Command(s.launch.program, s.launch.args...)
	cmd.Env, cmd.Dir = environment, s.o.Folder
	cmd.WaitDelay = drainPatience
	// A process group of its own: Ctrl-C at the console is for this server, which
	// ends the database after what uses it. If this server is killed the kernel
	// tells the database to end.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	isReady := sync.OnceFunc(func() { close(p.ready) })
	out := &lines{say: func(line string) {
		p.note(&p.last, line)
		s.log().Info("database says", "text", line)
		if m := readyLine.FindStringSubmatch(line); m != nil {
			s.mu.Lock()
			s.name = m[1]
			s.mu.Unlock()
			isReady()
		}
	}}
	faults := &lines{say: func(line string) {
		p.note(&p.faults, line)
		s.log().Warn("database says", "text", line)
	}}
	cmd.Stdout, cmd.Stderr = out, faults
	started := make(chan error)
	go func() {
		// The kernel tells the child when the thread ends that has started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			out.end()
			faults.end()
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, app.Explain(err, app.Invalid, "The program %s cannot be run. Name another one with --rethinkdb.", s.launch.program)
	}
	return p, nil
}

// note remembers a line.
func (p *process) note(last *[]string, line string) {
	const kept = 3 // the reason stands in the last ones
	p.mu.Lock()
	defer p.mu.Unlock()
	*last = append(*last, line)
	*last = (*last)[max(0, len(*last)-kept):]
}

// lastWords are why it has ended, as far as it has said.
func (p *process) lastWords() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(p.faults) > 0:
		return strings.Join(p.faults, " ")
	case len(p.last) > 0:
		return strings.Join(p.last, " ")
	}
	return fmt.Sprintf("it ended without a word (%v).", p.err)
}

// inTheWay reports whether it has ended because another process has its folder or
// a port.
func (p *process) inTheWay() bool { return strings.Contains(p.lastWords(), "in use") }

// tell sends a signal to the program.
func (p *process) tell(signal syscall.Signal) {
	_ = syscall.Kill(p.pid, signal) // or it has ended
}

// stop ends it.
func (p *process) stop(log *slog.Logger) {
	p.tell(syscall.SIGTERM)
	select {
	case <-p.ended:
		return
	case <-time.After(stopPatience):
	}
	log.Warn("database did not end in time and is killed", "duration", stopPatience)
	_ = syscall.Kill(-p.pid, syscall.SIGKILL) // its group, which is ours; or it has ended
	<-p.ended
}

// maxLine is how much of a line is kept.
const maxLine = 4096

// lines cuts what is written into lines.
type lines struct {
	say  func(line string)
	rest []byte
}

var _ io.Writer = (*lines)(nil)

func (l *lines) Write(b []byte) (int, error) {
	for _, c := range b {
		switch {
		case c == '\n':
			l.end()
		case len(l.rest) < maxLine:
			l.rest = append(l.rest, c)
		}
	}
	return len(b), nil
}

// end says what is left.
func (l *lines) end() {
	if line := strings.TrimRight(string(l.rest), "\r "); line != "" {
		l.say(line)
	}
	l.rest = l.rest[:0]
}
