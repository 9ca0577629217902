package migrate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/schema"
	"lyceum/app/sqlitestore"
)

var quiet = slog.New(slog.DiscardHandler)

// errKilled is what every write says after the process was killed.
var errKilled = errors.New("killed")

// mortal is a store whose process is killed at a write: before it, or after it
// was committed and before anybody knew.
type mortal struct {
	app.Store
	left  int // writes until then
	after bool
}

func (m *mortal) Write(ctx context.Context, w app.Write) (app.Record, error) {
	if m.left--; m.left < 0 {
		if m.after && m.left == -1 {
			_, _ = m.Store.Write(ctx, w) // nobody hears of it
		}
		return app.Record{}, errKilled
	}
	return m.Store.Write(ctx, w)
}

func seed(t *testing.T, s app.Store, table string, rows ...app.Row) {
	t.Helper()
	for _, row := range rows {
		id, _ := row["id"].(string)
		if _, err := s.Write(t.Context(), app.Write{Table: table, ID: id, Row: row, IfRev: app.Absent}); err != nil {
			t.Fatal(err)
		}
	}
}

// rows are all of a table, by id.
func rows(t *testing.T, s app.Store, table string) map[string]app.Row {
	t.Helper()
	all := map[string]app.Row{}
	r := app.Range{Table: table}
	for {
		page, err := s.Read(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range page.Records {
			all[rec.ID] = rec.Row
		}
		if r.After = page.Next; r.After == nil {
			return all
		}
	}
}

// revision is the number of the store's last write.
func revision(t *testing.T, s app.Store) int64 {
	t.Helper()
	page, err := s.Read(t.Context(), app.Range{Table: table, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	return page.Position.N
}

// two steps of which the second relies on the first: one changes rows and takes
// some away, one moves a value.
var two = []Step{
	{Text: "short titles are given a mark, empty ones go", Table: "projects", Row: func(row app.Row) app.Row {
		switch title, _ := row["title"].(string); {
		case title == "":
			return nil
		case len(title) == 1:
			next := maps.Clone(row)
			next["title"] = title + "!"
			return next
		}
		return row
	}},
	{Text: "the title is also a description", Table: "projects", Row: func(row app.Row) app.Row {
		if row["description"] != nil {
			return row
		}
		next := maps.Clone(row)
		next["description"] = row["title"]
		return next
	}},
}

// A server that is killed while it migrates, at whatever write, is started again
// and goes on: in the end the rows are those of a migration that was let alone.
func TestAKilledMigrationGoesOn(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		killed(t, func() app.Store { return memstore.New(schema.Tables()) })
	})
	t.Run("SQLite", func(t *testing.T) {
		killed(t, func() app.Store {
			s, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "lyceum.db"), schema.Tables())
			if err != nil {
				t.Fatal(err)
			}
			return s
		})
	})
}

func killed(t *testing.T, open func() app.Store) {
	fresh := func() app.Store {
		s := open()
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		for i := range 6 {
			seed(t, s, "projects", app.Row{"id": fmt.Sprint("p", i), "title": strings.Repeat("x", i%3)})
		}
		return s
	}
	whole := fresh()
	if err := run(t.Context(), whole, quiet, two); err != nil {
		t.Fatal(err)
	}
	want := rows(t, whole, "projects")
	if len(want) != 4 || want["p1"]["title"] != "x!" || want["p1"]["description"] != "x!" {
		t.Fatalf("migrated to %v", want)
	}
	for _, after := range []bool{false, true} {
		for k := 0; ; k++ {
			s := fresh()
			err := run(t.Context(), &mortal{s, k, after}, quiet, two)
			if err == nil {
				break // k writes are all there are
			}
			if !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			if err := run(t.Context(), s, quiet, two); err != nil {
				t.Fatal(err)
			}
			if got := rows(t, s, "projects"); !reflect.DeepEqual(got, want) {
				t.Errorf("killed at write %d (after: %t) and started again: %v, want %v", k, after, got, want)
			}
			if n, _, err := progress(t.Context(), s); n != 2 || err != nil {
				t.Errorf("version %d, %v", n, err)
			}
		}
	}
}

// A start must cost nothing where there is nothing to do.
func TestAMigrationIsRunOnce(t *testing.T) {
	s := memstore.New(schema.Tables())
	seed(t, s, "projects", app.Row{"id": "p1", "title": "x"})
	if err := run(t.Context(), s, quiet, two); err != nil {
		t.Fatal(err)
	}
	before := revision(t, s)
	seen := two[:1:1]
	seen = append(seen, Step{Text: "never runs", Table: "projects", Row: func(app.Row) app.Row {
		t.Error("a step that is done runs again")
		return nil
	}})
	if err := run(t.Context(), s, quiet, seen); err != nil {
		t.Fatal(err)
	}
	if after := revision(t, s); after != before {
		t.Errorf("the second run has written %d times", after-before)
	}
}

// What a page shows may have changed before it is written: two servers of a
// cluster start at once, and what one has written is never undone.
func TestAStepChangesTheRowThatIsThereNow(t *testing.T) {
	s := memstore.New(schema.Tables())
	seed(t, s, "projects", app.Row{"id": "p1", "title": "x"})
	meddling := &meddler{Store: s, t: t}
	if err := run(t.Context(), meddling, quiet, two); err != nil {
		t.Fatal(err)
	}
	got := rows(t, s, "projects")["p1"]
	if got["title"] != "changed" || got["description"] != "changed" {
		t.Errorf("the row is %v", got)
	}
}

// meddler changes a row right after it was first read in a page.
type meddler struct {
	app.Store
	t    *testing.T
	done bool
}

func (m *meddler) Read(ctx context.Context, r app.Range) (app.Page, error) {
	page, err := m.Store.Read(ctx, r)
	if err == nil && !m.done && r.Table == "projects" {
		m.done = true
		w := app.Write{Table: "projects", ID: "p1", Row: app.Row{"id": "p1", "title": "changed"}, IfRev: app.AnyRev}
		if _, err := m.Store.Write(ctx, w); err != nil {
			m.t.Error(err)
		}
	}
	return page, err
}

// Whoever goes back to an older program must learn it before that one writes
// rows which the newer does not understand, also where that one was killed in the
// middle of its first step.
func TestANewerDatabaseIsRefused(t *testing.T) {
	s := memstore.New(schema.Tables())
	seed(t, s, "projects", app.Row{"id": "p1", "title": "x"})
	if err := raise(t.Context(), s, 0, int64(len(steps))+7); err != nil {
		t.Fatal(err)
	}
	before := revision(t, s)
	err := Run(t.Context(), s, quiet)
	if kind, text := app.Public(err); kind != app.Unavailable || !strings.Contains(text, "newer Lyceum") || !strings.Contains(text, fmt.Sprint(len(steps)+7)) {
		t.Errorf("says %v", err)
	}
	if revision(t, s) != before {
		t.Error("something was written")
	}
}

func TestEveryStepIsDeclaredWhole(t *testing.T) {
	for i, s := range steps {
		if _, known := schema.Lookup(s.Table); !known || s.Text == "" || s.Row == nil {
			t.Errorf("step %d: %+v", i+1, s)
		}
	}
}

// Without last_edited a project would be missing in everybody's list.
func TestProjectsGetATimeOfTheirLastEdit(t *testing.T) {
	tests := []struct {
		name string
		row  app.Row
		want int64
	}{
		{"what is there stays", app.Row{"created": int64(5), "last_edited": int64(9)}, 9},
		{"when it was made", app.Row{"created": int64(5)}, 5},
		{"when it was last acted on", app.Row{"created": int64(5), "action_request": app.Row{"time": int64(7)}}, 7},
		{"nothing is known", app.Row{}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := maps.Clone(tt.row)
			once := lastEdited(tt.row)
			if once["last_edited"] != tt.want || !reflect.DeepEqual(tt.row, before) {
				t.Errorf("%v became %v, want %d", before, once, tt.want)
			}
			if again := lastEdited(once); !reflect.DeepEqual(again, once) {
				t.Errorf("a second time it became %v", again)
			}
		})
	}
}
