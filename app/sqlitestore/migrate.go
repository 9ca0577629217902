package sqlitestore

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"path"
)

//go:embed migrations/*.sql
var files embed.FS

// migrations are the steps of the file's own layout, in the order of their
// numbers. A released one is never changed.
var migrations = mustSub(files, "migrations")

func mustSub(fsys fs.FS, dir string) fs.FS {
	sub, err := fs.Sub(fsys, dir)
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}

// applicationID marks a SQLite file as Lyceum's: "Lyce".
const applicationID = 0x4C796365

// migrate brings the file to the layout of this program, one transaction a step.
func migrate(ctx context.Context, conn *sql.Conn, steps fs.FS) error {
	names, err := fs.Glob(steps, "*.sql") // sorted
	if err != nil {
		return err
	}
	var id, version, tables int
	if err := scan(ctx, conn, &id, "PRAGMA application_id"); err != nil {
		return err
	}
	if err := scan(ctx, conn, &version, "PRAGMA user_version"); err != nil {
		return err
	}
	if err := scan(ctx, conn, &tables, "SELECT count(*) FROM sqlite_schema"); err != nil {
		return err
	}
	switch {
	case id != applicationID && (id != 0 || version != 0 || tables != 0):
		return sentence{text: "This file is a database of another program. Give another data directory, or move the file away."}
	case version > len(names):
		return sentence{text: fmt.Sprintf("The database was written by a newer Lyceum: its layout has version %d, "+
			"and this program knows versions up to %d. Start the newer Lyceum again, "+
			"or restore a backup from before the update.", version, len(names))}
	}
	for i, name := range names[version:] {
		step := version + i + 1
		if want := fmt.Sprintf("%03d.sql", step); path.Base(name) != want {
			return fmt.Errorf("migration %s: expected %s", name, want)
		}
		text, err := fs.ReadFile(steps, name)
		if err != nil {
			return err
		}
		err = transact(ctx, conn, func() error {
			_, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d; %s",
				applicationID, step, text))
			return err
		})
		if err != nil {
			return fmt.Errorf("migration %s: %w", name, err)
		}
	}
	return nil
}

// scan reads the first value of the first row.
func scan(ctx context.Context, conn *sql.Conn, into any, query string, args ...any) error {
	if err := conn.QueryRowContext(ctx, query, args...).Scan(into); err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	return nil
}
