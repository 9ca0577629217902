package migrate

import (
	"maps"

	"lyceum/app"
)

// steps are all that there ever were, the first first.
var steps = []Step{
	{
		Text:  "every project says when it was last edited, since a row that lacks an indexed field is in no index",
		Table: "projects",
		Row:   lastEdited,
	},
}

// lastEdited gives a project without it the last time at which somebody is known
// to have done something in it.
func lastEdited(row app.Row) app.Row {
	if _, there := row["last_edited"].(int64); there {
		return row
	}
	created, _ := row["created"].(int64)
	request, _ := row["action_request"].(app.Row)
	asked, _ := request["time"].(int64)
	next := maps.Clone(row)
	next["last_edited"] = max(created, asked)
	return next
}
