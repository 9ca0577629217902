package query

import "lyceum/app"

// makeProject makes a new row of projects into a project: its maker owns it, and it
// does not run.
func makeProject(row app.Row, accountID, server string) {
	now := row["created"]
	row["users"] = app.Row{accountID: app.Row{"role": app.Owner.String(), "since": now}}
	row["state"] = app.Row{"state": "stopped", "since": now}
	if server != "" {
		row["server"] = server
	}
}
