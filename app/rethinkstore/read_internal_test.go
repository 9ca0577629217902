package rethinkstore

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"lyceum/app"
)

// page returns the places of rows in a range, and whether there are more.
func pageOf(q *reading, rows map[string]app.Record) (list []placed, more bool) {
	for _, rec := range rows {
		for _, e := range q.index.entries(rec) {
			if q.has(e) {
				list = append(list, placed{e, rec})
			}
		}
	}
	slices.SortFunc(list, func(a, b placed) int {
		if q.r.Descending {
			return bytes.Compare(b.entry, a.entry)
		}
		return bytes.Compare(a.entry, b.entry)
	})
	if len(list) > q.limit {
		return list[:q.limit], true
	}
	return list, false
}

// S2: while a page is read, rows change, move into it and out of it. Put together
// with what the feed told meanwhile it is what a page of now has, up to where it
// was read.
func TestS2PageWithWhatWasToldMeanwhileIsExact(t *testing.T) {
	tables, err := compile(&Options{Database: "d", Tables: []app.Table{{Name: "notes", Indexes: []app.Index{
		{Name: "user", Fields: []string{"users.*", "time"}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 7))
		row := func() app.Row {
			users := app.Row{}
			for range random.IntN(3) {
				users[fmt.Sprint(random.IntN(3))] = true
			}
			return app.Row{"users": users, "time": int64(random.IntN(5))}
		}
		before, after := map[string]app.Record{}, map[string]app.Record{}
		for i := range 8 {
			before[fmt.Sprint(i)] = app.Record{ID: fmt.Sprint(i), Rev: 1, Row: row()}
			after[fmt.Sprint(i)] = before[fmt.Sprint(i)]
		}
		q := &reading{table: tables["notes"], limit: 1 + random.IntN(6), r: app.Range{Descending: random.IntN(2) == 0}}
		if random.IntN(3) > 0 {
			q.index = tables["notes"].indexes[0]
		}
		list, more := pageOf(q, before)
		var last *placed
		if more {
			last = &list[len(list)-1]
		}
		var changes []remembered
		for n := range random.IntN(5) {
			id := fmt.Sprint(random.IntN(10))
			rec := app.Record{ID: id, Rev: int64(n + 2), Row: row()}
			changes = append(changes, remembered{app.Change{N: int64(n), ID: id, Rev: rec.Rev, New: rec.Row}, 0})
			after[id] = rec
			if random.IntN(3) == 0 {
				changes[n].New = nil
				delete(after, id)
			}
		}
		got := q.patch(list, changes, last)
		q.limit = 1000
		want, _ := pageOf(q, after)
		want = slices.DeleteFunc(want, func(p placed) bool { return last != nil && q.before(last.entry, p.entry) })
		if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: the page is\n%v\nwant\n%v", seed, got, want)
		}
	}
}
