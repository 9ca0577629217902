package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"lyceum/app/config"
	"lyceum/app/migrate"
	"lyceum/app/schema"
	"lyceum/app/sqlitestore"
)

func databasePath(cfg *config.Config) string { return filepath.Join(cfg.Data, "lyceum.db") }

// endCommand ends a command of the operator when the disk fails or a page of the
// database is found damaged: nothing that is said after it could be relied on.
func endCommand(err error) {
	fmt.Fprintln(os.Stderr, "lyceum:", err)
	os.Exit(1)
}

// openStore opens the database and brings it to this program's schema: first the
// file, then the rows.
func openStore(ctx context.Context, cfg *config.Config, log *slog.Logger, fatal func(error), more ...sqlitestore.Option) (*sqlitestore.Store, error) {
	options := append(more, sqlitestore.WithLog(log), sqlitestore.WithFatal(fatal))
	store, err := sqlitestore.Open(ctx, databasePath(cfg), schema.Tables(), options...)
	if err != nil {
		return nil, err
	}
	if err := migrate.Run(ctx, store, log); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}
