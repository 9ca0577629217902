package document

import (
	"context"
	"fmt"
	"strings"

	"lyceum/app"
)

// checkpointEvery is how many rows lie between two checkpoints: opening then
// reads at most that many rows, some milliseconds.
const checkpointEvery = 500

// loadCheckpoint returns the newest checkpoint up to the row last (0: any), or
// an empty document. A checkpoint that cannot be read is passed over: it is a
// cache of the rows.
func loadCheckpoint(ctx context.Context, store app.Store, id string, last int64) (*core, error) {
	r := app.Range{
		Table: checkpointsTable, Descending: true, Limit: 10,
		From: &app.Bound{Value: id + "/"}, To: &app.Bound{Value: id + "0", Open: true},
	}
	if last > 0 {
		r.To = &app.Bound{Value: rowID(id, last)}
	}
	page, err := store.Read(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("load checkpoint of %s: %w", id, err)
	}
	for _, rec := range page.Records {
		if c := coreOf(rec.Row); c != nil {
			return c, nil
		}
	}
	return newCore(), nil
}

// coreOf is the document that a checkpoint holds, nil if it cannot be read.
func coreOf(row app.Row) *core {
	c := newCore()
	state, _ := row["state"].([]byte)
	if err := c.doc.ApplyUpdate(state, nil); err != nil {
		return nil
	}
	c.seq, _ = row["seq"].(int64)
	c.grown(len(state))
	merged, _ := row["merged"].(app.Row)
	for outbox, value := range merged {
		if !strings.Contains(outbox, "/") {
			return nil // of a version that did not tell the outboxes of accounts apart
		}
		last, _ := value.(app.Row)
		n, _ := last["n"].(int64)
		seq, _ := last["seq"].(int64)
		c.merged[outbox] = lastPush{n: n, seq: seq}
	}
	return c
}

// saveCheckpoint stores the document as it is, after it was loaded from the
// bytes that are stored. (D5)
func saveCheckpoint(ctx context.Context, store app.Store, project, id string, c *core) error {
	state, err := c.doc.EncodeStateAsUpdate(nil)
	if err != nil {
		return fmt.Errorf("encode checkpoint of %s: %w", id, err)
	}
	merged := make(app.Row, len(c.merged))
	for outbox, last := range c.merged {
		merged[outbox] = app.Row{"n": last.n, "seq": last.seq}
	}
	row := app.Row{
		"id": rowID(id, c.seq), "project_id": project, "document_id": id, "seq": c.seq, "time": now(),
		"state": state, "merged": merged,
	}
	if check := coreOf(row); check == nil || check.text() != c.text() {
		return fmt.Errorf("checkpoint of %s at row %d does not load as it was saved", id, c.seq)
	}
	_, err = store.Write(ctx, app.Write{Table: checkpointsTable, ID: rowID(id, c.seq), Row: row, IfRev: app.AnyRev})
	return err
}
