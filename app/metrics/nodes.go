package metrics

import "time"

// Nodes are those of the database, where it is a cluster, as they were last seen.
type Nodes struct {
	At   time.Time // zero: the database has none
	List []Node
	// Refused is how many tables cannot be written.
	Refused int
}

// Node is one node of the database.
type Node struct {
	Name, Host, Version string    // Host and Version "" where they are not known
	Started             time.Time // zero where it is not known
	Up                  bool
	Tables              int
}

// maxNodes is how many nodes are kept: each is a figure of its own, and a cluster
// has a dozen.
const maxNodes = 64

// SeeNodes notes how the nodes of the database are.
func (m *Meter) SeeNodes(n Nodes) {
	if m == nil {
		return
	}
	n.List = n.List[:min(len(n.List), maxNodes)]
	m.nodes.Store(&n)
}

func (p *page) nodes(n Nodes) {
	if n.At.IsZero() {
		return
	}
	p.family("lyceum_database_node_up", "gauge", "1 while a node of the database is there.")
	for _, node := range n.List {
		up := 0.0
		if node.Up {
			up = 1
		}
		p.sample("lyceum_database_node_up", up, "node", node.Name)
	}
	p.one("lyceum_database_tables_refused", "gauge", "Tables that cannot be written, because nodes of the database are away.", float64(n.Refused))
}
