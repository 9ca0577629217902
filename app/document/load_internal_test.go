package document

import (
	"context"
	"fmt"
	"testing"

	"lyceum/app"
)

// countedStore counts the rows of patches that are read.
type countedStore struct {
	app.Store
	rows *int
}

func (s countedStore) Read(ctx context.Context, r app.Range) (app.Page, error) {
	page, err := s.Store.Read(ctx, r)
	if r.Table == patchesTable {
		*s.rows += len(page.Records)
	}
	return page, err
}

// A long history is not read again at every opening, and a checkpoint that is
// damaged costs time and no text. (D5)
func TestD5OpensFromTheNewestCheckpoint(t *testing.T) {
	p := newProject(t, map[string]string{"notes.tex": ""})
	rooms, stop := p.server(nil)
	ada := openTab(t, rooms, "ada", "editor")
	for i := range checkpointEvery + 20 {
		ada.types(i, fmt.Sprint(i%10))
		if err := ada.sends(rooms); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	read := 0
	c, err := load(t.Context(), countedStore{p.store, &read}, ada.id, 0)
	if err != nil {
		t.Fatal(err)
	}
	if c.text() != ada.text() || read > 20 {
		t.Errorf("%d rows were read for the text, want at most the 20 after the checkpoint", read)
	}
	if c.merged["editor/ada"].n != ada.n {
		t.Errorf("after loading, ada's last number is %d, want %d", c.merged["editor/ada"].n, ada.n)
	}

	page, err := p.store.Read(t.Context(), app.Range{Table: checkpointsTable})
	if err != nil || len(page.Records) != 1 {
		t.Fatalf("%d checkpoints, %v", len(page.Records), err)
	}
	damaged := app.Row{"state": []byte{9, 9, 9}, "seq": page.Records[0].Row["seq"]}
	if _, err := p.store.Write(t.Context(), app.Write{Table: checkpointsTable, ID: page.Records[0].ID, Row: damaged, IfRev: app.AnyRev}); err != nil {
		t.Fatal(err)
	}
	if c, err = load(t.Context(), p.store, ada.id, 0); err != nil || c.text() != ada.text() {
		t.Errorf("with a damaged checkpoint: %v", err)
	}
}

// Every edit is in exactly one row, rows are numbered without gaps, and what one
// tab sent during a commit shares one. (D1)
func TestD1RowsHaveNoGaps(t *testing.T) {
	p := newProject(t, map[string]string{"notes.tex": ""})
	rooms, stop := p.server(nil)
	defer stop()
	ada := openTab(t, rooms, "ada", "editor")
	const edits = 200
	results := make(chan error, edits)
	for i := range edits {
		ada.types(i, "x")
	}
	// As a socket does: in their order, without waiting for the answers. The
	// room has them all before it commits the next row.
	err := rooms.with(t.Context(), ada.id, func(r *room) error {
		for _, e := range ada.outbox {
			req := &pushRequest{push: push{account: "editor", origin: "ada", from: e.n, n: e.n, update: e.update}, ctx: t.Context(), reply: results}
			if err := r.ask(t.Context(), req); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range edits {
		if err := <-results; err != nil {
			t.Fatal(err)
		}
	}
	rows, next := int64(0), int64(1)
	err = eachPatch(t.Context(), p.store, ada.id, 0, 0, func(seq int64, p push, _ string) error {
		rows++
		if seq != rows || p.from != next {
			t.Errorf("row %d holds %d to %d after %d", seq, p.from, p.n, next-1)
		}
		next = p.n + 1
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if next != edits+1 || rows == edits || p.text(ada.id) != ada.text() {
		t.Errorf("%d rows hold %d edits; want all %d in fewer rows", rows, next-1, edits)
	}
}
