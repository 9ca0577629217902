package sqlitestore

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"lyceum/app"
)

// A list of a hundred thousand rows must be found by its index, and come in
// order without being sorted; a full scan would only be noticed when it is large.
func TestS7RangesSearchTheirIndex(t *testing.T) {
	s := openNotes(t)
	for name, q := range map[string]string{
		"up":   strings.TrimSpace(indexedSQL("notes.time", "notes", "ASC")),
		"down": strings.TrimSpace(indexedSQL("notes.time", "notes", "DESC")),
	} {
		plan := explainPlan(t, s, q, []byte{}, "", beyond, "", 10)
		if !strings.Contains(plan, "SEARCH i USING PRIMARY KEY ((key,id)>(?,?) AND (key,id)<(?,?))") ||
			!strings.Contains(plan, "SEARCH t USING INDEX") || strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "SCAN") {
			t.Errorf("%s: %s", name, plan)
		}
	}
	for _, order := range []string{"ASC", "DESC"} {
		plan := explainPlan(t, s, primarySQL("notes", order), "", string(beyond), 10)
		if !strings.Contains(plan, "(id>? AND id<?)") || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("primary key %s: %s", order, plan)
		}
	}
}

func explainPlan(t *testing.T, s *Store, query string, args ...any) string {
	t.Helper()
	rows, err := s.conn.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "; ")
}

// A server that people write to all day, while others read, must not fill the
// disk with its log: a MiB at a time is written until the log has begun anew, which
// is tried from 16 MiB on and now and then fails, as readers are in its way.
func TestS7LogShrinksWhileThereAreReaders(t *testing.T) {
	s := openNotes(t)
	done := make(chan struct{})
	var readers, writers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := s.Read(t.Context(), app.Range{Table: "notes", Index: "time", Limit: 20}); err != nil {
					t.Errorf("read: %v", err)
					return
				}
			}
		})
	}
	const most = 128 // MiB; without beginning anew it would have them
	var largest, size int64
	for round := 0; round < most && size == largest; round++ {
		for i := range 16 {
			writers.Go(func() {
				// Another text each time: SQLite does not write a page that stays the same.
				row := app.Row{"time": int64(round), "text": strings.Repeat(string(rune('a'+round%26)), 64<<10)}
				if _, err := s.Write(t.Context(), app.Write{Table: "notes", ID: fmt.Sprint(i), Row: row, IfRev: app.AnyRev}); err != nil {
					t.Errorf("write: %v", err)
				}
			})
		}
		writers.Wait()
		info, err := os.Stat(s.path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		size = info.Size()
		largest = max(largest, size)
	}
	close(done)
	readers.Wait()
	if size == largest {
		t.Errorf("the log grew to %d MiB and never began anew", largest>>20)
	}
}
