package storetest

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"lyceum/app"
)

var rangeRules = []rule{
	{"S7/ids_are_in_the_order_of_their_bytes", testIDOrder},
	{"S7/ids_can_be_bounded", testIDBounds},
	{"S7/values_are_in_one_order_over_all_types", testValueOrder},
	{"S7/equal_numbers_are_one_key", testEqualNumbers},
	{"S7/compound_index_is_ordered_and_bounded", testCompound},
	{"S7/row_is_in_a_multiple_index_for_each_key", testMultiple},
	{"S7/row_that_lacks_a_field_is_not_in_the_index", testLacking},
	{"S7/index_follows_every_write", testIndexFollows},
	{"S7/pages_are_bounded_and_continue_exactly", testPages},
	{"S7/next_page_is_right_when_its_row_is_gone", testPageAfterDelete},
	{"S7/whole_table_without_order_has_every_row_that_stays_once", testUnordered},
	{"S7/rows_have_the_fields_that_are_asked_for", testFields},
	{"S7/what_is_no_range_is_refused", testBadRange},
}

// putIDs writes notes with nothing in them.
func putIDs(t *testing.T, s app.Store, names ...string) {
	t.Helper()
	for _, id := range names {
		put(t, s, id, app.Row{}, app.Absent)
	}
}

// Updates of a document are replayed in the order of their ids; another order is
// another document.
func testIDOrder(t *testing.T, s app.Store) {
	want := []string{"A", "a", "a\x00", "a/0000000000000002", "a/0000000000000010", "aa", "b", "ä", "\uFFFD", "😀"}
	putIDs(t, s, "b", "ä", "a", "\uFFFD", "a/0000000000000010", "😀", "aa", "a\x00", "A", "a/0000000000000002")
	for _, limit := range []int{0, 1, 3} {
		same(t, "up", ids(t, s, app.Range{Table: "notes", Limit: limit}), want)
		down := ids(t, s, app.Range{Table: "notes", Limit: limit, Descending: true})
		slices.Reverse(down)
		same(t, "down", down, want)
	}
}

// A room reads what is above its last update, and only of its document.
func testIDBounds(t *testing.T, s app.Store) {
	putIDs(t, s, "a/1", "a/2", "a/3", "a/3\x00", "b/1")
	for _, test := range []struct {
		r    app.Range
		want []string
	}{
		{app.Range{Prefix: []any{"a/2"}}, []string{"a/2"}},
		{app.Range{Prefix: []any{"a/"}}, []string{}},
		{app.Range{From: &app.Bound{Value: "a/2"}}, []string{"a/2", "a/3", "a/3\x00", "b/1"}},
		{app.Range{From: &app.Bound{Value: "a/3", Open: true}, To: &app.Bound{Value: "b"}}, []string{"a/3\x00"}},
		{app.Range{To: &app.Bound{Value: "a/3"}}, []string{"a/1", "a/2", "a/3"}},
		{app.Range{To: &app.Bound{Value: "a/3", Open: true}}, []string{"a/1", "a/2"}},
		{app.Range{From: &app.Bound{Value: "c"}}, []string{}},
		{app.Range{From: &app.Bound{Value: "b"}, To: &app.Bound{Value: "a"}}, []string{}},
	} {
		test.r.Table, test.r.Limit = "notes", 2
		same(t, fmt.Sprintf("%+v", test.r), ids(t, s, test.r), test.want)
		test.r.Descending = true
		slices.Reverse(test.want)
		same(t, fmt.Sprintf("%+v", test.r), ids(t, s, test.r), test.want)
	}
}

// ordered are values in the order that every store has.
var orderedValues = []any{
	[]any{}, []any{[]any{}}, []any{false}, []any{int64(1)}, []any{int64(1), int64(1)}, []any{"a"},
	false, true,
	-math.MaxFloat64, int64(math.MinInt64), -int64(1<<53) - 1, -int64(1 << 53), -1.5, int64(-1), -math.SmallestNonzeroFloat64,
	int64(0), math.SmallestNonzeroFloat64, 0.5, int64(1), 1.5, int64(2), int64(10),
	int64(1 << 53), int64(1<<53) + 1, float64(1<<53) + 2, int64(1<<53) + 3,
	int64(math.MaxInt64) - 512, int64(math.MaxInt64) - 1, int64(math.MaxInt64), float64(1 << 63), math.MaxFloat64,
	[]byte{}, []byte{0}, []byte{0, 0}, []byte{0, 1}, []byte{1}, []byte{0xFF}, []byte{0xFF, 0},
	"", "\x00", "\x00\x00", "\x00\x01", "\x01", "A", "a", "a\x00", "a\x00b", "aa", "b", "ä", "😀",
}

// A list sorted by a field must be the same list after a move to another
// database, whatever is in the field.
func testValueOrder(t *testing.T, s app.Store) {
	var want []string
	for i, value := range orderedValues {
		id := fmt.Sprintf("%03d", (i*7919)%1000) // no order of its own
		want = append(want, id)
		put(t, s, id, app.Row{"value": value}, app.Absent)
	}
	same(t, "up", ids(t, s, app.Range{Table: "notes", Index: "value", Limit: 7}), want)
	for i, value := range orderedValues {
		r := app.Range{Table: "notes", Index: "value", Prefix: []any{value}}
		same(t, fmt.Sprintf("rows equal to %#v", value), ids(t, s, r), want[i:i+1])
		r = app.Range{Table: "notes", Index: "value", From: &app.Bound{Value: value, Open: true}}
		same(t, fmt.Sprintf("rows above %#v", value), ids(t, s, r), append([]string{}, want[i+1:]...))
		r = app.Range{Table: "notes", Index: "value", To: &app.Bound{Value: value}}
		same(t, fmt.Sprintf("rows up to %#v", value), ids(t, s, r), want[:i+1])
	}
	slices.Reverse(want)
	same(t, "down", ids(t, s, app.Range{Table: "notes", Index: "value", Limit: 7, Descending: true}), want)
}

// A browser's JSON has no integers; a filter on 1 must find 1.0 and the reverse.
func testEqualNumbers(t *testing.T, s app.Store) {
	put(t, s, "float", app.Row{"value": 1.0}, app.Absent)
	put(t, s, "int", app.Row{"value": int64(1)}, app.Absent)
	put(t, s, "minus zero", app.Row{"value": math.Copysign(0, -1)}, app.Absent)
	for _, value := range []any{int64(1), 1.0} {
		same(t, "equal to 1", ids(t, s, app.Range{Table: "notes", Index: "value", Prefix: []any{value}}),
			[]string{"float", "int"})
	}
	same(t, "equal to 0", ids(t, s, app.Range{Table: "notes", Index: "value", Prefix: []any{int64(0)}}),
		[]string{"minus zero"})
}

// putGrid writes notes of three owners at times 0 to 4; ids are owner and time.
func putGrid(t *testing.T, s app.Store) {
	t.Helper()
	for _, owner := range []string{"b", "a", "a\x00"} {
		for _, time := range []int64{3, 0, 4, 1, 2} {
			put(t, s, fmt.Sprintf("%s%d", owner, time), app.Row{"owner": owner, "time": time}, app.Absent)
		}
	}
}

// The last files of one project, newest first, is what every page asks for.
func testCompound(t *testing.T, s app.Store) {
	putGrid(t, s)
	a := []any{"a"}
	for _, test := range []struct {
		r    app.Range
		want []string
	}{
		{app.Range{Prefix: a}, []string{"a0", "a1", "a2", "a3", "a4"}},
		{app.Range{Prefix: []any{"a", int64(2)}}, []string{"a2"}},
		{app.Range{Prefix: []any{"a", 2.0}}, []string{"a2"}},
		{app.Range{Prefix: []any{"a", "2"}}, []string{}},
		{app.Range{Prefix: []any{""}}, []string{}},
		{app.Range{Prefix: a, From: &app.Bound{Value: int64(3)}}, []string{"a3", "a4"}},
		{app.Range{Prefix: a, From: &app.Bound{Value: 2.5}}, []string{"a3", "a4"}},
		{app.Range{Prefix: a, From: &app.Bound{Value: int64(3), Open: true}}, []string{"a4"}},
		{app.Range{Prefix: a, From: &app.Bound{Value: int64(1)}, To: &app.Bound{Value: int64(3)}}, []string{"a1", "a2", "a3"}},
		{app.Range{Prefix: a, To: &app.Bound{Value: int64(1), Open: true}}, []string{"a0"}},
		{app.Range{From: &app.Bound{Value: "a", Open: true}, To: &app.Bound{Value: "b", Open: true}},
			[]string{"a\x000", "a\x001", "a\x002", "a\x003", "a\x004"}},
		{app.Range{To: &app.Bound{Value: "a"}}, []string{"a0", "a1", "a2", "a3", "a4"}},
	} {
		test.r.Table, test.r.Index, test.r.Limit = "notes", "owner_time", 2
		same(t, fmt.Sprintf("%+v", test.r), ids(t, s, test.r), test.want)
		test.r.Descending = true
		slices.Reverse(test.want)
		same(t, fmt.Sprintf("down %+v", test.r), ids(t, s, test.r), test.want)
	}
}

// The projects of an account are found by the keys of their users.
func testMultiple(t *testing.T, s app.Store) {
	users := func(time int64, names ...string) app.Row {
		m := app.Row{}
		for _, name := range names {
			m[name] = app.Row{"role": "editor"}
		}
		return app.Row{"users": m, "time": time}
	}
	put(t, s, "p1", users(3, "ada", "ben", "a.b"), app.Absent)
	put(t, s, "p2", users(2, "ada"), app.Absent)
	put(t, s, "p3", users(1), app.Absent)
	of := func(index string, prefix ...any) []string {
		return ids(t, s, app.Range{Table: "notes", Index: index, Prefix: prefix})
	}
	same(t, "projects of ada", of("user", "ada"), []string{"p1", "p2"})
	same(t, "projects of ada by time", of("user_time", "ada"), []string{"p2", "p1"})
	same(t, "projects of ben", of("user", "ben"), []string{"p1"})
	same(t, "projects of a.b", of("user", "a.b"), []string{"p1"})
	same(t, "each key of each row", of("user"), []string{"p1", "p1", "p2", "p1"})
	put(t, s, "p1", users(3, "ben", "cy"), app.AnyRev)
	same(t, "projects of ada after she left", of("user", "ada"), []string{"p2"})
	same(t, "projects of cy", of("user_time", "cy"), []string{"p1"})
	remove(t, s, "p1")
	same(t, "projects of ben after the delete", of("user", "ben"), []string{})
}

// A row without a time is in no list by time, and does no harm there.
func testLacking(t *testing.T, s app.Store) {
	put(t, s, "whole", app.Row{"owner": "a", "time": int64(1), "state": app.Row{"name": "running"}}, app.Absent)
	put(t, s, "no time", app.Row{"owner": "a"}, app.Absent)
	put(t, s, "a map", app.Row{"owner": "a", "time": app.Row{}}, app.Absent)
	put(t, s, "a map in a list", app.Row{"owner": "a", "time": []any{app.Row{}}}, app.Absent)
	put(t, s, "no map", app.Row{"owner": "a", "time": int64(0), "state": "running", "users": "all"}, app.Absent)
	same(t, "by owner and time", ids(t, s, app.Range{Table: "notes", Index: "owner_time", Prefix: []any{"a"}}),
		[]string{"no map", "whole"})
	same(t, "by state", ids(t, s, app.Range{Table: "notes", Index: "state"}), []string{"whole"})
	same(t, "by user", ids(t, s, app.Range{Table: "notes", Index: "user"}), []string{})
}

// A note that is found under its old owner would be shown to the wrong person.
func testIndexFollows(t *testing.T, s app.Store) {
	of := func(owner string) []string {
		return ids(t, s, app.Range{Table: "notes", Index: "owner_time", Prefix: []any{owner}})
	}
	put(t, s, "n", app.Row{"owner": "a", "time": int64(1)}, app.Absent)
	put(t, s, "n", app.Row{"owner": "b", "time": int64(1)}, app.AnyRev)
	same(t, "of a", of("a"), []string{})
	same(t, "of b", of("b"), []string{"n"})
	put(t, s, "n", app.Row{"owner": "b"}, app.AnyRev)
	same(t, "of b without a time", of("b"), []string{})
	put(t, s, "n", app.Row{"owner": "b", "time": int64(2)}, app.AnyRev)
	remove(t, s, "n")
	same(t, "of b after the delete", of("b"), []string{})
	put(t, s, "n", app.Row{"owner": "a", "time": int64(3)}, app.Absent)
	same(t, "of a again", of("a"), []string{"n"})
}

// A list of ten thousand files is read in pages; none may come twice or never.
func testPages(t *testing.T, s app.Store) {
	const rows = app.MaxPage + 5
	var want []string
	for i := range rows {
		want = append(want, fmt.Sprintf("%04d", i))
	}
	fill(t, s, rows, func(i int) (string, app.Row) {
		return want[i], app.Row{"time": int64(i / 10)} // ten of each, so that ids decide
	})
	for _, index := range []string{"", "time"} {
		for _, limit := range []int{0, 1, 7, 10, app.MaxPage, rows - 1} {
			if limit > app.MaxPage {
				limit = app.MaxPage - 1
			}
			r := app.Range{Table: "notes", Index: index, Limit: limit}
			page, err := s.Read(t.Context(), r)
			check(t, err)
			if got, most := len(page.Records), max(limit, 1); limit > 0 && got != most || limit == 0 && got != app.MaxPage {
				t.Errorf("limit %d by %q: %d records", limit, index, got)
			}
			same(t, "all pages up", ids(t, s, r), want)
		}
		down := ids(t, s, app.Range{Table: "notes", Index: index, Limit: 99, Descending: true})
		slices.Reverse(down)
		same(t, "all pages down", down, want)
	}
}

// Who watches a table reads it in any order: rows that come, go and change between
// two pages do not hide one that stays, nor show it twice.
func testUnordered(t *testing.T, s app.Store) {
	putIDs(t, s, "m", "c", "x", "b", "z", "a", "k")
	for _, limit := range []int{0, 1, 3} {
		all := ids(t, s, app.Range{Table: "notes", Unordered: true, Limit: limit})
		slices.Sort(all)
		same(t, fmt.Sprint("all, limit ", limit), all, []string{"a", "b", "c", "k", "m", "x", "z"})
	}
	r := app.Range{Table: "notes", Unordered: true, Limit: 2}
	page, err := s.Read(t.Context(), r)
	check(t, err)
	seen := []string{page.Records[0].ID, page.Records[1].ID}
	moved := map[string]bool{seen[1]: true, "n": true} // the last one was seen and goes
	remove(t, s, seen[1])
	put(t, s, "n", app.Row{}, app.Absent)
	put(t, s, seen[0], app.Row{"new": true}, app.AnyRev)
	r.After = page.Next
	seen = append(seen, ids(t, s, r)...)
	seen = slices.DeleteFunc(seen, func(id string) bool { return moved[id] })
	slices.Sort(seen)
	var want []string
	for _, id := range []string{"a", "b", "c", "k", "m", "x", "z"} {
		if !moved[id] {
			want = append(want, id)
		}
	}
	same(t, "what stays", seen, want)
}

// Somebody deletes the row at which another one's list has stopped.
func testPageAfterDelete(t *testing.T, s app.Store) {
	for _, descending := range []bool{false, true} {
		for _, index := range []string{"", "owner_time"} {
			for i := range 5 {
				put(t, s, fmt.Sprint(i), app.Row{"owner": "a", "time": int64(i)}, app.AnyRev)
			}
			r := app.Range{Table: "notes", Index: index, Limit: 2, Descending: descending}
			page, err := s.Read(t.Context(), r)
			check(t, err)
			last := page.Records[1].ID
			remove(t, s, last)
			put(t, s, "2", app.Row{"owner": "a", "time": int64(2), "new": true}, app.AnyRev)
			r.After = page.Next
			want := []string{"2", "3", "4"}
			if descending {
				want = []string{"2", "1", "0"}
			}
			same(t, "what follows "+last, ids(t, s, r), want)
		}
	}
}

// At its start the server reads who is in every project, and nothing else of it.
func testFields(t *testing.T, s app.Store) {
	put(t, s, "a", app.Row{"owner": "ada", "time": int64(1), "users": app.Row{"b": true}, "text": "long"}, app.Absent)
	rec := put(t, s, "b", app.Row{"time": int64(2), "value": []any{app.Row{"owner": "no"}}}, app.Absent)
	for _, index := range []string{"", "time"} {
		all, _ := read(t, s, app.Range{Table: "notes", Index: index, Fields: []string{"users", "owner"}})
		same(t, "the first row", all[0].Row, app.Row{"owner": "ada", "users": app.Row{"b": true}})
		same(t, "the row that has none of them", all[1], app.Record{ID: "b", Rev: rec.Rev, Row: app.Row{}})
		all, _ = read(t, s, app.Range{Table: "notes", Index: index, Fields: []string{}})
		same(t, "a row without fields", all[0].Row, app.Row{})
	}
	same(t, "what is stored", get(t, s, "b"), rec)
	part, err := s.Get(t.Context(), "notes", "b", "value", "owner")
	check(t, err)
	same(t, "a part of it", part, app.Record{ID: "b", Rev: rec.Rev, Row: app.Row{"value": rec.Row["value"]}})
}

// A mistake in a query is an error, never a list that looks complete.
func testBadRange(t *testing.T, s app.Store) {
	put(t, s, "a", app.Row{"time": int64(1)}, app.Absent)
	bound := &app.Bound{Value: "a"}
	for name, r := range map[string]app.Range{
		"unknown table":        {Table: "nothing"},
		"unknown index":        {Table: "notes", Index: "nothing"},
		"long prefix":          {Table: "notes", Index: "time", Prefix: []any{int64(1), int64(1)}},
		"bound after the last": {Table: "notes", Index: "time", Prefix: []any{int64(1)}, From: bound},
		"long prefix of ids":   {Table: "notes", Prefix: []any{"a", "b"}},
		"id that is a number":  {Table: "notes", Prefix: []any{int64(1)}},
		"bound of a number":    {Table: "notes", From: &app.Bound{Value: int64(1)}},
		"bound that is nil":    {Table: "notes", Index: "time", To: &app.Bound{}},
		"map in the prefix":    {Table: "notes", Index: "time", Prefix: []any{app.Row{}}},
		"NaN in a bound":       {Table: "notes", Index: "time", From: &app.Bound{Value: math.NaN()}},
		"index without order":  {Table: "notes", Index: "time", Unordered: true},
		"bound without order":  {Table: "notes", From: bound, Unordered: true},
		"id without order":     {Table: "notes", Prefix: []any{"a"}, Unordered: true},
		"down without order":   {Table: "notes", Descending: true, Unordered: true},
		"limit below 0":        {Table: "notes", Limit: -1},
		"limit over MaxPage":   {Table: "notes", Limit: app.MaxPage + 1},
		"foreign cursor":       {Table: "notes", After: []byte{0xFF}},
	} {
		if page, err := s.Read(t.Context(), r); err == nil {
			t.Errorf("%s: %d records, want an error", name, len(page.Records))
		}
	}
}
