package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/mattn/go-sqlite3"

	"lyceum/app"
)

var notes = []app.Table{{Name: "notes", Indexes: []app.Index{{Name: "time", Fields: []string{"time"}}}}}

func openNotes(t *testing.T, opts ...Option) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "app.db"), notes, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func write(ctx context.Context, s *Store, id string, ifRev int64) error {
	_, err := s.Write(ctx, app.Write{Table: "notes", ID: id, Row: app.Row{"time": int64(1)}, IfRev: ifRev})
	return err
}

// failNextCommit makes the disk fail, without anything being committed.
func failNextCommit(s *Store, code sqlite3.ErrNo, extended sqlite3.ErrNoExtended) {
	real := s.commitTx
	s.commitTx = func(context.Context) error {
		s.commitTx = real
		return sqlite3.Error{Code: code, ExtendedCode: extended}
	}
}

// The disk says that it could not sync: what it holds now nobody knows. Nobody
// may be told that his work is saved, nor that it is not, and the process must
// end before it reads back what was never written.
func TestS6ErrorOfFsyncEndsTheProcess(t *testing.T) {
	var fatal error
	s := openNotes(t, WithFatal(func(err error) { fatal = err }))
	if err := write(t.Context(), s, "before", app.Absent); err != nil {
		t.Fatal(err)
	}
	failNextCommit(s, sqlite3.ErrIoErr, sqlite3.ErrIoErrFsync)
	if err := write(t.Context(), s, "a", app.Absent); !errors.Is(err, app.ErrUnknown) {
		t.Errorf("write = %v, want ErrUnknown", err)
	}
	if fatal == nil || codeOf(fatal) != sqlite3.ErrIoErr {
		t.Errorf("the hook was given %v", fatal)
	}
	if err := write(t.Context(), s, "b", app.Absent); err == nil || errors.Is(err, app.ErrUnknown) {
		t.Errorf("a later write = %v, want a plain failure", err)
	}
	if _, err := s.Get(t.Context(), "notes", "before"); err != nil {
		t.Errorf("Get = %v", err)
	}
}

// A server whose author forgot the hook must end all the same.
func TestS6WithoutHookItPanics(t *testing.T) {
	s := openNotes(t)
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, app.ErrUnknown) {
			t.Errorf("recovered %v", err)
		}
	}()
	_ = s.fail(errors.New("sync failed"))
}

// No room for the log at COMMIT: nothing has happened, and it can be tried again.
func TestFullDiskAtCommitIsAPlainFailure(t *testing.T) {
	s := openNotes(t)
	failNextCommit(s, sqlite3.ErrFull, 0)
	if err := write(t.Context(), s, "a", app.Absent); !app.IsKind(err, app.Unavailable) {
		t.Errorf("write = %v, want Unavailable", err)
	}
	if _, err := s.Get(t.Context(), "notes", "a"); !errors.Is(err, app.ErrNotFound) {
		t.Errorf("Get = %v, want ErrNotFound", err)
	}
	if err := write(t.Context(), s, "a", app.Absent); err != nil {
		t.Errorf("write with room again = %v", err)
	}
}

// The file may not grow while rows are still being put into it: that is found
// before the commit.
func TestFullDiskBeforeCommitIsAPlainFailure(t *testing.T) {
	s := openNotes(t)
	limit := func(pages int) {
		if _, err := s.conn.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	limit(20)
	big := app.Write{Table: "notes", ID: "a", Row: app.Row{"text": strings.Repeat("x", 1<<20)}}
	if _, err := s.Write(t.Context(), big); !app.IsKind(err, app.Unavailable) {
		t.Errorf("write = %v, want Unavailable", err)
	}
	limit(2000)
	if _, err := s.Write(t.Context(), big); err != nil {
		t.Errorf("write with room again = %v", err)
	}
}

// A tab goes away in the very moment of the commit.
func TestS6ContextThatEndsInCommitGivesUnknown(t *testing.T) {
	s := openNotes(t)
	ctx, cancel := context.WithCancel(t.Context())
	returned := make(chan struct{})
	real := s.commitTx
	s.commitTx = func(ctx context.Context) error {
		cancel()
		<-returned
		return real(ctx)
	}
	err := write(ctx, s, "a", app.Absent)
	close(returned)
	if !errors.Is(err, app.ErrUnknown) || errors.Is(err, context.Canceled) {
		t.Errorf("write = %v, want ErrUnknown alone", err)
	}
}

// held stops the writer in its next commit until release is called; then counts
// the commits.
func held(t *testing.T, s *Store) (release func(), commits *int) {
	t.Helper()
	reached, free, count := make(chan struct{}), make(chan struct{}), 0
	real := s.commitTx
	s.commitTx = func(ctx context.Context) error {
		if count++; count == 1 {
			close(reached)
			<-free
		}
		return real(ctx)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := write(t.Context(), s, "held", app.Absent); err != nil {
			t.Errorf("write: %v", err)
		}
	})
	<-reached
	return func() { close(free); wg.Wait() }, &count
}

// queued waits until this many writes wait for the writer.
func queued(s *Store, n int) {
	for len(s.queue) < n {
		runtime.Gosched()
	}
}

// A tab goes away while its write still waits: it is not made, and is not
// unknown.
func TestWriteThatWaitsCanBeTakenBack(t *testing.T) {
	s := openNotes(t)
	release, _ := held(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() { result <- write(ctx, s, "a", app.Absent) }()
	queued(s, 1)
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) || errors.Is(err, app.ErrUnknown) {
		t.Errorf("write = %v, want context.Canceled alone", err)
	}
	release()
	if err := write(t.Context(), s, "b", app.Absent); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), "notes", "a"); !errors.Is(err, app.ErrNotFound) {
		t.Errorf("the write that was taken back: %v, want ErrNotFound", err)
	}
}

// A class presses keys at once: one fsync for all of them, and whoever was too
// late fails alone (S5).
func TestS5WritesThatWaitShareOneCommit(t *testing.T) {
	s := openNotes(t)
	release, commits := held(t, s)
	const writes = 60
	results := make(chan error, writes)
	for i := range writes {
		go func() { results <- write(t.Context(), s, fmt.Sprint(i/3), app.Absent) }()
	}
	queued(s, writes)
	release()
	won := 0
	for range writes {
		switch err := <-results; {
		case err == nil:
			won++
		case !errors.Is(err, app.ErrConflict):
			t.Errorf("write: %v", err)
		}
	}
	if won != writes/3 || *commits != 2 {
		t.Errorf("%d of %d writes won in %d commits, want %d in the one after the held", won, writes, *commits, writes/3)
	}
}

// Somebody drops twenty large files: whoever types meanwhile waits for a few of
// them, not for all.
func TestCommitIsBoundedInBytes(t *testing.T) {
	s := openNotes(t)
	release, commits := held(t, s)
	const writes = 20
	var wg sync.WaitGroup
	for i := range writes {
		wg.Go(func() {
			w := app.Write{Table: "notes", ID: fmt.Sprint(i), Row: app.Row{"text": strings.Repeat("x", 1<<20)}}
			if _, err := s.Write(t.Context(), w); err != nil {
				t.Errorf("write: %v", err)
			}
		})
	}
	queued(s, writes)
	release()
	wg.Wait()
	if *commits < 1+writes/5 {
		t.Errorf("%d MiB went in %d commits", writes, *commits-1)
	}
	page, err := s.Read(t.Context(), app.Range{Table: "notes"})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Records) != 16 || page.Next == nil {
		t.Errorf("the first page has %d MiB, next %q; want 16 and more to come", len(page.Records), page.Next)
	}
}

// A migration that fails half way must leave the version before it.
func TestMigrationIsWholeOrNotAtAll(t *testing.T) {
	s := openNotes(t)
	steps := fstest.MapFS{
		"001.sql": {Data: []byte("not run again")},
		"002.sql": {Data: []byte("CREATE TABLE _second (a INTEGER) STRICT; INSERT INTO _second VALUES (1)")},
		"003.sql": {Data: []byte("CREATE TABLE _third (a INTEGER) STRICT; INSERT INTO nothing VALUES (1)")},
	}
	if err := migrate(t.Context(), s.conn, steps); err == nil || !strings.Contains(err.Error(), "003.sql") {
		t.Fatalf("migrate = %v, want an error of 003.sql", err)
	}
	var version, tables int
	if err := scan(t.Context(), s.conn, &version, "PRAGMA user_version"); err != nil || version != 2 {
		t.Errorf("version %d, %v; want 2", version, err)
	}
	err := scan(t.Context(), s.conn, &tables, "SELECT count(*) FROM sqlite_schema WHERE name IN ('_second', '_third')")
	if err != nil || tables != 1 {
		t.Errorf("%d new tables, %v; want 1", tables, err)
	}
	steps["003.sql"] = &fstest.MapFile{Data: []byte("DROP TABLE _second")}
	if err := migrate(t.Context(), s.conn, steps); err != nil {
		t.Errorf("migrate after the repair = %v", err)
	}
}

// The driver ignores what it does not understand; a store without these promises
// must not open.
func TestS8PragmasAreReadBack(t *testing.T) {
	s := openNotes(t)
	for name, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "wal_autocheckpoint": "0", "busy_timeout": "10000",
	} {
		var got string
		if err := scan(t.Context(), s.conn, &got, "PRAGMA "+name); err != nil || got != want {
			t.Errorf("%s = %q, %v; want %q", name, got, err, want)
		}
	}
	r, err := s.readers.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.readers.release(r)
	if _, err := r.conn.Exec("DELETE FROM notes", nil); err == nil {
		t.Error("a reader's connection can write")
	}
	ignored := connector{filepath.Join(t.TempDir(), "a.db"), []pragma{{"journal_mode", "nonsense", "wal"}}}
	if _, err := ignored.Connect(t.Context()); err == nil || !strings.Contains(err.Error(), "journal_mode") {
		t.Errorf("a store without a WAL: %v, want a sentence that names journal_mode", err)
	}
}
