package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"lyceum/app/durable"
)

func content(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Who has the file open reads the old one to its end; all others have the new
// one, which nobody else on the machine may read.
func TestAFileIsReplacedAsAWhole(t *testing.T) {
	name := filepath.Join(t.TempDir(), "record")
	if err := durable.WriteFile(name, []byte("the first, which is longer")); err != nil {
		t.Fatal(err)
	}
	old, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if err := durable.WriteFile(name, []byte("the second")); err != nil {
		t.Fatal(err)
	}
	if got := content(t, name); got != "the second" {
		t.Errorf("the file has %q", got)
	}
	if info, err := old.Stat(); err != nil || info.Size() != int64(len("the first, which is longer")) {
		t.Errorf("who read the old one has %v, %v", info, err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info, err)
	}
}

// What a crash has left beside the file is no part of the next one, and stays no
// longer than that.
func TestWhatACrashHasLeftIsOverwritten(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "record")
	if err := os.WriteFile(name+".new", []byte("half of something that was longer"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(name, []byte("all")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 || content(t, name) != "all" {
		t.Errorf("the folder has %v, %v", entries, err)
	}
}

// What cannot be written changes nothing, and is said.
func TestAFileThatCannotBeWrittenStaysAsItWas(t *testing.T) {
	folder := t.TempDir()
	if err := durable.WriteFile(filepath.Join(folder, "none", "record"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a folder that is not there: %v", err)
	}
	taken := filepath.Join(folder, "taken")
	if err := os.MkdirAll(filepath.Join(taken, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(taken, []byte("x")); err == nil {
		t.Error("a folder was replaced by a file")
	}
	if _, err := os.Stat(filepath.Join(taken, "inside")); err != nil {
		t.Error(err)
	}
}
