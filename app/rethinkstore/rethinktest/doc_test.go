package rethinktest

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

func TestPackageCommentNamesEveryTerm(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`[a-z_]+`).FindAllString(string(text), -1)
	for _, op := range operators {
		if !slices.Contains(named, op.name) {
			t.Errorf("doc.go does not name %s", op.name)
		}
	}
	for name := range systemTables {
		if !slices.Contains(named, name) {
			t.Errorf("doc.go does not name the table %s", name)
		}
	}
}
