package rethinktest

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"sync"
	"syscall"
)

// A member is a node of the cluster: an address and its connections.
type member struct {
	server  *Server
	id      string
	name    string
	address string
	anchor  int // a socket that is only bound, so that nobody else gets the port while the node is stopped

	mu       sync.Mutex
	tags     []string
	said     string       // where the cluster says that it is
	listener net.Listener // nil while stopped
	conns    map[*conn]bool
	work     sync.WaitGroup
}

func newMember(s *Server, i int) *member {
	s.t.Helper()
	m := &member{server: s, id: newID(), name: fmt.Sprintf("node%d", i+1), conns: map[*conn]bool{}, tags: []string{defaultTag}}
	var err error
	if m.anchor, m.address, err = anchor(); err != nil {
		s.t.Fatalf("no port for the test's database: %v", err)
	}
	m.said = m.address
	return m
}

// anchor binds a socket to a free port of loopback. As it does not listen, who
// connects is refused, and a listener may have the port beside it (SO_REUSEADDR,
// socket(7)).
func anchor() (fd int, address string, err error) {
	fd, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, "", err
	}
	if err = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return 0, "", err
	}
	if err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, "", err
	}
	at, err := syscall.Getsockname(fd)
	if err != nil {
		return 0, "", err
	}
	return fd, net.JoinHostPort("127.0.0.1", strconv.Itoa(at.(*syscall.SockaddrInet4).Port)), nil
}

func (m *member) free() {
	if err := syscall.Close(m.anchor); err != nil {
		m.server.t.Errorf("the port of the test's database: %v", err)
	}
}

// start listens, unless the node already does.
func (m *member) start() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.listener != nil {
		return nil
	}
	l, err := net.Listen("tcp", m.address)
	if err != nil {
		return err
	}
	m.listener = l
	m.work.Go(func() { m.accept(l) })
	return nil
}

func (m *member) accept(l net.Listener) {
	for {
		socket, err := l.Accept()
		if err != nil {
			return // stopped
		}
		if m.server.tls != nil {
			socket = tls.Server(socket, m.server.tls)
		}
		c := m.newConn(socket)
		m.mu.Lock()
		stopped := m.listener != l
		m.conns[c] = !stopped
		m.mu.Unlock()
		if stopped {
			c.cut()
		}
		m.work.Go(func() {
			c.serve()
			m.mu.Lock()
			defer m.mu.Unlock()
			delete(m.conns, c)
		})
	}
}

func (m *member) newConn(socket net.Conn) *conn {
	// A connection lasts until its client or stop ends it.
	ctx, cancel := context.WithCancel(context.Background())
	return &conn{node: m, socket: socket, ctx: ctx, cancel: cancel, queries: map[uint64]*query{}, silent: map[*query]chan struct{}{}}
}

// refuse stops to listen; what is connected stays.
func (m *member) refuse() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.listener != nil {
		m.listener.Close() // it has no state to lose
		m.listener = nil
	}
}

// drop cuts all connections.
func (m *member) drop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for c := range m.conns {
		c.cut()
	}
}

// stop ends everything and waits for it.
func (m *member) stop() {
	m.refuse()
	m.drop()
	m.work.Wait()
}

// up reports whether the node takes connections.
func (m *member) up() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.listener != nil
}

// place is where the cluster says that the node is.
func (m *member) place() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.said
}

// password is that of a user, for the handshake.
func (m *member) password(user string) (string, bool) {
	m.server.mu.Lock()
	defer m.server.mu.Unlock()
	password, known := m.server.users[user]
	return password, known
}
