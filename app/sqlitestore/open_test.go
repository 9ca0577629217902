package sqlitestore_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	_ "github.com/mattn/go-sqlite3"
	"golang.org/x/sys/unix"

	"lyceum/app"
	"lyceum/app/sqlitestore"
)

var tables = []app.Table{{Name: "notes", Indexes: []app.Index{{Name: "time", Fields: []string{"time"}}}}}

// sqlite does to a closed database what an operator could do with the shell.
func sqlite(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite3", (&url.URL{Scheme: "file", Path: path}).String())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

// made returns the path of a closed store with some rows.
func made(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.db")
	s := open(t, path)
	for i := range 40 {
		w := app.Write{Table: "notes", ID: fmt.Sprint(i), Row: app.Row{"time": int64(i), "text": strings.Repeat("x", 2500)}}
		if _, err := s.Write(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, path string, opts ...sqlitestore.Option) *sqlitestore.Store {
	t.Helper()
	s, err := sqlitestore.Open(t.Context(), path, tables, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// refused fails unless opening gives an error with all the words.
func refused(t *testing.T, path string, words ...string) {
	t.Helper()
	s, err := sqlitestore.Open(t.Context(), path, tables)
	if err == nil {
		t.Fatal("opened", s.Close())
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
}

// What an operator reads when the server does not start must say what to do,
// and the file must be as it was.
func TestS8OpenRefusesWithASentence(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, path string)
		words []string
	}{
		{"newer database", func(t *testing.T, path string) { sqlite(t, path, "PRAGMA user_version = 7") },
			[]string{"version 7", "newer Lyceum", "versions up to 1", "backup"}},
		{"database of another program", func(t *testing.T, path string) { sqlite(t, path, "PRAGMA application_id = 1") },
			[]string{"another program"}},
		{"no database", func(t *testing.T, path string) { write(t, path, 0, strings.Repeat("This is a letter. ", 100)) },
			[]string{path0, "damaged", "backup", ".recover"}},
		{"torn pages", func(t *testing.T, path string) { write(t, path, 3*4096, strings.Repeat("torn", 3*1024)) },
			[]string{path0, "damaged", "backup", ".recover"}},
		{"free pages that are not there", func(t *testing.T, path string) { write(t, path, 36, "\x00\x00\x00\x07") },
			[]string{path0, "damaged", "backup", ".recover"}},
		{"cut short", func(t *testing.T, path string) { cut(t, path, 5*4096) },
			[]string{path0, "damaged", "backup", ".recover"}},
		{"table of another shape", func(t *testing.T, path string) { sqlite(t, path, "ALTER TABLE notes ADD COLUMN more TEXT") },
			[]string{path0, "damaged"}},
		{"index of another shape", func(t *testing.T, path string) { sqlite(t, path, `ALTER TABLE "notes.time" ADD COLUMN more TEXT`) },
			[]string{path0, "damaged"}},
		{"folder in its place", func(t *testing.T, path string) { remove(t, path); mkdir(t, path) },
			[]string{path0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := made(t)
			test.spoil(t, path)
			before, _ := os.ReadFile(path) // a folder has no content
			for i, word := range test.words {
				if word == path0 {
					test.words[i] = path
				}
			}
			refused(t, path, test.words...)
			if after, _ := os.ReadFile(path); string(before) != string(after) {
				t.Error("the refused file was changed")
			}
		})
	}
}

// path0 stands for the path of the database.
const path0 = "(path)"

func write(t *testing.T, path string, offset int64, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(text), offset); err != nil {
		t.Fatal(err)
	}
}

func cut(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

// The server was started as the wrong user.
func TestOpenRefusesFolderThatCannotBeWritten(t *testing.T) {
	path := made(t)
	dir := filepath.Dir(path)
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 { // root may everything; look at files as nobody does
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if _, err := unix.SetfsuidRetUid(65534); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if _, err := unix.SetfsuidRetUid(0); err != nil {
				t.Fatal(err)
			}
		}()
	}
	refused(t, path, dir, "cannot be written", "owner")
	refused(t, filepath.Join(dir, "deeper", "app.db"), "cannot be written")
}

// The data directory of the configuration is a file.
func TestOpenRefusesFileInPlaceOfTheFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, filepath.Join(path, "app.db"), path, "not a folder")
}

// Two servers on one data directory: the second one says who is in the way.
func TestOpenSaysWhichProcessHoldsTheData(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	s := open(t, path)
	defer s.Close()
	refused(t, path, filepath.Dir(path), fmt.Sprintf("id %d", os.Getpid()), "Stop that server")
}

// The database holds hashes of passwords; other users of the machine must not
// read it.
func TestFilesAreReadableForTheirOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	s := open(t, filepath.Join(dir, "app.db"))
	defer s.Close()
	if _, err := s.Write(t.Context(), app.Write{Table: "notes", ID: "a", Row: app.Row{}}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) < 3 {
		t.Errorf("only %v are there", entries)
	}
	for _, name := range append(entries, nil) {
		path := dir
		if name != nil {
			path = filepath.Join(dir, name.Name())
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
	}
}

// A data directory may have any name.
func TestOpenTakesAnyPath(t *testing.T) {
	for _, name := range []string{"a?b=c", "a%20b", "a b#c", "ä", `q"'`} {
		path := filepath.Join(t.TempDir(), name, name+".db")
		s := open(t, path)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
}

// An operator presses Ctrl-C while a large index is being filled.
func TestOpenEndsWithItsContext(t *testing.T) {
	path := made(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := sqlitestore.Open(ctx, path, tables); err == nil {
		t.Fatal("opened", s.Close())
	}
	s := open(t, path) // and nothing is left locked
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// An operator copies the data directory of a stopped server: everything must be
// in the one file, and nothing of the process may still hold it.
func TestCloseLeavesOneFile(t *testing.T) {
	path := made(t)
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"app.db", "app.db.lock"}; !slices.Equal(names, want) {
		t.Errorf("after Close there are %v, want %v", names, want)
	}
}
