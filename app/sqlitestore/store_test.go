package sqlitestore_test

import (
	"path/filepath"
	"testing"

	"lyceum/app"
	"lyceum/app/sqlitestore"
	"lyceum/app/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T, tables []app.Table) app.Store {
		s, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "app.db"), tables)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestDurableContract(t *testing.T) {
	storetest.RunDurable(t, storetest.Durable{
		Open: func(t *testing.T, path string, tables []app.Table) (app.Store, error) {
			return sqlitestore.Open(t.Context(), path, tables)
		},
		MakeNewer: func(t *testing.T, path string) { sqlite(t, path, "PRAGMA user_version = 999") },
	})
}
