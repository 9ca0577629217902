package rethinktest

import (
	"errors"
	"strings"
	"testing"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"
)

// doc is a document of a query.
type doc = map[string]any

type docs = []any

var (
	tbl = r.DB("sem").Table("t")
	one = tbl.Get(1)
)

// The rows that most records begin with.
var (
	row1 = doc{"id": 1, "n": 10, "p": "A", "s": "one", "tags": docs{"x", "y"}}
	row2 = doc{"id": 2, "n": 20, "p": "A", "s": "two", "tags": docs{"y"}}
	row3 = doc{"id": 3, "n": 30, "p": "B", "s": "three", "tags": docs{"x", "z"}}
	row4 = doc{"id": 4, "n": 40, "p": "B", "s": "four", "tags": docs{}}
	row5 = doc{"id": 5, "s": "five (no p, n or tags)"}
	row6 = doc{"id": 6, "n": nil, "p": nil}

	threeRows = []r.Term{tbl.Delete(), tbl.Insert(docs{row1, row2, row3})}
	sixRows   = []r.Term{tbl.Delete(), tbl.Insert(docs{row1, row2, row3, row4, row5, row6})}
)

var adminReplays = []replay{
	{n: 1, query: r.DBCreate("sem")},
	{n: 2, query: r.DBCreate("sem")},
	{n: 3, query: r.DB("sem").TableCreate("t")},
	{n: 4, query: r.DB("sem").TableCreate("t")},
	{n: 5, query: tbl.IndexCreate("p")},
	{n: 6, query: tbl.IndexCreate("p")},
	{n: 7, query: tbl.IndexCreate("tags", r.IndexCreateOpts{Multi: true})},
	{n: 8, query: tbl.IndexCreateFunc("p_n", func(row r.Term) any { return docs{row.Field("p"), row.Field("n")} })},
	{n: 9, setup: []r.Term{tbl.IndexCreate("n")}, query: tbl.IndexWait()},
	{n: 10, query: r.Expr(docs{r.DB("sem").TableList(), tbl.IndexList()}),
		setup: nil},
	{n: 11, query: r.DB("sem").TableDrop("nope")},
}

var insertReplays = []replay{
	{n: 12, query: tbl.Insert(doc{"id": "a", "v": 1})},
	{n: 13, query: tbl.Insert(doc{"v": 1}).Without("generated_keys")},
	{n: 14, query: tbl.Insert(doc{"v": 1}).Field("generated_keys").Nth(0).
		Match("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$").Ne(nil)},
	{n: 15, query: tbl.Insert(doc{"id": "a", "v": 2})},
	{n: 16, query: tbl.Insert(doc{"id": "a", "v": 2}, r.InsertOpts{ReturnChanges: true})},
	{n: 17, query: tbl.Insert(doc{"id": "a", "v": 2}, r.InsertOpts{ReturnChanges: "always"})},
	{n: 18, query: tbl.Insert(doc{"id": "a", "z": 2}, r.InsertOpts{ReturnChanges: true, Conflict: "replace"})},
	{n: 19, query: tbl.Insert(doc{"id": "a", "z": 2}, r.InsertOpts{ReturnChanges: true, Conflict: "replace"})},
	{n: 20, query: tbl.Insert(doc{"id": "a", "z": 2}, r.InsertOpts{ReturnChanges: "always", Conflict: "replace"})},
	{n: 21, query: tbl.Insert(doc{"id": "a", "o": doc{"x": 1}}, r.InsertOpts{ReturnChanges: true, Conflict: "update"})},
	{n: 22, query: tbl.Insert(doc{"id": "a", "o": doc{"y": 2}}, r.InsertOpts{ReturnChanges: true, Conflict: "update"})},
	{n: 23, query: tbl.Insert(doc{"id": "a", "o": doc{"y": 2}}, r.InsertOpts{ReturnChanges: true, Conflict: "update"})},
	{n: 24, query: tbl.Insert(doc{"id": "a", "z": 5}, r.InsertOpts{ReturnChanges: true, Conflict: func(_, old, new r.Term) any {
		return old.Merge(doc{"z": old.Field("z").Add(new.Field("z"))})
	}})},
	{n: 25, query: tbl.Insert(docs{doc{"id": "b"}, doc{"id": "a"}, doc{"id": "c"}}, r.InsertOpts{ReturnChanges: "always"})},
	{n: 26, query: tbl.Insert(docs{doc{"id": "d", "k": 1}, doc{"id": "d", "k": 2}}, r.InsertOpts{ReturnChanges: true})},
	{n: 27, query: tbl.Insert(doc{"id": nil})},
	{n: 28, query: tbl.Insert(doc{"id": doc{"x": 1}})},
	{n: 29, query: tbl.Insert(doc{"id": docs{"u", 1}})},
	{n: 30, query: tbl.Insert(doc{"id": true})},
	{n: 31, query: tbl.Insert(doc{"id": strings.Repeat("k", 128)})},
	{n: 32, query: tbl.Insert(5)},
	{n: 33, query: tbl.Insert(doc{"id": "soft"}, r.InsertOpts{Durability: "soft"})},
}

var (
	someUpdate   = r.UpdateOpts{ReturnChanges: true}
	someReplace  = r.ReplaceOpts{ReturnChanges: true}
	alwaysUpdate = r.UpdateOpts{ReturnChanges: "always"}
)

var updateReplays = []replay{
	{n: 34, setup: sixRows, query: one.Update(doc{"n": 11}, someUpdate)},
	{n: 35, query: one.Update(doc{"n": 11}, someUpdate)},
	{n: 36, query: one.Update(doc{"n": 11}, alwaysUpdate)},
	{n: 37, query: tbl.Get(99).Update(doc{"n": 11}, someUpdate)},
	{n: 38, query: tbl.Get(99).Update(doc{"n": 11}, alwaysUpdate)},
	{n: 39, query: one.Update(doc{"id": 100})},
	{n: 40, query: tbl.Get(5).Update(func(row r.Term) any { return doc{"n": row.Field("n").Add(1)} })},
	{n: 41, query: one.Update(doc{"o": doc{"a": 1, "b": 2}}, someUpdate)},
	{n: 42, query: one.Update(doc{"o": r.Literal(doc{"c": 3})}, someUpdate)},
	{n: 43, query: one.Update(doc{"o": r.Literal()}, someUpdate)},
	{n: 44, query: one.Update(doc{"s": nil}, someUpdate)},
	{n: 45, query: one.Update(doc{"c": tbl.Count()})},
	{n: 46, query: one.Update(doc{"c": tbl.Count()}, r.UpdateOpts{ReturnChanges: true, NonAtomic: true})},
	{n: 47, query: tbl.GetAllByIndex("p", "A").Update(doc{"m": 1}, someUpdate), how: anyhow},
	{n: 48, query: tbl.GetAll(1, 2, 5).Update(func(row r.Term) any {
		return doc{"n": r.Branch(row.Field("id").Eq(2), row.Field("n"), row.Field("n").Add(1))}
	}, someUpdate)},
	{n: 49, query: tbl.Get(2).Replace(doc{"id": 2, "only": true}, someReplace)},
	{n: 50, query: tbl.Get(50).Replace(doc{"id": 50, "x": 1}, someReplace)},
	{n: 51, query: tbl.Get(2).Replace(doc{"id": 3})},
	{n: 52, query: tbl.Get(2).Replace(doc{"x": 3})},
	{n: 53, query: tbl.Get(50).Replace(nil, someReplace)},
	{n: 54, query: tbl.Get(50).Replace(nil, someReplace)},
	{n: 55, query: tbl.Get(2).Delete(r.DeleteOpts{ReturnChanges: true})},
	{n: 56, query: tbl.Get(2).Delete(r.DeleteOpts{ReturnChanges: true})},
	{n: 57, query: tbl.Get(2).Delete(r.DeleteOpts{ReturnChanges: "always"})},
	{n: 58, query: tbl.GetAllByIndex("p", "ZZZ").Delete(r.DeleteOpts{ReturnChanges: true})},
	{n: 59, query: one.Update(func(row r.Term) any {
		return r.Branch(row.Field("n").Eq(-1), doc{"n": 0}, r.Error("stale"))
	}, someUpdate)},
	{n: 60, query: r.Expr(docs{101, 102}).ForEach(func(id r.Term) any { return tbl.Insert(doc{"id": id}) })},
	{n: 61, check: noreplyInsert},
}

func noreplyInsert(t *testing.T, p *player) {
	if err := tbl.Insert(doc{"id": "nr"}).Exec(p.session, r.ExecOpts{NoReply: true}); err != nil {
		t.Fatal(err)
	}
	if err := p.session.NoReplyWait(); err != nil {
		t.Fatal(err)
	}
	if got := run(t, p.session, tbl.Get("nr")); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

var ids = func(q r.Term) r.Term { return q.Field("id") }

var over15 = r.Row.Field("n").Gt(15)

var readReplays = []replay{
	{n: 62, setup: sixRows, query: one},
	{n: 63, check: missingRow},
	{n: 64, query: ids(tbl.GetAll(3, 1, 1, 99)), how: anyhow},
	{n: 65, query: ids(tbl.GetAll())},
	{n: 66, query: ids(tbl.GetAllByIndex("p", "A").OrderBy("id"))},
	{n: 67, query: ids(tbl.GetAllByIndex("p", "A", "A").OrderBy("id"))},
	{n: 68, query: ids(tbl.GetAllByIndex("p", nil))},
	{n: 69, query: ids(tbl.GetAllByIndex("tags", "x").OrderBy("id"))},
	{n: 70, query: ids(tbl.GetAllByIndex("tags", "x", "y").OrderBy("id"))},
	{n: 71, query: ids(tbl.GetAllByIndex("tags", "x", "y")).Distinct()},
	{n: 72, query: ids(tbl.GetAllByIndex("p_n", docs{"A", 20}))},
	{n: 73, query: tbl.GetAllByIndex("nope", 1)},
	{n: 74, query: ids(tbl.Between(20, 40, r.BetweenOpts{Index: "n"}).OrderBy("n"))},
	{n: 75, query: ids(tbl.Between(20, 40, r.BetweenOpts{Index: "n", LeftBound: "open", RightBound: "closed"}).OrderBy("n"))},
	{n: 76, query: ids(tbl.Between(docs{"A", r.MinVal}, docs{"A", r.MaxVal}, r.BetweenOpts{Index: "p_n"})), how: anyhow},
	{n: 77, query: ids(tbl.Between(r.MinVal, r.MaxVal, r.BetweenOpts{Index: "n"})), how: anyhow},
	{n: 78, query: ids(tbl.Between(40, 20, r.BetweenOpts{Index: "n"}))},
	{n: 79, query: ids(tbl.OrderBy(r.OrderByOpts{Index: r.Desc("n")}).Limit(2))},
	{n: 80, query: ids(tbl.OrderBy(r.OrderByOpts{Index: "n"}))},
	{n: 81, query: ids(tbl.OrderBy("n"))},
	{n: 82, query: ids(tbl.Filter(over15).OrderBy("id"))},
	{n: 83, query: ids(tbl.Filter(doc{"p": nil}).OrderBy("id"))},
	{n: 84, query: ids(tbl.Filter(over15, r.FilterOpts{Default: true}).OrderBy("id"))},
	{n: 85, query: ids(tbl.Filter(over15, r.FilterOpts{Default: r.Error()}))},
	{n: 86, query: ids(tbl.HasFields("n").OrderBy("id"))},
	{n: 87, query: r.Expr(docs{"s", 1, nil, true, docs{1}, doc{"a": 1}, r.Now(), r.Binary([]byte("b"))}).
		OrderBy(func(v r.Term) any { return v }).Map(func(v r.Term) any { return v.TypeOf() })},
	{n: 88, setup: []r.Term{tbl.Insert(timeRow)}, check: timesAndBytes},
	{n: 89, query: tbl.Get("tm")},
	{n: 90, query: r.Expr(int64(9007199254740993))},
	{n: 91, query: r.Expr(docs{1, 1e+21, 0.1})},
}

var errorReplays = []replay{
	{n: 92, query: r.DB("sem").Table("nope").Get(1)},
	{n: 93, query: r.DB("nope").Table("t")},
	{n: 94, query: tbl.Get(5).Field("n")},
	{n: 95, query: tbl.Get(99).Field("n")},
	{n: 96, query: r.Expr(1).Add("a")},
	{n: 97, query: r.Expr(1).Div(0)},
	{n: 98, query: r.Error("my text")},
	{n: 99, query: r.Expr(docs{1}).Nth(5)},
	{n: 100, query: r.Range(100001).CoerceTo("array")},
	{n: 101, query: tbl.OrderBy("id"), opts: r.RunOpts{ArrayLimit: 3}},
	{n: 102, query: tbl.Get(5).Field("n").Default("dflt")},
	{n: 103, query: r.DB("sem").Table("nope").Insert(doc{"id": 1})},
	{n: 104, check: feedWithDeadline},
}

func missingRow(t *testing.T, p *player) {
	cursor, err := tbl.Get(99).Run(p.session)
	if err != nil || !cursor.IsNil() {
		t.Fatalf("not nil: %v", err)
	}
	var row any
	if err := cursor.One(&row); !errors.Is(err, r.ErrEmptyResult) {
		t.Errorf("got %v", err)
	}
}
