package schema

import (
	"slices"
	"strings"

	"lyceum/app"
)

// Op is a kind of set.
type Op int

// The kinds of sets; they combine.
const (
	Create Op = 1 << iota
	Update
	Delete
)

// Table is the declaration of a table.
type Table struct {
	Name string // as in a query
	Noun string // one row of it, as in a sentence; the name of its TypeScript type
	Text string // what it is, for people

	// Key are the fields whose values make the primary key, see ID. Each is
	// always part of an answer.
	Key []string
	// NewID: a set with the id "new" makes a row (Q7). Upsert: a set of a key
	// that is not there makes the row. Neither: rows are made by the server, or
	// by the writer.
	NewID, Upsert bool
	// Singleton is the only key; its row reads as the defaults while there is none.
	Singleton string

	Project string // the field that holds the row's project, if it has one
	Account string // the field that holds the row's account, if it has one
	// People is the map whose keys are the accounts that may see the row, where
	// the row itself has it: an index that begins with these keys ("users.*")
	// finds the rows of an account, in the order of its next field.
	People string

	Fields  []Field
	Indexes []app.Index

	Ephemeral  bool   // in memory, rows belong to a connection (W4)
	Local      bool   // ephemeral, and each server has rows of its own where several share a database
	AppendOnly bool   // rows are inserted and never changed
	Of         string // virtual: another view of this stored table
	Source     bool   // virtual: gets go to a query.Source
	Watcher    bool   // a query.Watcher is told who watches what
	Credential bool   // signs people in: no API key may see or set anything of it
	Writer     Op     // these sets go to a query.Writer

	Get, Create, Delete Who // updates: Field.Set
	Limit               int // rows in an answer that names no limit
	// PerProject is how many rows of one project there may be, 0 any number. The
	// index "project" finds them.
	PerProject int
}

// RequestIDs is the hidden field in which a row keeps the last request ids that
// changed it. (W3)
const RequestIDs = "request_ids"

// MaxRequestIDs is how many it keeps: more than a client has in flight for one
// row, few enough to cost nothing.
const MaxRequestIDs = 16

// requestIDs is the hidden field of every table that a client can set.
var requestIDs = Field{
	Name: RequestIDs, Type: List, Of: &Field{Type: String, Text: "One request."}, Optional: true, Hidden: true,
	Text: "Requests that changed this row.",
}

// defaultLimit is what most screens show at most.
const defaultLimit = 1000

// MaxRows is how many rows one answer has at most: the bound of a limit, and
// the limit of a query that names none. (Q6)
func (t *Table) MaxRows() int {
	if t.Limit > 0 {
		return t.Limit
	}
	return defaultLimit
}

// Field returns the declaration of a field, nil if there is none.
func (t *Table) Field(name string) *Field {
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			return &t.Fields[i]
		}
	}
	return nil
}

// Visible returns the names of the fields that a client may know, sorted.
func (t *Table) Visible() []string {
	var names []string
	for _, f := range t.Fields {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Settable returns the names of the fields that a client may set, sorted.
func (t *Table) Settable() []string {
	var names []string
	for _, f := range t.Fields {
		if f.Settable() || slices.Contains(t.Key, f.Name) && f.Force == Free && f.Set != Nobody {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Settable reports whether a client may set the field or something below it.
func (f *Field) Settable() bool {
	if f.Set != Nobody || f.Needs != nil {
		return true
	}
	for i := range f.Fields {
		if f.Fields[i].Settable() {
			return true
		}
	}
	return f.Of != nil && f.Of.Settable()
}

// Whole reports whether every row of the table is in an index: a row that lacks
// a field of it is not, so none may be optional or have a default. Its rows can
// be found by it alone.
func (t *Table) Whole(ix app.Index) bool {
	for _, name := range ix.Fields {
		if !t.required(name) {
			return false
		}
	}
	return true
}

// required reports whether every row has a value of a field; name is that of an
// index.
func (t *Table) required(name string) bool {
	f := t.Field(strings.TrimSuffix(name, ".*"))
	return f != nil && !f.Optional && f.Default == nil
}

// Required returns the fields that a row must have to be in the indexes that
// have every row.
func (t *Table) Required() []string {
	var names []string
	for _, ix := range t.Indexes {
		if !t.Whole(ix) {
			continue
		}
		for _, name := range ix.Fields {
			if name = strings.TrimSuffix(name, ".*"); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// Constant reports whether the value of a field never changes in a row.
func (t *Table) Constant(name string) bool {
	f := t.Field(name)
	if f == nil {
		return false
	}
	switch f.Force {
	case ByCaller, ByConnection, ByCreation, ByDocument:
		return true
	}
	return f.Once || t.IsKey(name)
}

// IsKey reports whether the field is part of the primary key.
func (t *Table) IsKey(name string) bool { return slices.Contains(t.Key, name) }

// Stored returns the name of the table in which the rows are.
func (t *Table) Stored() string {
	if t.Of != "" {
		return t.Of
	}
	return t.Name
}

// Public reports whether a client can ask anything of the table.
func (t *Table) Public() bool {
	if t.Get != Nobody || t.Create != Nobody || t.Delete != Nobody {
		return true
	}
	return len(t.Settable()) > 0
}
