package reference

import "lyceum/app/schema"

// Schema is the language and its tables.
type Schema struct {
	Operators []string          `json:"operators"` // of a filter
	Options   []Option          `json:"options"`   // of a query
	Who       map[string]string `json:"who"`       // in words, by the names that get, create, delete and set have
	Tables    []Table           `json:"tables"`
}

// Option is one of a query's options.
type Option struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Text string `json:"text"`
}

// Table is a table that a client can ask or set something of.
type Table struct {
	Name       string   `json:"name"`
	Text       string   `json:"text"`
	Key        []string `json:"key"`                  // always part of an answer; a set names it
	NewID      bool     `json:"new_id,omitempty"`     // a set with the id "new" makes a row
	Upsert     bool     `json:"upsert,omitempty"`     // a set of a key that is not there makes the row
	Get        string   `json:"get"`                  // who may read which rows
	Create     string   `json:"create"`               // who may make a row
	Delete     string   `json:"delete"`               // who may delete one
	Watch      bool     `json:"watch"`                // whether options.changes is taken
	Limit      int      `json:"limit"`                // rows in an answer
	Ephemeral  bool     `json:"ephemeral,omitempty"`  // rows go with their connection
	Credential bool     `json:"credential,omitempty"` // no API key reads or sets anything of it
	Fields     []Field  `json:"fields"`
}

// Field is one field of a row, of an object, or the values of a map or a list.
type Field struct {
	Name     string            `json:"name"` // empty for the values of a map or a list
	Type     string            `json:"type"`
	Text     string            `json:"text"`
	Get      bool              `json:"get"`                // whether a get may name it
	Set      string            `json:"set,omitempty"`      // who may set it; missing if the server does
	Needs    map[string]string `json:"needs,omitempty"`    // who may set it to each of its values
	Once     bool              `json:"once,omitempty"`     // only when the row is made
	Unset    bool              `json:"unset,omitempty"`    // {"$unset": true} removes it
	Optional bool              `json:"optional,omitempty"` // may be missing in a row
	Min      int               `json:"min,omitempty"`      // characters, bytes, entries, or the number itself
	Max      int               `json:"max,omitempty"`
	OneOf    []string          `json:"one_of,omitempty"`
	Default  any               `json:"default,omitempty"`
	Fields   []Field           `json:"fields,omitempty"` // of an object
	Of       *Field            `json:"of,omitempty"`     // of a map or a list
}

// All describes every table that a client can use.
func All() Schema {
	s := Schema{Operators: schema.Operators, Who: make(map[string]string)}
	for _, o := range schema.Options {
		s.Options = append(s.Options, Option(o))
	}
	for who := schema.Nobody; who <= schema.Overseers; who++ {
		s.Who[who.Name()] = who.String()
	}
	for _, t := range schema.All() {
		if t.Public() {
			s.Tables = append(s.Tables, table(t))
		}
	}
	return s
}

func table(t *schema.Table) Table {
	return Table{
		Name: t.Name, Text: t.Text, Key: t.Key, NewID: t.NewID, Upsert: t.Upsert,
		Get: t.Get.Name(), Create: t.Create.Name(), Delete: t.Delete.Name(),
		Watch: t.Get != schema.Nobody && !t.Source, Limit: t.MaxRows(), Ephemeral: t.Ephemeral, Credential: t.Credential,
		Fields: fields(t.Fields, func(f *schema.Field) bool { return t.Get != schema.Nobody && (!f.Input || t.Source) }),
	}
}

func fields(list []schema.Field, get func(*schema.Field) bool) []Field {
	var out []Field
	for i := range list {
		if !list[i].Hidden {
			out = append(out, field(&list[i], get))
		}
	}
	return out
}

func field(f *schema.Field, get func(*schema.Field) bool) Field {
	out := Field{
		Name: f.Name, Type: f.Type.String(), Text: f.Text, Get: get(f),
		Once: f.Once, Unset: f.Unset, Optional: f.Optional, OneOf: f.OneOf, Default: f.Default,
		Fields: fields(f.Fields, get),
	}
	out.Min, out.Max = f.Bounds()
	if f.Set != schema.Nobody && f.Force == schema.Free {
		out.Set = f.Set.Name()
	}
	for value, who := range f.Needs {
		if out.Needs == nil {
			out.Needs = make(map[string]string)
		}
		out.Needs[value] = who.Name()
	}
	if f.Of != nil {
		of := field(f.Of, get)
		out.Of = &of
	}
	return out
}
