package place

import (
	"context"
	"errors"

	"lyceum/app"
	"lyceum/app/query"
)

// Take makes a project this server's that is nobody's, with or without a folder
// here, and returns its title. Two kinds need it, and have no other way out, since
// their files may be on a server that has not come yet: one that names no server
// and may have run, as after a copy of the rows without the data directory; and
// one that names a server which the database has never seen. So only a person who
// knows decides. A project that never ran is taken too, as the first question would.
//
// Errors are sentences: NotFound, Elsewhere if a known server has it, and Conflict
// if this one has it already.
func (p *Places) Take(ctx context.Context, projectID string) (title string, err error) {
	if p == nil || p.o.Alone {
		return "", app.Errorf(app.Conflict, "This server is alone on its database, and has every project.")
	}
	_, err = query.Update(ctx, p.o.Store, projectsTable, projectID, func(row app.Row) (app.Row, error) {
		if row == nil {
			return nil, app.ErrNotFound
		}
		title = text(row, "title")
		s, known, err := p.serverOf(ctx, row)
		switch {
		case err != nil:
			return nil, err
		case s.ID == p.o.Self.ID:
			return nil, app.Errorf(app.Conflict, "The project %s is on this server already.", projectID)
		case known:
			return nil, elsewhere(s, projectID)
		}
		row["server"] = p.o.Self.ID
		return row, nil
	})
	if errors.Is(err, app.ErrNotFound) {
		return "", app.Errorf(app.NotFound, "There is no project %s. The address of a project's page has its id.", projectID)
	}
	if err != nil {
		return "", err
	}
	p.o.Log.InfoContext(ctx, "project taken as the operator says", "part", "place", "project", projectID)
	return title, nil
}

// elsewhere says which server has a project.
func elsewhere(s Server, projectID string) error {
	return app.Errorf(app.Elsewhere, "This project is on the server %s: %sprojects/%s/files/", s.Name, s.Address, projectID)
}
