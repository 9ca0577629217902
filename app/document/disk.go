package document

import (
	"context"
	"errors"
	"sync"
	"time"

	"lyceum/app"
)

// What documents.disk.state says of the file.
const (
	fileOK      = "ok"
	fileDeleted = "deleted"
	fileBinary  = "binary" // replaced by something that is no text
)

// finishTimeout bounds the last save of a room that closes. What is not on disk
// by then stays in the store and is written when the project runs again. (D9)
const finishTimeout = 4 * time.Second

// finishJobs bounds the jobs of a room that closes: looking at the file, saving,
// and both once more when a program wrote meanwhile, each waited for.
const finishJobs = 10

// disk is the room's side of the file. It belongs to the room's goroutine; the
// work itself is done beside it, one job at a time, and comes back in results.
type disk struct {
	path     string
	crlf     bool
	state    string
	detached bool            // the path leads to another document, or to none
	inFile   mark            // the version that was last known to be in the file
	saving   mark            // the version that was about to be put in place (zero: none)
	known    map[string]bool // contents taken from the file since inFile
	merged   map[string]bool // displaced contents whose edits are durable
	tidied   bool            // what a crash, or a save that failed, has left on the disk is merged
	rowDirty bool            // the row says that there are edits to save

	due       *time.Timer
	firstEdit time.Time // of those not yet in a file; zero: none
	busy      bool      // a job is under way
	check     bool      // the file may have changed since the last check
	flushes   []chan error
	noted     string // why the file does not have the text, as the row says

	results chan result
	jobs    sync.WaitGroup
	jobsCtx context.Context
	cancel  context.CancelFunc
}

// result is what a job has found; it is applied in the room's goroutine.
type result interface{ apply(r *room) }

func newDisk(row app.Row) *disk {
	// Jobs outlive requests; they end with the room.
	ctx, cancel := context.WithCancel(context.Background())
	d := &disk{
		state: fileOK, inFile: markOf(row["saved"]), saving: markOf(row["saving"]), known: make(map[string]bool), merged: make(map[string]bool),
		due: time.NewTimer(time.Hour), results: make(chan result, 1), jobsCtx: ctx, cancel: cancel,
	}
	d.due.Stop()
	d.path, _ = row["path"].(string)
	d.rowDirty, _ = row["dirty"].(bool)
	ends, _ := row["line_ends"].(string)
	d.crlf = ends == "crlf"
	if state, _ := row["disk"].(app.Row); state != nil {
		d.state, _ = state["state"].(string)
	}
	return d
}

// touched notes an edit: the file is written SaveAfter after the last and
// saveMax after the first one. (D9)
func (d *disk) touched(r *room) {
	if d.firstEdit.IsZero() {
		d.firstEdit = time.Now()
	}
	d.due.Reset(max(0, min(r.opts.SaveAfter, time.Until(d.firstEdit.Add(saveMax)))))
}

// markDirty makes it durable that there is something to save, before the first
// edit after a save is: a server that starts again finds it.
func (d *disk) markDirty(ctx context.Context, r *room) error {
	if d.rowDirty {
		return nil
	}
	if err := r.update(ctx, func(row app.Row) { row["dirty"] = true }); err != nil {
		return err
	}
	d.rowDirty = true
	return nil
}

// clean reports whether the file has everything.
func (d *disk) clean(r *room) bool { return d.inFile.seq == r.core.seq && !d.rowDirty }

// flush writes the file as soon as it can be and answers then.
func (d *disk) flush(r *room, reply chan error) {
	if d.clean(r) {
		reply <- nil
		return
	}
	d.flushes = append(d.flushes, reply)
	d.startSave(r)
}

// answerFlushes tells those who wait for the file how it went.
func (d *disk) answerFlushes(err error) {
	for _, reply := range d.flushes {
		reply <- err
	}
	d.flushes = nil
}

// startSave begins to write the file unless a job is under way; that one begins
// it at its end.
func (d *disk) startSave(r *room) {
	if d.busy {
		return
	}
	if d.state != fileOK {
		d.answerFlushes(app.Errorf(app.Conflict, "The file is not there any more as a text. Your text is kept here; write it again or copy it."))
		return
	}
	if !d.tidied {
		d.startCheck(r) // saves at its end
		return
	}
	d.save(r, false)
}

// save starts the job. create makes a file again that was deleted.
func (d *disk) save(r *room, create bool) {
	data := toData(r.core.text(), d.crlf)
	job := saveJob{
		room: r, mark: mark{seq: r.core.seq, hash: hashOf(data)}, data: data, create: create,
		known: d.knownHashes(), path: d.path,
	}
	d.saving = job.mark
	d.start(job.run)
}

func (d *disk) knownHashes() []string {
	hashes := []string{d.inFile.hash}
	if d.saving.hash != "" {
		hashes = append(hashes, d.saving.hash)
	}
	for hash := range d.known {
		hashes = append(hashes, hash)
	}
	return hashes
}

// start runs a job beside the room.
func (d *disk) start(job func(ctx context.Context) result) {
	d.busy = true
	d.jobs.Go(func() { d.results <- job(d.jobsCtx) })
}

// finished notes that the job is done and begins what has waited for it.
func (d *disk) finished(r *room) {
	d.busy = false
	if d.check {
		d.startCheck(r)
		return
	}
	if len(d.flushes) > 0 {
		if d.clean(r) {
			d.answerFlushes(nil)
			return
		}
		d.startSave(r)
		return
	}
	if d.state == fileOK && !d.clean(r) && r.core.seq > d.inFile.seq {
		d.touched(r)
	}
}

// failed notes why the file could not be read or written, and tries again after
// a pause.
func (d *disk) failed(r *room, err error) {
	d.answerFlushes(err)
	if d.state == fileOK && !d.clean(r) {
		r.note(err)
		d.due.Reset(retryAfter)
	}
	if d.check {
		d.startCheck(r)
	}
}

// finish writes what is not on disk and waits for the jobs. The room takes no
// edits any more.
func (d *disk) finish(r *room) {
	defer d.stop()
	ctx, cancel := context.WithTimeout(context.Background(), finishTimeout) // the room's own has ended
	defer cancel()
	for range finishJobs {
		if d.busy {
			select {
			case res := <-d.results:
				d.check = false
				res.apply(r)
				if r.failure != nil {
					return
				}
			case <-ctx.Done():
				return
			}
			continue
		}
		if d.clean(r) || d.state != fileOK {
			return
		}
		if _, ok := r.opts.Running(r.project); !ok {
			return
		}
		d.startSave(r)
	}
}

// stop ends the jobs and waits for them.
func (d *disk) stop() {
	d.due.Stop()
	d.cancel()
	d.jobs.Wait()
	d.answerFlushes(errRoomClosed)
}

// explain is the sentence for a file that could not be written.
func explain(err error) string {
	if errors.Is(err, errNotRunning) {
		return "The project is not running. What you typed is kept here and written to the file when it runs again."
	}
	_, message := app.Public(err)
	return message
}
