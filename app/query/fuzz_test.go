package query_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/memstore"
	"lyceum/app/query"
	"lyceum/app/schema"
)

// FuzzRun: whatever a script asks, the answer is rows or a sentence, and what a
// stranger asks changes nothing and shows nothing of a project that is not his.
func FuzzRun(f *testing.F) {
	for _, seed := range []string{
		`{"projects":[{"id":null,"title":{">=":"A","in":["B"]}}]}`,
		`{"projects":{"id":"p1","action_request":{"action":"start"}}}`,
		`{"accounts":{"id":"sam","editor_settings":{"font_size":9}}}`,
		`{"patches":[{"document_id":"d1","seq":{">":1},"update":null}]}`,
		`{"cursors":{"document_id":"d1","position":{"$unset":true}}}`,
		`{"members":{"project_id":"p1","email_address":"sam@example.org","role":"owner"}}`,
		`[{"terminals":{"id":"new","project_id":"p1","title":"x"}},{"site_settings":{"name":null}}]`,
	} {
		f.Add(seed, `{"limit":3,"order_by":["-created","id"]}`, "r1")
		f.Add(seed, `{"delete":true}`, "")
		f.Add(seed, `{"set":true,"changes":true,"after":{"log":"l","n":1}}`, "r2")
	}
	store := memstore.New(schema.Tables())
	index, err := access.Open(f.Context(), store)
	if err != nil {
		f.Fatal(err)
	}
	engine, err := query.New(query.Options{Durable: store, Ephemeral: memstore.New(schema.Ephemeral()), Access: index})
	if err != nil {
		f.Fatal(err)
	}
	secret := app.Row{"id": "p1", "title": "Unspeakable", "users": app.Row{"ada": app.Row{"role": "owner"}}}
	for _, w := range []app.Write{
		{Table: "accounts", ID: "sam", Row: app.Row{"id": "sam", "name": "Sam"}},
		{Table: "projects", ID: "p1", Row: secret},
		{Table: "documents", ID: "d1", Row: app.Row{"id": "d1", "project_id": "p1", "path": "Unspeakable"}},
	} {
		w.IfRev = app.AnyRev
		if _, err := store.Write(f.Context(), w); err != nil {
			f.Fatal(err)
		}
	}
	before, err := store.Get(f.Context(), "projects", "p1")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, q, options, request string) {
		var asked, opts any
		if json.Unmarshal([]byte(q), &asked) != nil || json.Unmarshal([]byte(options), &opts) != nil {
			return
		}
		ctx := app.WithCaller(t.Context(), app.Caller{AccountID: "sam", ConnectionID: "c"})
		given, _ := integers(opts).(app.Row)
		answer, err := engine.Run(ctx, integers(asked), given, request)
		if kind, message := app.Public(err); err != nil && (kind == app.Internal || message == "") {
			t.Fatalf("%s says %v", q, err)
		}
		if text, err := json.Marshal(answer); err == nil && bytes.Contains(text, []byte("Unspeakable")) && !bytes.Contains([]byte(q), []byte("Unspeakable")) {
			t.Fatalf("%s shows %s", q, text)
		}
		if rec, err := store.Get(t.Context(), "projects", "p1"); err != nil || rec.Rev != before.Rev {
			t.Fatalf("%s has changed p1: %v, %v", q, rec, err)
		}
		stop := errors.New("seen")
		err = engine.Watch(ctx, integers(asked), given, func(m query.Message) error {
			if text, err := json.Marshal(m.Answer); err == nil && bytes.Contains(text, []byte("Unspeakable")) && !bytes.Contains([]byte(q), []byte("Unspeakable")) {
				t.Fatalf("a watch of %s shows %s", q, text)
			}
			return stop
		})
		if kind, _ := app.Public(err); !errors.Is(err, stop) && kind == app.Internal {
			t.Fatalf("a watch of %s says %v", q, err)
		}
	})
}

// integers turns whole floats into integers, as the codecs of the wire do.
func integers(v any) any {
	switch v := v.(type) {
	case float64:
		if v == float64(int64(v)) {
			return int64(v)
		}
	case app.Row:
		for k, e := range v {
			v[k] = integers(e)
		}
	case []any:
		for i, e := range v {
			v[i] = integers(e)
		}
	}
	return v
}
