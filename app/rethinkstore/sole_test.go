package rethinkstore_test

import (
	"sync"
	"testing"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
	"lyceum/app/rethinkstore"
	"lyceum/app/rethinkstore/rethinktest"
)

// A data directory was copied, and both are started: the second is refused before
// it answers anything, and takes nothing from the first. One that was killed is in
// nobody's way for long.
func TestV4TwoServersNeverHaveOneDataDirectory(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	o := options(server, notes)
	o.Sole, o.Name = "directory 1", "lab1"
	first := open(t, o)
	if s, err := rethinkstore.Open(t.Context(), o); !app.IsKind(err, app.Conflict) || s != nil {
		t.Fatalf("a second one: %v", err)
	}
	write(t, first, "x", "still there")
	other := o
	other.Sole = "directory 2"
	closeLater(t, open(t, other))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	run(t, o, r.DB(o.Database).Table("_servers").Insert(map[string]any{"id": "killed", "name": "lab1", "beat": 7, "left": false}))
	run(t, o, r.DB(o.Database).Table("_lyceum").Insert(map[string]any{"id": "sole/" + o.Sole, "by": "killed", "name": "lab1"}))
	closeLater(t, open(t, o))
}

// The original and a copy of a data directory are started at the same moment: one of
// them serves, and never both, or each would start the same projects.
func TestV4OneOfTwoThatStartAtOnceServes(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	const rounds = 40
	var all sync.WaitGroup
	atOnce := make(chan struct{}, 8) // more would wait for the machine, not for each other
	for range rounds {
		o := options(server, notes)
		o.Sole = "directory"
		all.Go(func() {
			atOnce <- struct{}{}
			defer func() { <-atOnce }()
			startTwo(t, o)
		})
	}
	all.Wait()
}

func startTwo(t *testing.T, o rethinkstore.Options) {
	var both sync.WaitGroup
	var stores [2]*rethinkstore.Store
	var errs [2]error
	begin := make(chan struct{})
	for i := range stores {
		o.Fatal = func(err error) { t.Errorf("server %d ends: %v", i, err) }
		both.Go(func() {
			<-begin
			stores[i], errs[i] = rethinkstore.Open(t.Context(), o)
		})
	}
	close(begin)
	both.Wait()
	serving := 0
	for i, s := range stores {
		if s == nil {
			if !app.IsKind(errs[i], app.Conflict) {
				t.Errorf("server %d: %v", i, errs[i])
			}
			continue
		}
		serving++
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if serving != 1 {
		t.Errorf("%d servers have the directory, want 1: %v", serving, errs)
	}
}

// The original cannot reach the database while a copy of its data directory is
// started: when it is back both would run the same projects, and it ends.
func TestV4AServerThatWasReplacedWhileItWasAwayEnds(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{Nodes: 2})
	o := options(server, notes)
	o.Sole = "directory"
	hosts := o.Hosts
	begin := func(node int, name string) (*rethinkstore.Store, chan error) {
		fatal := make(chan error, 10)
		o.Hosts, o.Name, o.Fatal = hosts[node:node+1], name, func(err error) { fatal <- err }
		s := open(t, o)
		closeLater(t, s)
		return s, fatal
	}
	_, ended := begin(1, "original")
	server.StopNode(1)
	replacement, spared := begin(0, "copy")
	server.StartNode(1)
	sentence(t, <-ended, "same data directory", "copy", "This one ends")
	write(t, replacement, "x", "still there")
	third := o
	third.Hosts = hosts[:1]
	if s, err := rethinkstore.Open(t.Context(), third); !app.IsKind(err, app.Conflict) || s != nil {
		t.Errorf("one more: %v", err)
	}
	if n := len(ended) + len(spared); n != 0 { // the third has listened for seconds
		t.Errorf("said %d times more that a server ends", n)
	}
}
