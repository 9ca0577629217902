package document

import (
	"context"
	"errors"
	"fmt"

	"lyceum/app"
	"lyceum/app/yjs"
)

// documentAt returns the document of a path and makes it from the file if there
// is none. The path is written last: a document that can be found is whole. (D4)
func (rs *Rooms) documentAt(ctx context.Context, project, path string) (id string, err error) {
	id, err = rs.lookUp(ctx, project, path)
	if !errors.Is(err, app.ErrNotFound) {
		return id, err
	}
	unlock := rs.opening.lock(pathID(project, path))
	defer unlock()
	id, err = rs.lookUp(ctx, project, path)
	if !errors.Is(err, app.ErrNotFound) {
		return id, err
	}
	files, err := rs.opts.Files(ctx, project)
	if err != nil {
		return "", err
	}
	file, err := files.ReadDocument(ctx, path)
	if err != nil {
		return "", err
	}
	id = app.NewID()
	ctx = context.WithoutCancel(ctx) // half a document would stay for ever: nobody could find it
	if err := rs.create(ctx, id, project, path, file); err != nil {
		return "", err
	}
	err = rs.claim(ctx, project, path, id)
	if errors.Is(err, app.ErrConflict) { // another server was faster; ours can never be found
		return rs.lookUp(ctx, project, path)
	}
	return id, err
}

// claim makes a path lead to a document, if it leads to none. The path's lock is
// held.
func (rs *Rooms) claim(ctx context.Context, project, path, id string) error {
	key := pathID(project, path)
	write := app.Write{
		Table: pathsTable, ID: key, IfRev: app.Absent,
		Row: app.Row{"id": key, "project_id": project, "path": path, "document_id": id},
	}
	_, err := rs.opts.Store.Write(ctx, write)
	if !errors.Is(err, app.ErrConflict) {
		return err
	}
	rec, err := rs.opts.Store.Get(ctx, pathsTable, key)
	if err != nil {
		return err
	}
	if _, err := rs.lookUp(ctx, project, path); !errors.Is(err, app.ErrNotFound) {
		return errors.Join(app.ErrConflict, err)
	}
	write.IfRev = rec.Rev // left by a rename that a crash has cut short
	_, err = rs.opts.Store.Write(ctx, write)
	return err
}

// lookUp returns the document of a path. A path that leads to a document which
// is elsewhere now leads to none: a crash in the middle of a rename leaves that.
func (rs *Rooms) lookUp(ctx context.Context, project, path string) (string, error) {
	rec, err := rs.opts.Store.Get(ctx, pathsTable, pathID(project, path))
	if err != nil {
		return "", err
	}
	id, _ := rec.Row["document_id"].(string)
	document, err := rs.opts.Store.Get(ctx, documentsTable, id)
	if err != nil {
		return "", err
	}
	if document.Row["path"] != path {
		return "", app.ErrNotFound
	}
	return id, nil
}

// create writes a document whose first row is the content of its file.
func (rs *Rooms) create(ctx context.Context, id, project, path string, file File) error {
	text, crlf := toText(file.Data)
	update, err := rewrite(yjs.New(), text)
	if err != nil {
		return fmt.Errorf("make document of %s: %w", path, err)
	}
	saved := mark{hash: file.Hash}
	if update != nil {
		saved.seq = 1
		row := patchRow(project, id, 1, push{origin: originDisk, update: update}, file.Hash)
		if _, err := rs.opts.Store.Write(ctx, app.Write{Table: patchesTable, ID: rowID(id, 1), Row: row, IfRev: app.Absent}); err != nil {
			return err
		}
	}
	row := app.Row{
		"id": id, "project_id": project, "path": path, "created": now(), "saved": saved.row(), "line_ends": lineEnds(crlf),
	}
	_, err = rs.opts.Store.Write(ctx, app.Write{Table: documentsTable, ID: id, Row: row, IfRev: app.Absent})
	return err
}

// Renamed makes documents follow a file or a folder that was renamed through
// the page: their identity lasts as long as the file. (D4)
func (rs *Rooms) Renamed(ctx context.Context, project, from, to string) error {
	return rs.eachPath(ctx, project, from, func(id, path string) error {
		target := to + path[len(from):]
		unlock := rs.opening.lock(pathID(project, target)) // until the document says so too
		defer unlock()
		row := app.Row{"id": pathID(project, target), "project_id": project, "path": target, "document_id": id}
		if _, err := rs.opts.Store.Write(ctx, app.Write{Table: pathsTable, ID: pathID(project, target), Row: row, IfRev: app.AnyRev}); err != nil {
			return err
		}
		if err := updateDocument(ctx, rs.opts.Store, id, func(row app.Row) { row["path"] = target }); err != nil {
			return err
		}
		rs.tell(id, movedRequest{target})
		return rs.release(ctx, project, path, id)
	})
}

// release makes a path lead to nothing, unless it leads to another document by
// now.
func (rs *Rooms) release(ctx context.Context, project, path, id string) error {
	rec, err := rs.opts.Store.Get(ctx, pathsTable, pathID(project, path))
	if err == nil && rec.Row["document_id"] == id {
		_, err = rs.opts.Store.Write(ctx, app.Write{Table: pathsTable, ID: pathID(project, path), IfRev: rec.Rev})
	}
	if errors.Is(err, app.ErrNotFound) || errors.Is(err, app.ErrConflict) {
		return nil
	}
	return err
}

// Removed ends the documents of a file or a folder that was deleted through the
// page: a new file of that name is a new document. (D4)
func (rs *Rooms) Removed(ctx context.Context, project, path string) error {
	return rs.eachPath(ctx, project, path, func(id, path string) error {
		_, err := rs.opts.Store.Write(ctx, app.Write{Table: pathsTable, ID: pathID(project, path), IfRev: app.AnyRev})
		if err == nil {
			rs.tell(id, detachRequest{})
		}
		return err
	})
}

// eachPath calls fn for the document of path and for those below it.
func (rs *Rooms) eachPath(ctx context.Context, project, path string, fn func(id, path string) error) error {
	id, err := rs.lookUp(ctx, project, path)
	if err == nil {
		err = fn(id, path)
	}
	if err != nil && !errors.Is(err, app.ErrNotFound) {
		return err
	}
	below := pathID(project, path) + "/"
	r := app.Range{Table: pathsTable, From: &app.Bound{Value: below}, To: &app.Bound{Value: below[:len(below)-1] + "0", Open: true}}
	for {
		page, err := rs.opts.Store.Read(ctx, r)
		if err != nil {
			return err
		}
		for _, rec := range page.Records {
			id, _ := rec.Row["document_id"].(string)
			path, _ := rec.Row["path"].(string)
			if err := fn(id, path); err != nil {
				return err
			}
		}
		if page.Next == nil {
			return nil
		}
		r.After = page.Next
	}
}

// tell tells an open room what has become of its file.
func (rs *Rooms) tell(id string, req request) {
	rs.mu.Lock()
	e := rs.open[id]
	rs.mu.Unlock()
	if e == nil {
		return
	}
	<-e.loaded
	if e.room != nil {
		_ = e.room.ask(rs.ctx, req) // a room that has closed reads it from its row
	}
}
