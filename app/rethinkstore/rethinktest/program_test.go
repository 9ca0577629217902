package rethinktest

import (
	"testing"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"
)

func TestAServerWithoutATestEndsWhenItIsTold(t *testing.T) {
	s, end, err := Run(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer end() // a second time
	session := connect(t, s, r.ConnectOpts{})
	run(t, session, r.DBCreate("d"))
	for _, name := range []string{"one", "two", "three"} {
		run(t, session, r.DB("d").TableCreate(name))
	}
	for _, name := range []string{"one", "one", "two"} {
		if _, err := r.DB("d").Table(name).Changes().Run(connect(t, s, r.ConnectOpts{})); err != nil {
			t.Fatal(err)
		}
	}
	if feeds, tables := s.AllFeeds(); feeds != 3 || tables != 2 {
		t.Errorf("%d feeds of %d tables are open, want 3 of 2", feeds, tables)
	}
	end()
	if _, err := r.Connect(r.ConnectOpts{Address: s.Address(), NumRetries: 1}); err == nil {
		t.Error("it still takes connections")
	}
}
