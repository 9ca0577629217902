package document

import (
	"errors"
	"fmt"
	"testing"

	"lyceum/app"
	"lyceum/app/yjs"
)

func (p *project) row(id string) app.Row {
	p.t.Helper()
	rec, err := p.store.Get(p.t.Context(), documentsTable, id)
	if err != nil {
		p.t.Fatal(err)
	}
	return rec.Row
}

func (p *project) text(id string) string {
	p.t.Helper()
	c, err := load(p.t.Context(), p.store, id, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	return c.text()
}

// Two people open one file: they must get one document, whose text is the file
// once and not twice.
func TestD4ContentIsInsertedOnce(t *testing.T) {
	p := newProject(t, map[string]string{"notes.tex": "hello\n"})
	rooms, stop := p.server(nil)
	results := make(chan *tab)
	for i := range 8 {
		go func() { results <- openTab(t, rooms, fmt.Sprint("tab", i), "editor") }()
	}
	ids := map[string]bool{}
	for range 8 {
		b := <-results
		ids[b.id] = true
		if b.text() != "hello\n" {
			t.Errorf("%s has %q", b.origin, b.text())
		}
	}
	stop()
	rooms, stop = p.server(nil)
	defer stop()
	again := openTab(t, rooms, "again", "editor")
	ids[again.id] = true
	if len(ids) != 1 || again.text() != "hello\n" {
		t.Errorf("documents %v, text after restart %q; want one document with the file once", ids, again.text())
	}
}

// What a tab sent twice because the acknowledgement was lost, before or after a
// restart of the server, is in the text once.
func TestD3RepetitionIsOnlyAcknowledged(t *testing.T) {
	p := newProject(t, map[string]string{"notes.tex": ""})
	rooms, stop := p.server(nil)
	ada := openTab(t, rooms, "ada", "editor")
	ada.types(0, "x")
	edit := ada.outbox[0]
	for range 2 {
		if err := ada.push(rooms, edit); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	rooms, stop = p.server(nil)
	defer stop()
	if err := ada.push(rooms, edit); err != nil {
		t.Fatal(err)
	}
	seqs := 0
	if err := eachPatch(t.Context(), p.store, ada.id, 0, 0, func(int64, push, string) error { seqs++; return nil }); err != nil {
		t.Fatal(err)
	}
	if seqs != 1 || p.text(ada.id) != "x" {
		t.Errorf("%d rows and text %q after three sends of one edit", seqs, p.text(ada.id))
	}
}

// A push whose predecessor did not arrive is refused, and sending both again
// works: an edit is never left out.
func TestD3GapIsRefused(t *testing.T) {
	p := newProject(t, map[string]string{"notes.tex": "xaby"})
	rooms, stop := p.server(nil)
	defer stop()
	ada := openTab(t, rooms, "ada", "editor")
	for _, index := range []int{0, 2} { // neither builds on the other
		ada.edits(func(content *yjs.Text) error { return content.Delete(index, 1) })
	}
	if err := ada.push(rooms, ada.outbox[1]); !app.IsKind(err, app.Conflict) {
		t.Fatalf("second push before the first = %v, want conflict", err)
	}
	if err := ada.sends(rooms); err != nil {
		t.Fatal(err)
	}
	if got := p.text(ada.id); got != "ab" {
		t.Errorf("text %q, want ab", got)
	}
}

// A viewer and a stranger read what they may; the room says so in read_only.
func TestD11StrangerAndViewer(t *testing.T) {
	p := newProject(t, map[string]string{"notes.tex": "secret"})
	rooms, stop := p.server(nil)
	defer stop()
	ada := openTab(t, rooms, "ada", "editor")
	stranger := &tab{t: t, origin: "sam", role: "nobody", doc: yjs.New()}
	if _, err := rooms.Get(stranger.ctx(), app.Row{"document_id": ada.id}); !errors.Is(err, app.ErrNotFound) {
		t.Errorf("stranger with the id = %v, want not found", err)
	}
	rows, err := rooms.Get((&tab{t: t, role: "viewer"}).ctx(), app.Row{"document_id": ada.id})
	if err != nil || rows[0]["read_only"] != true {
		t.Errorf("viewer = %v, %v; want read_only", rows, err)
	}
}

// What cannot be read, is too large or depends on what nobody has would poison
// every browser if it were stored.
func TestD2BadUpdatesAreRefused(t *testing.T) {
	p := newProject(t, map[string]string{"notes.tex": "abc"})
	rooms, stop := p.server(nil)
	defer stop()
	ada := openTab(t, rooms, "ada", "editor")
	stranger := yjs.New()
	first := stranger.Transact(nil, func() { _ = stranger.Text(contentName).Insert(0, "one") })
	second := stranger.Transact(nil, func() { _ = stranger.Text(contentName).Insert(3, "two") })
	_ = first
	tests := []struct {
		name   string
		update []byte
		want   app.Kind
	}{
		{"garbage", []byte{1, 2, 3, 255, 255}, app.Invalid},
		{"empty", nil, app.Invalid},
		{"too large", make([]byte, MaxUpdate+1), app.TooLarge},
		{"depends on what nobody has", second, app.Conflict},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := ada.push(rooms, tabEdit{1, tt.update}); !app.IsKind(err, tt.want) {
				t.Errorf("push = %v, want %s", err, tt.want)
			}
			if got := p.text(ada.id); got != "abc" {
				t.Errorf("text %q after a refused push", got)
			}
		})
	}
}

// An update that decodes, but that no browser with this document could take, is
// refused and not stored: it would be refused again at every opening. (D2)
func TestD2WhatTheDocumentRefusesIsNotStored(t *testing.T) {
	p := newProject(t, map[string]string{"notes.tex": ""})
	rooms, stop := p.server(nil)
	ada := openTab(t, rooms, "ada", "editor")
	base := []byte{1, 1, 0, 0, 4, 1, 1, 't', 2, 'h', 'i', 0}
	if err := ada.push(rooms, tabEdit{1, base}); err != nil {
		t.Fatal(err)
	}
	twoValuesOfOneKey := []byte{1, 2, 0, 2, 0x28, 1, 1, 'm', 1, 'q', 2, 126, 126, 0x88, 0, 2, 1, 126, 0}
	if err := yjs.Validate(twoValuesOfOneKey); err != nil {
		t.Fatalf("the update is refused without the document already: %v", err)
	}
	if err := ada.push(rooms, tabEdit{2, twoValuesOfOneKey}); !app.IsKind(err, app.Invalid) {
		t.Errorf("push = %v, want invalid", err)
	}
	rows := 0
	if err := eachPatch(t.Context(), p.store, ada.id, 0, 0, func(int64, push, string) error { rows++; return nil }); err != nil || rows != 1 {
		t.Errorf("%d rows, %v; want the good one", rows, err)
	}
	stop()
	rooms, stop = p.server(nil)
	defer stop()
	if again := openTab(t, rooms, "again", "viewer"); again.text() != p.text(ada.id) {
		t.Errorf("after a restart %q, rows %q", again.text(), p.text(ada.id))
	}
}
