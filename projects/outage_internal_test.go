package projects

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/schema"
	"lyceum/projects/sandbox"
)

// awayStore is a store whose database is away at times.
type awayStore struct {
	app.Store
	away atomic.Bool
}

func (s *awayStore) Get(ctx context.Context, table, id string, fields ...string) (app.Record, error) {
	if s.away.Load() {
		return app.Record{}, errors.New("the database is away")
	}
	return s.Store.Get(ctx, table, id, fields...)
}

// A log of an outage with a line a project and look hides what else is in it, and
// fills the disk.
func TestThatFilesAreNotMeasuredIsSaidOnce(t *testing.T) {
	data := t.TempDir()
	for _, name := range []string{"home", "tmp"} {
		if err := os.MkdirAll(filepath.Join(data, "projects", "p1", name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	store := &awayStore{Store: memstore.New(schema.Tables())}
	h := New(Options{Store: store, Sandbox: new(sandbox.Sandbox), Data: data, Log: slog.New(slog.NewTextHandler(&log, nil))})
	looks := func(away bool) {
		store.away.Store(away)
		for range 3 {
			h.LookAtDisk("p1")
			h.disks.lookAtAll(t.Context())
		}
	}
	for range 2 {
		looks(true)
		looks(false)
		h.disks.mu.Lock()
		h.disks.taken["p1"].stale = true // so that the next looks ask the database
		h.disks.mu.Unlock()
	}
	said := log.String()
	for line, want := range map[string]int{"level=WARN": 2, "not measured": 2, "level=INFO": 2, "measured again": 2} {
		if n := strings.Count(said, line); n != want {
			t.Errorf("the log says %d times %q, want %d:\n%s", n, line, want, said)
		}
	}
}
