package document

import (
	"context"
	"errors"
	"sync"

	"lyceum/app"
)

// SaveProject writes the files of a project that have not what was typed. It is
// called before the project stops and returns when all are written or ctx ends;
// what is not on disk then stays in the store. (D9)
func (rs *Rooms) SaveProject(ctx context.Context, project string) error {
	rooms := rs.roomsOf(project)
	errs := make([]error, 2*len(rooms))
	var all sync.WaitGroup
	for i, r := range rooms { // at once: one that is slow holds up no other
		all.Go(func() {
			reply := make(chan error, 1)
			errs[2*i], errs[2*i+1] = ask(ctx, r, flushRequest{reply}, reply)
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

func (rs *Rooms) roomsOf(project string) []*room {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	var rooms []*room
	for _, e := range rs.open {
		select {
		case <-e.loaded:
			if e.room != nil && e.room.project == project {
				rooms = append(rooms, e.room)
			}
		default:
		}
	}
	return rooms
}

// Resume writes what an earlier server, or a stop of the project, has left
// unwritten. It is called when a project begins to run. (D8, D9)
func (rs *Rooms) Resume(ctx context.Context, project string) error {
	r := app.Range{Table: documentsTable, Index: "project", Prefix: []any{project}}
	for {
		page, err := rs.opts.Store.Read(ctx, r)
		if err != nil {
			return err
		}
		for _, rec := range page.Records {
			if dirty, _ := rec.Row["dirty"].(bool); !dirty {
				continue
			}
			_, release, err := rs.acquire(ctx, rec.ID)
			if err != nil {
				return err
			}
			release() // a room that is open saves by itself
		}
		if page.Next == nil {
			return nil
		}
		r.After = page.Next
	}
}

// WriteAgain makes the file of a document again that was deleted or replaced,
// unless its path belongs to another document by now. (D4)
func (rs *Rooms) WriteAgain(ctx context.Context, id string) error {
	rec, err := rs.opts.Store.Get(ctx, documentsTable, id)
	if err != nil {
		return err
	}
	project, _ := rec.Row["project_id"].(string)
	path, _ := rec.Row["path"].(string)
	owner, err := rs.lookUp(ctx, project, path)
	if errors.Is(err, app.ErrNotFound) {
		owner, err = id, rs.claim(ctx, project, path, id)
	}
	if err != nil {
		return err
	}
	if owner != id {
		return app.Errorf(app.Conflict, "Another file has this name now. Copy your text into a new file.")
	}
	return rs.with(ctx, id, func(r *room) error {
		reply := make(chan error, 1)
		err, askErr := ask(ctx, r, writeAgainRequest{reply}, reply)
		if askErr != nil {
			return askErr
		}
		return err
	})
}

// writeAgainRequest asks to put the text in place whatever is there.
type writeAgainRequest struct{ reply chan error }

func (w writeAgainRequest) serve(r *room) {
	if r.disk.busy {
		w.reply <- app.Errorf(app.Unavailable, "The file is being read or written just now. Please try again.")
		return
	}
	r.disk.detached = false // the path is this document's again
	r.disk.flushes = append(r.disk.flushes, w.reply)
	r.disk.save(r, true)
}

// detachRequest says that the file was deleted in the page: a new file of its
// name is another document's. (D4)
type detachRequest struct{}

func (detachRequest) serve(r *room) {
	r.disk.detached = true
	r.fileIs(fileDeleted, sentenceDeleted)
}

// movedRequest says that the file has another path now.
type movedRequest struct{ path string }

func (m movedRequest) serve(r *room) {
	r.disk.path = m.path
	select { // only the newest path matters
	case <-r.moved:
	default:
	}
	r.moved <- m.path
}
