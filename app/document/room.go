package document

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lyceum/app"
)

// Bounds of a room.
const (
	// maxWaiting is how many requests wait for a room. A commit takes some
	// milliseconds; more than this and the tabs wait before they send.
	maxWaiting = 256

	// saveMax is how long after the first unsaved edit the file is written at
	// the latest, also while somebody types on. (D9)
	saveMax = 10 * time.Second

	// idleAfter is how long a room stays open after the last tab has left it: a
	// reload finds it loaded.
	idleAfter = 20 * time.Second

	// retryAfter is the pause after a save that failed.
	retryAfter = 5 * time.Second
)

// errRoomClosed is the answer to what came too late; the caller opens the
// document again.
var errRoomClosed = errors.New("room closed")

// room is an open document. Its fields belong to the goroutine of run; others
// send requests.
type room struct {
	id, project string
	opts        *Options
	core        *core
	disk        *disk

	requests chan request
	done     chan struct{} // closed when run has returned
	failure  error         // why; read after done

	moved chan string // the file's new path, for the watch

	waiting    []*pushRequest // judged, not committed
	checkpoint int64          // seq of the newest checkpoint
	edited     time.Time      // when the project was last told of an edit
}

// request is what a room is asked; it acts in the room's goroutine.
type request interface{ serve(r *room) }

// pushRequest asks to commit a push; the answer is its seq (0 if it was merged
// before).
type pushRequest struct {
	push
	ctx   context.Context // ends when the caller may write no longer
	reply chan error
	seq   int64
}

// stateRequest asks for the document as it is.
type stateRequest struct {
	account string // whose outboxes are told
	vector  []byte
	reply   chan stateReply
}

type stateReply struct {
	update []byte
	seq    int64
	merged map[string]int64 // the last number of each outbox of the account, by origin
	err    error
}

// flushRequest asks to write the file now; answered when it is on disk or
// cannot be.
type flushRequest struct{ reply chan error }

// ask sends a request and waits until the room has it.
func (r *room) ask(ctx context.Context, req request) error {
	select {
	case r.requests <- req:
		return nil
	case <-r.done:
		return r.closedBecause()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// closedBecause is the error for those who were waiting when the room closed.
func (r *room) closedBecause() error {
	if r.failure != nil {
		return r.failure
	}
	return errRoomClosed
}

// run serves the room until ctx ends or a commit fails, then writes the file if
// it can be.
func (r *room) run(ctx context.Context) {
	defer close(r.done)
	idle := time.NewTicker(idleAfter)
	defer idle.Stop()
	for {
		select {
		case <-ctx.Done():
			r.disk.finish(r)
			return
		case req := <-r.requests:
			req.serve(r)
			r.drain()
		case result := <-r.disk.results:
			result.apply(r)
		case <-r.disk.due.C:
			r.disk.startSave(r)
		case <-idle.C:
			if r.opts.closeIdle(r) {
				r.disk.finish(r)
				r.writeCheckpoint(ctx)
				return
			}
		}
		if err := r.commitWaiting(ctx); err != nil && r.failure == nil {
			r.failure = err
		}
		if r.failure != nil {
			r.opts.forget(r)
			r.disk.stop()
			return
		}
	}
}

// drain takes what has come meanwhile, so that it shares a commit.
func (r *room) drain() {
	for range maxWaiting {
		select {
		case req := <-r.requests:
			req.serve(r)
		default:
			return
		}
	}
}

func (p *pushRequest) serve(r *room) {
	var last int64
	for _, other := range r.waiting {
		if other.outbox() == p.outbox() {
			last = max(last, other.n)
		}
	}
	verdict, err := r.core.judge(p.push, last)
	switch {
	case err != nil:
		p.reply <- err
	case verdict == repeat && p.n > r.core.merged[p.outbox()].n:
		r.waiting = append(r.waiting, p) // sent twice at once: acknowledged with the first
	case verdict == repeat:
		p.seq = r.core.merged[p.outbox()].seq
		p.reply <- nil
	default:
		r.waiting = append(r.waiting, p)
	}
}

func (s *stateRequest) serve(r *room) {
	update, err := r.core.doc.EncodeStateAsUpdate(s.vector)
	if err != nil {
		err = app.Explain(err, app.Invalid, "The state of this copy cannot be read. Please reload the page.")
	}
	merged := make(map[string]int64)
	for outbox, last := range r.core.merged {
		if origin, own := strings.CutPrefix(outbox, outboxOf(s.account)); own {
			merged[origin] = last.n
		}
	}
	s.reply <- stateReply{update: update, seq: r.core.seq, merged: merged, err: err}
}

func (f flushRequest) serve(r *room) { r.disk.flush(r, f.reply) }

// commitWaiting writes the waiting pushes, those of one tab as one row, and
// merges and acknowledges each row once it is durable. (D1, D2)
func (r *room) commitWaiting(ctx context.Context) error {
	for len(r.waiting) > 0 {
		group := r.takeGroup()
		if group == nil {
			return nil
		}
		p, err := joined(group)
		if err == nil {
			err = r.commit(ctx, p, "")
		}
		for _, request := range group {
			request.seq = r.core.seq
			request.reply <- err
		}
		if err != nil && !isRefusal(err) {
			for _, request := range r.waiting {
				request.reply <- err
			}
			r.waiting = nil
			return err
		}
	}
	return nil
}

// takeGroup takes the pushes of the tab that has waited longest. Those of who
// has lost the right to write are dropped. (W5)
func (r *room) takeGroup() []*pushRequest {
	r.waiting = slices.DeleteFunc(r.waiting, func(p *pushRequest) bool {
		err := p.ctx.Err()
		if err != nil {
			p.reply <- fmt.Errorf("push to document: %w", err)
		}
		return err != nil
	})
	if len(r.waiting) == 0 {
		return nil
	}
	first := r.waiting[0]
	group, rest := []*pushRequest{first}, r.waiting[:0:0]
	for _, request := range r.waiting[1:] {
		if request.outbox() == first.outbox() {
			group = append(group, request)
		} else {
			rest = append(rest, request)
		}
	}
	r.waiting = rest
	return group
}

// commit checks a push, makes its row durable and merges it.
func (r *room) commit(ctx context.Context, p push, hash string) error {
	if err := r.core.fits(p, r.disk.crlf); err != nil {
		return err
	}
	r.disk.touched(r)
	if err := r.disk.markDirty(ctx, r); err != nil {
		return notStored(err)
	}
	// Merging is the only full check: what a browser would reject must never be
	// stored. Nobody sees the result before the commit, since only this goroutine
	// could show it, and a commit that fails closes the room. (D2)
	seq := r.core.seq + 1
	if err := r.core.merge(seq, p); err != nil {
		return app.Explain(err, app.Invalid, "This change does not fit this document, so it was not taken. Copy your text, then reload the page.")
	}
	_, err := r.opts.Store.Write(ctx, app.Write{
		Table: patchesTable, ID: rowID(r.id, seq), Row: patchRow(r.project, r.id, seq, p, hash), IfRev: app.Absent,
	})
	if err != nil {
		r.failure = notStored(err)
		return r.failure
	}
	if seq-r.checkpoint >= checkpointEvery {
		r.writeCheckpoint(ctx)
	}
	return nil
}

// writeCheckpoint keeps the state for the next opening. A failure costs time
// then and nothing else.
func (r *room) writeCheckpoint(ctx context.Context) {
	if r.core.seq-r.checkpoint < checkpointEvery/10 {
		return
	}
	if err := saveCheckpoint(ctx, r.opts.Store, r.project, r.id, r.core); err != nil {
		r.opts.Log.Warn("checkpoint not saved", "id", r.id, "project", r.project, "err", err)
		return
	}
	r.checkpoint = r.core.seq
}
