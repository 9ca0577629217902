package files_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lyceum/app"
	"lyceum/projects/files"
)

// both runs a test against a folder and against the same one through Handler and
// Client: they promise the same.
func both(t *testing.T, test func(t *testing.T, home string, f files.Files)) {
	t.Run("folder", func(t *testing.T) {
		home, folder := open(t)
		test(t, home, folder)
	})
	t.Run("client", func(t *testing.T) {
		home, folder := open(t)
		test(t, home, serve(t, folder))
	})
}

func open(t *testing.T) (home string, folder *files.Folder) {
	t.Helper()
	home = filepath.Join(t.TempDir(), "home")
	if err := os.Mkdir(home, 0o755); err != nil {
		t.Fatal(err)
	}
	folder, err := files.OpenFolder(home)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := folder.Close(); err != nil {
			t.Error(err)
		}
	})
	return home, folder
}

func serve(t *testing.T, f files.Files) *files.Client {
	t.Helper()
	server := httptest.NewServer(http.StripPrefix("/files", files.Handler(f)))
	t.Cleanup(server.Close)
	return files.NewClient(server.Client().Transport, server.URL+"/files")
}

func put(t *testing.T, home, name, data string) {
	t.Helper()
	full := filepath.Join(home, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, []byte(data), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, home, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(home, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func hashOf(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

// refused checks that err is for a person: a kind, and a sentence with a word.
func refused(t *testing.T, err error, kind app.Kind, word string) {
	t.Helper()
	got, message := app.Public(err)
	if err == nil || got != kind || !strings.Contains(message, word) || !strings.HasSuffix(message, ".") {
		t.Errorf("got %q %q, want %q with %q (%v)", got, message, kind, word, err)
	}
}

// names lists a folder.
func names(t *testing.T, f files.Files, path string) []string {
	t.Helper()
	l, err := f.List(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{}
	for _, i := range l.Entries {
		all = append(all, i.Name)
	}
	return all
}

// hidden counts what the listing leaves out.
func hidden(t *testing.T, home string) (n int) {
	t.Helper()
	all, err := os.ReadDir(home)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if strings.HasPrefix(e.Name(), ".~") {
			n++
		}
	}
	return n
}

func upload(ctx context.Context, f files.Files, path, data string, overwrite bool) (files.Info, error) {
	return f.Upload(ctx, path, overwrite, strings.NewReader(data))
}

// endless is a reader of zeros.
type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// breaking gives some bytes and then an error.
type breaking struct{ r io.Reader }

func (b breaking) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if errors.Is(err, io.EOF) {
		return n, errors.New("the browser has left")
	}
	return n, err
}

var _ io.Reader = breaking{bytes.NewReader(nil)}
