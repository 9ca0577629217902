package rethinkstore

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"
)

const (
	// discoverEvery is how often the cluster is asked for its servers.
	discoverEvery = time.Minute
	// maxHosts bounds how many hosts are asked in turn: RethinkDB's clusters are
	// smaller, even with several addresses a server.
	maxHosts = 64
)

// node is a server of the cluster as its system table has it.
type node struct {
	ID      string `json:"id"`
	Network struct {
		Port      int `json:"reql_port"`
		Addresses []struct {
			Host string `json:"host"`
		} `json:"canonical_addresses"`
	} `json:"network"`
}

// discover adds the servers that the cluster says it has, and that answer, to the
// hosts that are asked. Those that have left stay, and are asked last.
func (s *Store) discover(ctx context.Context) error {
	var nodes []node
	term := r.DB(r.SystemDatabase).Table(r.ServerStatusSystemTable)
	err := s.pool.query(ctx, term, func() { nodes = nil }, func(b []byte) error {
		var n node
		err := json.Unmarshal(b, &n)
		nodes = append(nodes, n)
		return err
	})
	if err != nil {
		return err
	}
	var probes sync.WaitGroup
	for _, n := range nodes {
		for _, a := range n.Network.Addresses {
			address := net.JoinHostPort(a.Host, strconv.Itoa(n.Network.Port))
			if !s.pool.knows(address) {
				probes.Go(func() { s.pool.add(ctx, address, n.ID) })
			}
		}
	}
	probes.Wait()
	return nil
}

// discoverOften discovers now, and again until the store is closed. It returns
// when the cluster has been asked once, whatever hosts do not answer.
func (s *Store) discoverOften(ctx context.Context) {
	attempt := func() {
		if err := s.discover(s.ctx); err != nil && s.ctx.Err() == nil {
			s.log().Warn("the cluster's servers could not be read, those that were given are used", "err", err)
		}
	}
	first := make(chan struct{})
	s.runs.Go(func() {
		attempt()
		close(first)
		for pause := discoverEvery; wait(s.ctx, &pause); pause = discoverEvery {
			attempt()
		}
	})
	select {
	case <-first:
	case <-after(nextHost):
	case <-ctx.Done():
	}
}

func (p *pool) knows(address string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.knowsLocked(address)
}

func (p *pool) knowsLocked(address string) bool {
	return slices.ContainsFunc(p.hosts, func(h *host) bool { return h.address == address })
}

// add adds a host if the node of this id answers there: servers have addresses, of
// containers, of other networks and of loopback, where nobody is from here, or
// another database.
func (p *pool) add(ctx context.Context, address, id string) {
	if err := p.meet(ctx, address, id); err != nil {
		p.options.Log.Debug("address of the cluster is not used", "part", "store", "url", address, "err", err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.knowsLocked(address) && len(p.hosts) < maxHosts {
		p.hosts = append(p.hosts, &host{address: address})
	}
}

// meet fails unless the node of this id answers at an address. The connection's
// own time-outs bound the question.
func (p *pool) meet(ctx context.Context, address, id string) error {
	session, err := p.connectTo(ctx, address)
	if err != nil {
		return err
	}
	defer session.Close() // nothing is under way on it
	there, err := session.Server()
	if err != nil {
		return fmt.Errorf("ask which node it is: %w", err)
	}
	if there.ID != id {
		return fmt.Errorf("node %s is there, not %s", there.ID, id)
	}
	return nil
}
