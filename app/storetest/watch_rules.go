package storetest

import (
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"lyceum/app"
)

var watchRules = []rule{
	{"S2/rows_and_later_changes_make_the_whole", testSnapshotAndFeed},
	{"S2/pages_and_the_changes_since_the_first_make_the_whole", testPagesAndFeed},
	{"S2/position_never_goes_back", testPositionRises},
	{"S3/each_commit_is_told_once_and_in_order", testFeedOrder},
	{"S3/change_has_the_row_before_and_after", testOldAndNew},
	{"S3/inserts_never_merge", testNeverMerges},
	{"S3/stopped_watcher_is_never_called_again", testStop},
	{"S3/watchers_hear_only_their_table_in_the_order_they_came", testWatchers},
	{"S4/positions_are_of_one_log", testOneLog},
	{"W2/watchers_know_before_the_writer_goes_on", testToldFirst},
}

// folded keeps rows as a reader does: read once, then follow. What came before
// the page was read waits until then.
type folded struct {
	mu    sync.Mutex
	early []app.Batch
	read  bool
	from  int64 // position of the page: changes up to it are in it
	rows  map[string]app.Record
	n     int64
	bad   string
}

func (f *folded) begin(page app.Page) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.from, f.rows, f.read = page.Position.N, make(map[string]app.Record), true
	for _, rec := range page.Records {
		f.rows[rec.ID] = rec
	}
	for _, b := range f.early {
		f.applyLocked(b)
	}
}

func (f *folded) hear(b app.Batch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.read {
		f.early = append(f.early, b)
		return
	}
	f.applyLocked(b)
}

func (f *folded) applyLocked(b app.Batch) {
	for _, c := range b.Changes {
		if c.N <= f.from {
			continue
		}
		if c.N <= f.n {
			f.bad = fmt.Sprintf("change %d came after %d", c.N, f.n)
		}
		f.n = c.N
		if c.New == nil {
			delete(f.rows, c.ID)
		} else {
			f.rows[c.ID] = app.Record{ID: c.ID, Rev: c.Rev, Row: c.New}
		}
	}
	if b.Position.N < f.n {
		f.bad = fmt.Sprintf("position %d after change %d", b.Position.N, f.n)
	}
}

// churn writes and deletes a handful of rows from several goroutines.
func churn(t *testing.T, s app.Store, times int) *sync.WaitGroup {
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range times {
				w := app.Write{Table: "notes", ID: fmt.Sprint((i + j*j) % 7), IfRev: app.AnyRev}
				if j%3 != 2 {
					w.Row = app.Row{"i": int64(i), "j": int64(j), "time": int64(j % 5), "owner": "o"}
				}
				if _, err := s.Write(t.Context(), w); err != nil {
					t.Errorf("write: %v", err)
				}
			}
		})
	}
	return &wg
}

// A page opens in the middle of others' work: what it has read and what it then
// hears must add up to what is stored, without a gap and without a step back.
func testSnapshotAndFeed(t *testing.T, s app.Store) {
	wg := churn(t, s, 40)
	for range 5 {
		f := new(folded)
		_, stop, err := s.Watch("notes", f.hear)
		check(t, err)
		defer func() { compareFolded(t, s, f, stop) }()
		page, err := s.Read(t.Context(), app.Range{Table: "notes"})
		check(t, err)
		f.begin(page)
	}
	wg.Wait()
}

// A list is longer than a page, and sorted by what people change meanwhile: rows
// move over the place where one page ends and the next begins. What a page has
// missed or has twice is put right by the changes since the first page.
func testPagesAndFeed(t *testing.T, s app.Store) {
	for i := range 30 {
		put(t, s, fmt.Sprint("still ", i), app.Row{"time": int64(i), "owner": "o"}, app.Absent)
	}
	wg := churn(t, s, 60)
	for range 5 {
		var mu sync.Mutex
		var told []app.Change
		_, stop, err := s.Watch("notes", func(b app.Batch) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, b.Changes...)
		})
		check(t, err)
		rows, first := make(map[string]app.Record), int64(-1)
		for r := (app.Range{Table: "notes", Index: "owner_time", Limit: 3}); ; {
			page, err := s.Read(t.Context(), r)
			check(t, err)
			if first < 0 {
				first = page.Position.N
			}
			for _, rec := range page.Records {
				if rec.Rev > page.Position.N {
					t.Errorf("rev %d on a page of position %d", rec.Rev, page.Position.N)
				}
				if rec.Rev > rows[rec.ID].Rev {
					rows[rec.ID] = rec
				}
			}
			if r.After = page.Next; r.After == nil {
				break
			}
		}
		put(t, s, "last", app.Row{"time": int64(99), "owner": "o"}, app.AnyRev) // all before it has been told
		stop()
		mu.Lock()
		defer mu.Unlock()
		for _, c := range told {
			_, found := rows[c.ID]
			deleted := c.New == nil && !found // before the first page: none has it
			if c.N > first && c.Rev > rows[c.ID].Rev || deleted {
				rows[c.ID] = app.Record{ID: c.ID, Rev: c.Rev, Row: c.New}
			}
		}
		compareAt(t, told, rows)
	}
	wg.Wait()
}

// compareAt fails unless rows are what the last changes left.
func compareAt(t *testing.T, told []app.Change, rows map[string]app.Record) {
	t.Helper()
	last := make(map[string]app.Change)
	for _, c := range told {
		last[c.ID] = c
	}
	for id, c := range last {
		same(t, "row "+id, rows[id], app.Record{ID: id, Rev: c.Rev, Row: c.New})
	}
	for i := range 30 {
		if id := fmt.Sprint("still ", i); rows[id].Row == nil {
			t.Errorf("%s, which nobody has touched, is on no page", id)
		}
	}
}

func compareFolded(t *testing.T, s app.Store, f *folded, stop func()) {
	t.Helper()
	stop()
	stored := make(map[string]app.Record)
	records, _ := read(t, s, app.Range{Table: "notes"})
	for _, rec := range records {
		stored[rec.ID] = rec
	}
	if f.bad != "" || !reflect.DeepEqual(f.rows, stored) {
		t.Errorf("%s\nthe reader has %v\nstored is %v", f.bad, f.rows, stored)
	}
}

// A position that goes back would make a reader apply a change twice, and so would
// rows that are newer than it.
func testPositionRises(t *testing.T, s app.Store) {
	wg := churn(t, s, 250)
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	last := app.Position{}
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		page, err := s.Read(t.Context(), app.Range{Table: "notes", Index: "time"})
		check(t, err)
		if page.Position.N < last.N {
			t.Fatalf("position %d after %d", page.Position.N, last.N)
		}
		for _, rec := range page.Records {
			if rec.Rev > page.Position.N {
				t.Fatalf("rev %d on a page of position %d", rec.Rev, page.Position.N)
			}
		}
		last = page.Position
	}
	rec := put(t, s, "last", app.Row{}, app.Absent)
	page, err := s.Read(t.Context(), app.Range{Table: "notes"})
	check(t, err)
	if page.Position.N < last.N+1 || rec.Rev <= 0 {
		t.Errorf("position %d after the last write, before it %d", page.Position.N, last.N)
	}
}

// Two tabs that hear the same changes in another order end with different rows.
func testFeedOrder(t *testing.T, s app.Store) {
	var told []app.Change
	pos, stop, err := s.Watch("notes", func(b app.Batch) { told = append(told, b.Changes...) })
	check(t, err)
	churn(t, s, 150).Wait()
	stop()
	n, revs, rows := pos.N, map[string]int64{}, map[string]app.Row{}
	for _, c := range told {
		if c.N <= n || c.Rev <= revs[c.ID] {
			t.Fatalf("change %+v after number %d and rev %d", c, n, revs[c.ID])
		}
		same(t, "the row before "+c.ID, c.Old, rows[c.ID])
		n, revs[c.ID], rows[c.ID] = c.N, c.Rev, c.New
	}
	for id, row := range rows {
		if row != nil {
			same(t, "the last change of "+id, get(t, s, id), app.Record{ID: id, Rev: revs[id], Row: row})
		} else {
			gone(t, s, id)
		}
	}
}

// A subscription decides by the row before and after whether a row came, went or
// changed; without them it cannot tell the person anything.
func testOldAndNew(t *testing.T, s app.Store) {
	var told []app.Change
	_, stop, err := s.Watch("notes", func(b app.Batch) { told = append(told, b.Changes...) })
	check(t, err)
	one, two := app.Row{"name": "one", "bytes": []byte{1}}, app.Row{"name": "two", "list": []any{int64(2)}}
	revs := []int64{
		put(t, s, "a", one, app.Absent).Rev, put(t, s, "a", two, app.AnyRev).Rev, remove(t, s, "a").Rev,
	}
	stop()
	same(t, "what was told", len(told), 3)
	for i, want := range []app.Change{{New: one}, {Old: one, New: two}, {Old: two}} {
		want.ID, want.Rev, want.N = "a", revs[i], told[i].N
		same(t, "change", told[i], want)
	}
}

// Every update of a document counts: if two were merged, a letter would be
// missing for everybody.
func testNeverMerges(t *testing.T, s app.Store) {
	var told []string
	_, stop, err := s.Watch("events", func(b app.Batch) {
		for _, c := range b.Changes {
			told = append(told, c.ID)
		}
	})
	check(t, err)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 25 {
				w := app.Write{Table: "events", ID: fmt.Sprintf("%d/%02d", i, j), Row: app.Row{"seq": int64(j)}}
				if _, err := s.Write(t.Context(), w); err != nil {
					t.Errorf("write: %v", err)
				}
			}
		})
	}
	wg.Wait()
	stop()
	seen := make(map[string]bool)
	for _, id := range told {
		seen[id] = true
	}
	if len(told) != 200 || len(seen) != 200 {
		t.Errorf("told %d inserts of %d rows, want 200", len(told), len(seen))
	}
}

// What a subscription holds is freed when it ends; a late call would use it.
func testStop(t *testing.T, s app.Store) {
	wg := churn(t, s, 30)
	for range 20 {
		var over atomic.Bool
		_, stop, err := s.Watch("notes", func(app.Batch) {
			if over.Load() {
				t.Error("called after stop")
			}
		})
		check(t, err)
		put(t, s, "a", app.Row{}, app.AnyRev)
		stop()
		over.Store(true)
	}
	wg.Wait()
}

// The index of rights watches first, so that whoever is told later can ask it.
func testWatchers(t *testing.T, s app.Store) {
	var told []string
	for _, name := range []string{"first", "second", "third"} {
		_, stop, err := s.Watch("notes", func(app.Batch) { told = append(told, name) })
		check(t, err)
		defer stop()
	}
	_, stop, err := s.Watch("events", func(app.Batch) { told = append(told, "of events") })
	check(t, err)
	defer stop()
	put(t, s, "a", app.Row{}, app.Absent)
	same(t, "who was told", told, []string{"first", "second", "third"})
	if _, _, err := s.Watch("nothing", func(app.Batch) {}); err == nil {
		t.Error("an unknown table can be watched")
	}
}

// A page and a feed whose positions cannot be compared would be useless.
func testOneLog(t *testing.T, s app.Store) {
	var last app.Position
	pos, stop, err := s.Watch("notes", func(b app.Batch) { last = b.Position })
	check(t, err)
	before, err := s.Read(t.Context(), app.Range{Table: "notes"})
	check(t, err)
	put(t, s, "a", app.Row{}, app.Absent)
	stop()
	after, err := s.Read(t.Context(), app.Range{Table: "events"})
	check(t, err)
	same(t, "position of a page before any write", before.Position, pos)
	same(t, "position of a page after the write", after.Position, last)
	again, stop, err := s.Watch("notes", func(app.Batch) {})
	check(t, err)
	stop()
	same(t, "position of a feed after the write", again, last)
	if last.Log != pos.Log || last.Log == "" || last.N <= pos.N {
		t.Errorf("from %v to %v", pos, last)
	}
}

// testForeignLog: a server that comes back after a restore from a backup has
// the numbers of before with other changes; a tab must not go on from its own.
func testForeignLog(t *testing.T, open func(t *testing.T, tables []app.Table) app.Store) {
	logs := make(map[string]bool)
	for range 2 {
		s := open(t, Tables())
		page, err := s.Read(t.Context(), app.Range{Table: "notes"})
		check(t, err)
		check(t, s.Close())
		logs[page.Position.Log] = true
	}
	if len(logs) != 2 {
		t.Errorf("two openings have the logs %v", logs)
	}
}

// The owner removes somebody; when the page says that it is done, it is done
// everywhere: the index of rights has heard of it.
func testToldFirst(t *testing.T, s app.Store) {
	var revs sync.Map
	_, stop, err := s.Watch("notes", func(b app.Batch) {
		for _, c := range b.Changes {
			revs.Store(c.ID, c.Rev)
		}
	})
	check(t, err)
	defer stop()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 20 {
				rec, err := s.Write(t.Context(), app.Write{Table: "notes", ID: fmt.Sprint(i), Row: app.Row{}, IfRev: app.AnyRev})
				if err != nil {
					t.Errorf("write: %v", err)
					return
				}
				if rev, _ := revs.Load(rec.ID); rev != rec.Rev {
					t.Errorf("acknowledged rev %d, the watcher knows %v", rec.Rev, rev)
				}
			}
		})
	}
	wg.Wait()
}
