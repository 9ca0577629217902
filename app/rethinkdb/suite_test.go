package rethinkdb_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
	"lyceum/app/copydb"
	"lyceum/app/rethinkdb"
	"lyceum/app/rethinkdb/cluster"
	"lyceum/app/rethinkdb/rethinkdbtest"
	"lyceum/app/rethinkstore"
	"lyceum/app/schema"
	"lyceum/app/sqlitestore"
	"lyceum/app/storetest"
)

// These run in each build with nodes that are stand-ins, and by make test-rethinkdb
// with real ones: the program that was named, or a cluster that runs already.

// site is where databases can be made.
type site struct {
	rethinkstore.Options
	made atomic.Int64
	word string
	disk *rethinkdbtest.Disk // nil: the nodes are real
}

// newSite starts a node, or takes the cluster that was named.
func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{word: strings.ToLower(rand.Text()[:8])}
	if strings.HasPrefix(*real, "rethinkdb://") {
		var err error
		if s.Options, err = rethinkstore.ParseURL(*real); err != nil {
			t.Fatal(err)
		}
		s.PasswordFile = *realPassword
		return s
	}
	p := newPlace(t, 1)
	s.disk = p.disk
	reach := p.start(p.options("one")).Reach()
	s.Hosts, s.PasswordFile = []string{reach.Address}, reach.PasswordFile
	return s
}

// fresh are the options of a database that nobody has, which goes with the test.
func (s *site) fresh(t *testing.T, tables []app.Table) rethinkstore.Options {
	t.Helper()
	o := s.Options
	o.Hosts = slices.Clone(o.Hosts) // each store completes its own
	o.Database, o.Tables = fmt.Sprintf("lyceum_test_%s_%d", s.word, s.made.Add(1)), tables
	t.Cleanup(func() {
		session := s.session(t)
		if err := r.DBDrop(o.Database).Exec(session); err != nil && !strings.Contains(err.Error(), "does not exist") {
			t.Error(err)
		}
	})
	return o
}

func (s *site) session(t *testing.T) *r.Session {
	t.Helper()
	session, err := connect(rethinkdb.Reach{Address: s.Hosts[0], PasswordFile: s.PasswordFile})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() }) // or the node has gone
	return session
}

func TestContractOnANodeOfOurs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	storetest.Run(t, func(t *testing.T, tables []app.Table) app.Store {
		store, err := rethinkstore.Open(t.Context(), s.fresh(t, tables))
		if err != nil {
			t.Fatal(err)
		}
		return store
	})
}

// Whoever moves to a cluster, or back, has all that they had.
func TestADatabaseIsCopiedThereAndBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	file := func() app.Store {
		store, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "lyceum.db"), schema.Tables())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() }) // nothing is lost
		return store
	}
	source, back := file(), file()
	for i := range 1500 {
		row := app.Row{
			"id": fmt.Sprintf("p%05d", i), "title": strings.Repeat("é", i%50), "last_edited": int64(1)<<60 + int64(i),
			"half": 0.5, "whole": 1.0, "yes": i%2 == 0, "bytes": []byte{0, byte(i)}, "list": []any{int64(1), "x"}, "map": app.Row{"a.b": app.Row{}},
		}
		if _, err := source.Write(t.Context(), app.Write{Table: "projects", ID: row["id"].(string), Row: row, IfRev: app.Absent}); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{" ", "é", "z\x00z", "#x", strings.Repeat("long", 80)} {
		if _, err := source.Write(t.Context(), app.Write{Table: "server_settings", ID: id, Row: app.Row{"id": id}, IfRev: app.Absent}); err != nil {
			t.Fatal(err)
		}
	}
	target, err := rethinkstore.Open(t.Context(), s.fresh(t, schema.Tables()))
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	// Cut once in the middle.
	ctx, cancel := context.WithCancel(t.Context())
	_, stop, err := target.Watch("projects", func(app.Batch) { cancel() })
	if err != nil {
		t.Fatal(err)
	}
	options := copydb.Options{From: source, To: target, Tables: schema.Tables(), Source: "sqlite:/a"}
	if _, err := copydb.Copy(ctx, options); err == nil {
		t.Error("it was not cut")
	}
	stop()
	there, err := copydb.Copy(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	again, err := copydb.Copy(t.Context(), copydb.Options{From: target, To: back, Tables: schema.Tables(), Source: "rethinkdb://x/y"})
	if err != nil {
		t.Fatal(err)
	}
	if there.Rows != 1505 || there.Digest != again.Digest || there.Wrote >= there.Rows {
		t.Errorf("there %+v, back %+v", there, again)
	}
}

// trio is a cluster of three nodes on this machine, with a database of three
// replicas that a store has open.
type trio struct {
	place *place
	nodes []*rethinkdb.Server
	store *rethinkstore.Store
	asked cluster.Options // by nodes that stay
}

func newTrio(t *testing.T) *trio {
	t.Helper()
	c := &trio{place: newPlace(t, 3)}
	first := c.place.options("one")
	first.ClusterListen = freeAddress(t)
	c.nodes = []*rethinkdb.Server{
		c.place.start(first), c.place.start(c.place.joining("two", first)), c.place.start(c.place.joining("three", first)),
	}
	o := rethinkstore.Options{Database: "lyceum", Replicas: 3, Tables: []app.Table{{Name: "notes"}}, Log: slog.New(slog.NewTextHandler(c.place.log, nil))}
	for _, n := range c.nodes {
		o.Hosts = append(o.Hosts, n.Reach().Address)
		o.PasswordFile = n.Reach().PasswordFile
	}
	c.asked = cluster.Options{Hosts: o.Hosts, Database: o.Database, PasswordFile: o.PasswordFile}
	eventually(t, "three nodes are one cluster", func() bool {
		s, err := cluster.Look(t.Context(), c.asked)
		return err == nil && len(s.Nodes) == 3
	})
	var err error
	if c.store, err = rethinkstore.Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// write writes until it is acknowledged, as a browser does.
func (c *trio) write(t *testing.T, id string) {
	t.Helper()
	eventually(t, "a write is acknowledged", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		_, err := c.store.Write(ctx, app.Write{Table: "notes", ID: id, Row: app.Row{"id": id}, IfRev: app.AnyRev})
		return err == nil
	})
}

// has fails unless all notes are there.
func (c *trio) has(t *testing.T, ids ...string) {
	t.Helper()
	var got []string
	eventually(t, "notes can be read", func() bool {
		page, err := c.store.Read(t.Context(), app.Range{Table: "notes"})
		got = nil
		for _, rec := range page.Records {
			got = append(got, rec.ID)
		}
		return err == nil
	})
	if !slices.Equal(got, ids) {
		t.Errorf("there are %q, want %q", got, ids)
	}
}

func (c *trio) status(t *testing.T, what string, is func(cluster.Status) bool) {
	t.Helper()
	var s cluster.Status
	var err error
	defer func() {
		if t.Failed() {
			t.Logf("%s: %+v, %v", what, s, err)
		}
	}()
	eventually(t, what, func() bool {
		s, err = cluster.Look(t.Context(), c.asked)
		return err == nil && is(s)
	})
}

// away counts the nodes that are not there.
func countAway(s cluster.Status) (n int) {
	for _, node := range s.Nodes {
		if !node.Up {
			n++
		}
	}
	return n
}

// A machine of three that burns down costs nobody a word.
func TestThreeNodesGoOnWithoutOneOfThem(t *testing.T) {
	t.Parallel()
	c := newTrio(t)
	c.write(t, "before")
	c.status(t, "all is well", func(s cluster.Status) bool { return s.Well() && len(s.Tables) > 0 && s.Nodes[0].Version != "" })
	for i := range c.nodes { // each in turn, so that a primary is among them
		if err := c.nodes[i].Close(); err != nil {
			t.Fatal(err)
		}
		c.status(t, "one is away", func(s cluster.Status) bool { return countAway(s) == 1 && !s.Well() })
		c.write(t, fmt.Sprint("without ", i))
		o := c.place.joining([]string{"one", "two", "three"}[i], c.place.options("one"))
		o.Join = nil
		for j, n := range c.nodes {
			if j != i {
				o.Join = append(o.Join, n.ClusterAddress())
			}
		}
		if i == 0 {
			o.SecretFile = ""
		}
		c.nodes[i] = c.place.start(o)
		c.asked.Hosts[i] = c.nodes[i].Reach().Address
		c.status(t, "all is well again", func(s cluster.Status) bool { return countAway(s) == 0 && s.Well() })
	}
	c.has(t, "before", "without 0", "without 1", "without 2")
}

// A node that is taken away for good leaves nothing behind on it, and what it had
// is elsewhere.
func TestANodeLeaves(t *testing.T) {
	t.Parallel()
	c := newTrio(t)
	c.write(t, "kept")
	name := c.nodes[2].Name()
	nobody := func(int, int) {}
	if err := cluster.Leave(t.Context(), c.asked, name, cluster.Spread{Shards: 1, Replicas: 3}, nobody); !app.IsKind(err, app.Invalid) {
		t.Errorf("three replicas on two nodes: %v", err)
	}
	if err := cluster.Leave(t.Context(), c.asked, "nobody", cluster.Spread{Shards: 1, Replicas: 2}, nobody); !app.IsKind(err, app.NotFound) {
		t.Errorf("an unknown node leaves: %v", err)
	}
	told := 0
	if err := cluster.Leave(t.Context(), c.asked, name, cluster.Spread{Shards: 1, Replicas: 2}, func(whole, of int) { told = of }); err != nil {
		t.Fatal(err)
	}
	if told == 0 {
		t.Error("nobody was told how far it is")
	}
	c.status(t, "it has nothing", func(s cluster.Status) bool {
		return slices.ContainsFunc(s.Nodes, func(n cluster.Node) bool { return n.Name == name && n.Tables == 0 })
	})
	// Another one would leave too few behind, and is as it was.
	two := cluster.Spread{Shards: 1, Replicas: 2}
	if err := cluster.Leave(t.Context(), c.asked, c.nodes[1].Name(), two, nobody); !app.IsKind(err, app.Invalid) {
		t.Errorf("two replicas on one node: %v", err)
	}
	if err := cluster.Reconfigure(t.Context(), c.asked, two, nobody); err != nil {
		t.Errorf("after a refusal: %v", err)
	}
	// It comes back, and leaves again.
	if err := cluster.Return(t.Context(), c.asked, name); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Reconfigure(t.Context(), c.asked, cluster.Spread{Shards: 1, Replicas: 3}, nobody); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Reconfigure(t.Context(), c.asked, cluster.Spread{Shards: 1, Replicas: 4}, nobody); !app.IsKind(err, app.Invalid) {
		t.Errorf("four replicas on three nodes: %v", err)
	}
	if err := cluster.Leave(t.Context(), c.asked, name, cluster.Spread{Shards: 1, Replicas: 2}, nobody); err != nil {
		t.Fatal(err)
	}
	if err := c.nodes[2].Close(); err != nil {
		t.Fatal(err)
	}
	c.status(t, "nobody misses it", func(s cluster.Status) bool { return s.Well() && len(s.Nodes) == 2 })
	c.write(t, "later")
	c.has(t, "kept", "later")
}

// One node of three is lost for good: the others take over its tables.
func TestALostNodeIsReplaced(t *testing.T) {
	t.Parallel()
	c := newTrio(t)
	c.write(t, "kept")
	if err := c.nodes[2].Close(); err != nil {
		t.Fatal(err)
	}
	c.status(t, "it is missed", func(s cluster.Status) bool { return countAway(s) == 1 })
	if err := cluster.Replace(t.Context(), c.asked, cluster.Spread{Shards: 1, Replicas: 3}, false, func(int, int) {}); !app.IsKind(err, app.Invalid) {
		t.Errorf("three replicas on two nodes: %v", err)
	}
	if err := cluster.Replace(t.Context(), c.asked, cluster.Spread{Shards: 1, Replicas: 2}, false, func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	c.status(t, "it is not missed", func(s cluster.Status) bool { return s.Well() && len(s.Nodes) == 2 })
	c.write(t, "later")
	c.has(t, "kept", "later")
}

// Two nodes of three are lost for good. Nobody knows what they had written last,
// so an operator has to say that it may be lost.
func TestMostNodesAreLost(t *testing.T) {
	t.Parallel()
	c := newTrio(t)
	c.write(t, "kept")
	for _, n := range c.nodes[1:] {
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
	}
	c.asked.Hosts = c.asked.Hosts[:1]
	c.status(t, "nothing can be written", func(s cluster.Status) bool {
		return slices.ContainsFunc(s.Tables, func(t cluster.Table) bool { return t.Name == "notes" && !t.Writes })
	})
	alone := cluster.Spread{Shards: 1, Replicas: 1}
	err := cluster.Reconfigure(t.Context(), c.asked, alone, func(int, int) {})
	if !app.IsKind(err, app.Unavailable) || !strings.HasPrefix(err.Error(), "Too many nodes that have ") {
		t.Errorf("Reconfigure = %v", err)
	}
	err = cluster.Replace(t.Context(), c.asked, alone, false, func(int, int) {})
	if !app.IsKind(err, app.Unavailable) || !strings.Contains(err.Error(), "replace rollback goes on with what is left") {
		t.Errorf("Replace = %v", err)
	}
	if err := cluster.Replace(t.Context(), c.asked, alone, true, func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	c.write(t, "later")
	c.has(t, "kept", "later")
}

// A node that could not leave, because of a table of which too much is away, may
// have replicas as before: else each attempt makes the cluster smaller.
func TestANodeThatCannotLeaveStays(t *testing.T) {
	t.Parallel()
	c := newTrio(t)
	c.write(t, "kept")
	two := cluster.Spread{Shards: 1, Replicas: 2}
	if err := cluster.Reconfigure(t.Context(), c.asked, two, func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	if err := c.nodes[1].Close(); err != nil {
		t.Fatal(err)
	}
	c.status(t, "nothing can be written", func(s cluster.Status) bool {
		return slices.ContainsFunc(s.Tables, func(t cluster.Table) bool { return !t.Writes })
	})
	err := cluster.Leave(t.Context(), c.asked, c.nodes[0].Name(), cluster.Spread{Shards: 1, Replicas: 1}, func(int, int) {})
	if !app.IsKind(err, app.Unavailable) {
		t.Errorf("Leave = %v", err)
	}
	// Both that are left are needed for this.
	if err := cluster.Replace(t.Context(), c.asked, two, true, func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	c.write(t, "later")
	c.has(t, "kept", "later")
}

// Who may not look into the cluster is told of the addresses that were given.
func TestAUserWithoutRightsSeesTheAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	session := s.session(t)
	const name = "lyceum_test_user"
	if s.disk != nil {
		s.disk.SetPassword(name, "secret")
	} else {
		do(t, session, r.DB("rethinkdb").Table("users").Insert(map[string]any{"id": name, "password": "secret"}, r.InsertOpts{Conflict: "replace"}))
	}
	password := filepath.Join(t.TempDir(), "password")
	write(t, password, "secret\n")
	o := cluster.Options{Hosts: append([]string{}, s.Hosts...), Database: "lyceum", User: name, PasswordFile: password}
	o.Hosts = append(o.Hosts, freeAddress(t), silentHost(t).String())
	status, err := cluster.Look(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !status.Limited || len(status.Nodes) != 3 || !status.Nodes[0].Up || status.Nodes[0].Name == "" || status.Nodes[1].Up || status.Nodes[2].Up {
		t.Errorf("it sees %+v", status)
	}
	write(t, password, "wrong\n")
	if _, err := cluster.Look(t.Context(), o); !app.IsKind(err, app.Unavailable) {
		t.Errorf("with a wrong password: %v", err)
	}
}
