package rethinktest

import (
	"crypto/tls"
	"maps"
	"sync"
	"testing"
)

// Options say what server a test wants. The zero value is one node that takes
// the user admin without a password, as a new RethinkDB does.
type Options struct {
	// Nodes is how many addresses serve the same tables; 0 means 1.
	Nodes int
	// Users has the password of each user. Without admin in it, admin has none.
	Users map[string]string
	// Version is what the server says it is; "" is the one that was recorded.
	// One before 2.3 does not know the handshake.
	Version string
	// TLS, if set, is what every node speaks.
	TLS *tls.Config
	// Quorum makes tables unavailable of which most replicas are on stopped nodes.
	// Otherwise all nodes are as good as any.
	Quorum bool
}

// recordedVersion is the server that answered the records.
const recordedVersion = "2.4.4"

// A Server is a cluster of nodes in this process. Its tables live as long as the
// Server: they are there again after Stop and Start, as after a restart of a
// server that has written all to disk. All methods can be called from any
// goroutine.
type Server struct {
	t       testing.TB
	version string
	tls     *tls.Config
	data    *data
	nodes   []*member
	wire    wire

	mu    sync.Mutex // over the users
	users map[string]string
}

// Start starts a server that ends with the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{t: t, version: o.Version, tls: o.TLS, data: newData(), users: map[string]string{"admin": ""}}
	if s.version == "" {
		s.version = recordedVersion
	}
	maps.Copy(s.users, o.Users)
	for i := range max(o.Nodes, 1) {
		s.nodes = append(s.nodes, newMember(s, i))
	}
	s.data.nodes, s.data.quorum = s.nodes, o.Quorum
	s.Start()
	t.Cleanup(func() {
		s.Stop()
		for _, m := range s.nodes {
			m.free()
		}
	})
	return s
}

// Start starts the nodes that are stopped, at their addresses.
func (s *Server) Start() {
	s.t.Helper()
	for i := range s.nodes {
		s.StartNode(i)
	}
}

// Stop ends all connections and takes no more. Clients see EOF, and then refused
// connections (record 173).
func (s *Server) Stop() {
	for i := range s.nodes {
		s.StopNode(i)
	}
}

// StartNode and StopNode do the same with one node; the first is 0.
func (s *Server) StartNode(i int) {
	s.t.Helper()
	if err := s.nodes[i].start(); err != nil {
		s.t.Fatalf("node %d of the test's database: %v", i, err)
	}
	s.data.elect()
	s.data.changed()
}

// StopNode ends one node. Without Quorum its tables are served by the others, as
// if they had replicas there.
func (s *Server) StopNode(i int) {
	s.nodes[i].stop()
	s.data.elect()
	s.data.changed()
}

// Address is where the first node listens, as host:port.
func (s *Server) Address() string { return s.nodes[0].address }

// Addresses are where all nodes listen.
func (s *Server) Addresses() []string {
	var all []string
	for _, m := range s.nodes {
		all = append(all, m.address)
	}
	return all
}

// SetPassword gives a user another password, for connections to come.
func (s *Server) SetPassword(user, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[user] = password
}
