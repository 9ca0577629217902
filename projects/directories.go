package projects

import (
	"context"
	"errors"
	"time"

	"lyceum/app"
	"lyceum/projects/files"
)

// listPause is the least time between two listings of a folder: a build that
// writes a thousand files is shown some times, not a thousand.
const listPause = 150 * time.Millisecond

// maxFolders is how many folders of one project are followed at once. Each is a
// stream to the agent, of which it has a bounded number.
const maxFolders = 256

// folder is a folder that somebody watches, or that is being let go of.
type folder struct {
	project  string
	watching int // how many; 0: it is being let go of
	cancel   context.CancelFunc
	done     chan struct{} // closed when its row is gone
}

// after is time.After, named for what it is here: a pause that select can end.
func after(d time.Duration) <-chan time.Time { return time.After(d) }

// Watched implements query.Watcher for directories: while a folder is watched,
// its row is kept true. A project is not started by it: a tab left open must not
// undo a stop.
func (h *Host) Watched(ctx context.Context, filter app.Row) (func(), error) {
	project, path := text(filter, "project_id"), text(filter, "path")
	if _, given := filter["path"]; !given || project == "" {
		return func() {}, nil // a query over all folders shows those that others watch
	}
	if err := h.Own(ctx, project); err != nil {
		return nil, err
	}
	key := project + "/" + path
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.folders[key]
	if f == nil || f.watching == 0 {
		var err error
		if f, err = h.followLocked(project, path, f); err != nil {
			return nil, err
		}
		h.folders[key] = f
	}
	f.watching++
	return func() { h.release(f) }, nil
}

// followLocked begins to follow a folder. before was followed and is being let
// go of; nil if there is none. Its row goes first.
func (h *Host) followLocked(project, path string, before *folder) (*folder, error) {
	if h.ctx == nil {
		return nil, app.Errorf(app.Unavailable, "The server is stopping. Please try again.")
	}
	n := 0
	for _, f := range h.folders {
		if f.project == project {
			n++
		}
	}
	if n >= maxFolders {
		return nil, app.Errorf(app.TooLarge, "More than %d folders of this project are shown at once. Please close some.", maxFolders)
	}
	ctx, cancel := context.WithCancel(h.ctx)
	f := &folder{project: project, cancel: cancel, done: make(chan struct{})}
	h.taskLocked(func(context.Context) {
		if before != nil {
			<-before.done
		}
		h.follow(ctx, project, path)
		h.dropListing(project, path)
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.folders[project+"/"+path] == f {
			delete(h.folders, project+"/"+path)
		}
		close(f.done)
	})
	return f, nil
}

func (h *Host) release(f *folder) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if f.watching--; f.watching == 0 {
		f.cancel()
	}
}

// follow keeps the row of a folder until ctx ends.
func (h *Host) follow(ctx context.Context, project, path string) {
	for ctx.Err() == nil {
		changed := h.changed(project)
		client, ok := h.Running(project)
		if !ok {
			h.writeListing(ctx, project, path, files.Listing{}, app.Errorf(app.Unavailable, "The project is not running."))
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		err := h.followWith(ctx, client, project, path)
		if ctx.Err() != nil {
			return
		}
		h.writeListing(ctx, project, path, files.Listing{}, err)
		select { // a folder that was deleted may come back
		case <-after(retryAfter):
		case <-ctx.Done():
		}
	}
}

// followWith lists a folder whenever the agent says that it has changed.
func (h *Host) followWith(ctx context.Context, client files.Files, project, path string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	dirty := make(chan struct{}, 1)
	ended := make(chan error, 1)
	h.task(func(context.Context) {
		ended <- client.Watch(ctx, []string{path}, func(files.Event) error {
			select {
			case dirty <- struct{}{}:
			default: // will be listed anyway
			}
			return nil
		})
	})
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			return errors.Join(err, ctx.Err())
		case <-dirty:
		}
		listing, err := client.List(ctx, path)
		if err != nil {
			return err
		}
		h.writeListing(ctx, project, path, listing, nil)
		select {
		case <-after(listPause):
		case <-ctx.Done():
		}
	}
}

// writeListing writes the row of a folder, unless it says the same already.
func (h *Host) writeListing(ctx context.Context, project, path string, l files.Listing, err error) {
	if ctx.Err() != nil {
		return
	}
	row := app.Row{"project_id": project, "path": path, "time": now(), "cut": l.Cut}
	if err != nil {
		_, message := app.Public(err)
		row["error"] = message
	} else {
		entries := make(app.Row, len(l.Entries))
		for _, e := range l.Entries {
			entries[e.Name] = app.Row{"kind": string(e.Kind), "size": e.Size, "modified": e.Modified, "mode": int64(e.Mode)}
		}
		row["entries"] = entries
	}
	_, err = h.o.Store.Write(ctx, app.Write{Table: "directories", ID: project + "/" + path, Row: row, IfRev: app.AnyRev})
	if err != nil && ctx.Err() == nil {
		h.o.Log.Error("listing not written", "project", project, "err", err)
	}
}

// dropListing removes the row of a folder that nobody watches any more.
func (h *Host) dropListing(project, path string) {
	// The watch has ended, and with it its context; the row must go all the same.
	ctx, cancel := context.WithTimeout(context.Background(), retryAfter)
	defer cancel()
	if _, err := h.o.Store.Write(ctx, app.Write{Table: "directories", ID: project + "/" + path, IfRev: app.AnyRev}); err != nil {
		h.o.Log.Warn("listing not removed", "project", project, "err", err)
	}
}
