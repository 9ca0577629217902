package rethinkstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"strings"

	"lyceum/app"
	"lyceum/app/packed"
)

// Fields of a document. A row that was deleted stays for a while as a document
// without row and indexes, its tombstone.
const (
	fieldID      = "id"     // what primaryKey makes of the row's id
	fieldKey     = "k"      // the row's id as bytes; in the index of ids
	fieldGone    = "gone"   // the same of a tombstone, which is in no such index
	fieldRev     = "rev"    // the row's revision
	fieldBorn    = "born"   // the revision with which the row came
	fieldRow     = "row"    // packed
	fieldDead    = "dead"   // of a tombstone: its revision; later where it is kept for longer
	fieldIndexes = "ix"     // name to the entries of the row
	fieldTags    = "tags"   // who wrote, the last first
	fieldServer  = "server" // of an ephemeral row: whose it is
	fieldLost    = "lost"   // of a tombstone: the row went because its server was gone
	fieldHome    = "home"   // of such a tombstone: the server, which may write the row again
)

// blob is bytes as RethinkDB writes them.
type blob []byte

// UnmarshalJSON reads the pseudo type BINARY.
func (b *blob) UnmarshalJSON(text []byte) error {
	var binary struct {
		Type string `json:"$reql_type$"`
		Data []byte `json:"data"`
	}
	if err := json.Unmarshal(text, &binary); err != nil {
		return err
	}
	if binary.Type != "BINARY" {
		return fmt.Errorf("bytes are of the type %q", binary.Type)
	}
	*b = binary.Data
	return nil
}

// tag marks a write: when its server began it, and which server that was. No two
// writes have the same.
type tag struct {
	stamp  int64
	server string
}

// UnmarshalJSON reads the two elements of an array.
func (t *tag) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&t.stamp, &t.server})
}

func (t tag) term() []any { return []any{t.stamp, t.server} }

// document is a row as the database has it.
type document struct {
	ID     string `json:"id"`
	Key    blob   `json:"k"`
	Gone   blob   `json:"gone"`
	Rev    int64  `json:"rev"`
	Born   int64  `json:"born"`
	Row    blob   `json:"row"`
	Dead   int64  `json:"dead"`
	Tags   []tag  `json:"tags"`
	Server string `json:"server"`
	Lost   bool   `json:"lost"`
}

// ours reports whether a document is a row or its tombstone: others are signs of
// life, or an operator's.
func (d *document) ours() bool { return d != nil && len(d.Key)+len(d.Gone) > 0 }

// row returns the id of the row.
func (d *document) row() string { return string(d.Key) + string(d.Gone) }

// record unpacks the row; it is nil for a tombstone.
func (d *document) record(texts *packed.Texts, only []string) (app.Record, error) {
	rec := app.Record{ID: d.row(), Rev: d.Rev}
	if len(d.Gone) > 0 {
		return rec, nil
	}
	var err error
	if rec.Row, err = packed.Decode(d.Row, texts, only); err != nil {
		return app.Record{}, fmt.Errorf("row %s: %w", rec.ID, err)
	}
	return rec, nil
}

// has reports whether a write is among the last of the document.
func (d *document) has(t tag) bool {
	for _, other := range d.Tags {
		if other == t {
			return true
		}
	}
	return false
}

const (
	// maxPlain is how long an id may be in bytes to be a primary key as it
	// stands: RethinkDB takes 127, and what the key leaves of 238 is how much of
	// a secondary key is in its index.
	maxPlain = 64
	// mark begins the primary keys that are no ids.
	mark = "#"
)

var base = base32.StdEncoding.WithPadding(base32.NoPadding)

// primaryKey returns the primary key of a row's id. One that is too long, or
// has a zero that RethinkDB refuses there, is replaced by its hash; the id itself
// stands beside it, and the order of ids is that of another index.
func primaryKey(id string) string {
	if len(id) <= maxPlain && !strings.HasPrefix(id, mark) && !strings.Contains(id, "\x00") {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return mark + strings.ToLower(base.EncodeToString(sum[:]))
}

// entry is where a row stands in an index: its key and then its id, so that rows
// of the same key are in the order of their ids. No key is the beginning of
// another one, so the bytes compare as the places do.
func entry(key []byte, id string) []byte {
	return append(bytes.Clone(key), id...)
}
