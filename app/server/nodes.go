package server

import (
	"context"
	"time"

	"lyceum/app/metrics"
	"lyceum/app/rethinkdb/cluster"
)

// lookEvery is how often the nodes of the database are asked how they are: some
// small reads, and who watches wants to know within half a minute.
const lookEvery = 10 * time.Second

// followNodes keeps the figures of the database's nodes true until ctx ends.
func (s *server) followNodes(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var last metrics.Nodes
	for {
		status, err := cluster.Look(ctx, *s.database.cluster)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		now := nodesOf(status)
		if err != nil { // then none is there, as far as this server can see
			now = allAway(last)
		}
		s.tellNodes(last, now, err)
		s.meter.SeeNodes(now)
		last = now
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func nodesOf(s cluster.Status) metrics.Nodes {
	n := metrics.Nodes{At: time.Now()}
	for _, node := range s.Nodes {
		n.List = append(n.List, metrics.Node{
			Name: node.Name, Host: node.Host, Version: node.Version, Started: node.Started, Up: node.Up, Tables: node.Tables,
		})
	}
	for _, t := range s.Tables {
		if !t.Writes {
			n.Refused++
		}
	}
	return n
}

// allAway is what was last seen, with no node there.
func allAway(last metrics.Nodes) metrics.Nodes {
	now := metrics.Nodes{At: time.Now(), Refused: last.Refused}
	for _, node := range last.List {
		node.Up = false
		now.Refused = max(now.Refused, node.Tables)
		now.List = append(now.List, node)
	}
	return now
}

// tellNodes logs who has gone and who is back.
func (s *server) tellNodes(last, now metrics.Nodes, err error) {
	was := map[string]bool{}
	for _, node := range last.List {
		was[node.Name] = node.Up
	}
	for _, node := range now.List {
		up, known := was[node.Name]
		switch {
		case !node.Up && (up || !known):
			s.log.Error("node of the database is away", "part", "database", "id", node.Name, "err", err)
		case node.Up && known && !up:
			s.log.Info("node of the database is back", "part", "database", "id", node.Name)
		}
	}
}
