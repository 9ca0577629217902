package main

import (
	"go/ast"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// ruleRow is a line of a table in PROTOCOL.md that states a rule.
	ruleRow = regexp.MustCompile(`(?m)^\|\s*([A-Z][0-9]{1,2})\s*\|`)
	// goTest is a test's name that begins with numbers: TestL5…, TestS1S4….
	goTest = regexp.MustCompile(`^(?:Test|Fuzz)((?:[A-Z][0-9]{1,2})+)(?:[A-Z_]|$)`)
	// caseName is the name of a case: "L5/…", "S1 S4: …".
	caseName = regexp.MustCompile("[\"'`]((?:[A-Z][0-9]{1,2}[ ,+]*)+)[/: ]")
	number   = regexp.MustCompile(`[A-Z][0-9]{1,2}`)
)

// Every promise has a number in PROTOCOL.md and a test with that number. A rule
// without a test is a hope; a number without a rule is a promise that nobody can
// read.
func TestEveryRuleHasATestAndTheReverse(t *testing.T) {
	rules := map[string]bool{}
	for _, m := range ruleRow.FindAllStringSubmatch(read(t, "PROTOCOL.md"), -1) {
		if rules[m[1]] {
			t.Errorf("PROTOCOL.md states rule %s twice", m[1])
		}
		rules[m[1]] = true
	}
	if len(rules) == 0 {
		t.Fatal("PROTOCOL.md has no row such as | S1 | … |")
	}
	tested := testedRules(t)
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		if tested[rule] == "" {
			t.Errorf("rule %s of PROTOCOL.md has no test with its number in the name", rule)
		}
	}
	letters := map[byte]bool{}
	for rule := range rules {
		letters[rule[0]] = true
	}
	for _, rule := range slices.Sorted(maps.Keys(tested)) {
		if !rules[rule] && letters[rule[0]] {
			t.Errorf("%s tests rule %s, which PROTOCOL.md does not state", tested[rule], rule)
		}
	}
}

// testedRules maps each number in the name of a test to a file that has it.
func testedRules(t *testing.T) map[string]string {
	tested := map[string]string{}
	note := func(file, numbers string) {
		for _, rule := range number.FindAllString(numbers, -1) {
			tested[rule] = file
		}
	}
	for _, s := range sources(t) {
		// A contract, such as storetest, is a package of tests that others run.
		if s.path == "tidy_rules_test.go" || (!s.test() && !strings.HasSuffix(path.Dir(s.path), "test")) {
			continue
		}
		for _, d := range s.tree.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				if m := goTest.FindStringSubmatch(f.Name.Name); m != nil {
					note(s.path, m[1])
				}
			}
		}
		for _, m := range caseName.FindAllStringSubmatch(s.text, -1) {
			note(s.path, m[1])
		}
	}
	walk(t, func(name string) {
		if !strings.HasPrefix(name, "frontend/") || !regexp.MustCompile(`\.(test|spec)\.tsx?$`).MatchString(name) {
			return
		}
		for _, m := range caseName.FindAllStringSubmatch(read(t, name), -1) {
			note(name, m[1])
		}
	})
	return tested
}

// The contract of a store is only as good as its suite: a method that no rule
// calls may do anything.
func TestEveryMethodOfStoreIsInItsContract(t *testing.T) {
	var suite strings.Builder
	var methods []string
	for _, s := range sources(t) {
		if path.Dir(s.path) == "app/storetest" {
			suite.WriteString(s.text)
		}
		if path.Dir(s.path) != "app" {
			continue
		}
		ast.Inspect(s.tree, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || spec.Name.Name != "Store" {
				return true
			}
			for _, m := range spec.Type.(*ast.InterfaceType).Methods.List {
				methods = append(methods, m.Names[0].Name)
			}
			return false
		})
	}
	if len(methods) == 0 {
		t.Fatal("app has no interface Store")
	}
	for _, m := range methods {
		if !strings.Contains(suite.String(), "."+m+"(") {
			t.Errorf("app/storetest never calls Store.%s", m)
		}
	}
}
