package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport is the picture in ARCHITECTURE.md in a form that can fail: which of
// our own packages each one may import. Tests may import what they like.
var mayImport = map[string][]string{
	".":                                     {"app/config", "app/reference", "app/server"},
	"app":                                   {},
	"app/access":                            {"app"},
	"app/auth":                              {"app", "app/access", "app/query", "app/schema"},
	"app/config":                            {},
	"app/copydb":                            {"app", "app/migrate", "app/packed"},
	"app/document":                          {"app", "app/access", "app/query", "app/yjs"},
	"app/durable":                           {},
	"app/feed":                              {"app"},
	"app/live":                              {"app", "app/metrics"},
	"app/memstore":                          {"app", "app/feed", "app/ordered"},
	"app/metrics":                           {"app"},
	"app/metrics/metricstest":               {},
	"app/migrate":                           {"app", "app/query"},
	"app/ordered":                           {"app"},
	"app/packed":                            {"app", "app/ordered"},
	"app/place":                             {"app", "app/durable", "app/query"},
	"app/query":                             {"app", "app/access", "app/live", "app/metrics", "app/schema", "app/yjs"},
	"app/reference":                         {"app/schema"},
	"app/rethinkdb":                         {"app", "app/durable"},
	"app/rethinkdb/cluster":                 {"app"},
	"app/rethinkdb/rethinkdbtest":           {"app/rethinkstore/rethinktest"},
	"app/rethinkstore":                      {"app", "app/feed", "app/metrics", "app/ordered", "app/packed"},
	"app/rethinkstore/rethinktest":          {},
	"app/schema":                            {"app"},
	"app/server":                            {"*"},
	"app/service":                           {},
	"app/sqlitestore":                       {"app", "app/feed", "app/metrics", "app/ordered", "app/packed"},
	"app/stats":                             {"app", "app/access", "app/metrics", "app/schema"},
	"app/storetest":                         {"app", "app/memstore", "app/ordered"},
	"app/web":                               {"app", "app/access", "app/auth", "app/config", "app/document", "app/live", "app/metrics", "app/query", "app/wire", "projects", "terminal"},
	"app/wire":                              {"app", "app/schema"},
	"app/yjs":                               {},
	"embed":                                 {},
	"embed/notices":                         {},
	"embed/pack":                            {},
	"projects":                              {"app", "app/access", "app/durable", "app/place", "app/query", "app/schema", "projects/*", "terminal"},
	"projects/agent":                        {"app", "projects/files", "projects/sandbox/stage", "terminal", "terminal/pty"},
	"projects/agent/lyceum-agent":           {"projects/agent", "projects/sandbox/stage"},
	"projects/agent/liar":                   {"projects/agent", "projects/sandbox/stage"},
	"projects/disk":                         {},
	"projects/files":                        {"app"},
	"projects/network":                      {"app"},
	"projects/network/forward":              {"projects/network", "projects/network/link"},
	"projects/network/helper":               {"projects/network", "projects/network/forward", "projects/sandbox/stage"},
	"projects/network/link":                 {},
	"projects/network/lyceum-network":       {"projects/network/helper"},
	"projects/network/networktest":          {},
	"projects/network/networktest/confined": {"projects/network/helper", "projects/network/link"},
	"projects/sandbox":                      {"app", "projects/network/link", "projects/sandbox/stage"},
	"projects/sandbox/sandboxtest":          {"app", "projects", "projects/agent", "projects/disk", "projects/files", "projects/sandbox"},
	"projects/sandbox/sandboxtest/intruder": {"projects/sandbox/stage"},
	"projects/sandbox/stage":                {"projects/network/link"},
	"terminal":                              {"terminal/pty"},
	"terminal/pty":                          {},
	"terminal/pty/ptytest":                  {"terminal/pty"},
}

// Bounds of length. What grows beyond them holds two nouns, or two steps.
const (
	maxFileLines     = 500
	maxFunctionLines = 70
)

// A source is one Go file of the repository.
type source struct {
	path string // from the root, with slashes
	text string
	tree *ast.File
	fset *token.FileSet
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s source) generated() bool { return ast.IsGenerated(s.tree) }

func (s source) line(p token.Pos) int { return s.fset.Position(p).Line }

// walk calls fn for every file of the repository, but not for what is built or
// installed.
func walk(t *testing.T, fn func(path string)) {
	t.Helper()
	skip := []string{".git", "node_modules", "bin", "dist", ".dev", "test-results", "playwright-report", "testdata"}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if slices.Contains(skip, entry.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		fn(filepath.ToSlash(name))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// sources parses every Go file.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	walk(t, func(name string) {
		if path.Ext(name) != ".go" {
			return
		}
		s := source{path: name, text: read(t, name), fset: token.NewFileSet()}
		var err error
		if s.tree, err = parser.ParseFile(s.fset, name, s.text, parser.ParseComments|parser.SkipObjectResolution); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	})
	return all
}

func TestImportsGoOneWay(t *testing.T) {
	for _, s := range sources(t) {
		dir := path.Dir(s.path)
		allowed, known := mayImport[dir]
		if !known {
			t.Errorf("%s: package %s is not in mayImport; say where it belongs", s.path, dir)
			continue
		}
		if s.test() {
			continue
		}
		for _, spec := range s.tree.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			ours, found := strings.CutPrefix(name, "lyceum/")
			if found && !slices.ContainsFunc(allowed, func(pattern string) bool { return covers(pattern, ours) }) {
				t.Errorf("%s: must not import %s (see ARCHITECTURE.md)", s.path, ours)
			}
		}
	}
}

// covers reports whether a pattern of mayImport allows a package.
func covers(pattern, name string) bool {
	if folder, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, folder)
	}
	return pattern == name
}

func TestEveryPackageHasOneComment(t *testing.T) {
	comments := map[string][]string{}
	for _, s := range sources(t) {
		dir := path.Dir(s.path)
		if s.test() {
			continue
		}
		if comments[dir] == nil {
			comments[dir] = []string{}
		}
		if s.tree.Doc != nil {
			comments[dir] = append(comments[dir], s.path)
		}
	}
	for dir, files := range comments {
		if len(files) != 1 {
			t.Errorf("package %s has %d package comments %v, want exactly one", dir, len(files), files)
		}
	}
}

func TestFilesAndFunctionsStayShort(t *testing.T) {
	for _, s := range sources(t) {
		if s.generated() {
			continue
		}
		if n := strings.Count(s.text, "\n"); n > maxFileLines {
			t.Errorf("%s has %d lines, more than %d: which nouns live there together?", s.path, n, maxFileLines)
		}
		for _, d := range s.tree.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := s.line(f.End()) - s.line(f.Pos()) + 1; n > maxFunctionLines {
				t.Errorf("%s:%d: %s has %d lines, more than %d", s.path, s.line(f.Pos()), f.Name.Name, n, maxFunctionLines)
			}
		}
	}
}
