package document

import (
	"context"
	"errors"
	"time"

	"lyceum/app"
)

// The pauses around a change of the file.
const (
	// settleAfter lets a program finish its writing before the file is read.
	settleAfter = 150 * time.Millisecond
	// watchAgainAfter is the pause before a lost watch is begun again.
	watchAgainAfter = time.Second
)

// changedRequest says that the file may have changed.
type changedRequest struct{}

func (changedRequest) serve(r *room) {
	r.disk.check = true
	if !r.disk.busy {
		r.disk.startCheck(r)
	}
}

// startCheck begins to read the file.
func (d *disk) startCheck(r *room) {
	d.check = false
	project, path, opts := r.project, d.path, r.opts
	known, tidied := d.knownHashes(), d.tidied
	d.start(func(ctx context.Context) result {
		select {
		case <-time.After(settleAfter):
		case <-ctx.Done():
		}
		files, ok := opts.Running(project)
		if !ok {
			return checkResult{err: errNotRunning}
		}
		ctx, cancel := context.WithTimeout(ctx, saveTimeout)
		defer cancel()
		var res checkResult
		if !tidied {
			res.left, res.err = files.Leftovers(ctx, path, known)
		}
		if res.err == nil {
			res.tidied = true
			res.file, res.err = files.ReadDocument(ctx, path)
		}
		return res
	})
}

// checkResult is the file as it was read.
type checkResult struct {
	left   []Displaced // what a crash has left
	tidied bool
	file   File
	err    error
}

func (c checkResult) apply(r *room) {
	d := r.disk
	d.busy = false
	merged, err := r.mergeDisplaced(c.left)
	if err != nil {
		r.fail(err)
		return
	}
	r.discard(merged)
	d.tidied = d.tidied || c.tidied
	if c.see(r) {
		d.finished(r)
	}
}

// see takes what the file is; false if that is not known.
func (c checkResult) see(r *room) bool {
	d := r.disk
	switch {
	case d.detached: // what is there is not this document's
		return true
	case errors.Is(c.err, app.ErrNotFound) || app.IsKind(c.err, app.NotFound):
		r.fileIs(fileDeleted, sentenceDeleted)
		return true
	case app.IsKind(c.err, app.Invalid) || app.IsKind(c.err, app.TooLarge):
		_, message := app.Public(c.err)
		r.fileIs(fileBinary, "The file on disk was replaced: "+message+" Your text is kept here; write it again or copy it.")
		return true
	case c.err != nil: // the watch begins again and checks again
		d.failed(r, c.err)
		return false
	}
	known := c.file.Hash == d.inFile.hash || d.known[c.file.Hash]
	switch {
	case d.saving.hash == c.file.Hash && !known: // written, but a crash came before it was noted
		d.inFile, d.saving = d.saving, mark{}
		r.noteSaved(d.inFile)
	case !known:
		if err := r.takeFile(c.file); err != nil {
			d.failed(r, err)
			return false
		}
	}
	if d.state != fileOK {
		d.state, d.noted = fileOK, ""
		if err := r.update(d.jobsCtx, func(row app.Row) { delete(row, "disk"); delete(row, "error") }); err != nil {
			r.opts.Log.Warn("state of file not noted", "id", r.id, "err", err)
		}
	}
	return true
}

// takeFile brings a content that we did not write into the document. (D8)
func (r *room) takeFile(file File) error {
	d := r.disk
	from := d.inFile
	if d.saving.seq > 0 {
		nearer, err := r.nearer(d.jobsCtx, file, d.inFile, d.saving)
		if err != nil {
			return err
		}
		if from = nearer; from == d.saving { // it was put in place; later changes of the file build on it
			d.inFile, d.saving = from, mark{}
			r.noteSaved(from)
		}
	}
	if err := r.mergeContent(d.jobsCtx, from, originDisk, file); err != nil {
		return err
	}
	d.known[file.Hash] = true
	if data := toData(r.core.text(), d.crlf); hashOf(data) == file.Hash {
		d.inFile, d.saving = mark{seq: r.core.seq, hash: file.Hash}, mark{}
		clear(d.known)
		d.firstEdit = time.Time{}
		d.due.Stop()
		r.noteSaved(d.inFile)
	}
	return nil
}

// nearer says which of two versions a changed file was made from, when a crash
// left open which of them was in place: the one that needs fewer changes.
func (r *room) nearer(ctx context.Context, file File, a, b mark) (mark, error) {
	after, _ := toText(file.Data)
	best, least := a, -1
	for _, m := range []mark{a, b} {
		replica, err := diskReplica(ctx, r.opts.Store, r.id, m)
		if err != nil {
			return mark{}, err
		}
		size := 0
		for _, e := range difference(replica.text(), after) {
			size += e.end - e.start + len(e.text)
		}
		if least < 0 || size < least {
			best, least = m, size
		}
	}
	return best, nil
}

// mergeContent commits the difference between what was in the file at from and
// a file as an edit of the project.
func (r *room) mergeContent(ctx context.Context, from mark, origin string, file File) error {
	replica, err := diskReplica(ctx, r.opts.Store, r.id, from)
	if err != nil {
		return err
	}
	text, crlf := toText(file.Data)
	update, err := rewrite(replica.doc, text)
	if err != nil {
		return app.Explain(err, app.Invalid, "The file on disk is not a text that can be edited here.")
	}
	if crlf != r.disk.crlf {
		r.disk.crlf = crlf
		if err := r.update(ctx, func(row app.Row) { row["line_ends"] = lineEnds(crlf) }); err != nil {
			return err
		}
	}
	if update == nil {
		return nil
	}
	return r.commit(ctx, push{origin: origin, update: update}, file.Hash)
}

func lineEnds(crlf bool) string {
	if crlf {
		return "crlf"
	}
	return "lf"
}

// watch tells the room of changes of its file for as long as ctx lasts, over
// stops and starts of the project and changes of the path.
func (r *room) watch(ctx context.Context, path string) {
	for ctx.Err() == nil {
		once, stop := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func(path string) {
			defer close(ended)
			r.watchOnce(once, path)
		}(path)
		select {
		case path = <-r.moved:
			stop()
			<-ended
			continue
		case <-ended:
		}
		stop()
		select {
		case <-time.After(watchAgainAfter):
		case path = <-r.moved:
		case <-ctx.Done():
		}
	}
}

// watchOnce watches the file for as long as the project runs.
func (r *room) watchOnce(ctx context.Context, path string) {
	files, ok := r.opts.Running(r.project)
	if !ok {
		return
	}
	changed := func() {
		select {
		case r.requests <- changedRequest{}:
		case <-r.done:
		case <-ctx.Done():
		}
	}
	changed() // whatever was missed
	if err := files.WatchDocument(ctx, path, changed); err != nil && ctx.Err() == nil {
		r.opts.Log.Debug("watch of file ended", "project", r.project, "path", path, "err", err)
	}
}
