package rethinkstore

import (
	"context"
	"encoding/json"
	"net"
	"slices"
	"strconv"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"
)

const (
	// discoverEvery is how often the cluster is asked for its servers.
	discoverEvery = time.Minute
	// maxHosts bounds how many hosts are asked in turn: a server has several
	// addresses, and the most of them may be of no use from here.
	maxHosts = 64
)

// node is a server of the cluster as its system table has it.
type node struct {
	Network struct {
		Port      int `json:"reql_port"`
		Addresses []struct {
			Host string `json:"host"`
		} `json:"canonical_addresses"`
	} `json:"network"`
}

// discover adds the servers that the cluster says it has to the hosts that are
// asked. Those that have left stay, and are asked last.
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
	for _, n := range nodes {
		for _, a := range n.Network.Addresses {
			s.pool.add(net.JoinHostPort(a.Host, strconv.Itoa(n.Network.Port)))
		}
	}
	return nil
}

// discoverOften discovers now, and again until the store is closed.
func (s *Store) discoverOften(ctx context.Context) {
	attempt := func(ctx context.Context) {
		if err := s.discover(ctx); err != nil && ctx.Err() == nil {
			s.log().Warn("the cluster's servers could not be read, those that were given are used", "err", err)
		}
	}
	attempt(ctx)
	s.runs.Go(func() {
		for pause := discoverEvery; wait(s.ctx, &pause); pause = discoverEvery {
			attempt(s.ctx)
		}
	})
}

// add adds a host that is asked after those that are known to answer.
func (p *pool) add(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := slices.ContainsFunc(p.hosts, func(h *host) bool { return h.address == address })
	if !known && len(p.hosts) < maxHosts {
		p.hosts = append(p.hosts, &host{address: address})
	}
}
