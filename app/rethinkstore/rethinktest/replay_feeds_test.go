package rethinktest

import (
	"context"
	"testing"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"
)

var timeRow = doc{"id": "tm", "at": time.UnixMilli(1700000000123).UTC(), "bin": []byte{1, 2, 3}}

func timesAndBytes(t *testing.T, p *player) {
	row := run(t, p.session, tbl.Get("tm"))[0].(doc)
	at, ok := row["at"].(time.Time)
	if !ok || !at.Equal(time.UnixMilli(1700000000123)) {
		t.Errorf("at is %v", row["at"])
	}
	if bin, ok := row["bin"].([]byte); !ok || string(bin) != "\x01\x02\x03" {
		t.Errorf("bin is %v", row["bin"])
	}
}

func feedWithDeadline(t *testing.T, p *player) {
	ctx, cancel := context.WithTimeout(t.Context(), silence)
	defer cancel()
	cursor, err := tbl.Changes().Run(p.session, r.RunOpts{Context: ctx})
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if cursor.Next(&v) {
		t.Fatalf("got %v", v)
	}
	sameError(t, *p.records[104].Error, cursor.Err())
}

// adds is five updates of row 1 in one query.
var adds = r.Expr(docs{1, 2, 3, 4, 5}).ForEach(func(v r.Term) any { return one.Update(doc{"n": v.Add(1000)}) })

// comesAndGoes inserts a row and deletes it.
var comesAndGoes = r.Expr(docs{tbl.Insert(doc{"id": 77}), tbl.Get(77).Delete()})

var ten = tbl.Get(10)

var tableFeedReplays = []replay{
	{n: 105, setup: threeRows, how: anyhow, query: tbl.Changes(), steps: []r.Term{
		tbl.Insert(doc{"id": 10, "n": 1}), ten.Update(doc{"n": 2}), ten.Update(doc{"n": 2}), ten.Replace(doc{"n": 2, "id": 10}),
		ten.Replace(doc{"id": 10, "m": 2}), ten.Delete(), ten.Delete(), tbl.Insert(doc{"id": 1}),
		tbl.Insert(docs{doc{"id": 11}, doc{"id": 12}, doc{"id": 13}}), tbl.GetAll(11, 12, 13).Delete()}},
	{n: 106, query: tbl.Changes(r.ChangesOpts{IncludeTypes: true}), steps: []r.Term{
		tbl.Insert(doc{"id": 10, "n": 1}), ten.Update(doc{"n": 2}), ten.Update(doc{"n": 2}), ten.Replace(doc{"n": 2, "id": 10}),
		ten.Replace(doc{"id": 10, "m": 2}), ten.Delete()}},
	{n: 107, query: tbl.Changes(r.ChangesOpts{IncludeInitial: true}), steps: []r.Term{
		tbl.Insert(doc{"id": 10, "n": 1}), ten.Update(doc{"n": 2}), ten.Delete()}},
	{n: 108, query: tbl.Changes(allOfIt), steps: []r.Term{
		tbl.Insert(doc{"id": 10, "n": 1}), ten.Update(doc{"n": 2}), ten.Delete()}},
	{n: 109, query: tbl.Changes(r.ChangesOpts{IncludeStates: true}), steps: []r.Term{tbl.Insert(doc{"id": 10, "n": 1}), ten.Delete()}},
	{n: 110, query: tbl.Changes(), steps: []r.Term{adds}},
	{n: 111, how: folded, query: tbl.Changes(r.ChangesOpts{Squash: true}), steps: []r.Term{one.Update(doc{"n": 0}), adds}},
	{n: 112, how: folded, query: tbl.Changes(r.ChangesOpts{Squash: 0.5, IncludeTypes: true}), steps: []r.Term{
		one.Update(doc{"n": 0}), r.Expr(1), adds, comesAndGoes}},
	{n: 113, how: folded, query: tbl.Changes(r.ChangesOpts{Squash: true}), steps: []r.Term{comesAndGoes}},
}

var (
	allOfIt     = r.ChangesOpts{IncludeInitial: true, IncludeStates: true, IncludeTypes: true}
	withTypes   = r.ChangesOpts{IncludeTypes: true}
	withInitial = r.ChangesOpts{IncludeInitial: true}
	rowsAndType = r.ChangesOpts{IncludeInitial: true, IncludeTypes: true}
	twoHundred  = tbl.Get(200)
)

var pointFeedReplays = []replay{
	{n: 114, setup: threeRows, query: twoHundred.Changes(), steps: []r.Term{
		tbl.Insert(doc{"id": 200, "n": 1}), twoHundred.Update(doc{"n": 2}), twoHundred.Update(doc{"n": 2}), twoHundred.Delete(),
		tbl.Insert(doc{"id": 200, "n": 9}), tbl.Insert(doc{"id": 201})}},
	{n: 115, setup: threeRows, query: twoHundred.Changes(allOfIt), steps: []r.Term{
		tbl.Insert(doc{"id": 200, "n": 1}), twoHundred.Update(doc{"n": 2}), twoHundred.Delete()}},
	{n: 116, query: one.Changes(withInitial), steps: []r.Term{one.Update(doc{"n": 2})}},
	{n: 117, query: one.Changes(), steps: []r.Term{adds}},
	{n: 118, how: folded, query: one.Changes(r.ChangesOpts{Squash: true}), steps: []r.Term{one.Update(doc{"n": 0}), adds}},
	{n: 119, query: one.Field("n").Changes()},
}

var (
	threeHundred = tbl.Get(300)
	inAndOut     = []r.Term{tbl.Insert(doc{"id": 300, "p": "A", "n": 50}), threeHundred.Update(doc{"n": 51}), threeHundred.Update(doc{"p": "Z"}),
		threeHundred.Update(doc{"n": 52}), threeHundred.Update(doc{"p": "A"}), threeHundred.Delete(),
		tbl.Insert(doc{"id": 301, "p": "Z"}), tbl.Get(301).Delete()}
)

func without(field string) any { return func(row r.Term) any { return row.Without(field) } }

var rangeFeedReplays = []replay{
	{n: 120, setup: sixRows, query: tbl.GetAllByIndex("p", "A").Changes(withTypes), steps: inAndOut},
	{n: 121, query: tbl.Filter(doc{"p": "A"}).Changes(withTypes), steps: inAndOut},
	{n: 122, query: tbl.GetAllByIndex("p", "A", "B").Changes(withTypes), steps: []r.Term{
		one.Update(doc{"p": "B"}), one.Update(doc{"n": 99}), one.Update(doc{"p": "A", "n": 10})}},
	{n: 123, query: tbl.GetAllByIndex("p", "A", "A").Changes(rowsAndType), steps: []r.Term{one.Update(doc{"n": 98}), one.Update(doc{"n": 10})}},
	{n: 124, how: anyhow, query: tbl.GetAllByIndex("tags", "x", "y").Changes(rowsAndType), steps: []r.Term{
		one.Update(doc{"n": 97}), one.Update(doc{"tags": docs{"x"}}), one.Update(doc{"tags": docs{}}), one.Update(doc{"tags": docs{"x", "y"}, "n": 10})}},
	{n: 125, query: tbl.Between(20, 40, r.BetweenOpts{Index: "n"}).Changes(allOfIt), steps: []r.Term{
		one.Update(doc{"n": 25}), one.Update(doc{"n": 40}), one.Update(doc{"n": 10})}},
	{n: 126, query: tbl.Between(docs{"A", r.MinVal}, docs{"A", r.MaxVal}, r.BetweenOpts{Index: "p_n"}).Changes(withTypes), steps: []r.Term{
		one.Update(doc{"n": 25}), one.Replace(without("n")), one.Update(doc{"n": 10})}},
	{n: 127, query: tbl.Filter(r.Row.Field("flag").Eq(true)).Changes(withTypes), steps: []r.Term{
		tbl.Get(5).Update(doc{"flag": true}), tbl.Get(5).Replace(without("flag"))}},
	{n: 128, query: tbl.Pluck("id", "n").Changes(), steps: []r.Term{one.Update(doc{"s": "q"}), one.Update(doc{"n": 12})}},
	{n: 129, query: tbl.Changes().Pluck(doc{"new_val": "n"}), steps: []r.Term{one.Update(doc{"s": "qq"}), one.Update(doc{"n": 10})}},
	{n: 130, query: tbl.Changes().Filter(r.Row.Field("new_val").Field("n").Gt(100)), steps: []r.Term{
		one.Update(doc{"n": 50}), one.Update(doc{"n": 150}), one.Delete()}},
	{n: 131, setup: sixRows, query: tbl.GetAllByIndex("p", "A").Changes().Union(tbl.Get(3).Changes()), steps: []r.Term{
		one.Update(doc{"n": 5}), tbl.Get(3).Update(doc{"n": 6})}},
	{n: 132, how: folded, query: tbl.GetAllByIndex("p", "A").Changes(r.ChangesOpts{Squash: true, IncludeTypes: true}), steps: []r.Term{
		r.Expr(docs{one.Update(doc{"p": "Z"}), one.Update(doc{"p": "A", "n": 555})})}},
}

var (
	topTwo   = tbl.OrderBy(r.OrderByOpts{Index: r.Desc("n")}).Limit(2)
	topMoves = []r.Term{tbl.Insert(doc{"id": 400, "n": 100}), tbl.Get(400).Update(doc{"s": "x"}), tbl.Get(4).Update(doc{"n": 200}),
		one.Update(doc{"n": 11}), tbl.Get(400).Delete(), tbl.Get(4).Delete(),
		tbl.Insert(docs{doc{"id": 401, "n": 301}, doc{"id": 402, "n": 302}, doc{"id": 403, "n": 303}}),
		tbl.Filter(r.Row.Field("n").Gt(10)).Delete()}
	aToB = tbl.Between(15, 100, r.BetweenOpts{Index: "n"})
)

var limitFeedReplays = []replay{
	{n: 133, setup: sixRows, how: outcome, query: topTwo.Changes(allOfIt), steps: topMoves},
	{n: 134, setup: sixRows, how: outcome, query: topTwo.Changes(r.ChangesOpts{IncludeInitial: true, IncludeOffsets: true}), steps: topMoves},
	{n: 135, setup: sixRows, query: tbl.GetAllByIndex("p", "A").OrderBy("n").Limit(2).Changes(withInitial)},
	{n: 136, query: aToB.OrderBy(r.OrderByOpts{Index: "n"}).Limit(1).Changes(rowsAndType), steps: []r.Term{tbl.Get(2).Update(doc{"n": 5})}},
	{n: 163, setup: sixRows, query: topTwo.Changes(r.ChangesOpts{Squash: 1, IncludeTypes: true}), steps: []r.Term{
		tbl.Insert(doc{"id": 501, "n": 101}), tbl.Insert(doc{"id": 502, "n": 102}), tbl.Insert(doc{"id": 503, "n": 103})}},
}

var refusedFeedReplays = []replay{
	{n: 137, setup: sixRows, query: tbl.OrderBy(r.OrderByOpts{Index: "n"}).Changes()},
	{n: 138, query: tbl.OrderBy("n").Changes()},
	{n: 139, query: tbl.Limit(2).Changes()},
	{n: 140, query: tbl.Count().Changes()},
	{n: 141, query: r.Expr(docs{1, 2}).Changes()},
	{n: 142, query: tbl.Changes().OrderBy("n")},
	{n: 143, query: tbl.Skip(1).Changes()},
	{n: 144, query: tbl.ConcatMap(func(row r.Term) any { return row.Field("tags") }).Changes()},
	{n: 146, query: tbl.Map(func(row r.Term) any { return row.Merge(doc{"c": tbl.Count()}) }).Changes()},
	{n: 147, query: tbl.Changes(r.ChangesOpts{IncludeOffsets: true})},
	{n: 148, query: r.DB("sem").Table("nope").Changes()},
	{n: 149, query: tbl.GetAllByIndex("nope", 1).Changes()},
	{n: 164, query: tbl.Changes(r.ChangesOpts{Squash: -1})},
	{n: 165, query: tbl.GetAllByIndex("nope", 1).Changes(withInitial)},
	{n: 166, query: tbl.OrderBy(r.OrderByOpts{Index: "nope"}).Limit(2).Changes()},
}

var touch = one.Update(doc{"n": r.Row.Field("n").Add(1)})

var squashReplays = []replay{
	{n: 160, setup: sixRows, query: tbl.Changes(r.ChangesOpts{Squash: 1, IncludeTypes: true}), how: anyhow, steps: []r.Term{touch, comesAndGoes,
		r.Expr(docs{tbl.Get(2).Delete(), tbl.Insert(doc{"again": true, "id": 2, "p": "A", "n": 20})}),
		tbl.Get(3).Update(doc{"n": 31}), tbl.Get(3).Update(doc{"n": 32}), tbl.Get(4).Update(doc{"n": 41}), tbl.Get(4).Update(doc{"n": 40})}},
	{n: 161, setup: sixRows, query: tbl.GetAllByIndex("p", "A").Changes(r.ChangesOpts{Squash: 1, IncludeTypes: true}), how: anyhow, steps: []r.Term{touch,
		tbl.Get(2).Update(doc{"p": "Z"}), tbl.Get(2).Update(doc{"p": "A", "n": 21}), tbl.Get(3).Update(doc{"p": "A"}),
		tbl.Get(3).Update(doc{"p": "B"}), one.Update(doc{"p": "Z"})}},
	{n: 162, setup: sixRows, query: one.Changes(r.ChangesOpts{Squash: 1}), steps: []r.Term{touch, touch, touch, touch}},
}
