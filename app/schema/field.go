package schema

// Type is the kind of a field's values.
type Type int

// The types of fields. Times are milliseconds since 1970 UTC.
const (
	String Type = iota + 1
	ID          // a random id of ours, or one that the schema computes
	Int
	Float
	Bool
	Time
	Bytes
	Object // fields that are declared
	Map    // free keys, values of one type
	List   // values of one type
)

var typeNames = map[Type]string{
	String: "string", ID: "id", Int: "integer", Float: "number", Bool: "boolean", Time: "time",
	Bytes: "bytes", Object: "object", Map: "map", List: "list",
}

// String returns the type's name as it stands in messages.
func (t Type) String() string { return typeNames[t] }

// Force says that the server chooses a field's value at a set, whatever the
// client gives. (Q8)
type Force int

// What the server fills in.
const (
	Free         Force = iota
	ByCaller           // the caller's account, when the row or the object is made
	ByName             // the caller's name, at every set
	ByConnection       // the caller's connection
	ByClock            // the time of every set
	ByCreation         // the time when the row or the object is made
	ByRequest          // the set's request id
	ByDocument         // the project of the document that document_id names
)

// Field is one value of a row.
type Field struct {
	Name string
	Type Type
	Text string // what it is, for people

	Optional bool // may be missing in a row
	Default  any  // what a missing value reads as

	// Min and Max bound characters of a string, bytes, the number itself (a Float
	// must be above Min), or the entries of a map or list. A zero Max is the type's own bound.
	Min, Max int
	OneOf    []string // of a string: nothing else
	OneLine  bool     // of a string: no control characters

	Fields []Field // of an Object
	Of     *Field  // of a Map or List: its values

	// Set is who may set it; Nobody leaves it to the server. Once is true where
	// only the set that makes the row may name it.
	Set   Who
	Once  bool
	Force Force
	// Needs overrides Set by the value that is set.
	Needs map[string]Who
	// Unset is true where {"$unset": true} removes the value.
	Unset bool
	// Fresh replaces an Object as a whole instead of merging: what the server
	// added to the one before goes with it.
	Fresh bool

	Hidden bool // never leaves the server, neither as value nor by a filter
	Input  bool // is no part of the row: only given by, or answered to, a client once
}

// bounds of types where a field names none of its own.
const (
	maxID      = 128     // an id of ours has 26 characters, a hash 64
	maxString  = 4096    // a path on Linux
	maxBytes   = 1 << 20 // one update of a document
	maxEntries = 10_000  // entries of a directory; more is cut by who writes it
)

// Bounds are the least and the greatest of what a value may be: its characters,
// bytes or entries, or the number itself. A zero max is unbounded.
func (f *Field) Bounds() (least, most int) {
	switch {
	case len(f.OneOf) > 0 || f.Type == Bool || f.Type == Object:
		return 0, 0
	case f.Type == Int || f.Type == Float || f.Type == Time:
		return f.Min, f.Max
	}
	return f.Min, f.bound()
}

// bound is the greatest length of the field's value.
func (f *Field) bound() int {
	switch {
	case f.Max > 0:
		return f.Max
	case f.Type == ID:
		return maxID
	case f.Type == Bytes:
		return maxBytes
	case f.Type == Map || f.Type == List:
		return maxEntries
	}
	return maxString
}

// Field returns the field below an Object or Map, nil if there is none.
func (f *Field) Field(name string) *Field {
	switch f.Type {
	case Map:
		return f.Of
	case Object:
		for i := range f.Fields {
			if f.Fields[i].Name == name {
				return &f.Fields[i]
			}
		}
	}
	return nil
}
