package copydb

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"lyceum/app"
	"lyceum/app/migrate"
)

// Options say what is copied.
type Options struct {
	From, To app.Store
	// Tables are copied in this order; both stores have them.
	Tables []app.Table
	// Source is what the target notes of where its rows come from, so that nothing
	// else is copied into half a copy. It holds no secret.
	Source string
	// Unused is asked, when all rows are the same, whether still nobody else uses
	// either side; its error leaves the copy unfinished. nil: it is known.
	Unused func(context.Context) error
	// Tell is called from the goroutine of Copy as it gets on, at most every
	// tellEvery and at the end of each step. nil: nobody wants to know.
	Tell func(Progress)
}

// Result is what was copied.
type Result struct {
	Rows   int64  // in all tables
	Wrote  int64  // rows that this run has written or deleted
	Digest string // of all ids and rows, as both sides have them
}

// Copy makes the target hold the rows of the source. Its errors are sentences
// where an operator can do something. It may be cut by ctx, or by the end of the
// process, at any point, and begun again.
func Copy(ctx context.Context, o Options) (Result, error) {
	if err := migrate.Known(ctx, o.From); err != nil {
		return Result{}, err
	}
	switch source, err := migrate.UnfinishedCopy(ctx, o.From); {
	case err != nil:
		return Result{}, err
	case source != "":
		return Result{}, app.Errorf(app.Conflict, "The source is itself an unfinished copy of %s. Copy from there, or finish that copy first.", source)
	}
	if err := begin(ctx, o); err != nil {
		return Result{}, err
	}
	p := newTeller(o.Tell)
	total, err := count(ctx, o, p)
	if err != nil {
		return Result{}, err
	}
	wrote, err := bring(ctx, o, p, total)
	if err != nil {
		return Result{}, err
	}
	digest, err := compare(ctx, o, p, total)
	if err != nil {
		return Result{}, err
	}
	if o.Unused != nil {
		if err := o.Unused(ctx); err != nil {
			return Result{}, err
		}
	}
	if err := migrate.CopyFinished(ctx, o.To); err != nil {
		return Result{}, err
	}
	return Result{Rows: total, Wrote: wrote, Digest: hex.EncodeToString(digest)}, nil
}

// begin marks the target, if it is empty or marked as a copy of this source.
func begin(ctx context.Context, o Options) error {
	source, err := migrate.UnfinishedCopy(ctx, o.To)
	switch {
	case err != nil:
		return err
	case source == o.Source:
		return nil
	case source != "":
		return app.Errorf(app.Conflict, "The target holds an unfinished copy of %s, not of %s. Finish that one, or name an empty target.", source, o.Source)
	}
	for _, t := range o.Tables {
		page, err := o.To.Read(ctx, app.Range{Table: t.Name, Limit: 1})
		if err != nil {
			return fmt.Errorf("look whether the target is empty: %w", err)
		}
		if len(page.Records) > 0 {
			return app.Errorf(app.Conflict, "The target is not empty: its table %s has rows. Name an empty one; nothing was changed.", t.Name)
		}
	}
	return migrate.BeginCopy(ctx, o.To, o.Source, time.Now())
}

// count returns how many rows the source has.
func count(ctx context.Context, o Options, p *teller) (int64, error) {
	var total int64
	for _, t := range o.Tables {
		r := app.Range{Table: t.Name, Fields: []string{}}
		for {
			page, err := o.From.Read(ctx, r)
			if err != nil {
				return 0, fmt.Errorf("count the rows of %s: %w", t.Name, err)
			}
			total += int64(len(page.Records))
			p.step(Progress{Doing: Counting, Table: t.Name, Done: total})
			if r.After = page.Next; r.After == nil {
				break
			}
		}
	}
	return total, nil
}

// bring makes the target equal, table by table, and returns how many rows it has
// written.
func bring(ctx context.Context, o Options, p *teller, total int64) (int64, error) {
	var done, wrote int64
	for _, t := range o.Tables {
		b := &batch{to: o.To, table: t}
		err := walk(ctx, o, t.Name, func(from, to app.Record) error {
			if to.Row == nil || from.Row == nil || !equal(from.Row, to.Row) {
				if err := b.add(ctx, from, to); err != nil {
					return err
				}
			}
			if from.Row != nil {
				done++
			}
			p.step(Progress{Doing: Copying, Table: t.Name, Done: done, Total: total})
			return nil
		})
		if err == nil {
			err = b.flush(ctx)
		}
		if err != nil {
			return 0, fmt.Errorf("copy %s: %w", t.Name, err)
		}
		wrote += b.wrote
	}
	p.end(Progress{Doing: Copying, Done: done, Total: total})
	return wrote, nil
}

// compare returns the digest of both sides, or names the first row in which they
// differ.
func compare(ctx context.Context, o Options, p *teller, total int64) ([]byte, error) {
	source, target := newDigest(), newDigest()
	var done int64
	for _, t := range o.Tables {
		err := walk(ctx, o, t.Name, func(from, to app.Record) error {
			if from.Row == nil || to.Row == nil || !equal(from.Row, to.Row) {
				id := from.ID
				if from.Row == nil {
					id = to.ID
				}
				return app.Errorf(app.Conflict, "After the copy the row %s of %s is not the same on both sides. "+
					"Make sure that nobody writes to either, and run the same command again.", id, t.Name)
			}
			if err := source.add(t.Name, from); err != nil {
				return err
			}
			done++
			p.step(Progress{Doing: Comparing, Table: t.Name, Done: done, Total: total})
			return target.add(t.Name, to)
		})
		if err != nil {
			return nil, fmt.Errorf("compare %s: %w", t.Name, err)
		}
	}
	p.end(Progress{Doing: Comparing, Done: done, Total: total})
	if done != total {
		return nil, app.Errorf(app.Conflict, "The source had %d rows at first and has %d now, so somebody writes to it. Stop its server and run the same command again.", total, done)
	}
	if source.sum() != target.sum() {
		return nil, fmt.Errorf("all rows are equal, but their digests are %x and %x", source.sum(), target.sum())
	}
	sum := source.sum()
	return sum[:], nil
}
