package app

import "context"

// Row is the content of one row: names to values. A value is a bool, int64,
// float64, string, []byte, []any or Row (map[string]any) of such values; nil
// does not occur. Times are int64 milliseconds since 1970 UTC. A Row that was
// given to or taken from a store is never changed by either side.
type Row = map[string]any

// Record is a row as it is stored.
type Record struct {
	ID  string // primary key
	Rev int64  // rises at each write of this key, over deletes too (S1)
	Row Row    // nil: deleted
}

// Only returns the record with those of its fields that are named; with nil, whole.
func (r Record) Only(fields []string) Record {
	if fields == nil {
		return r
	}
	row := make(Row, len(fields))
	for _, name := range fields {
		if v, ok := r.Row[name]; ok {
			row[name] = v
		}
	}
	r.Row = row
	return r
}

// Change is one committed write.
type Change struct {
	N   int64 // number of the write in the store's order, see Position
	ID  string
	Rev int64
	Old Row // nil: was not there
	New Row // nil: was deleted
}

// Position is a place in the order of a store's commits. Positions with another
// Log are not comparable: whoever comes with one starts anew. (S4)
type Position struct {
	Log string `json:"log" cbor:"log"`
	N   int64  `json:"n" cbor:"n"`
}

// Batch is what one commit changed in one table, in order.
type Batch struct {
	// Position after the batch. A Log other than that of the batch before says
	// that changes may have been missed.
	Position Position
	Changes  []Change
}

// Table is what a store must know of a table.
type Table struct {
	Name       string
	Indexes    []Index
	AppendOnly bool // rows are inserted and never changed
}

// Index is an ordered index. A row that lacks one of its fields is not in it.
type Index struct {
	Name string
	// Fields are dotted paths into the row. At most one may end in ".*": the row
	// is then in the index once for each key of that map.
	Fields []string
}

// Conditions on the revision of the row that is written.
const (
	AnyRev int64 = -1 // whatever is there
	Absent int64 = 0  // only if there is no row (a deleted one does not count)
)

// Write replaces one row.
type Write struct {
	Table string
	ID    string
	Row   Row   // nil deletes
	IfRev int64 // AnyRev, Absent or the revision that must be there
}

// MaxPage is the most records that Read returns at once: few enough that no
// read transaction grows old (S7), and some more than the thousand of a list, so
// that one page has a list and says whether there is more.
const MaxPage = 1024

// Range asks for rows in the order of an index, then of their ids.
type Range struct {
	Table string
	Index string // "" is the primary key; it then has one field, the id
	// Prefix are the values of the index's first fields. From and To bound the
	// field after them; nil is unbounded.
	Prefix     []any
	From, To   *Bound
	Descending bool
	// Unordered asks for a whole table by the primary key, without bounds, in
	// whatever order is quickest. Rows that are written meanwhile may be left out:
	// it is for who watches the table since before.
	Unordered bool
	After     []byte // Page.Next of the page before; nil begins
	Limit     int    // 1 to MaxPage; 0 is MaxPage
	// Fields are those that the rows then have, of those that they have: for who
	// reads a whole table and needs little of it. nil is all.
	Fields []string
}

// Bound is one end of a range.
type Bound struct {
	Value any
	Open  bool // the value itself is outside
}

// Page is one answer to a Range.
type Page struct {
	Records []Record
	Next    []byte // where to continue; nil: there is no more
	// Position of the same read transaction: Records contain exactly the changes
	// up to it. (S2)
	Position Position
}

// Store keeps rows between restarts (or, for ephemeral tables, until one).
//
// It promises no more than SQLite and RethinkDB can both keep: a write touches
// one row and is atomic; there are no transactions over several. The numbered
// rules S1 to S8 are in PROTOCOL.md; package storetest checks them against
// every store. Methods may be called from any goroutine.
type Store interface {
	// Get returns the row of a key, or ErrNotFound; with fields, no others of
	// it. (S1)
	Get(ctx context.Context, table, id string, fields ...string) (Record, error)

	// Read returns one page of a range. (S2, S7)
	Read(ctx context.Context, r Range) (Page, error)

	// Write writes one row if the condition holds and returns it as stored;
	// otherwise it changes nothing and returns ErrConflict. When it returns nil
	// the row is durable and every watcher has been told. A context that ends
	// while the commit is under way gives ErrUnknown. Deleting what is not there
	// under AnyRev is no error and no change. (S1, S5, S6, W1)
	Write(ctx context.Context, w Write) (Record, error)

	// Watch calls fn for every commit of a table after the returned position,
	// in commit order, after it is durable and before its writes are
	// acknowledged. fn must neither block nor call the store. stop returns when
	// fn is not running and will not be called again. (S3, S4, W2)
	Watch(table string, fn func(Batch)) (pos Position, stop func(), err error)

	// Close waits for writes under way.
	Close() error
}
