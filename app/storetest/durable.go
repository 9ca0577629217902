package storetest

import (
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"lyceum/app"
)

// child makes the test binary the process that is killed: it opens the store at
// this path and writes until it ends.
var child = flag.String("storetest.child", "", "write to the store at this path until killed")

// Durable is a store that keeps its rows in a file or folder.
type Durable struct {
	Open func(t *testing.T, path string, tables []app.Table) (app.Store, error)
	// MakeNewer changes a closed store so that it looks as if a later version
	// of the program had written it.
	MakeNewer func(t *testing.T, path string)
	// Prepare is called with each path before anything is opened there; nil: not.
	Prepare func(t *testing.T, path string)
	// Shared says that several processes may have it open at once.
	Shared bool
}

// RunDurable checks what must hold over the end of a process. It is called from
// a test function of its own, which it runs again in child processes.
func RunDurable(t *testing.T, d Durable) {
	if *child != "" {
		writeUntilKilled(t, d, *child)
		return
	}
	for _, r := range []struct {
		name string
		test func(t *testing.T, d Durable, path string)
	}{
		{"W1/reopened_store_has_everything", testReopen},
		{"W1/acknowledged_writes_survive_kill_9", testKill},
		{"S1/rev_rises_over_a_restart_and_a_delete", testRevOverRestart},
		{"S8/new_index_is_filled_and_an_old_one_dropped", testIndexChanges},
		{"S8/new_table_is_made_and_an_old_one_kept", testTableChanges},
		{"S8/newer_version_is_refused", testNewer},
		{"S8/second_opening_is_refused_or_shares_all", testSecondOpening},
	} {
		t.Run(r.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store")
			if d.Prepare != nil {
				d.Prepare(t, path)
			}
			r.test(t, d, path)
		})
	}
}

func (d Durable) open(t *testing.T, path string, tables []app.Table) app.Store {
	t.Helper()
	s, err := d.Open(t, path, tables)
	check(t, err)
	return s
}

// A server is updated: everything is as it was, and lists are in order.
func testReopen(t *testing.T, d Durable, path string) {
	s := d.open(t, path, Tables())
	for i, value := range orderedValues {
		put(t, s, fmt.Sprintf("%02d", i), app.Row{"value": value, "users": app.Row{"a": true, "b": true}}, app.Absent)
	}
	remove(t, s, "03")
	before, pos := read(t, s, app.Range{Table: "notes"})
	check(t, s.Close())

	s = d.open(t, path, Tables())
	after, again := read(t, s, app.Range{Table: "notes"})
	same(t, "what is stored", after, before)
	if again.Log == pos.Log || again.N < pos.N {
		t.Errorf("position %v after %v", again, pos)
	}
	VerifyIndexes(t, s, Tables())
	check(t, s.Close())
}

// A tab was open over the restart and a delete; its revision must not be that of
// another row.
func testRevOverRestart(t *testing.T, d Durable, path string) {
	last := int64(0)
	for range 3 {
		s := d.open(t, path, Tables())
		rec := put(t, s, "a", app.Row{}, app.Absent)
		if rec.Rev <= last {
			t.Fatalf("rev %d after %d", rec.Rev, last)
		}
		last = remove(t, s, "a").Rev
		check(t, s.Close())
	}
}

// A new version of the program asks by a field that nobody asked by before.
func testIndexChanges(t *testing.T, d Durable, path string) {
	tables := func(fields ...string) []app.Table {
		t := app.Table{Name: "notes"}
		for _, f := range fields {
			name := strings.Trim(f, ".*")
			t.Indexes = append(t.Indexes, app.Index{Name: name, Fields: []string{f}})
		}
		return []app.Table{t}
	}
	s := d.open(t, path, tables("time"))
	const rows = app.MaxPage + 10 // more than a page, so that filling has to go on
	fill(t, s, rows, func(i int) (string, app.Row) {
		return fmt.Sprintf("%04d", i), app.Row{"time": int64(-i), "users": app.Row{"a": true, "b": true}}
	})
	check(t, s.Close())

	for _, now := range [][]app.Table{
		tables("time", "users.*"), tables("users.*"), tables("users.*", "time"), {
			{Name: "notes", Indexes: []app.Index{{Name: "time", Fields: []string{"users.*", "time"}}}}}, // of the same name
	} {
		s = d.open(t, path, now)
		VerifyIndexes(t, s, now)
		put(t, s, "0000", app.Row{"time": int64(1), "users": app.Row{"c": true}}, app.AnyRev)
		put(t, s, "0001", app.Row{}, app.AnyRev)
		VerifyIndexes(t, s, now)
		check(t, s.Close())
	}
	s = d.open(t, path, tables("users.*"))
	if _, err := s.Read(t.Context(), app.Range{Table: "notes", Index: "time"}); err == nil {
		t.Error("a dropped index can be read")
	}
	check(t, s.Close())
}

// A version of the program that does not know a table must not destroy it for
// the next one.
func testTableChanges(t *testing.T, d Durable, path string) {
	s := d.open(t, path, Tables())
	put(t, s, "a", app.Row{"time": int64(1)}, app.Absent)
	check(t, s.Close())
	other := []app.Table{{Name: "others", Indexes: []app.Index{{Name: "time", Fields: []string{"time"}}}}}
	s = d.open(t, path, other)
	_, err := s.Write(t.Context(), app.Write{Table: "others", ID: "b", Row: app.Row{"time": int64(2)}})
	check(t, err)
	if _, err := s.Get(t.Context(), "notes", "a"); err == nil {
		t.Error("a table that is not declared can be read")
	}
	check(t, s.Close())
	s = d.open(t, path, append(Tables(), other...))
	get(t, s, "a")
	VerifyIndexes(t, s, append(Tables(), other...))
	check(t, s.Close())
}

// An operator starts the old program again after an update; it must not write
// into what it does not understand, and must say what to do.
func testNewer(t *testing.T, d Durable, path string) {
	s := d.open(t, path, Tables())
	put(t, s, "a", app.Row{}, app.Absent)
	check(t, s.Close())
	d.MakeNewer(t, path)
	s, err := d.Open(t, path, Tables())
	if err == nil {
		check(t, s.Close())
		t.Fatal("a newer store was opened")
	}
	for _, word := range []string{"newer Lyceum", "version", "backup"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
}

// Two servers on one data directory would each believe to be the only one.
func testSecondOpening(t *testing.T, d Durable, path string) {
	s := d.open(t, path, Tables())
	if d.Shared {
		second := d.open(t, path, Tables())
		testShared(t, s, second)
		check(t, second.Close())
		check(t, s.Close())
		return
	}
	if second, err := d.Open(t, path, Tables()); err == nil {
		check(t, second.Close())
		t.Fatal("the store was opened twice")
	} else if !strings.Contains(err.Error(), "in use") {
		t.Errorf("%q does not say that it is in use", err)
	}
	put(t, s, "a", app.Row{}, app.Absent) // the refusal has not harmed the first
	check(t, s.Close())
	s = d.open(t, path, Tables())
	get(t, s, "a")
	check(t, s.Close())
}

// Two servers serve one class: what somebody writes at one is at once true at the
// other, conditions hold between them, and both tell the same.
func testShared(t *testing.T, a, b app.Store) {
	f := new(folded)
	_, stop, err := b.Watch("notes", f.hear)
	check(t, err)
	page, err := b.Read(t.Context(), app.Range{Table: "notes"})
	check(t, err)
	f.begin(page)
	rec := put(t, a, "a", app.Row{"owner": "ada"}, app.Absent)
	same(t, "the row at the other server", get(t, b, "a"), rec)
	if _, err := b.Write(t.Context(), app.Write{Table: "notes", ID: "a", Row: app.Row{}, IfRev: app.Absent}); !errors.Is(err, app.ErrConflict) {
		t.Errorf("a second creation at the other server = %v, want ErrConflict", err)
	}
	newer := put(t, b, "a", app.Row{"owner": "ben"}, rec.Rev)
	if newer.Rev <= rec.Rev {
		t.Errorf("rev %d after %d", newer.Rev, rec.Rev)
	}
	atA, atB := churn(t, a, 60), churn(t, b, 60)
	atA.Wait()
	atB.Wait()
	remove(t, a, "a")
	last := put(t, a, "last", app.Row{}, app.AnyRev)
	for f.rev("last") != last.Rev { // it is told at its own server first
		if _, err := b.Read(t.Context(), app.Range{Table: "notes"}); err != nil {
			t.Fatal(err)
		}
	}
	compareFolded(t, b, f, stop)
	VerifyIndexes(t, a, Tables())
	VerifyIndexes(t, b, Tables())
}

// rev is the revision of a row as the reader knows it.
func (f *folded) rev(id string) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rows[id].Rev
}
