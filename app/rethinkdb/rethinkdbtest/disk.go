package rethinkdbtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"lyceum/app/rethinkstore/rethinktest"
)

// diskFile is in a folder above the directory of a stand-in and names the socket
// of its Disk.
const diskFile = "rethinkdbtest.disk"

// hello is what a stand-in says to its disk first.
type hello struct {
	Directory string
	Password  string // of --initial-password
	Joins     bool
}

// welcome is the answer.
type welcome struct {
	Error   string
	Name    string
	Address string // where drivers are served
}

// Disk is what stand-ins keep. A cluster has one Disk.
type Disk struct {
	*rethinktest.Server

	mu    sync.Mutex
	nodes map[string]int // directory → number of the node
	conns []net.Conn
	busy  []sync.Mutex // by number of the node: held while a stand-in is it
	set   bool         // the administrator has a password
}

// NewDisk makes a disk for the stand-ins whose directories are below folder, as
// many as nodes. It ends with the test.
func NewDisk(t testing.TB, folder string, nodes int) *Disk {
	t.Helper()
	d := &Disk{Server: rethinktest.Start(t, rethinktest.Options{Nodes: nodes, Quorum: true}), nodes: map[string]int{}, busy: make([]sync.Mutex, nodes)}
	for i := range nodes {
		d.StopNode(i)
	}
	sockets, err := os.MkdirTemp("", "disk") // short: the address of a socket has 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(sockets, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, diskFile), []byte(path), 0o600); err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			d.mu.Lock()
			d.conns = append(d.conns, conn)
			d.mu.Unlock()
			conns.Go(func() { d.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close() // nobody connects any more
		d.mu.Lock()
		for _, conn := range d.conns {
			_ = conn.Close() // of a stand-in that was left behind, or has ended
		}
		d.mu.Unlock()
		conns.Wait()
		_ = os.RemoveAll(sockets)
	})
	return d
}

// serve serves one stand-in until it ends.
func (d *Disk) serve(conn net.Conn) {
	defer conn.Close()
	var h hello
	if json.NewDecoder(conn).Decode(&h) != nil {
		return
	}
	i, err := d.admit(h)
	if err != nil {
		_ = json.NewEncoder(conn).Encode(welcome{Error: err.Error()}) // or it is gone
		return
	}
	d.busy[i].Lock() // until the one before has been noticed to be gone
	defer d.busy[i].Unlock()
	d.StartNode(i)
	defer d.StopNode(i)
	if json.NewEncoder(conn).Encode(welcome{Name: fmt.Sprintf("node%d", i+1), Address: d.Addresses()[i]}) != nil {
		return
	}
	_, _ = conn.Read(make([]byte, 1)) // says nothing until it ends
}

// admit gives a stand-in its node.
func (d *Disk) admit(h hello) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i, known := d.nodes[h.Directory]
	if !known {
		if i = len(d.nodes); i >= len(d.Addresses()) {
			return 0, errors.New("the disk has no further node")
		}
		d.nodes[h.Directory] = i
	}
	switch {
	case h.Password == "" && d.set && h.Joins && !known:
		return 0, errors.New("a server without a password may not join a cluster with one")
	case h.Password != "" && !d.set:
		d.SetPassword("admin", h.Password)
		d.set = true
	}
	return i, nil
}
