package cluster

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
)

// Status is how a cluster is.
type Status struct {
	Nodes  []Node   // by name
	Tables []Table  // of the database, by name; none where Limited
	Issues []string // what the cluster itself complains of
	// Limited says that the user may not look into the cluster: then Nodes are the
	// addresses that were given.
	Limited bool
}

// Node is one RethinkDB.
type Node struct {
	Name    string
	Host    string    // the machine's own name, or the address where Limited
	Version string    // "" where it is not known
	Started time.Time // zero where it is not known
	Up      bool
	Tables  int // tables of which it has a replica
}

// Table is one table of the database.
type Table struct {
	Name    string
	Shards  int
	Copies  int      // replicas of each shard, those that are away too
	Reads   bool     // can be read
	Writes  bool     // can be written
	Whole   bool     // every replica is there and has everything
	Missing []string // nodes whose replica is away
}

// Well reports whether nothing is missing.
func (s Status) Well() bool {
	return !slices.ContainsFunc(s.Nodes, func(n Node) bool { return !n.Up }) &&
		!slices.ContainsFunc(s.Tables, func(t Table) bool { return !t.Whole }) && len(s.Issues) == 0
}

// rows of the system tables.
type (
	serverStatus struct {
		Name    string `rethinkdb:"name"`
		Network struct {
			Hostname string `rethinkdb:"hostname"`
		} `rethinkdb:"network"`
		Process struct {
			Version string    `rethinkdb:"version"`
			Started time.Time `rethinkdb:"time_started"`
		} `rethinkdb:"process"`
	}
	serverConfig struct {
		Name string   `rethinkdb:"name"`
		Tags []string `rethinkdb:"tags"`
	}
	tableStatus struct {
		DB     string `rethinkdb:"db"`
		Name   string `rethinkdb:"name"`
		Status struct {
			Reads  bool `rethinkdb:"ready_for_reads"`
			Writes bool `rethinkdb:"ready_for_writes"`
			Whole  bool `rethinkdb:"all_replicas_ready"`
		} `rethinkdb:"status"`
		Shards []struct {
			Replicas []struct {
				Server string `rethinkdb:"server"`
				State  string `rethinkdb:"state"`
			} `rethinkdb:"replicas"`
		} `rethinkdb:"shards"`
	}
	issue struct {
		Description string `rethinkdb:"description"`
	}
)

// away is the state of a replica whose node is not there.
const away = "disconnected"

// lookPatience bounds a look: connecting, one question that waits until the nodes
// have given up one that went silent, and two that are quick after that.
const lookPatience = 20 * time.Second

// Look asks how the cluster is. It fails with app.Unavailable if no node answers, or
// if the cluster does not say it within lookPatience.
func Look(ctx context.Context, o Options) (Status, error) {
	looking, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	s, err := look(looking, o)
	if err != nil && ctx.Err() != nil {
		return s, ctx.Err()
	}
	if errors.Is(err, r.ErrQueryTimeout) {
		err = app.Explain(err, app.Unavailable, "A node of the database takes connections, and does not say how the cluster is. Look whether a node is overloaded or was halted.")
	}
	return s, err
}

func look(ctx context.Context, o Options) (Status, error) {
	var s Status
	err := o.with(ctx, func(session *r.Session) error {
		servers, err := all[serverStatus](ctx, session, system("server_status"))
		if forbidden(err) {
			s.Limited = true
			return nil
		}
		if err != nil {
			return err
		}
		tables, err := all[tableStatus](ctx, session, system("table_status").Filter(map[string]any{"db": o.Database}))
		if err != nil {
			return err
		}
		issues, err := all[issue](ctx, session, system("current_issues"))
		s.fill(servers, tables, issues)
		return err
	})
	if err == nil && s.Limited {
		s.Nodes, err = o.knock(ctx)
	}
	return s, err
}

// fill makes a status of what the cluster says. A node that has been lost is known
// by the replicas that it should have.
func (s *Status) fill(servers []serverStatus, tables []tableStatus, issues []issue) {
	nodes := map[string]*Node{}
	for _, server := range servers {
		nodes[server.Name] = &Node{
			Name: server.Name, Host: server.Network.Hostname, Version: versionOf(server.Process.Version),
			Started: server.Process.Started, Up: true,
		}
	}
	for _, row := range tables {
		t := Table{Name: row.Name, Shards: len(row.Shards), Reads: row.Status.Reads, Writes: row.Status.Writes, Whole: row.Status.Whole}
		has := map[string]bool{}
		for _, shard := range row.Shards {
			t.Copies = max(t.Copies, len(shard.Replicas))
			for _, replica := range shard.Replicas {
				if nodes[replica.Server] == nil {
					nodes[replica.Server] = &Node{Name: replica.Server}
				}
				has[replica.Server] = true
				if replica.State == away && !slices.Contains(t.Missing, replica.Server) {
					t.Missing = append(t.Missing, replica.Server)
				}
			}
		}
		for name := range has {
			nodes[name].Tables++
		}
		slices.Sort(t.Missing)
		s.Tables = append(s.Tables, t)
	}
	for _, n := range nodes {
		s.Nodes = append(s.Nodes, *n)
	}
	for _, i := range issues {
		s.Issues = append(s.Issues, strings.TrimSpace(i.Description))
	}
	slices.SortFunc(s.Nodes, func(a, b Node) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Tables, func(a, b Table) int { return cmp.Compare(a.Name, b.Name) })
}

// versionOf shortens "rethinkdb 2.4.3~0bookworm (CLANG 14.0.6)".
func versionOf(text string) string {
	fields := strings.Fields(text)
	if len(fields) > 1 && fields[0] == "rethinkdb" {
		return fields[1]
	}
	return text
}

// knock asks each address whether a node is there.
func (o Options) knock(ctx context.Context) ([]Node, error) {
	opts, err := o.driver()
	if err != nil {
		return nil, err
	}
	nodes := make([]Node, len(o.Hosts))
	var asked sync.WaitGroup
	for i, host := range o.Hosts {
		asked.Go(func() {
			nodes[i] = Node{Name: host, Host: host}
			a := dial(ctx, opts, host)
			if a.err != nil {
				return
			}
			if info, err := a.session.Server(); err == nil {
				nodes[i].Name, nodes[i].Up = info.Name, true
			}
			_ = a.session.Close() // it was only asked
		})
	}
	asked.Wait()
	return nodes, nil
}
