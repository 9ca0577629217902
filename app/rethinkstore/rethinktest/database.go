package rethinktest

import (
	"crypto/rand"
	"fmt"
	"hash/fnv"
	"regexp"
	"sync"
)

// data is what all nodes of a server share and what outlives them.
type data struct {
	nodes      []*member // fixed
	system     *database // fixed
	refreshing sync.Mutex
	quorum     bool // fixed: nodes that are stopped are missed

	mu     sync.Mutex // over the maps below and in databases
	dbs    map[string]*database
	rights []right
	twice  map[string]bool // names of databases, and db.table, that several have
}

func newData() *data {
	d := &data{dbs: map[string]*database{}, twice: map[string]bool{}}
	d.dbs["test"] = &database{id: newID(), name: "test", tables: map[string]*table{}} // a new server has it
	d.system = newSystem(d)
	d.dbs[systemName] = d.system
	return d
}

// all are the tables that clients have made.
func (d *data) all() []*table {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []*table
	for _, db := range d.dbs {
		if db.system {
			continue
		}
		for _, t := range db.tables {
			all = append(all, t)
		}
	}
	return all
}

type database struct {
	id     string
	name   string
	tables map[string]*table
	system bool // the real server's own, which clients only read
}

// A dbValue is r.db(name) in a query.
type dbValue struct {
	name string
	db   *database
}

// newID is a random UUID of version 4, which keys made by the server are.
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

var goodName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// checkName refuses names of databases and tables that the real server refuses.
func checkName(what, name string) error {
	if !goodName.MatchString(name) {
		return logicError("%s name `%s` invalid (Use A-Z, a-z, 0-9, _ and - only).", what, name)
	}
	return nil
}

// hashOf spreads keys, so that an order that nobody promised is not that of the
// keys.
func hashOf(key string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(key)) // never fails (hash.Hash)
	return h.Sum64()
}

// find is a database by its name.
func (d *data) find(name string) (*database, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	db := d.dbs[name]
	if d.twice[name] {
		return nil, failedError("Database `%s` is ambiguous; there are multiple databases with that name.", name)
	}
	if db == nil {
		return nil, failedError("Database `%s` does not exist.", name)
	}
	return db, nil
}

// table is a table by its name.
func (d *data) table(db *database, name string) (*table, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := db.tables[name]
	if d.twice[db.name+"."+name] {
		return nil, failedError("Table `%s.%s` is ambiguous; there are multiple tables with that name.", db.name, name)
	}
	if t == nil {
		return nil, failedError("Table `%s.%s` does not exist.", db.name, name)
	}
	return t, nil
}

// lookup is a table for a test, which asks for those only that are there.
func (d *data) lookup(dbName, name string) *table {
	db, err := d.find(dbName)
	if err != nil {
		panic("rethinktest: " + err.Error())
	}
	t, err := d.table(db, name)
	if err != nil {
		panic("rethinktest: " + err.Error())
	}
	return t
}
