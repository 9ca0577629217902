package server

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"

	"lyceum/app/config"
	"lyceum/app/migrate"
	"lyceum/app/schema"
	"lyceum/app/sqlitestore"
)

func databasePath(cfg *config.Config) string { return filepath.Join(cfg.Data, "lyceum.db") }

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
