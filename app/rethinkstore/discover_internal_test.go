package rethinkstore

import (
	"testing"

	"lyceum/app/rethinkstore/rethinktest"
)

// A node lists the loopback of its own machine, where another database is on ours:
// rows that went there would be lost to everybody else.
func TestAnotherDatabaseAtTheAddressOfANodeIsNotAsked(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{Nodes: 3})
	other := rethinktest.Start(t, rethinktest.Options{})
	server.Misplace(2, other.Address())
	o := Options{Hosts: server.Addresses()[:1], Database: "discovered"}
	if err := o.fill(); err != nil {
		t.Fatal(err)
	}
	p, err := newPool(&o)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	s := &Store{options: &o, pool: p}
	if err := s.discover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !p.knows(server.Addresses()[1]) {
		t.Error("a node of the cluster was not found")
	}
	if p.knows(other.Address()) {
		t.Error("another database has become a host of this one")
	}
}
