package schema

var migrations = &Table{
	Name: "migrations", Noun: "migration", Key: []string{"id"},
	Text: "How far the rows of this database have been brought to the schema, and whether they are all there.",
	Fields: []Field{
		{Name: "id", Type: String, Max: 100, Text: "\"rows\", or \"copy\" while the rows of another database are copied into this one."},
		{Name: "version", Type: Int, Optional: true, Text: "The number of the last migration that is done."},
		{Name: "begun", Type: Int, Optional: true, Text: "The number of the last migration that was begun."},
		{Name: "source", Type: String, Max: 1000, Optional: true, Text: "Of which database it is a copy."},
		{Name: "time", Type: Time, Text: "When it was done, or begun."},
	},
}
