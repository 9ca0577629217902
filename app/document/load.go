package document

import (
	"context"
	"fmt"

	"lyceum/app"
)

// load reads a document: the newest checkpoint that can be loaded and the rows
// after it, up to the row last (0: all). (D5)
func load(ctx context.Context, store app.Store, id string, last int64) (*core, error) {
	c, err := loadCheckpoint(ctx, store, id, last)
	if err != nil {
		return nil, err
	}
	err = eachPatch(ctx, store, id, c.seq, last, func(seq int64, p push, _ string) error {
		if seq != c.seq+1 {
			return fmt.Errorf("load document %s: row %d follows row %d", id, seq, c.seq)
		}
		return c.merge(seq, p)
	})
	return c, err
}

// eachPatch calls fn for the rows after seq, up to last (0: all), in order.
func eachPatch(ctx context.Context, store app.Store, id string, seq, last int64, fn func(seq int64, p push, hash string) error) error {
	r := app.Range{Table: patchesTable, From: &app.Bound{Value: rowID(id, seq), Open: true}, To: &app.Bound{Value: id + "0", Open: true}}
	if last > 0 {
		r.To = &app.Bound{Value: rowID(id, last)}
	}
	for {
		page, err := store.Read(ctx, r)
		if err != nil {
			return fmt.Errorf("load document %s: %w", id, err)
		}
		for _, rec := range page.Records {
			at, _ := rec.Row["seq"].(int64)
			p, hash := pushOf(rec.Row)
			if err := fn(at, p, hash); err != nil {
				return fmt.Errorf("load document %s, row %d: %w", id, at, err)
			}
		}
		if page.Next == nil {
			return nil
		}
		r.After = page.Next
	}
}

// diskReplica is the document as the file of a project has it: the state that
// was last put in place, and the contents that were taken from the file since.
// A change of the file is a change of this state, so merging it into the live
// document disturbs nobody who types. (D8)
func diskReplica(ctx context.Context, store app.Store, id string, inFile mark) (*core, error) {
	c := newCore() // the file was empty when the document was made
	if inFile.seq > 0 {
		var err error
		if c, err = load(ctx, store, id, inFile.seq); err != nil {
			return nil, err
		}
	}
	err := eachPatch(ctx, store, id, c.seq, 0, func(seq int64, p push, _ string) error {
		if p.origin != originDisk {
			return nil
		}
		return c.doc.ApplyUpdate(p.update, p.origin)
	})
	return c, err
}
