package document

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"lyceum/app"
	"lyceum/app/query"
)

// errNotRunning says that the project has no agent now.
var errNotRunning = errors.New("project not running")

// saveTimeout bounds one write of a file: 8 MiB on a slow disk take seconds.
const saveTimeout = 30 * time.Second

// editedEvery is how exact projects.last_edited is: lists are sorted by it, and
// every tab that shows one is told of each change.
const editedEvery = time.Minute

// discardTimeout bounds the removal of files, which nobody should wait for.
const discardTimeout = 3 * time.Second

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// saveJob puts one version of the text into the file.
type saveJob struct {
	room   *room
	mark   mark
	data   []byte
	known  []string
	path   string
	create bool
}

// saveResult is how it went.
type saveResult struct {
	mark  mark
	saved Saved
	err   error
}

func (j saveJob) run(ctx context.Context) result {
	ctx, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	res := saveResult{mark: j.mark}
	files, ok := j.room.opts.Running(j.room.project)
	if !ok {
		res.err = errNotRunning
		return res
	}
	// Durable before the file is put in place: after a crash the bytes are
	// known as ours. (D8)
	res.err = j.room.update(ctx, func(row app.Row) { row["saving"] = j.mark.row() })
	if res.err == nil {
		res.saved, res.err = files.WriteDocument(ctx, Save{Path: j.path, Data: j.data, Known: j.known, Create: j.create})
	}
	return res
}

func (s saveResult) apply(r *room) {
	d := r.disk
	d.busy = false
	switch {
	case errors.Is(s.err, app.ErrNotFound) || app.IsKind(s.err, app.NotFound):
		r.fileIs(fileDeleted, sentenceDeleted)
		d.failed(r, s.err)
		return
	case s.err != nil:
		// It may have been put in place all the same: the next save looks first,
		// since there is one version only that can be told to be ours. (D8)
		d.tidied = false
		d.failed(r, s.err)
		return
	}
	// The edit of what was displaced is durable before the version is noted:
	// until then a crash finds what it was made from. (D9)
	var displaced []Displaced
	if s.saved.Displaced != nil {
		displaced = append(displaced, *s.saved.Displaced)
	}
	merged, err := r.mergeDisplaced(displaced)
	if err != nil {
		r.fail(err)
		return
	}
	d.inFile, d.saving, d.state = s.mark, mark{}, fileOK
	clear(d.known)
	d.firstEdit = time.Time{}
	r.noteSaved(s.mark)
	r.discard(merged)
	d.finished(r)
}

// noteSaved makes it durable which version is in the file. (D7, D8)
func (r *room) noteSaved(m mark) {
	d := r.disk
	err := r.update(d.jobsCtx, func(row app.Row) {
		row["saved"] = m.row()
		delete(row, "saving")
		delete(row, "error")
		delete(row, "disk")
		if m.seq == r.core.seq {
			delete(row, "dirty")
		}
	})
	if err != nil { // saving stands in the row still, so the bytes are known after a crash
		r.opts.Log.Warn("saved version not noted", "id", r.id, "project", r.project, "err", err)
		return
	}
	d.rowDirty, d.noted = m.seq != r.core.seq, ""
	r.noteEdited()
}

// noteEdited tells the project that somebody works in it, once in editedEvery.
func (r *room) noteEdited() {
	if time.Since(r.edited) < editedEvery {
		return
	}
	r.edited = time.Now()
	_, err := query.Update(r.disk.jobsCtx, r.opts.Store, "projects", r.project, func(row app.Row) (app.Row, error) {
		if row != nil {
			row["last_edited"] = now()
		}
		return row, nil
	})
	if err != nil {
		r.opts.Log.Warn("edit of project not noted", "project", r.project, "err", err)
	}
}

// mergeDisplaced takes contents that a program wrote at the moment of a save as
// edits of the project and returns those that may go. What can never be merged
// stays on the disk; after an error the room has to close, so that the rest is
// merged into the version that it was made from. (D9)
func (r *room) mergeDisplaced(contents []Displaced) (merged []Displaced, err error) {
	for _, c := range contents {
		if !r.disk.merged[c.Hash] {
			err := r.mergeContent(r.disk.jobsCtx, r.disk.inFile, originDisplaced, c.File)
			if err != nil && isRefusal(err) && r.failure == nil {
				r.note(fmt.Errorf("merge displaced content: %w", err))
				continue
			}
			if err != nil {
				return merged, fmt.Errorf("merge displaced content: %w", err)
			}
			r.disk.merged[c.Hash] = true
		}
		merged = append(merged, c)
	}
	return merged, nil
}

// fail closes the room, if nothing has yet.
func (r *room) fail(err error) {
	if r.failure == nil {
		r.failure = notStored(err)
	}
}

// discard removes displaced contents whose edits are durable. What stays after
// a failure is found again when the room opens.
func (r *room) discard(merged []Displaced) {
	ctx, cancel := context.WithTimeout(r.disk.jobsCtx, discardTimeout)
	defer cancel()
	for _, c := range merged {
		files, ok := r.opts.Running(r.project)
		if !ok {
			return
		}
		if err := files.Discard(ctx, r.disk.path, c); err != nil {
			r.opts.Log.Warn("displaced file not removed", "project", r.project, "path", r.disk.path, "err", err)
		}
	}
}

// note shows why the file does not have the text, once for each reason.
func (r *room) note(err error) {
	if explain(err) == r.disk.noted {
		return
	}
	r.opts.Log.Warn("document not saved, will try again", "id", r.id, "project", r.project, "path", r.disk.path, "err", err)
	sentence := explain(err)
	if err := r.update(r.disk.jobsCtx, func(row app.Row) { row["error"] = sentence }); err != nil {
		r.opts.Log.Warn("error of document not noted", "id", r.id, "err", err)
		return
	}
	r.disk.noted = sentence
}

const sentenceDeleted = "The file was deleted on disk. Your text is kept here; write it again or copy it."

// fileIs shows that the file is gone or no text any more; nothing is written
// until it comes back or somebody decides. (D8)
func (r *room) fileIs(state, sentence string) {
	if r.disk.state == state {
		return
	}
	r.disk.state, r.disk.noted = state, ""
	r.disk.due.Stop()
	err := r.update(r.disk.jobsCtx, func(row app.Row) {
		row["disk"] = app.Row{"state": state, "since": now()}
		row["error"] = sentence
	})
	if err != nil {
		r.opts.Log.Warn("state of file not noted", "id", r.id, "err", err)
	}
}

// update changes the document's row.
func (r *room) update(ctx context.Context, change func(app.Row)) error {
	return updateDocument(ctx, r.opts.Store, r.id, change)
}
