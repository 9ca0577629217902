package query_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/memstore"
	"lyceum/app/query"
	"lyceum/app/schema"
)

// seeds are queries of every kind.
var seeds = []string{
	`{"projects":[{"id":null,"title":{">=":"A","in":["B"]}}]}`,
	`{"projects":{"id":"p1","action_request":{"action":"start"}}}`,
	`{"accounts":{"id":"sam","editor_settings":{"font_size":9}}}`,
	`{"patches":[{"document_id":"d1","seq":{">":1},"update":null}]}`,
	`{"cursors":{"document_id":"d1","position":{"$unset":true}}}`,
	`{"members":{"project_id":"p1","email_address":"sam@example.org","role":"owner"}}`,
	`[{"terminals":{"id":"new","project_id":"p1","title":"x"}},{"site_settings":{"name":null}}]`,
	`{"projects":{"id":"new","title":"Mine"}}`,
	`{"projects":[{"users":{},"state":{"state":{"!=":"running"}},"description":null}]}`,
	`{"accounts":[{"editor_settings":{"tab_size":{">":2},"theme":null}}]}`,
	`{"collaborators":[{"name":{"in":["Sam"]},"id":null}]}`,
}

// FuzzRun: whatever a script asks or watches, the answer is rows or a sentence;
// rows have what was asked for and their key, no more; a get writes nothing; and
// what a stranger asks changes nothing and shows nothing of a project that is not
// his.
func FuzzRun(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed, `{"limit":3,"order_by":["-created","id"]}`, "r1")
		f.Add(seed, `{"delete":true}`, "")
		f.Add(seed, `{"set":true,"changes":true,"after":{"log":"l","n":1}}`, "r2")
		f.Add(seed, `{"changes":true}`, "")
		f.Add(seed, `{"changes":true,"limit":1,"order_by":"-name"}`, "")
	}
	store := memstore.New(schema.Tables())
	index, err := access.Open(f.Context(), store)
	if err != nil {
		f.Fatal(err)
	}
	ephemeral := memstore.New(schema.Ephemeral())
	engine, err := query.New(query.Options{Durable: store, Ephemeral: ephemeral, Access: index})
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
		asked = integers(asked)
		given, _ := integers(opts).(app.Row)
		z := &fuzzed{t: t, text: q, asked: asked}
		ctx := app.WithCaller(t.Context(), app.Caller{AccountID: "sam", ConnectionID: "c"})
		written := position(t, store) + position(t, ephemeral)
		answer, err := engine.Run(ctx, asked, given, request)
		z.refused(err)
		if err == nil {
			z.check(answer)
		}
		if _, array := asked.([]any); !array && err == nil && !answer.Wrote && position(t, store)+position(t, ephemeral) != written {
			t.Fatalf("the get %s has written", q)
		}
		if rec, err := store.Get(t.Context(), "projects", "p1"); err != nil || rec.Rev != before.Rev {
			t.Fatalf("%s has changed p1: %v, %v", q, rec, err)
		}
		written = position(t, store) + position(t, ephemeral)
		stop := errors.New("seen")
		err = watch(ctx, engine, asked, given, func(m query.Message) error {
			z.check(*m.Answer)
			return stop
		})
		if !errors.Is(err, stop) {
			z.refused(err)
		}
		if position(t, store)+position(t, ephemeral) != written {
			t.Fatalf("the watch %s has written", q)
		}
	})
}

// fuzzed is one query of the fuzzer.
type fuzzed struct {
	t     *testing.T
	text  string
	asked any
}

// refused checks an error: it has a kind and a sentence.
func (z *fuzzed) refused(err error) {
	if kind, message := app.Public(err); err != nil && (kind == app.Internal || !strings.HasSuffix(message, ".")) {
		z.t.Fatalf("%s says %v", z.text, err)
	}
}

// check looks at an answer: it has no secret, and nothing that was not asked for.
func (z *fuzzed) check(a query.Answer) {
	const secret = "Unspeakable"
	if text, err := json.Marshal(a); err == nil && bytes.Contains(text, []byte(secret)) && !strings.Contains(z.text, secret) {
		z.t.Fatalf("%s shows %s", z.text, text)
	}
	list, ok := z.asked.([]any)
	if !ok {
		list, a.Answers = []any{z.asked}, []query.Answer{a}
	}
	for i, part := range a.Answers {
		if !part.Wrote {
			z.checkRows(list[i].(app.Row), append(part.Rows, part.Row))
		}
	}
}

func (z *fuzzed) checkRows(q app.Row, rows []app.Row) {
	for table, shape := range q {
		if l, ok := shape.([]any); ok {
			shape = l[0]
		}
		declared, _ := schema.Lookup(table)
		for _, row := range rows {
			for name := range row {
				if _, asked := shape.(app.Row)[name]; !asked && !declared.IsKey(name) {
					z.t.Fatalf("%s answers %s, which was not asked for: %v", z.text, name, row)
				}
			}
		}
	}
}

// position is the number of a store's last write.
func position(t *testing.T, s app.Store) int64 {
	for _, table := range []string{"projects", "cursors"} {
		if page, err := s.Read(t.Context(), app.Range{Table: table, Limit: 1}); err == nil {
			return page.Position.N
		}
	}
	t.Fatal("this store has neither table")
	return 0
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
