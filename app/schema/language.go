package schema

// Operators are what a filter may compare with, in the order in which a
// sentence lists them. (Q4)
var Operators = []string{"==", "!=", "<", "<=", ">", ">=", "in"}

// Option is one entry of a query's options.
type Option struct {
	Name string
	Type string // as people read it
	Text string
}

// Options are all that a query may have, in order of their names. (Q6)
var Options = []Option{
	{"after", "position", "Of a watch: a position that an answer had; only what came since is sent."},
	{"changes", "boolean", "Answers with the rows and then with every change of them."},
	{"delete", "boolean", "Deletes the row that the query names."},
	{"limit", "integer", "How many rows at most."},
	{"order_by", "string or list of strings", "The fields to sort by; \"-\" before a name descends."},
	{"set", "boolean", "Says that the query is a set although it has a null."},
}

// OptionNames are the names of Options.
func OptionNames() []string {
	names := make([]string, len(Options))
	for i, o := range Options {
		names[i] = o.Name
	}
	return names
}
