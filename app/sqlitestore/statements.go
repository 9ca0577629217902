package sqlitestore

import (
	"bytes"
	"fmt"
)

// Statements of every reader, by number; those of the tables follow.
const (
	begin = iota
	commit
	lastWrite
)

// number gives every statement of the readers its number. They are prepared by
// each connection when it first needs them.
func (s *Store) number() []string {
	queries := []string{begin: "BEGIN", commit: "COMMIT", lastWrite: "SELECT n FROM _store"}
	next := func(query string) int {
		queries = append(queries, query)
		return len(queries) - 1
	}
	for _, t := range s.tables {
		t.get = next(fmt.Sprintf(`SELECT rev, row FROM "%s" WHERE id = ?`, t.Name))
		t.up, t.down = next(primarySQL(t.Name, "ASC")), next(primarySQL(t.Name, "DESC"))
		t.all = next(fmt.Sprintf(`SELECT rowid, id, rev, row FROM "%s" WHERE rowid > ? ORDER BY rowid LIMIT ?`, t.Name))
		for _, ix := range t.indexes {
			ix.up, ix.down = next(indexedSQL(ix.name, t.Name, "ASC")), next(indexedSQL(ix.name, t.Name, "DESC"))
		}
	}
	return queries
}

// Statements of the writer, by number; those of the tables follow.
const (
	beginWrite = iota
	setLastWrite
)

// numberWriter gives every statement of the writer its number.
func (s *Store) numberWriter() []string {
	queries := []string{beginWrite: "BEGIN IMMEDIATE", setLastWrite: "UPDATE _store SET n = ?"}
	next := func(format string, args ...any) int {
		queries = append(queries, fmt.Sprintf(format, args...))
		return len(queries) - 1
	}
	for _, t := range s.tables {
		t.old = next(`SELECT rev, row FROM "%s" WHERE id = ?`, t.Name)
		t.put = next(`INSERT INTO "%s" (id, rev, row) VALUES (?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, row = excluded.row`, t.Name)
		t.remove = next(`DELETE FROM "%s" WHERE id = ?`, t.Name)
		for _, ix := range t.indexes {
			ix.add = next(`INSERT INTO "%s" (key, id) VALUES (?, ?)`, ix.name)
			ix.remove = next(`DELETE FROM "%s" WHERE key = ? AND id = ?`, ix.name)
		}
	}
	return queries
}

func primarySQL(table, order string) string {
	return fmt.Sprintf(`SELECT NULL, id, rev, row FROM "%s" WHERE id >= ? AND id < ? ORDER BY id %s LIMIT ?`, table, order)
}

// indexedSQL reads a side table and the rows it names. CROSS JOIN keeps the order
// of the two: the index first.
func indexedSQL(index, table, order string) string {
	return fmt.Sprintf(`SELECT i.key, i.id, t.rev, t.row FROM "%[1]s" AS i CROSS JOIN "%[2]s" AS t ON t.id = i.id
		WHERE (i.key, i.id) > (?, ?) AND (i.key, i.id) < (?, ?)
		ORDER BY i.key %[3]s, i.id %[3]s LIMIT ?`, index, table, order)
}

// difference compares two sorted lists of keys.
func difference(before, after [][]byte) (gone, come [][]byte) {
	for len(before) > 0 || len(after) > 0 {
		switch c := compareFirst(before, after); {
		case c < 0:
			gone, before = append(gone, before[0]), before[1:]
		case c > 0:
			come, after = append(come, after[0]), after[1:]
		default:
			before, after = before[1:], after[1:]
		}
	}
	return gone, come
}

func compareFirst(a, b [][]byte) int {
	switch {
	case len(b) == 0:
		return -1
	case len(a) == 0:
		return 1
	}
	return bytes.Compare(a[0], b[0])
}
