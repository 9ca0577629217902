package rethinkstore_test

import (
	"testing"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
	"lyceum/app/rethinkstore"
	"lyceum/app/rethinkstore/rethinktest"
)

// answers returns what each way to ask a table by its index says.
func answers(t *testing.T, s *rethinkstore.Store) map[string]error {
	return map[string]error{
		"Read":  second(s.Read(t.Context(), app.Range{Table: "notes", Index: "time"})),
		"Write": second(s.Write(t.Context(), app.Write{Table: "notes", ID: "new", Row: app.Row{"text": "x"}, IfRev: app.AnyRev})),
		"Get":   second(s.Get(t.Context(), "notes", "a")),
	}
}

// allRefused reports whether nothing of the table is answered, with the sentence.
func allRefused(t *testing.T, s *rethinkstore.Store) bool {
	t.Helper()
	for _, err := range answers(t, s) {
		if err == nil {
			return false
		}
		sentence(t, err, "Somebody has changed a table")
	}
	return true
}

func logs(l *listener) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.logs)
}

// An operator renames an index: lists by it are refused, never empty, and watchers
// learn of it; with its name it is as before.
func TestS8ARenamedIndexIsSaidAndComesBack(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	o := options(server, notes)
	var j journal
	o.Log = j.logger()
	s := open(t, o)
	closeLater(t, s)
	write(t, s, "a", "one")
	l := listen(t, s, "notes")
	table := r.DB(o.Database).Table("notes")
	index := "time_" + indexSuffix(t, o)
	run(t, o, table.IndexRename(index, "mine"))
	sentence(t, answers(t, s)["Read"], "Somebody has changed a table")
	eventually(t, "nothing is answered", func() bool { return allRefused(t, s) })
	if logs(l) != 2 {
		t.Errorf("watchers have seen %d logs, want a new one", logs(l))
	}
	run(t, o, table.IndexRename("mine", index))
	eventually(t, "all is answered", func() bool { return answers(t, s)["Read"] == nil })
	for what, err := range answers(t, s) {
		if err != nil {
			t.Errorf("%s = %v", what, err)
		}
	}
	if n := j.count("table was changed by somebody"); n != 1 {
		t.Errorf("the log says it %d times", n)
	}
}

// An operator makes an index anew of something else: lists by it would leave rows
// out, so they are refused until it is of the entries again, whoever makes it so.
func TestS8AnIndexOfAnotherFunctionIsSaidAndComesBack(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	o := options(server, notes)
	s := open(t, o)
	closeLater(t, s)
	write(t, s, "a", "one")
	table := r.DB(o.Database).Table("notes")
	index := "time_" + indexSuffix(t, o)
	of := func(field string) {
		run(t, o, table.IndexDrop(index))
		run(t, o, table.IndexCreateFunc(index, func(row r.Term) any { return row.Field("ix").Field(field) }, r.IndexCreateOpts{Multi: true}))
		run(t, o, table.IndexWait())
	}
	of("other")
	eventually(t, "nothing is answered", func() bool { return allRefused(t, s) })
	_, err := rethinkstore.Open(t.Context(), o)
	sentence(t, err, "or not as Lyceum has made it")
	of(index)
	eventually(t, "all is answered", func() bool { return answers(t, s)["Read"] == nil })
	closeLater(t, open(t, o))
}

// indexSuffix is the end of the name of the index of notes.
func indexSuffix(t *testing.T, o rethinkstore.Options) string {
	t.Helper()
	session, err := r.Connect(r.ConnectOpts{Address: o.Hosts[0]})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close() // has nothing to lose
	cursor, err := r.DB(o.Database).Table("notes").IndexList().Run(session)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	if err := cursor.All(&names); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if len(name) > 5 && name[:5] == "time_" {
			return name[5:]
		}
	}
	t.Fatalf("no index of notes among %q", names)
	return ""
}

// An operator makes a table less safe under a running server: no write is
// acknowledged on that footing.
func TestS8ATableMadeSoftIsRefused(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	o := options(server, notes)
	s := open(t, o)
	closeLater(t, s)
	write(t, s, "a", "one")
	server.SetAcks(o.Database, "notes", "single")
	eventually(t, "nothing is answered", func() bool { return allRefused(t, s) })
	server.SetAcks(o.Database, "notes", "majority")
	eventually(t, "all is answered", func() bool { return answers(t, s)["Write"] == nil })
}

// An operator drops a table and a starting server makes it again: nobody is left
// with rows that are gone, or without those that came.
func TestS4ADroppedTableIsANewStart(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	o := options(server, notes)
	a := open(t, o)
	closeLater(t, a)
	write(t, a, "a", "one")
	l := listen(t, a, "notes")
	run(t, o, r.DB(o.Database).TableDrop("notes"))
	eventually(t, "nothing is answered", func() bool { return allRefused(t, a) })
	before := logs(l)
	b := open(t, o)
	closeLater(t, b)
	write(t, b, "b", "two")
	eventually(t, "a read", func() bool {
		_, err := a.Read(t.Context(), app.Range{Table: "notes"})
		return err == nil
	})
	if logs(l) == before {
		t.Error("watchers were not told to begin anew")
	}
	page, err := a.Read(t.Context(), app.Range{Table: "notes"})
	if err != nil || len(page.Records) != 1 || page.Records[0].ID != "b" {
		t.Errorf("the page is %+v, %v", page, err)
	}
	write(t, b, "a", "three")
	l.wait(t, "the row that came again", has("a", "three"))
	if c := l.all(); c[len(c)-1].Old != nil {
		t.Errorf("told was %+v, of a row that is gone", c[len(c)-1])
	}
}
