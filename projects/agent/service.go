package agent

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/libp2p/go-yamux/v5"
	"golang.org/x/sys/unix"

	"lyceum/projects/files"
	"lyceum/terminal"
)

const (
	// idleLimit is how long an agent stays without a server and without work:
	// long enough for a night and a morning's maintenance.
	idleLimit = 12 * time.Hour
	// idleCheck is how often it looks.
	idleCheck = 10 * time.Minute
	// requestHeaderTimeout is for the server, on the same machine.
	requestHeaderTimeout = 30 * time.Second
	// maxGreeting bounds the connections that have not said hello; only the
	// server can reach the socket.
	maxGreeting = 16
)

// service is the agent at work.
type service struct {
	config    Config
	files     *files.Folder
	terminals *terminal.Sessions
	opener    *opener // nil: no shell can ask
	children  *children
	limits    *limits
	watchers  *watchers
	activity  activity
	isolated  bool
	end       chan struct{} // closed: the server wants the agent to end
	endOnce   sync.Once

	mu         sync.Mutex
	generation int64          // of the newest server so far
	session    *yamux.Session // nil: no server
	lastServer time.Time

	// Of run only: when the programs last computed, and what they had used at the
	// last look.
	lastWork time.Time
	looked   time.Time
	used     Activity
}

// run serves until ctx ends or there has been nothing to do for long.
func (s *service) run(ctx context.Context, listener net.Listener, signals <-chan os.Signal) error {
	var parts sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	defer func() {
		cancel()
		_ = listener.Close() // nothing is lost with it
		parts.Wait()
	}()
	s.lastServer, s.lastWork, s.looked = time.Now(), time.Now(), time.Now()
	parts.Go(func() { s.accept(ctx, listener) })
	if s.opener != nil {
		parts.Go(func() { s.opener.run(ctx) })
	}
	idle := time.NewTicker(idleCheck)
	defer idle.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case sig := <-signals:
			// Without isolation it is a process of the host's like others.
			if sig == unix.SIGTERM && !s.isolated {
				return nil
			}
			if sig == unix.SIGCHLD {
				s.children.reap()
			}
		case <-s.children.kick:
			s.children.reap()
		case <-s.end:
			return nil
		case <-idle.C:
			s.children.reap() // should a signal have been lost
			s.noteWork(ctx)
			if s.idle() {
				return nil
			}
		}
	}
}

// noteWork looks whether programs have computed since it last did.
func (s *service) noteWork(ctx context.Context) {
	now, err := s.activity.look(ctx, s.devices())
	if err != nil || now.Busy(s.used, time.Since(s.looked)) {
		s.lastWork = time.Now() // what is not known may be work
	}
	s.used, s.looked = now, time.Now()
}

// idle reports whether nobody would miss the agent: no server, no shell, and
// nothing that computes.
func (s *service) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.session == nil && time.Since(s.lastServer) > idleLimit && s.children.count() == 0 &&
		time.Since(s.lastWork) > idleLimit
}

func (s *service) accept(ctx context.Context, listener net.Listener) {
	var all sync.WaitGroup
	defer all.Wait()
	greeting := make(chan struct{}, maxGreeting)
	for {
		conn, err := listener.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			time.Sleep(time.Second) // no descriptors: they come back
			continue
		}
		greeting <- struct{}{}
		all.Go(func() {
			session, err := s.greet(conn)
			<-greeting
			if err != nil {
				_ = conn.Close()
				return
			}
			s.serve(ctx, session)
		})
	}
}

// greet checks who it is and puts the new server in the place of the old one.
func (s *service) greet(conn net.Conn) (*yamux.Session, error) {
	if err := conn.SetDeadline(time.Now().Add(helloTimeout)); err != nil {
		return nil, err
	}
	theirs, err := readHello(conn)
	if err != nil {
		return nil, err
	}
	own := Hello{Version: Version, Oldest: oldestVersion, Project: s.config.Project, Secret: s.config.Secret, Generation: theirs.Generation}
	s.mu.Lock()
	defer s.mu.Unlock()
	refusal := ""
	switch {
	case !own.same(theirs):
		refusal = "the secret is not that of this project"
	case theirs.Generation < s.generation:
		refusal = "a newer server has taken over"
	}
	if refusal != "" {
		return nil, errors.Join(errors.New(refusal), writeHello(conn, Hello{Version: Version, Oldest: oldestVersion, Error: refusal}))
	}
	if err := writeHello(conn, own); err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	session, err := yamux.Server(conn, streams(maxServerStreams), nil)
	if err != nil {
		return nil, err
	}
	if s.session != nil {
		_ = s.session.Close() // the old server's, dead or hung
	}
	s.session, s.generation = session, theirs.Generation
	return session, nil
}

// serve answers one server until its connection ends.
func (s *service) serve(ctx context.Context, session *yamux.Session) {
	server := &http.Server{
		Handler: s.routes(), ReadHeaderTimeout: requestHeaderTimeout, MaxHeaderBytes: maxHeaderBytes,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { _ = session.Close() })
	defer stop()
	_ = server.Serve(session) // ends with the session
	_ = server.Close()
	_ = session.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.session == session {
		s.session, s.lastServer = nil, time.Now()
	}
}
