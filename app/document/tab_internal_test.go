package document

import (
	"context"
	"fmt"
	"testing"

	"lyceum/app"
	"lyceum/app/query"
	"lyceum/app/yjs"
)

// tab is a browser's copy of a document, with its outbox.
type tab struct {
	t      *testing.T
	origin string
	role   string
	doc    *yjs.Doc
	id     string
	seq    int64
	outbox []tabEdit
	n      int64
}

type tabEdit struct {
	n      int64
	update []byte
}

func (b *tab) ctx() context.Context {
	return app.WithCaller(b.t.Context(), app.Caller{AccountID: b.role})
}

// openTab opens notes.tex as an account of that role.
func openTab(t *testing.T, rooms *Rooms, origin, role string) *tab {
	t.Helper()
	b := &tab{t: t, origin: origin, role: role, doc: yjs.New()}
	if err := b.sync(rooms); err != nil {
		t.Fatalf("%s opens the document: %v", origin, err)
	}
	return b
}

// sync brings the copy up to date, as after a reconnect.
func (b *tab) sync(rooms *Rooms) error {
	filter := app.Row{"project_id": projectID, "path": "notes.tex", "state_vector": b.doc.StateVector()}
	rows, err := rooms.Get(b.ctx(), filter)
	if err != nil {
		return err
	}
	b.id, _ = rows[0]["document_id"].(string)
	b.seq, _ = rows[0]["seq"].(int64)
	update, _ := rows[0]["update"].([]byte)
	if err := b.doc.ApplyUpdate(update, "server"); err != nil {
		return fmt.Errorf("apply the server's state: %w", err)
	}
	merged, _ := rows[0]["merged"].(app.Row)
	last, _ := merged[b.origin].(int64)
	for len(b.outbox) > 0 && b.outbox[0].n <= last {
		b.outbox = b.outbox[1:]
	}
	return nil
}

// types inserts text at a place and keeps the edit in the outbox.
func (b *tab) types(index int, text string) {
	b.t.Helper()
	b.edits(func(content *yjs.Text) error { return content.Insert(index, text) })
}

func (b *tab) edits(fn func(*yjs.Text) error) {
	b.t.Helper()
	update := b.doc.Transact(nil, func() {
		if err := fn(b.doc.Text(contentName)); err != nil {
			b.t.Fatalf("%s edits: %v", b.origin, err)
		}
	})
	b.n++
	b.outbox = append(b.outbox, tabEdit{b.n, update})
}

// sends pushes the outbox until it is empty or refused.
func (b *tab) sends(rooms *Rooms) error {
	for len(b.outbox) > 0 {
		if err := b.push(rooms, b.outbox[0]); err != nil {
			return err
		}
		b.outbox = b.outbox[1:]
	}
	return nil
}

func (b *tab) push(rooms *Rooms, e tabEdit) error {
	_, err := rooms.Set(b.ctx(), query.Set{Table: patchesTable, Row: app.Row{
		"document_id": b.id, "origin": b.origin, "n_from": e.n, "n": e.n, "update": e.update,
	}})
	return err
}

func (b *tab) text() string { return b.doc.Text(contentName).String() }
