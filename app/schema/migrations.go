package schema

var migrations = &Table{
	Name: "migrations", Noun: "migration", Key: []string{"id"},
	Text: "How far the rows of this database have been brought to the schema.",
	Fields: []Field{
		{Name: "id", Type: String, Max: 100, Text: "Always \"rows\"."},
		{Name: "version", Type: Int, Text: "The number of the last migration that is done."},
		{Name: "time", Type: Time, Text: "When it was done."},
	},
}
