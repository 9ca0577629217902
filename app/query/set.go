package query

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"lyceum/app"
	"lyceum/app/live"
	"lyceum/app/schema"
)

const (
	// maxAttempts bounds how often a write starts again after losing a race. Ten
	// lost races in a row on one row are a bug, not bad luck.
	maxAttempts = 10
	// maxRow bounds a row in bytes: an update of a document and what goes with it.
	maxRow = 2 << 20
	// newID is the id with which a client asks for a new row. (Q7)
	newID = "new"
)

// setting is one set or delete on its way.
type setting struct {
	*Engine
	caller  app.Caller
	table   *schema.Table
	given   app.Row // cleaned
	raw     app.Row
	request string
	needs   []need
	id      string // "" where the writer makes it
	project string // of the document that the set names
	rev     int64  // of the row when the set was in it; 0 if that is not known
}

// set carries out a set or a delete. (Q7, Q8, W3)
func (e *Engine) set(ctx context.Context, c app.Caller, q *ask, request string) (Answer, error) {
	s := &setting{Engine: e, caller: c, table: q.table, raw: q.given, request: request}
	creating := q.op == opSet && s.creates()
	var err error
	if s.given, err = clean(q.table, q.given, creating); err != nil {
		return Answer{}, err
	}
	if err := s.identify(ctx, creating); err != nil {
		return Answer{}, err
	}
	var row app.Row
	switch {
	case q.op == opDelete:
		row, err = s.delete(ctx)
	case creating:
		row, err = s.create(ctx)
	default:
		row, err = s.update(ctx)
	}
	if err != nil {
		return Answer{}, err
	}
	if project, _ := row[s.table.Project].(string); project != "" && e.Used != nil && !s.table.Ephemeral {
		e.Used(project)
	}
	return Answer{Row: s.shown(row), Wrote: true, Position: s.position()}, nil
}

// position returns where the log holds the set, so that a client knows when it
// has seen its change: not before a watch of the row has come to it. (L4)
func (s *setting) position() *app.Position {
	log := s.logs[s.table.Stored()]
	if s.rev == 0 || log == nil {
		return nil
	}
	n, known := log.Number(rowTopic(s.id), s.rev)
	if !known {
		n = s.rev // long ago, or in a store whose revisions are its numbers
	}
	return &app.Position{Log: log.Position().Log, N: n}
}

// creates reports whether the set can only make a row.
func (s *setting) creates() bool {
	return s.table.NewID && s.raw["id"] == newID || s.table.AppendOnly || s.table.Unstored()
}

// identify finds out which row is meant.
func (s *setting) identify(ctx context.Context, creating bool) error {
	t := s.table
	if f := t.Field("project_id"); f != nil && f.Force == schema.ByDocument {
		if err := s.identifyDocument(ctx); err != nil {
			return err
		}
	}
	row := maps.Clone(s.given)
	if t.Singleton != "" && row[t.Key[0]] == nil {
		row[t.Key[0]] = t.Singleton
	}
	for _, name := range t.Key {
		if t.Field(name).Force != schema.ByConnection {
			continue
		}
		if s.caller.ConnectionID == "" {
			return app.Errorf(app.Invalid, "Rows of %s belong to a connection; set them over the WebSocket.", t.Name)
		}
		row[name] = s.caller.ConnectionID
	}
	if creating && t.NewID {
		s.id = app.NewID()
		if s.request != "" {
			s.id = derive(s.caller.AccountID, t.Name, s.request)
		}
		s.given["id"] = s.id
		return nil
	}
	id, ok := t.ID(row)
	if !ok && !creating {
		return app.Errorf(app.Invalid, "A set of %s must name %s.", t.Name, schema.And(t.Key))
	}
	s.id = id
	if ok && !creating {
		for _, name := range t.Key {
			s.given[name] = row[name]
		}
	}
	return nil
}

// identifyDocument finds the project of the document that the set names.
func (s *setting) identifyDocument(ctx context.Context) error {
	id, _ := s.given["document_id"].(string)
	if id == "" {
		return app.Errorf(app.Invalid, "A set of %s must name document_id.", s.table.Name)
	}
	projectID, err := s.projectOf(ctx, id)
	if errors.Is(err, app.ErrNotFound) || err == nil && s.access.Role(s.caller, projectID) == app.NoRole {
		return app.Errorf(app.NotFound, "This document does not exist, or you may not see it.")
	}
	s.project = projectID
	return err
}

// values are the given fields without the key: what the set wants to change.
func (s *setting) values() app.Row {
	row := maps.Clone(s.given)
	for _, name := range s.table.Key {
		delete(row, name)
	}
	return row
}

// fresh returns the row that a set makes where there is none.
func (s *setting) fresh() (app.Row, error) {
	t := s.table
	if name, ok := missing(t, s.given); ok && !t.Unstored() {
		return nil, app.Errorf(app.Invalid, "A new %s needs %s.%s.", noun(t), t.Name, name)
	}
	row := merge(t.Field, nil, s.given)
	s.forcing(s.caller, s.request, s.project).fill(t.Fields, row, nil, s.given, true)
	if t.Name == "projects" {
		makeProject(row, s.caller.AccountID, s.server)
	}
	return row, nil
}

// create makes a row, or finds that the same request has made it. (W3)
func (s *setting) create(ctx context.Context) (app.Row, error) {
	t := s.table
	row, err := s.fresh()
	if err != nil {
		return nil, err
	}
	s.needs = []need{{t.Create, t.Name}}
	if t.Name != "projects" { // who makes one is its owner
		s.needs = append(s.needs, needs(t.Name, t.Field, s.given)...)
	} else if _, acts := s.given["action_request"]; acts {
		return nil, app.Errorf(app.Invalid, "A new project cannot be acted on yet; set projects.action_request when it is there.")
	}
	if err := s.permitAll(s.caller, t, row, s.needs); err != nil {
		return nil, err
	}
	if err := s.hasRoom(ctx, row); err != nil {
		return nil, err
	}
	remember(t, row, s.caller.AccountID, s.request)
	if t.Writer&schema.Create != 0 {
		return s.write(ctx, schema.Create, row)
	}
	err = s.commit(ctx, row, app.Absent)
	if errors.Is(err, app.ErrConflict) && s.request != "" {
		// Only the same request derives this id: what it has made is answered.
		rec, err := s.store.Get(ctx, t.Stored(), s.id)
		if err != nil {
			return nil, err
		}
		return rec.Row, s.sees(s.caller, t, rec.Row)
	}
	return row, err
}

// hasRoom returns nil if a project may have one more row of the table. Sets at the
// same moment may each see the room for one.
func (s *setting) hasRoom(ctx context.Context, row app.Row) error {
	t := s.table
	if t.PerProject == 0 {
		return nil
	}
	page, err := s.store.Read(ctx, app.Range{
		Table: t.Stored(), Index: "project", Prefix: []any{row[t.Project]}, Limit: t.PerProject, Fields: []string{t.Project},
	})
	if err != nil || len(page.Records) < t.PerProject {
		return err
	}
	if slices.ContainsFunc(page.Records, func(rec app.Record) bool { return rec.ID == s.id }) {
		return nil // the same request has made it
	}
	return app.Errorf(app.TooLarge, "This project has %d %s, which is the most. Please delete some.", t.PerProject, strings.ReplaceAll(t.Name, "_", " "))
}

// update merges the set into the row, again if somebody else was faster.
func (s *setting) update(ctx context.Context) (app.Row, error) {
	t := s.table
	s.needs = needs(t.Name, t.Field, s.values())
	for range maxAttempts {
		rec, err := s.store.Get(ctx, t.Stored(), s.id)
		if errors.Is(err, app.ErrNotFound) {
			if rec, err = s.absent(); err != nil {
				return nil, err
			}
		}
		if err != nil {
			return nil, err
		}
		if rec.Row != nil {
			if err := s.sees(s.caller, t, rec.Row); err != nil {
				return nil, err
			}
		}
		if done(rec.Row, s.caller.AccountID, s.request) || s.setsNothing(rec.Row) {
			s.rev = rec.Rev
			return rec.Row, nil
		}
		row, err := s.next(rec.Row)
		if err != nil {
			return nil, err
		}
		if rec.Row == nil && t.Project != "" { // whether there is a row is told only to who may see it
			if err := s.sees(s.caller, t, row); err != nil {
				return nil, err
			}
			if err := s.projectIsThere(ctx, row); err != nil {
				return nil, err
			}
		}
		if err := s.permitAll(s.caller, t, row, s.needs); err != nil {
			return nil, err
		}
		if t.Writer&schema.Update != 0 {
			return s.write(ctx, schema.Update, row)
		}
		remember(t, row, s.caller.AccountID, s.request)
		err = s.commit(ctx, row, rec.Rev)
		if !errors.Is(err, app.ErrConflict) {
			return row, err
		}
	}
	return nil, app.ErrConflict
}

// projectIsThere refuses a row of no project. Who has a role in it knows;
// administrators may see the rows of every project, also of one that they have
// mistyped.
func (s *setting) projectIsThere(ctx context.Context, row app.Row) error {
	project, _ := row[s.table.Project].(string)
	if s.access.Role(s.caller, project) != app.NoRole {
		return nil
	}
	_, err := s.store.Get(ctx, "projects", project)
	if errors.Is(err, app.ErrNotFound) {
		return app.Errorf(app.NotFound, "There is no such project.")
	}
	return err
}

// setsNothing reports whether the set gives nothing but the key of a row that is
// there. No field means that no role was asked for, so nothing may come of it,
// not even a new time. Rows that are the caller's own are touched by it.
func (s *setting) setsNothing(row app.Row) bool {
	return row != nil && !s.table.Upsert && len(s.values()) == 0
}

// absent is what an update of a missing row begins with.
func (s *setting) absent() (app.Record, error) {
	if !s.table.Upsert {
		return app.Record{}, errAbsent(s.table)
	}
	s.needs = append(s.needs, need{s.table.Create, s.table.Name})
	return app.Record{Rev: app.Absent}, nil
}

// next returns the row after the set.
func (s *setting) next(row app.Row) (app.Row, error) {
	t := s.table
	if row == nil {
		return s.fresh()
	}
	values := s.values()
	for name, v := range values {
		if f := t.Field(name); !f.Once {
			continue
		}
		if compare(v, row[name]) != 0 {
			return nil, app.Errorf(app.Invalid, "%s.%s can only be set when the %s is made.", t.Name, name, noun(t))
		}
		delete(values, name)
	}
	after := merge(t.Field, row, values)
	s.forcing(s.caller, s.request, s.project).fill(t.Fields, after, row, values, false)
	return after, nil
}

// delete removes the row. What is not there, or may not be seen, is removed
// already: a repetition is acknowledged again. (W3, Q9)
func (s *setting) delete(ctx context.Context) (app.Row, error) {
	t := s.table
	if t.Delete == schema.Nobody {
		return nil, app.Errorf(app.Denied, "Rows of %s cannot be deleted.", t.Name)
	}
	for name := range s.given {
		if !t.IsKey(name) {
			return nil, app.Errorf(app.Invalid, "A delete of %s names %s and nothing else.", t.Name, schema.And(t.Key))
		}
	}
	s.needs = []need{{t.Delete, t.Name}}
	if t.Unstored() {
		if err := s.permitAll(s.caller, t, s.given, s.needs); err != nil {
			return nil, err
		}
		return s.write(ctx, schema.Delete, s.given)
	}
	for range maxAttempts {
		rec, err := s.store.Get(ctx, t.Stored(), s.id)
		if errors.Is(err, app.ErrNotFound) || err == nil && s.sees(s.caller, t, rec.Row) != nil {
			return nil, nil // an acknowledgement without a row
		}
		if err != nil {
			return nil, err
		}
		if err := s.permitAll(s.caller, t, rec.Row, s.needs); err != nil {
			return nil, err
		}
		if t.Writer&schema.Delete != 0 {
			return s.write(ctx, schema.Delete, rec.Row)
		}
		row := rec.Row
		err = s.hold(ctx, row, func(ctx context.Context) error {
			gone, err := s.store.Write(ctx, app.Write{Table: t.Stored(), ID: s.id, IfRev: rec.Rev})
			s.rev = gone.Rev
			return err
		})
		if !errors.Is(err, app.ErrConflict) {
			return row, err
		}
	}
	return nil, app.ErrConflict
}

// commit writes the row while the caller's role holds.
func (s *setting) commit(ctx context.Context, row app.Row, ifRev int64) error {
	if n := live.Size(row); n > maxRow {
		return app.Errorf(app.TooLarge, "This %s would have %d bytes; at most %d are kept.", noun(s.table), n, maxRow)
	}
	return s.hold(ctx, row, func(ctx context.Context) error {
		rec, err := s.store.Write(ctx, app.Write{Table: s.table.Stored(), ID: s.id, Row: row, IfRev: ifRev})
		s.rev = rec.Rev
		return err
	})
}

// hold calls fn within the fence of the row's project, after asking once more
// for every permission: nothing is committed after the loss of a role has been
// acknowledged. (W5)
func (s *setting) hold(ctx context.Context, row app.Row, fn func(context.Context) error) error {
	projectID, role := "", greatest(s.needs)
	if role != app.NoRole && s.table.Project != "" {
		projectID, _ = row[s.table.Project].(string)
	}
	held, release, err := s.access.Hold(ctx, s.caller, projectID, role)
	if err != nil {
		return err
	}
	defer release()
	if err := s.permitAll(s.caller, s.table, row, s.needs); err != nil {
		return err
	}
	return fn(held)
}

// write hands the set to the table's writer.
func (s *setting) write(ctx context.Context, op schema.Op, row app.Row) (answer app.Row, err error) {
	w := s.Writers[s.table.Name]
	if w == nil {
		return nil, app.Errorf(app.Unavailable, "%s cannot be set on this server.", s.table.Name)
	}
	set := Set{Table: s.table.Name, Op: op, ID: s.id, Row: row, Given: s.given, Request: s.request}
	if s.table.Unstored() { // it changes roles, and puts up the fence itself
		return w.Set(ctx, set)
	}
	err = s.hold(ctx, row, func(ctx context.Context) error {
		answer, err = w.Set(ctx, set)
		return err
	})
	return answer, err
}

// shown leaves of an acknowledged row what the client is told: the key, and
// what only this answer holds.
func (s *setting) shown(row app.Row) app.Row {
	if row == nil {
		return nil
	}
	out := make(app.Row)
	for i := range s.table.Fields {
		f := &s.table.Fields[i]
		written := s.table.Writer != 0 && !slices.Contains([]string{schema.RequestIDs}, f.Name)
		if v, ok := row[f.Name]; ok && !f.Hidden && (s.table.IsKey(f.Name) || f.Input || written) {
			out[f.Name] = v
		}
	}
	return out
}
