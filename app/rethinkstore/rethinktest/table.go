package rethinktest

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
)

// A table holds its rows and tells its feeds of each that changes, in the order
// in which they do.
type table struct {
	id         string
	db         *database
	name       string
	primaryKey string
	data       *data

	mu       sync.Mutex
	settled  *sync.Cond // the fields below that reads and writes wait for have changed
	config   tableConfig
	rows     map[string]*row
	primary  entries
	indexes  map[string]*index
	feeds    map[*feed]bool
	dropped  bool
	faults   tableFaults
	unsafe   []change // writes that are shown and not yet safe, the oldest first
	unsynced []change // writes of soft durability since the last sync
}

type tableConfig struct {
	durability string
	writeAcks  string
	shards     []shard
}

// A shard is held by nodes; both are names of nodes.
type shard struct {
	primary  string
	replicas []string
}

// A row is never changed; a write puts another in its place.
type row struct {
	key   string // orderKey of the primary key
	hash  uint64
	value object
}

// A change is one row's step. Of a new row old is nil, of a deleted one new.
type change struct{ old, new *row }

func (c change) key() string {
	if c.new != nil {
		return c.new.key
	}
	return c.old.key
}

// An index has an entry for each key that its function gives for a row.
type index struct {
	name    string
	field   string    // what the index is of, unless it is of a function
	fn      *function // nil: the field
	multi   bool
	asked   int // times that someone asked whether it is ready
	ready   bool
	entries entries
}

// entries are sorted by key and, within one key, by the row's.
type entries []entry

type entry struct{ key, row string }

func (a entry) compare(b entry) int {
	return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.row, b.row))
}

func (es *entries) add(e entry) {
	i, _ := slices.BinarySearchFunc(*es, e, entry.compare)
	*es = slices.Insert(*es, i, e)
}

func (es *entries) remove(e entry) {
	if i, found := slices.BinarySearchFunc(*es, e, entry.compare); found {
		*es = slices.Delete(*es, i, i+1)
	}
}

// between are the entries from the first at or after lower to the last before
// upper.
func (es entries) between(lower, upper edge) entries {
	from := sort.Search(len(es), func(i int) bool { return !lower.below(es[i].key) })
	to := sort.Search(len(es), func(i int) bool { return !upper.below(es[i].key) })
	return es[from:max(from, to)]
}

// An edge is a place between keys: before key and all that equal it, or after
// them.
type edge struct {
	key   string
	after bool
}

// below reports whether a key lies before the edge.
func (a edge) below(key string) bool {
	if a.after {
		return key <= a.key
	}
	return key < a.key
}

func newTable(d *data, db *database, name, primaryKey string) *table {
	t := &table{id: newID(), db: db, name: name, primaryKey: primaryKey, data: d,
		config: tableConfig{durability: "hard", writeAcks: "majority"},
		rows:   map[string]*row{}, indexes: map[string]*index{}, feeds: map[*feed]bool{}}
	t.settled = sync.NewCond(&t.mu)
	return t
}

// keysOf are the keys of a row in an index: none when the function fails or
// gives what cannot be a key (records 77 and 80).
func (t *table) keysOf(ix *index, v object) []string {
	key := v[ix.field]
	if ix.fn != nil {
		e := &env{ctx: context.Background(), opts: defaultOptions(), now: time.Time{}} // a function of the row alone; it takes no time
		var err error
		if key, err = e.callDatum(ix.fn, v); err != nil {
			return nil
		}
	}
	list, ok := key.([]datum)
	if !ix.multi || !ok {
		list = []datum{key}
	}
	keys := make([]string, 0, len(list))
	for _, element := range list {
		if checkSecondary(element) == nil {
			keys = append(keys, orderKey(element))
		}
	}
	return keys
}

// put takes a change into the rows and indexes. The caller holds t.mu.
func (t *table) put(c change) {
	if c.old != nil {
		t.primary.remove(entry{c.old.key, c.old.key})
		delete(t.rows, c.old.key)
	}
	if c.new != nil {
		t.primary.add(entry{c.new.key, c.new.key})
		t.rows[c.new.key] = c.new
	}
	for _, ix := range t.indexes {
		if c.old != nil {
			for _, key := range t.keysOf(ix, c.old.value) {
				ix.entries.remove(entry{key, c.old.key})
			}
		}
		if c.new != nil {
			for _, key := range t.keysOf(ix, c.new.value) {
				ix.entries.add(entry{key, c.new.key})
			}
		}
	}
}

// commit takes a change in and tells the feeds. The caller holds t.mu.
func (t *table) commit(c change) {
	t.put(c)
	for f := range t.feeds {
		f.told(c)
	}
	t.faults.skips = max(0, t.faults.skips-1)
}

// usable refuses a table that is gone or has no primary. The caller holds t.mu.
func (t *table) usable(what string) error {
	switch {
	case t.dropped:
		return failedError("Table `%s.%s` does not exist.", t.db.name, t.name)
	case t.faults.failed:
		return failedError("Cannot perform %s: primary replica for shard [\"\", +inf) not available", what)
	}
	return nil
}

// index is an index that can be read. The caller holds t.mu.
func (t *table) readable(name string) (*index, error) {
	ix := t.indexes[name]
	if ix == nil {
		return nil, failedError("Index `%s` was not found on table `%s.%s`.", name, t.db.name, t.name)
	}
	if !ix.ready {
		return nil, failedError("Index `%s` on table `%s.%s` was accessed before its construction was finished.", name, t.db.name, t.name)
	}
	return ix, nil
}

// newRow makes a row of a document that has a good key.
func (t *table) newRow(v object) (*row, error) {
	key, ok := v[t.primaryKey]
	if !ok {
		return nil, missingError("Inserted object must have primary key `%s`:\n%s", t.primaryKey, show(v))
	}
	encoded, err := primaryKey(key)
	if err != nil {
		return nil, err
	}
	return &row{key: encoded, hash: hashOf(encoded), value: v}, nil
}

// maxKey is how long the text of a primary key may be, in bytes (record 31).
const maxKey = 127

// primaryKey encodes a primary key, if it can be one.
func primaryKey(v datum) (string, error) {
	if err := checkPrimary(v); err != nil {
		return "", err
	}
	if length := printedLength(v); length > maxKey+1 { // its type takes a byte
		return "", logicError("Primary key too long (max %d characters): %s", maxKey, show(v))
	}
	return orderKey(v), nil
}

func checkPrimary(v datum) error {
	const texts = "Primary keys must be either a number, string, bool, pseudotype or array (got type %s):\n%s"
	switch v := v.(type) {
	case []datum:
		for _, e := range v {
			if err := checkPrimary(e); err != nil {
				return err
			}
		}
		return nil
	case string:
		if strings.ContainsRune(v, 0) {
			return unknown("a primary key with a null byte")
		}
		return nil
	case nil, bound:
		return logicError(texts, typeName(v), show(v))
	case object:
		if o, plain := isObject(v); plain {
			return logicError(texts, "OBJECT", show(o))
		}
	}
	return nil
}

// checkSecondary refuses what an index has no entry for.
func checkSecondary(v datum) error {
	if v == nil {
		return missingError("Keys cannot be NULL.")
	}
	if list, ok := v.([]datum); ok {
		for _, e := range list {
			if err := checkSecondary(e); err != nil {
				return err
			}
		}
	}
	if _, plain := isObject(v); plain {
		return logicError("Secondary keys must be a number, string, bool, pseudotype, or array (got type OBJECT):\n%s", show(v))
	}
	return nil
}

// printedLength is how long the real server's form of a key is.
func printedLength(v datum) int {
	switch v := v.(type) {
	case string:
		return 1 + len(v)
	case float64:
		return 1 + 16 + 1 + len(showNumber(v)) // N, the bits in hex, #, the number
	case bool:
		return 2
	case []datum:
		n := 1
		for _, e := range v {
			n += printedLength(e) + 1
		}
		return n
	}
	return len(orderKey(v)) + len("PTYPE<BINARY>:")
}

// waking wakes all that wait for the table when ctx ends, until stop is called.
func (t *table) waking(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.settled.Broadcast()
	})
}

// pending waits until no write is shown that may be taken back: what a majority
// read does. The caller holds t.mu; cancelled ends the wait.
func (t *table) pending(ctx context.Context) error {
	defer t.waking(ctx)()
	for len(t.unsafe) > 0 && !t.faults.failed && ctx.Err() == nil {
		t.settled.Wait()
	}
	return ctx.Err()
}
