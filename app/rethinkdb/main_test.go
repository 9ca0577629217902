package rethinkdb_test

import (
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"lyceum/app/rethinkdb"
	"lyceum/app/rethinkdb/rethinkdbtest"
)

// real is a RethinkDB to run all tests with; without it they run with the
// stand-in. make test-rethinkdb gives it.
var (
	real         = flag.String("rethinkdb", "", "the real program, a `file` to run the tests with; for the tests of stores also rethinkdb://user@host")
	realPassword = flag.String("rethinkdb-password", "", "`file` with the password of that user")
)

// TestMain is the stand-in where the test's executable has its name, and a server
// that is killed where it has that of one.
func TestMain(m *testing.M) {
	switch name := filepath.Base(os.Args[0]); {
	case strings.HasPrefix(name, "rethinkdb") && !strings.HasSuffix(name, ".test"):
		rethinkdbtest.Main()
	case name == parentName:
		parent()
	}
	os.Exit(m.Run())
}

// place is a folder in which nodes have theirs, and the program that they run.
type place struct {
	t       *testing.T
	folder  string
	program string
	disk    *rethinkdbtest.Disk // nil: the program is the real one
	log     *record
	nodes   []string // their folders
}

func newPlace(t *testing.T, nodes int) *place {
	t.Helper()
	p := &place{t: t, folder: t.TempDir(), program: *real, log: &record{}}
	if *real == "" {
		p.disk = rethinkdbtest.NewDisk(t, p.folder, nodes)
		p.program = p.self("rethinkdb")
	}
	t.Cleanup(func() {
		for _, folder := range p.nodes {
			if pid := pidOf(t, folder); pid != 0 {
				t.Errorf("the node in %s was left behind", folder)
				_ = syscall.Kill(pid, syscall.SIGKILL) // or it has ended
			}
		}
		if t.Failed() {
			t.Logf("the log:\n%s", p.log.String())
		}
	})
	return p
}

// self is this executable under another name.
func (p *place) self(name string) string {
	p.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	path := filepath.Join(p.folder, name)
	if err := os.Symlink(exe, path); err != nil {
		p.t.Fatal(err)
	}
	return path
}

// options are those of a node with a folder of this name.
func (p *place) options(name string) rethinkdb.Options {
	folder := filepath.Join(p.folder, name)
	p.nodes = append(p.nodes, folder)
	return rethinkdb.Options{
		Folder: folder, Program: p.program,
		Log: slog.New(slog.NewTextHandler(p.log, nil)),
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *place) start(o rethinkdb.Options) *rethinkdb.Server {
	p.t.Helper()
	s, err := rethinkdb.Start(p.t.Context(), o)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			p.t.Error(err)
		}
	})
	return s
}

// record is a log that a test reads.
type record struct {
	mu   sync.Mutex
	text strings.Builder
}

func (r *record) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(b)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}
