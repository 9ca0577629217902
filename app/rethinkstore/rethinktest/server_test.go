package rethinktest

import (
	"testing"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"
)

// connect opens a session at the first node.
func connect(t *testing.T, s *Server, o r.ConnectOpts) *r.Session {
	t.Helper()
	o.Address, o.NumRetries = s.Address(), 1
	session, err := r.Connect(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	return session
}

// run runs a query and answers all that it gives.
func run(t *testing.T, session *r.Session, q r.Term) []any {
	t.Helper()
	cursor, err := q.Run(session)
	if err != nil {
		t.Fatal(err)
	}
	var all []any
	if err := cursor.All(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

// withTable is a server with an empty table d.t, and a session.
func withTable(t *testing.T, o Options) (*Server, *r.Session, r.Term) {
	t.Helper()
	s := Start(t, o)
	session := connect(t, s, r.ConnectOpts{})
	run(t, session, r.DBCreate("d"))
	run(t, session, r.DB("d").TableCreate("t"))
	return s, session, r.DB("d").Table("t")
}

func TestRowsAreReadInTheOrderOfAnIndex(t *testing.T) {
	_, session, table := withTable(t, Options{})
	run(t, session, table.IndexCreateFunc("ab", []any{r.Row.Field("a"), r.Row.Field("b")}))
	run(t, session, table.IndexWait())
	for i := range 1000 {
		run(t, session, table.Insert(map[string]any{"id": i, "a": i % 2, "b": -i}))
	}
	rows := run(t, session, table.Between([]any{1, r.MinVal}, []any{1, r.MaxVal}, r.BetweenOpts{Index: "ab"}).OrderBy(r.OrderByOpts{Index: "ab"}).Field("id"))
	if len(rows) != 500 || rows[0] != 999.0 || rows[499] != 1.0 {
		t.Errorf("got %d rows, %v to %v", len(rows), rows[0], rows[len(rows)-1])
	}
}

func TestFeedTellsWhatIsWritten(t *testing.T) {
	s, session, table := withTable(t, Options{})
	feed, err := table.Changes(r.ChangesOpts{IncludeStates: true}).Run(session)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if !feed.Next(&got) || got["state"] != "ready" {
		t.Fatalf("got %v %v", got, feed.Err())
	}
	run(t, session, table.Insert(map[string]any{"id": "a"}))
	if !feed.Next(&got) || got["old_val"] != nil {
		t.Fatalf("got %v %v", got, feed.Err())
	}
	if n := s.Feeds("d", "t"); n != 1 {
		t.Errorf("%d feeds", n)
	}
	if err := feed.Close(); err != nil {
		t.Fatal(err)
	}
	s.AwaitFeeds("d", "t", 0)
}
