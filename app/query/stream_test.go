package query_test

import (
	"context"
	"fmt"
	"testing"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/query"
	"lyceum/app/schema"
)

// pausing is a store in which something happens when a page has been read.
type pausing struct {
	app.Store
	paged func(app.Page)
}

func (p *pausing) Read(ctx context.Context, r app.Range) (app.Page, error) {
	page, err := p.Store.Read(ctx, r)
	if err == nil && p.paged != nil {
		p.paged(page)
		err = ctx.Err()
	}
	return page, err
}

// subscribe opens a watch that nobody asks for its messages.
func (w *world) subscribe(name string, q any, options app.Row) query.Watch {
	w.t.Helper()
	sub, err := w.engine.Subscribe(w.as(name), q, options, func() {})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(sub.Close)
	return sub
}

// told takes what a watch has, and calls each with every message.
func (w *world) told(sub query.Watch, each func(query.Message)) {
	w.t.Helper()
	for {
		m, ok, err := sub.Next(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if !ok {
			return
		}
		each(m)
		sub.Sent()
	}
}

// L1, L7: a row that was written between two pages of the first answer is in it;
// the log of the table has it too, and is all that a slow client can go on from.
func TestL1ASlowClientIsNotToldAgainWhatItsAnswerHas(t *testing.T) {
	store := &pausing{Store: memstore.New(schema.Tables())}
	w := worldOn(t, store)
	document := func(id, path string) {
		w.put("documents", app.Row{"id": id, "project_id": "p1", "path": path, "created": int64(0)})
	}
	for i := range app.MaxPage + 1 {
		document(fmt.Sprintf("d%06d", i), "a")
	}
	q := list("documents", app.Row{"project_id": "p1", "path": nil})
	slow := w.subscribe("ed", q, app.Row{"changes": true})
	store.paged = func(page app.Page) {
		if page.Next != nil {
			document("e", "between")
		}
	}
	m, _, err := slow.Next(t.Context())
	store.paged = nil
	if err != nil || len(m.Answer.Rows) != app.MaxPage+2 {
		t.Fatalf("the answer has not the row that came between: %v", err)
	}
	fast := w.subscribe("ed", q, app.Row{"changes": true})
	w.told(fast, func(query.Message) {})
	for i := range 100 { // more than a stream keeps
		document("d000000", fmt.Sprint(i))
		w.told(fast, func(query.Message) {})
	}
	slow.Sent()
	w.told(slow, func(m query.Message) {
		for _, c := range m.Changes {
			if c.Action == "insert" {
				t.Errorf("told again: %v", c.New)
			}
		}
	})
}

// L5: somebody closes the page while it reads a window again for all who watch the
// same. The others do not notice.
func TestL5WhoLeavesInTheMiddleDisturbsNoOther(t *testing.T) {
	store := &pausing{Store: memstore.New(schema.Tables())}
	w := worldOn(t, store)
	for i := range 20 {
		w.put("file_actions", app.Row{"id": fmt.Sprintf("a%02d", i), "project_id": "p1", "time": int64(i), "path": "x"})
	}
	q := list("file_actions", app.Row{"project_id": "p1", "time": nil})
	options := app.Row{"changes": true, "limit": int64(1), "order_by": "time"}
	leaves, stays := w.subscribe("ed", q, options), w.subscribe("ada", q, options)
	w.told(leaves, func(query.Message) {})
	w.told(stays, func(query.Message) {})
	for i := range 10 { // more than a window holds
		w.remove("file_actions", fmt.Sprintf("a%02d", i))
	}
	ctx, leave := context.WithCancel(w.as("ed"))
	store.paged = func(app.Page) { leave() }
	_, _, _ = leaves.Next(ctx) // whatever: nobody is there
	store.paged = nil
	var got []string
	w.told(stays, func(m query.Message) {
		if m.Answer != nil {
			t.Error("the watch of somebody else begins anew")
		}
		for _, c := range m.Changes {
			got = append(got, c.Action+" "+text(c.New))
		}
	})
	if len(got) == 0 || got[len(got)-1] != "insert {id:a10 project_id:p1 time:10}" {
		t.Errorf("told %q", got)
	}
}
