package main

import (
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// calls calls fn for every use of package.name in a file, with the calls around
// it, the outermost first.
func (s source) calls(fn func(name string, at ast.Node, around []ast.Node)) {
	var stack []ast.Node
	ast.Inspect(s.tree, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok {
				fn(x.Name+"."+sel.Sel.Name, n, stack)
			}
		}
		stack = append(stack, n)
		return true
	})
}

// One struct holds what an operator can set; a variable that is read elsewhere
// would be a setting that `lyceum config` does not show.
func TestOnlyConfigReadsTheEnvironment(t *testing.T) {
	for _, s := range sources(t) {
		dir := path.Dir(s.path)
		if s.test() || dir == "app/config" || dir == "." { // main passes os.Getenv on
			continue
		}
		s.calls(func(name string, at ast.Node, _ []ast.Node) {
			if name == "os.Getenv" || name == "os.LookupEnv" {
				t.Errorf("%s:%d: %s outside app/config", s.path, s.line(at.Pos()), name)
			}
		})
	}
}

// A test that sleeps is slow when it passes and fails when the machine is busy.
// In synctest time costs nothing; a helper of such tests says so in its comment.
func TestTestsDoNotSleep(t *testing.T) {
	for _, s := range sources(t) {
		if !s.test() && !strings.HasSuffix(path.Dir(s.path), "test") {
			continue
		}
		s.calls(func(name string, at ast.Node, around []ast.Node) {
			if name == "time.Sleep" && !slices.ContainsFunc(around, inSynctest) {
				t.Errorf("%s:%d: sleeps; wait for the event, or use synctest", s.path, s.line(at.Pos()))
			}
		})
	}
}

func inSynctest(n ast.Node) bool {
	if f, ok := n.(*ast.FuncDecl); ok && strings.Contains(f.Doc.Text(), "synctest") {
		return true
	}
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == "synctest" && sel.Sel.Name == "Test"
}

// Work that no context ends is work that nobody can stop. It is allowed in main,
// in service.Group, and where a comment on the line or the one above says why.
func TestBackgroundIsExplained(t *testing.T) {
	for _, s := range sources(t) {
		dir := path.Dir(s.path)
		if s.test() || dir == "." || dir == "app/service" || s.tree.Name.Name == "main" {
			continue
		}
		explained := map[int]bool{}
		for _, group := range s.tree.Comments {
			end := s.line(group.End())
			explained[end], explained[end+1] = true, true
		}
		s.calls(func(name string, at ast.Node, _ []ast.Node) {
			line := s.line(at.Pos())
			if (name == "context.Background" || name == "context.TO"+"DO") && !explained[line] {
				t.Errorf("%s:%d: %s without a comment that says why the work outlives its caller", s.path, line, name)
			}
		})
	}
}

// What is left open belongs into an issue, and a test that does not run proves
// nothing.
func TestNothingIsLeftOpen(t *testing.T) {
	left := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b|\bt\.Sk` + `ip(f|Now)?\(|\b(test|it|describe)\.(sk` + `ip|on` + `ly|fix` + `me|to` + `do)\b`)
	walk(t, func(name string) {
		if !slices.Contains([]string{".go", ".ts", ".tsx", ".css", ".sql", ".md"}, path.Ext(name)) || name == "THIRD_PARTY_NOTICES.md" {
			return
		}
		n := 0
		for line := range strings.Lines(read(t, name)) {
			n++
			if found := left.FindString(line); found != "" {
				t.Errorf("%s:%d: %s", name, n, found)
			}
		}
	})
}
