package query_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"lyceum/app"
)

var update = flag.Bool("update", false, "write the golden rows instead of comparing them")

// orderFile holds rows as lists answer them; the pages' tests put them into order
// again.
const orderFile = "../../testdata/order.json"

type ordered struct {
	Table   string    `json:"table"`
	OrderBy []string  `json:"order_by,omitempty"`
	Rows    []app.Row `json:"rows"`
}

// A page keeps lists in order by itself. Where it had another opinion than the
// server, a row would jump when the list is asked for again, and a window would
// end at another row.
func TestL6TheOrderOfRowsIsWrittenDownForThePages(t *testing.T) {
	w := newWorld(t)
	titles := []string{"b", "a", "Ä", "a", "", "zz", "ﬀ", "😀", "Z", "a!", "~", "a"}
	for i, title := range titles {
		w.put("projects", app.Row{
			"id": string(rune('a'+(i*5)%len(titles))) + "x", "title": title, "description": "", "created": int64(i % 3), "last_edited": int64(i / 4),
			"users": app.Row{"ada": app.Row{"role": "owner"}}, "state": app.Row{"state": "stopped", "since": int64(i % 2)},
		})
		w.put("document_paths", app.Row{"project_id": "p1", "path": title + "/" + titles[(i+1)%len(titles)], "document_id": string(rune('a' + i))})
	}
	shape := app.Row{"id": nil, "title": nil, "created": nil, "last_edited": nil, "state": app.Row{"since": nil}}
	all := []ordered{{Table: "projects"}}
	for _, by := range [][]string{{"title"}, {"-title"}, {"created"}, {"-created"}, {"last_edited", "-title"}, {"-last_edited", "created"}, {"state.since"}} {
		all = append(all, ordered{Table: "projects", OrderBy: by})
	}
	all = append(all, ordered{Table: "document_paths"})
	for i := range all {
		o, q := &all[i], list("projects", shape)
		if o.Table == "document_paths" {
			q = list(o.Table, app.Row{"project_id": "p1", "path": nil, "document_id": nil})
		}
		options := app.Row{}
		if o.OrderBy != nil {
			by := make([]any, len(o.OrderBy))
			for n, name := range o.OrderBy {
				by[n] = name
			}
			options["order_by"] = by
		}
		a, err := w.run("ada", q, options, "")
		if err != nil {
			t.Fatal(err)
		}
		o.Rows = a.Rows
	}
	want, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(orderFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(orderFile)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is stale (%v); run go test ./app/query -run TestL6TheOrder -update", orderFile, err)
	}
}
