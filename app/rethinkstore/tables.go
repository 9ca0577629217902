package rethinkstore

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"lyceum/app"
	"lyceum/app/ordered"
)

// table is a declared table with what runs for it.
type table struct {
	app.Table
	database  string
	ephemeral bool
	indexes   []*index
	fault     fault
	own       own // of an ephemeral table

	identity string  // of the table that is followed; of its follower, once it runs
	history  history // under Store.mu
	writer   *writer
	follower *follower
}

type index struct {
	ordered.Index
	name   string // in the database
	fields string
}

// names are what may be a table, an index or a database. Ours begin with an
// underscore.
var names = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]*$`)

// compile checks the declaration. Its errors are mistakes in the program.
func compile(o *Options) (map[string]*table, error) {
	tables := make(map[string]*table, len(o.Tables)+len(o.Ephemeral))
	for i, declared := range append(append([]app.Table{}, o.Tables...), o.Ephemeral...) {
		if !names.MatchString(declared.Name) || tables[declared.Name] != nil {
			return nil, fmt.Errorf("table %q: declared twice or not a name", declared.Name)
		}
		t := &table{Table: declared, database: o.Database, ephemeral: i >= len(o.Tables)}
		for _, ix := range declared.Indexes {
			c, err := ordered.Compile(ix)
			if err != nil {
				return nil, fmt.Errorf("table %q: %w", declared.Name, err)
			}
			if !names.MatchString(ix.Name) || t.index(ix.Name) != nil {
				return nil, fmt.Errorf("table %q: index %q: declared twice or not a name", declared.Name, ix.Name)
			}
			fields := strings.Join(ix.Fields, ",")
			t.indexes = append(t.indexes, &index{Index: c, name: indexName(ix.Name, fields), fields: fields})
		}
		tables[declared.Name] = t
	}
	return tables, nil
}

// indexName says of what an index is: another declaration, or another encoding of
// keys, is another index, which is filled while the old one may still be in use.
func indexName(name, fields string) string {
	sum := sha256.Sum256([]byte(fmt.Sprint(ordered.Version, " ", fields)))
	return name + "_" + hex.EncodeToString(sum[:4])
}

func (t *table) index(name string) *index {
	for _, ix := range t.indexes {
		if ix.Index.Name == name {
			return ix
		}
	}
	return nil
}

// entries are the places of a row in an index, in their order. In that of ids a
// row stands once.
func (ix *index) entries(rec app.Record) [][]byte {
	if ix == nil {
		return [][]byte{[]byte(rec.ID)}
	}
	keys := ix.Keys(rec.Row)
	for i, key := range keys {
		keys[i] = entry(key, rec.ID)
	}
	return keys
}

// database name of an index; nil is that of ids.
func (ix *index) sorted() string {
	if ix == nil {
		return indexIDs
	}
	return ix.name
}

// indexed are the entries of a row in all indexes, as a document has them.
func (t *table) indexed(rec app.Record) map[string]any {
	all := make(map[string]any, len(t.indexes))
	for _, ix := range t.indexes {
		if list := ix.entries(rec); len(list) > 0 {
			terms := make([]any, len(list))
			for i, e := range list {
				terms[i] = e
			}
			all[ix.name] = terms
		}
	}
	return all
}

// ourIndex are the names that indexName makes.
var ourIndex = regexp.MustCompile(`_[0-9a-f]{8}$`)
