package reference_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"lyceum/app/reference"
	"lyceum/app/schema"
)

var update = flag.Bool("update", false, "write the generated files instead of comparing them")

// Whoever reads the reference, a person or the page with the console, must read
// what the server does.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	for file, make := range map[string]func() ([]byte, error){
		"../../frontend/src/wire/schema.gen.ts": reference.TypeScript,
		"../../TABLES.md":                       reference.Markdown,
	} {
		want, err := make()
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale; run go generate ./app/reference", file)
		}
	}
}

// A field that never leaves the server must not be advertised, neither by name
// nor in a sentence.
func TestNothingHiddenIsDescribed(t *testing.T) {
	data, err := reference.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var s reference.Schema
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	described := make(map[string]bool)
	for _, table := range s.Tables {
		for _, f := range table.Fields {
			described[table.Name+"."+f.Name] = true
		}
	}
	for _, table := range schema.All() {
		for _, f := range table.Fields {
			path := table.Name + "." + f.Name
			if want := table.Public() && !f.Hidden; described[path] != want {
				t.Errorf("%s: described %t, want %t", path, described[path], want)
			}
			if f.Hidden && strings.Contains(string(data), f.Text) {
				t.Errorf("the text of %s is in the reference", path)
			}
		}
	}
}
