package storetest

import (
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"lyceum/app"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put writes a note and returns it as stored.
func put(t *testing.T, s app.Store, id string, row app.Row, ifRev int64) app.Record {
	t.Helper()
	rec, err := s.Write(t.Context(), app.Write{Table: "notes", ID: id, Row: row, IfRev: ifRev})
	check(t, err)
	return rec
}

func remove(t *testing.T, s app.Store, id string) app.Record {
	t.Helper()
	return put(t, s, id, nil, app.AnyRev)
}

func get(t *testing.T, s app.Store, id string) app.Record {
	t.Helper()
	rec, err := s.Get(t.Context(), "notes", id)
	check(t, err)
	return rec
}

// gone fails unless there is no such note.
func gone(t *testing.T, s app.Store, id string) {
	t.Helper()
	if rec, err := s.Get(t.Context(), "notes", id); !errors.Is(err, app.ErrNotFound) {
		t.Fatalf("Get %s = %v, %v; want ErrNotFound", id, rec, err)
	}
}

// same fails unless both values are equal, in type too.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s is\n%#v\nwant\n%#v", what, got, want)
	}
}

// read returns all records of a range, in pages of the range's limit, and the
// position of the last page.
func read(t *testing.T, s app.Store, r app.Range) ([]app.Record, app.Position) {
	t.Helper()
	var all []app.Record
	for {
		page, err := s.Read(t.Context(), r)
		check(t, err)
		all = append(all, page.Records...)
		if page.Next == nil {
			return all, page.Position
		}
		if len(page.Records) == 0 {
			t.Fatal("an empty page says that there is more")
		}
		r.After = page.Next
	}
}

// ids returns the ids of a range in its order.
func ids(t *testing.T, s app.Store, r app.Range) []string {
	t.Helper()
	records, _ := read(t, s, r)
	list := []string{}
	for _, rec := range records {
		list = append(list, rec.ID)
	}
	return list
}

// fill writes many notes, several at a time so that they share commits.
func fill(t *testing.T, s app.Store, rows int, note func(i int) (id string, row app.Row)) {
	t.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(rows); i = next.Add(1) - 1 {
				id, row := note(int(i))
				if _, err := s.Write(t.Context(), app.Write{Table: "notes", ID: id, Row: row}); err != nil {
					t.Errorf("write %s: %v", id, err)
				}
			}
		})
	}
	wg.Wait()
}
