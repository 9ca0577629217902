package sqlitestore

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"lyceum/app"
)

// checkAbove sets from which size on a file is checked beside the work, without
// a pause.
func checkAbove(size int64) Option {
	return func(s *Store) { s.checkUpTo, s.checkPause = size, 0 }
}

const rowsMade = 330

// library makes a closed file with every kind of page: tables and an index of
// several levels, rows that are longer than a page, and free pages.
func library(t *testing.T) (path string, rows []app.Record) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "app.db")
	s, err := Open(t.Context(), path, notes)
	if err != nil {
		t.Fatal(err)
	}
	inOrder := func(n int, write func(i int) app.Write) { // so that the file is the same each time
		for i := range n {
			if _, err := s.Write(t.Context(), write(i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	id := func(i int) string { return fmt.Sprintf("%-20d", i) }
	inOrder(rowsMade, func(i int) app.Write {
		row := app.Row{"time": int64(i * 7919 % rowsMade), "text": strings.Repeat(fmt.Sprint("line ", i, " "), 20)}
		if i%66 == 0 {
			row["text"] = strings.Repeat("x", 9000)
		}
		return app.Write{Table: "notes", ID: id(i), Row: row}
	})
	inOrder(60, func(i int) app.Write { return app.Write{Table: "notes", ID: id(i + 1), IfRev: app.AnyRev} }) // none of the long ones
	rows = everything(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path, rows
}

// everything reads all rows, by their ids and by the index, and returns nil if
// that cannot be done.
func everything(t *testing.T, s *Store) []app.Record {
	t.Helper()
	var all []app.Record
	for _, index := range []string{"", "time"} {
		page, err := s.Read(t.Context(), app.Range{Table: "notes", Index: index})
		if err != nil {
			return nil
		}
		all = append(all, page.Records...)
		for _, rec := range page.Records[:min(len(page.Records), 20)] {
			if _, err := s.Get(t.Context(), "notes", rec.ID); err != nil {
				return nil
			}
		}
	}
	return all
}

// served opens the file, waits for the check and reads everything. It returns what
// it is told instead of rows, "late" if only those who read were told; "" if
// there is nothing wrong.
func served(t *testing.T, path string, rows []app.Record, opts ...Option) string {
	t.Helper()
	said := make(chan error, 1)
	s, err := Open(t.Context(), path, notes, append(opts, WithFatal(func(err error) { said <- err }))...)
	if err != nil {
		return "refused: " + err.Error()
	}
	defer func() {
		if err := s.Close(); err != nil && !damaged(err) {
			t.Errorf("Close: %v", err)
		}
	}()
	s.checks.Wait()
	when := "ended: "
	if len(said) == 0 {
		when = "late: "
	}
	got := everything(t, s)
	select {
	case err := <-said:
		if _, err := s.Write(t.Context(), app.Write{Table: "notes", ID: "new", Row: app.Row{}}); err == nil {
			t.Error("a file that is damaged is written to")
		}
		return when + err.Error()
	default:
	}
	if !reflect.DeepEqual(got, rows) {
		t.Errorf("something else is served: %d records, there were %d", len(got), len(rows))
	}
	return ""
}

// A disk has returned another page than was written, anywhere in the file. The
// operator is told what to do, at the start or some minutes later, and nobody is
// served what is left: neither by a file that is checked as a whole when it is
// opened, nor by one that is too large for that.
func TestS8NothingOfADamagedFileIsServed(t *testing.T) {
	path, rows := library(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if said := served(t, path, rows, checkAbove(0)); said != "" {
		t.Fatal("of a file that is whole:", said)
	}
	if pages := len(whole) / pageSize; pages < 40 {
		t.Fatalf("the file has only %d pages", pages)
	}
	kinds := map[string][]byte{
		"torn": bytes.Repeat([]byte{0xFE}, pageSize), "lost": make([]byte, pageSize),
		"of another place": whole[pageSize : 2*pageSize],
	}
	for name, garbage := range kinds {
		for size, above := range map[string]int64{"small": 1 << 30, "large": 0} {
			t.Run(name+" in a "+size+" file", func(t *testing.T) {
				t.Parallel()
				count := map[string]int{}
				path := filepath.Join(t.TempDir(), "app.db")
				for at := pageSize; at < len(whole); at += pageSize {
					if bytes.Equal(whole[at:at+pageSize], garbage) {
						continue
					}
					spoiled := bytes.Clone(whole)
					copy(spoiled[at:], garbage)
					if err := os.WriteFile(path, spoiled, 0o600); err != nil {
						t.Fatal(err)
					}
					_ = os.Remove(path + markSuffix) // of the page before
					said := served(t, path, rows, checkAbove(above))
					word, _, _ := strings.Cut(said, ":")
					count[word]++
					if said != "" && !(strings.Contains(said, path) && strings.Contains(said, "damaged") && strings.Contains(said, "restore the latest backup")) {
						t.Errorf("page %d: %s", 1+at/pageSize, said)
					}
				}
				t.Logf("%v", count)
				if count[""] > freeLeaves(t, whole) {
					t.Errorf("%d pages may be damaged without harm, only %d are not used", count[""], freeLeaves(t, whole))
				}
				if size == "large" && (count["ended"] == 0 || count["late"] > 0) {
					t.Error("some damage was not found by the check beside the work")
				}
			})
		}
	}
}

// freeLeaves is how many pages hold nothing at all.
func freeLeaves(t *testing.T, file []byte) int {
	t.Helper()
	n := int(file[39]) // of up to 255 free pages; the first trunk lists the others
	if n == 0 {
		t.Fatal("the file has no free pages")
	}
	return n - 1
}

// A server has ended because of damage. Started again it looks at all of the file
// before it serves anybody; and serves, once the file is whole again.
func TestS8DamageThatWasFoundIsLookedForAtTheNextStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	s, err := Open(t.Context(), path, notes)
	if err != nil {
		t.Fatal(err)
	}
	w := app.Write{Table: "notes", ID: "a", Row: app.Row{"time": int64(1), "text": strings.Repeat("x", 9000)}}
	if _, err := s.Write(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	rows := everything(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(whole, []byte("xxxxxxxx")) // within a row: SQLite itself sees nothing
	spoiled := bytes.Clone(whole)
	spoiled[at] = 0xFF
	if err := os.WriteFile(path, spoiled, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ended: ", "refused: ", "refused: "} {
		if said := served(t, path, rows, checkAbove(0)); !strings.HasPrefix(said, want+"The database "+path+" is damaged") {
			t.Errorf("%q, want %q", said, want)
		}
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if said := served(t, path, rows); said != "" {
		t.Errorf("of the file that is whole again: %s", said)
	}
	if _, err := os.Stat(path + markSuffix); err == nil {
		t.Error("the mark is still there")
	}
}

// The check of a large file goes on for minutes. Others write meanwhile, and the
// server can stop at any moment.
func TestTheCheckBesideTheWorkDisturbsNobody(t *testing.T) {
	path, _ := library(t)
	s, err := Open(t.Context(), path, notes, checkAbove(0), WithFatal(func(err error) { t.Error(err) }))
	if err != nil {
		t.Fatal(err)
	}
	ctx, done := context.WithCancel(t.Context())
	go func() { s.checks.Wait(); done() }()
	for i := 0; ctx.Err() == nil; i++ {
		w := app.Write{Table: "notes", ID: fmt.Sprintf("%-20d", i%rowsMade), IfRev: app.AnyRev}
		if i%3 > 0 {
			w.Row = app.Row{"time": int64(-i), "text": strings.Repeat("y", i%900)}
		}
		if _, err := s.Write(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err = Open(t.Context(), path, notes, func(s *Store) { s.checkUpTo = 0 }) // with its pauses
	if err != nil {
		t.Fatal(err)
	}
	runtime.Gosched()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
