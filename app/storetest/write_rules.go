package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"lyceum/app"
)

var writeRules = []rule{
	{"S1/get_of_absent_is_not_found", testGetAbsent},
	{"S1/row_comes_back_as_it_was_written", testTypes},
	{"S1/rev_rises_at_each_write_and_over_deletes", testRevRises},
	{"S1/delete_of_absent_is_no_change", testDeleteAbsent},
	{"S1/ids_are_taken_as_they_are", testIDs},
	{"S1/what_not_every_store_can_keep_is_refused", testRefused},
	{"S5/write_on_old_revision_changes_nothing", testConflict},
	{"S5/delete_on_old_revision_changes_nothing", testDeleteConflict},
	{"S5/one_of_many_creators_wins", testCreators},
	{"S5/failed_condition_fails_that_write_alone", testCounter},
	{"S5/append_only_row_is_never_replaced", testAppendOnly},
	{"S6/context_that_has_ended_writes_nothing", testContextEnded},
	{"S6/context_that_ends_in_a_commit_is_no_plain_failure", testContextEnds},
}

// A page asks for a project that nobody has made yet: that is an answer, not a
// failure of the server.
func testGetAbsent(t *testing.T, s app.Store) {
	gone(t, s, "a")
	if _, err := s.Get(t.Context(), "nothing", "a"); err == nil || errors.Is(err, app.ErrNotFound) {
		t.Errorf("Get in an unknown table = %v, want an error that is not ErrNotFound", err)
	}
}

// An update of a document that comes back with one byte or one digit changed is
// lost work.
func testTypes(t *testing.T, s app.Store) {
	row := app.Row{
		"true": true, "false": false, "zero": int64(0), "min": int64(math.MinInt64), "max": int64(math.MaxInt64),
		"one": 1.0, "half": 0.5, "tiny": math.SmallestNonzeroFloat64, "big": math.MaxFloat64, "third": 1.0 / 3,
		"": "an empty name", "text": "Grüße 😀\x00\n", "empty": "", "bytes": []byte{0, 1, 0xFF}, "no_bytes": []byte{},
		"list": []any{int64(1), "a", []any{}, app.Row{"b": false}}, "map": app.Row{"a.b": app.Row{}, "c": int64(-1)},
		"long": strings.Repeat("x", 1<<20),
	}
	rec := put(t, s, "a", row, app.Absent)
	same(t, "the row that Write returns", rec.Row, row)
	same(t, "the row that Get returns", get(t, s, "a"), rec)
	records, _ := read(t, s, app.Range{Table: "notes"})
	same(t, "the row that Read returns", records, []app.Record{rec})
	put(t, s, "b", app.Row{}, app.Absent)
	same(t, "the empty row", get(t, s, "b").Row, app.Row{})
}

// A tab that was asleep holds revision 1 of a project that was deleted and made
// anew; its write must not pass for one on the new one.
func testRevRises(t *testing.T, s app.Store) {
	last := int64(0)
	for i := range 3 {
		for j := range 3 {
			rec := put(t, s, "a", app.Row{"i": int64(i), "j": int64(j)}, app.AnyRev)
			if rec.Rev <= last || get(t, s, "a").Rev != rec.Rev {
				t.Fatalf("rev %d after %d, Get has %d", rec.Rev, last, get(t, s, "a").Rev)
			}
			last = rec.Rev
		}
		rec := remove(t, s, "a")
		if rec.Rev <= last || rec.Row != nil || rec.ID != "a" {
			t.Fatalf("delete = %v after rev %d", rec, last)
		}
		last = rec.Rev
		gone(t, s, "a")
	}
}

// Two tabs close the same terminal; the second one must not see an error, nor
// must anybody be told twice.
func testDeleteAbsent(t *testing.T, s app.Store) {
	var told atomic.Int64
	_, stop, err := s.Watch("notes", func(b app.Batch) { told.Add(int64(len(b.Changes))) })
	check(t, err)
	defer stop()
	rec := remove(t, s, "a")
	same(t, "what the delete returns", rec, app.Record{ID: "a"})
	put(t, s, "a", app.Row{}, app.Absent)
	remove(t, s, "a")
	remove(t, s, "a")
	if told.Load() != 2 {
		t.Errorf("watcher was told %d changes, want the insert and one delete", told.Load())
	}
	_, err = s.Write(t.Context(), app.Write{Table: "notes", ID: "a", IfRev: 1})
	if !errors.Is(err, app.ErrConflict) {
		t.Errorf("delete of a revision that is not there = %v, want ErrConflict", err)
	}
}

// Ids hold paths of files: slashes, quotes, blanks and characters of any script.
func testIDs(t *testing.T, s app.Store) {
	names := []string{"p/a b", "p/'; DROP TABLE notes; --", `p/"`, "p/ä", "p/a\x00b", "p/a", "P/a", "p/%", "p/\U0010FFFF"}
	for i, id := range names {
		put(t, s, id, app.Row{"i": int64(i)}, app.Absent)
	}
	for i, id := range names {
		same(t, fmt.Sprintf("row %q", id), get(t, s, id).Row, app.Row{"i": int64(i)})
	}
}

// What one store would keep and another one change or lose must fail at once,
// not when somebody moves to another database.
func testRefused(t *testing.T, s app.Store) {
	deep := app.Row{}
	for range 100 {
		deep = app.Row{"deeper": deep}
	}
	for name, row := range map[string]app.Row{
		"nil": {"a": nil}, "nil in a list": {"a": []any{nil}}, "int": {"a": 1}, "NaN": {"a": math.NaN()},
		"infinity": {"a": math.Inf(1)}, "text that is not UTF-8": {"a": "\xFF"}, "name that is not UTF-8": {"\xFF": "a"},
		"list of strings": {"a": []string{"a"}}, "deep": deep, "struct": {"a": struct{}{}},
	} {
		if _, err := s.Write(t.Context(), app.Write{Table: "notes", ID: "a", Row: row, IfRev: app.AnyRev}); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	for _, w := range []app.Write{
		{Table: "notes", ID: "", Row: app.Row{}}, {Table: "notes", ID: "\xFF", Row: app.Row{}},
		{Table: "nothing", ID: "a", Row: app.Row{}},
	} {
		if _, err := s.Write(t.Context(), w); err == nil {
			t.Errorf("%+v was written", w)
		}
	}
	same(t, "what is in the table", ids(t, s, app.Range{Table: "notes"}), []string{})
}

// Two editors read the same revision; the slower one must learn of it and must
// not have destroyed the faster one's work.
func testConflict(t *testing.T, s app.Store) {
	first := put(t, s, "a", app.Row{"name": "first", "time": int64(1)}, app.Absent)
	fast := put(t, s, "a", app.Row{"name": "fast", "time": int64(2)}, first.Rev)
	for _, ifRev := range []int64{first.Rev, app.Absent, fast.Rev + 1} {
		w := app.Write{Table: "notes", ID: "a", Row: app.Row{"name": "slow", "time": int64(3)}, IfRev: ifRev}
		if _, err := s.Write(t.Context(), w); !errors.Is(err, app.ErrConflict) {
			t.Fatalf("write on revision %d = %v, want ErrConflict", ifRev, err)
		}
	}
	same(t, "after the conflicts", get(t, s, "a"), fast)
	same(t, "the index after the conflicts", ids(t, s, app.Range{Table: "notes", Index: "time",
		Prefix: []any{int64(3)}}), []string{})
}

// Somebody writes into a project while its owner deletes what he has seen.
func testDeleteConflict(t *testing.T, s app.Store) {
	seen := put(t, s, "a", app.Row{}, app.Absent)
	kept := put(t, s, "a", app.Row{"new": true}, seen.Rev)
	w := app.Write{Table: "notes", ID: "a", IfRev: seen.Rev}
	if _, err := s.Write(t.Context(), w); !errors.Is(err, app.ErrConflict) {
		t.Fatalf("delete on an old revision = %v, want ErrConflict", err)
	}
	same(t, "after the conflict", get(t, s, "a"), kept)
	w.IfRev = kept.Rev
	_, err := s.Write(t.Context(), w)
	check(t, err)
	gone(t, s, "a")
}

// Two people sign up with one address at once; exactly one of them gets it.
func testCreators(t *testing.T, s app.Store) {
	for round := range 5 {
		var won, lost atomic.Int64
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				w := app.Write{Table: "notes", ID: fmt.Sprint(round), Row: app.Row{"i": int64(i)}, IfRev: app.Absent}
				switch _, err := s.Write(t.Context(), w); {
				case err == nil:
					won.Add(1)
				case errors.Is(err, app.ErrConflict):
					lost.Add(1)
				default:
					t.Errorf("write: %v", err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || lost.Load() != 15 {
			t.Fatalf("%d creators won and %d lost, want 1 and 15", won.Load(), lost.Load())
		}
	}
}

// Many writers in one commit, half of them too late: those fail, the others are
// stored, none is lost and none counts twice.
func testCounter(t *testing.T, s app.Store) {
	const workers, times = 8, 20
	put(t, s, "counter", app.Row{"n": int64(0)}, app.Absent)
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			for j := range times {
				if err := increment(t, s); err != nil {
					t.Errorf("increment: %v", err)
					return
				}
				w := app.Write{Table: "notes", ID: fmt.Sprintf("%d-%d", i, j), Row: app.Row{"owner": "o", "time": int64(j)}}
				if _, err := s.Write(t.Context(), w); err != nil {
					t.Errorf("write beside it: %v", err)
				}
			}
		})
	}
	wg.Wait()
	same(t, "the counter", get(t, s, "counter").Row, app.Row{"n": int64(workers * times)})
	beside := ids(t, s, app.Range{Table: "notes", Index: "owner_time", Prefix: []any{"o"}, Limit: 7})
	same(t, "how many rows are beside it", len(beside), workers*times)
}

// increment raises the counter by one, again until nobody else was faster.
func increment(t *testing.T, s app.Store) error {
	for {
		rec, err := s.Get(t.Context(), "notes", "counter")
		if err != nil {
			return err
		}
		row := app.Row{"n": rec.Row["n"].(int64) + 1}
		_, err = s.Write(t.Context(), app.Write{Table: "notes", ID: "counter", Row: row, IfRev: rec.Rev})
		if !errors.Is(err, app.ErrConflict) {
			return err
		}
	}
}

// An update of a document that was handed out once must not be another one the
// next time, whatever the condition.
func testAppendOnly(t *testing.T, s app.Store) {
	w := app.Write{Table: "events", ID: "e1", Row: app.Row{"seq": int64(1)}, IfRev: app.Absent}
	first, err := s.Write(t.Context(), w)
	check(t, err)
	for _, ifRev := range []int64{app.AnyRev, app.Absent, first.Rev} {
		w.Row, w.IfRev = app.Row{"seq": int64(2)}, ifRev
		if _, err := s.Write(t.Context(), w); !errors.Is(err, app.ErrConflict) {
			t.Fatalf("replacing under %d = %v, want ErrConflict", ifRev, err)
		}
	}
	rec, err := s.Get(t.Context(), "events", "e1")
	check(t, err)
	same(t, "the event", rec, first)
}

// A tab that is gone before its write has begun has written nothing, and is
// told so plainly.
func testContextEnded(t *testing.T, s app.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Write(ctx, app.Write{Table: "notes", ID: "a", Row: app.Row{}})
	if !errors.Is(err, context.Canceled) || errors.Is(err, app.ErrUnknown) {
		t.Errorf("write = %v, want context.Canceled", err)
	}
	put(t, s, "b", app.Row{}, app.Absent) // whatever was queued before it is done
	gone(t, s, "a")
	if _, err := s.Get(ctx, "notes", "b"); !errors.Is(err, context.Canceled) {
		t.Errorf("Get = %v, want context.Canceled", err)
	}
	if _, err := s.Read(ctx, app.Range{Table: "notes"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Read = %v, want context.Canceled", err)
	}
}

// A tab goes away while its write is being told to others: the answer is that it
// is stored or that it is unknown, never that it was not.
func testContextEnds(t *testing.T, s app.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan struct{})
	_, stop, err := s.Watch("notes", func(app.Batch) { cancel(); close(told) })
	check(t, err)
	_, err = s.Write(ctx, app.Write{Table: "notes", ID: "a", Row: app.Row{}})
	if err != nil && !errors.Is(err, app.ErrUnknown) {
		t.Errorf("write = %v, want nil or ErrUnknown", err)
	}
	<-told
	stop()
	get(t, s, "a")
}
