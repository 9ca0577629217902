package query_test

import (
	"bytes"
	"net"
	"sync"
	"testing"
)

// A relay is the network between one server and the database. It can lose what is
// sent, in one direction or of some connections; nothing tells either end, as if a
// cable was pulled.
type relay struct {
	t        *testing.T
	listener net.Listener
	to       string
	running  sync.WaitGroup

	mu    sync.Mutex
	loses loss
	conns map[net.Conn]struct{} // nil: closed
}

// loss reports whether what comes now is lost. asked is what the server has sent on
// the connection so far, as much as names the first query.
type loss func(toDatabase bool, asked []byte) bool

// namesQuery is how much of what is sent is looked at, beyond any first query.
const namesQuery = 4 << 10

func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{t: t, listener: listener, to: to, conns: make(map[net.Conn]struct{})}
	r.running.Go(r.accept)
	t.Cleanup(r.close)
	return r
}

func (r *relay) address() string { return r.listener.Addr().String() }

// lose has what l names lost from now on, nil nothing. A connection that has lost
// something is of no use any more and is closed when it is mended.
func (r *relay) lose(l loss) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.loses = l
	if l != nil {
		return
	}
	for conn := range r.conns {
		_ = conn.Close() // what is under way on it is lost, as it is meant to be
	}
}

func (r *relay) lost(toDatabase bool, asked []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.loses != nil && r.loses(toDatabase, asked)
}

func (r *relay) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return // closed
		}
		back, err := net.Dial("tcp", r.to)
		if err != nil {
			_ = conn.Close() // the database is not there
			continue
		}
		r.mu.Lock()
		if r.conns == nil {
			r.mu.Unlock()
			_, _ = conn.Close(), back.Close() // it has ended
			return
		}
		r.conns[conn], r.conns[back] = struct{}{}, struct{}{}
		r.mu.Unlock()
		w := &wire{relay: r}
		r.running.Go(func() { w.carry(back, conn, true) })
		r.running.Go(func() { w.carry(conn, back, false) })
	}
}

// wire is one connection.
type wire struct {
	relay *relay
	mu    sync.Mutex
	asked []byte
}

// carry copies until either end is closed.
func (w *wire) carry(to, from net.Conn, toDatabase bool) {
	defer func() {
		_, _ = to.Close(), from.Close() // each of the two does
		w.relay.mu.Lock()
		defer w.relay.mu.Unlock()
		delete(w.relay.conns, from)
	}()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		w.mu.Lock()
		if toDatabase && len(w.asked) < namesQuery {
			w.asked = append(w.asked, buffer[:n]...)
		}
		asked := bytes.Clone(w.asked)
		w.mu.Unlock()
		if n > 0 && !w.relay.lost(toDatabase, asked) {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (r *relay) close() {
	r.mu.Lock()
	conns := r.conns
	r.conns = nil
	r.mu.Unlock()
	if err := r.listener.Close(); err != nil {
		r.t.Errorf("close the relay: %v", err)
	}
	for conn := range conns {
		_ = conn.Close() // it may have ended
	}
	r.running.Wait()
}
