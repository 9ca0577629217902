package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"lyceum/app"
	"lyceum/app/ordered"
)

// table is a declared table with its statements.
type table struct {
	app.Table
	indexes []*index

	// Statements by number, of the writer and of the readers; up and down are
	// ranges over the primary key.
	old, put, remove   int
	get, up, down, all int
}

type index struct {
	ordered.Index
	name        string // of the side table
	fields      string // as they stand in _indexes
	add, remove int
	up, down    int
}

// names are what may be a table or an index. Ours begin with an underscore, side
// tables have a dot.
var names = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// compile checks the declaration. Its errors are mistakes in the program.
func compile(declared []app.Table) (map[string]*table, error) {
	tables := make(map[string]*table, len(declared))
	for _, d := range declared {
		if !names.MatchString(d.Name) || tables[d.Name] != nil {
			return nil, fmt.Errorf("table %q: declared twice or not a name", d.Name)
		}
		t := &table{Table: d}
		for _, ix := range d.Indexes {
			c, err := ordered.Compile(ix)
			if err != nil {
				return nil, fmt.Errorf("table %q: %w", d.Name, err)
			}
			if !names.MatchString(ix.Name) || t.index(ix.Name) != nil {
				return nil, fmt.Errorf("table %q: index %q: declared twice or not a name", d.Name, ix.Name)
			}
			t.indexes = append(t.indexes, &index{
				Index: c, name: d.Name + "." + ix.Name, fields: strings.Join(ix.Fields, ","),
			})
		}
		tables[d.Name] = t
	}
	return tables, nil
}

func (t *table) index(name string) *index {
	for _, ix := range t.indexes {
		if ix.Name == name {
			return ix
		}
	}
	return nil
}

// create is the SQL of the table, exactly as it stands in the schema.
func (t *table) create() string {
	return fmt.Sprintf(`CREATE TABLE "%s" (id TEXT NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, row BLOB NOT NULL) STRICT`, t.Name)
}

func (ix *index) create() string {
	return fmt.Sprintf(`CREATE TABLE "%s" (key BLOB NOT NULL, id TEXT NOT NULL, PRIMARY KEY (key, id)) STRICT, WITHOUT ROWID`, ix.name)
}

// syncTables brings the file to the declaration in one transaction, then looks
// whether it is what was asked for (S8).
func (s *Store) syncTables(ctx context.Context) error {
	err := transact(ctx, s.conn, func() error {
		for _, t := range s.tables {
			if err := ensure(ctx, s.conn, t.Name, t.create()); err != nil {
				return err
			}
		}
		if err := s.dropIndexes(ctx); err != nil {
			return err
		}
		for _, t := range s.tables {
			for _, ix := range t.indexes {
				if err := s.ensureIndex(ctx, t, ix); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, t := range s.tables {
		if err := verify(ctx, s.conn, t.Name, t.create()); err != nil {
			return err
		}
		for _, ix := range t.indexes {
			if err := verify(ctx, s.conn, ix.name, ix.create()); err != nil {
				return err
			}
		}
	}
	return nil
}

// ensure creates a table unless there is one of its name.
func ensure(ctx context.Context, conn *sql.Conn, name, create string) error {
	var there bool
	if err := scan(ctx, conn, &there, "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = ?)", name); err != nil || there {
		return err
	}
	_, err := conn.ExecContext(ctx, create)
	return err
}

// verify compares a table in the file with the SQL that makes it.
func verify(ctx context.Context, conn *sql.Conn, name, create string) error {
	var found string
	if err := scan(ctx, conn, &found, "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", name); err != nil {
		return err
	}
	if found != create {
		return fmt.Errorf("%w: table %s is %q", errDamaged, name, found)
	}
	return nil
}

// dropIndexes drops the side tables of declared tables that are not declared as
// they are filled. Those of tables that are not declared stay: nobody writes to
// such a table, so they remain true.
func (s *Store) dropIndexes(ctx context.Context) error {
	wanted := make(map[string]*index)
	for _, t := range s.tables {
		for _, ix := range t.indexes {
			wanted[ix.name] = ix
		}
	}
	rows, err := s.conn.QueryContext(ctx, "SELECT name, fields, encoding FROM _indexes")
	if err != nil {
		return err
	}
	var drop []string
	for rows.Next() {
		var name, fields string
		var encoding int
		if err := rows.Scan(&name, &fields, &encoding); err != nil {
			return errors.Join(errDamaged, err, rows.Close()) // another page stands in its place
		}
		table, _, _ := strings.Cut(name, ".")
		ix := wanted[name]
		if s.tables[table] != nil && (ix == nil || ix.fields != fields || encoding != ordered.Version) {
			drop = append(drop, name)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, name := range drop {
		if _, err := s.conn.ExecContext(ctx, fmt.Sprintf(`DROP TABLE "%s"`, name)); err != nil {
			return fmt.Errorf("drop index %s: %w", name, err)
		}
		if _, err := s.conn.ExecContext(ctx, "DELETE FROM _indexes WHERE name = ?", name); err != nil {
			return err
		}
	}
	return nil
}

// ensureIndex creates and fills a side table that is not there.
func (s *Store) ensureIndex(ctx context.Context, t *table, ix *index) error {
	var there bool
	if err := scan(ctx, s.conn, &there, "SELECT EXISTS (SELECT 1 FROM _indexes WHERE name = ?)", ix.name); err != nil || there {
		return err
	}
	if _, err := s.conn.ExecContext(ctx, ix.create()); err != nil {
		return fmt.Errorf("create index %s: %w", ix.name, err)
	}
	rows, err := s.fill(ctx, t, ix)
	if err != nil {
		return fmt.Errorf("fill index %s: %w", ix.name, err)
	}
	if rows > 0 {
		s.log.Info("index filled", "part", "store", "table", t.Name, "index", ix.Name, "rows", rows)
	}
	_, err = s.conn.ExecContext(ctx, "INSERT INTO _indexes (name, fields, encoding) VALUES (?, ?, ?)",
		ix.name, ix.fields, ordered.Version)
	return err
}

// fill adds the entries of all rows and returns how many rows there are. It
// reads in pages, since a statement that is being read must not be disturbed.
func (s *Store) fill(ctx context.Context, t *table, ix *index) (int, error) {
	add, err := s.conn.PrepareContext(ctx, fmt.Sprintf(`INSERT INTO "%s" (key, id) VALUES (?, ?)`, ix.name))
	if err != nil {
		return 0, err
	}
	defer add.Close() // nothing is lost if it fails
	count, last := 0, ""
	for {
		page, err := rowsAfter(ctx, s.conn, t.Name, last)
		if err != nil {
			return 0, err
		}
		for _, rec := range page {
			for _, key := range ix.Keys(rec.Row) {
				if _, err := add.ExecContext(ctx, key, rec.ID); err != nil {
					return 0, err
				}
			}
			last = rec.ID
		}
		count += len(page)
		if len(page) == 0 {
			return count, nil
		}
	}
}

func rowsAfter(ctx context.Context, conn *sql.Conn, table, id string) ([]app.Record, error) {
	rows, err := conn.QueryContext(ctx, fmt.Sprintf(`SELECT id, row FROM "%s" WHERE id > ? ORDER BY id LIMIT %d`,
		table, app.MaxPage), id)
	if err != nil {
		return nil, err
	}
	defer rows.Close() // its error is that of Err
	var page []app.Record
	for rows.Next() {
		var rec app.Record
		var raw []byte
		if err := rows.Scan(&rec.ID, &raw); err != nil {
			return nil, err
		}
		if rec.Row, err = decode(raw, nil, nil); err != nil {
			return nil, fmt.Errorf("row %s/%s: %w", table, rec.ID, err)
		}
		page = append(page, rec)
	}
	return page, rows.Err()
}
