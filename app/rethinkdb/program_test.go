package rethinkdb_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app/rethinkdb"
)

// carry packs a program as make bundle does, and counts how often it is opened.
func carry(t *testing.T, program []byte) (*rethinkdb.Carried, *int) {
	t.Helper()
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.NoCompression) // the test's program is large
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(program); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	sum, opened := sha256.Sum256(program), 0
	return &rethinkdb.Carried{SHA256: hex.EncodeToString(sum[:]), Open: func() (io.ReadCloser, error) {
		opened++
		return io.NopCloser(bytes.NewReader(packed.Bytes())), nil
	}}, &opened
}

// One file that is copied to a machine is all that it needs.
func TestACarriedProgramIsUnpackedAndRun(t *testing.T) {
	t.Parallel()
	p := newPlace(t, 1)
	text, err := os.ReadFile(p.program)
	if err != nil {
		t.Fatal(err)
	}
	o := p.options("one")
	o.Program = ""
	var opened *int
	o.Carried, opened = carry(t, text)
	for range 2 {
		s, err := rethinkdb.Start(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		do(t, session(t, s.Reach()), r.DBList())
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if *opened != 1 {
		t.Errorf("it was unpacked %d times", *opened)
	}
}

func TestACarriedProgramIsCheckedByItsHash(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	old, _ := carry(t, []byte("old"))
	if _, err := rethinkdb.Program("", old, folder); err != nil {
		t.Fatal(err)
	}
	carried, opened := carry(t, []byte("#!/bin/true\n"))
	path, err := rethinkdb.Program("", carried, folder)
	if err != nil {
		t.Fatal(err)
	}
	if files, err := filepath.Glob(filepath.Join(folder, "*")); err != nil || len(files) != 1 {
		t.Errorf("there are %q, %v", files, err)
	}
	// Somebody has put another program in its place.
	if err := os.WriteFile(path, []byte("#!/bin/evil\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := rethinkdb.Program("", carried, folder); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "#!/bin/true\n" || *opened != 2 {
		t.Errorf("the program is %q after %d times, %v", text, *opened, err)
	}
	// The executable was damaged.
	carried.SHA256 = strings.Repeat("0", 64)
	if _, err := rethinkdb.Program("", carried, folder); err == nil || !strings.Contains(err.Error(), "cannot be unpacked") || !strings.Contains(err.Error(), "instead of 0000") {
		t.Errorf("Program = %v", err)
	}
	if files, err := filepath.Glob(filepath.Join(folder, "*")); err != nil || len(files) != 1 {
		t.Errorf("there are %q, %v", files, err)
	}
}

func TestAProgramIsNamedBeforeItIsCarriedBeforeItIsOnThePath(t *testing.T) {
	folder := t.TempDir()
	onPath := filepath.Join(folder, "rethinkdb")
	named := filepath.Join(folder, "named")
	for _, path := range []string{onPath, named} {
		if err := os.WriteFile(path, []byte("#!/bin/true\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	carried, _ := carry(t, []byte("x"))
	t.Setenv("PATH", folder)
	for _, tt := range []struct {
		asked   string
		carried *rethinkdb.Carried
		want    string
	}{{named, carried, named}, {"", carried, filepath.Join(folder, "own", "rethinkdb-"+carried.SHA256[:12])}, {"", nil, onPath}} {
		if got, err := rethinkdb.Program(tt.asked, tt.carried, filepath.Join(folder, "own")); err != nil || got != tt.want {
			t.Errorf("Program = %q, %v; want %q", got, err, tt.want)
		}
	}
	t.Setenv("PATH", "")
	if _, err := rethinkdb.Program("", nil, folder); err == nil || !strings.Contains(err.Error(), "Install it, name it with --rethinkdb") {
		t.Errorf("Program = %v", err)
	}
}
