package rethinktest

import (
	"encoding/base64"
	"testing"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"
)

func blob(s string) datum {
	return object{pseudoField: "BINARY", "data": base64.StdEncoding.EncodeToString([]byte(s))}
}

func moment(seconds float64, zone string) datum {
	return object{pseudoField: "TIME", "epoch_time": seconds, "timezone": zone}
}

// The order of values within and between types.
func TestOrderOfValues(t *testing.T) {
	ordered := []datum{
		minval,
		[]datum{}, []datum{minval}, []datum{1.0}, []datum{1.0, minval}, []datum{1.0, 1.0}, []datum{1.0, maxval}, []datum{2.0}, []datum{"a"}, []datum{maxval},
		false, true, nil,
		-1e300, -2.0, -1.5, -1e-300, 0.0, 1e-300, 1.0, 255.0, 256.0, 1e300,
		object{}, object{"a": 1.0}, object{"a": 1.0, "b": 1.0}, object{"a": 2.0}, object{"b": 0.0},
		blob(""), blob("\x00"), blob("\x00\x00"), blob("\x00\x01"), blob("\x01"), blob("\xff"), blob("\xff\xff"),
		moment(-1, "+00:00"), moment(1, "+00:00"),
		"", "\x00", "\x00\x00", "\x00\x01", "\x01", "a", "a\x00", "a\x00b", "ab", "b", "é", "\U0001f600",
		maxval,
	}
	for i, a := range ordered {
		for j, b := range ordered {
			if got, want := compare(a, b), min(max(i-j, -1), 1); got != want {
				t.Errorf("%v and %v compare as %d, want %d", a, b, got, want)
			}
		}
	}
	if !equal(moment(1, "+00:00"), moment(1, "+02:00")) {
		t.Error("one moment in two zones is two")
	}
	negative := 0.0
	if !equal(-negative, 0.0) {
		t.Error("-0 is not 0")
	}
}

func TestCursorGivesItsRowsInBatches(t *testing.T) {
	s, session, table := withTable(t, Options{})
	run(t, session, table.Insert(r.Range(1000).Map(func(v r.Term) any { return doc{"id": v} }).CoerceTo("array")))
	w := rawTo(t, s)
	w.send(1, `[1,`+tableTerm+`,{"max_batch_rows":400}]`)
	seen := 400
	if res := w.want(1, 3); len(res.Results) != 400 {
		t.Fatalf("%d rows at first", len(res.Results))
	}
	for {
		w.send(1, `[2]`)
		_, res := w.receive()
		seen += len(res.Results)
		if res.Type == 2 {
			break
		}
	}
	if seen != 1000 {
		t.Errorf("%d rows", seen)
	}
	if got := run(t, session, table.Field("id")); len(got) != 1000 {
		t.Errorf("the driver got %d rows", len(got))
	}
}

func TestOnlyArraysAreData(t *testing.T) {
	_, session, table := withTable(t, Options{})
	run(t, session, r.Expr(doc{"k": r.Expr(docs{1, 2}).Limit(1)}))
	run(t, session, r.Expr(doc{"k": table.CoerceTo("array")}))
	wantError(t, r.Expr(doc{"k": table.Filter(true)}).Exec(session), "rethinkdb.RQLQueryLogicError rethinkdb: Expected type DATUM but found SELECTION<STREAM>:\nVALUE SELECTION<STREAM>")
}

func TestIndexIsReadWhenItIsReady(t *testing.T) {
	_, session, table := withTable(t, Options{})
	run(t, session, table.Insert(doc{"id": 1, "k": 2}))
	run(t, session, table.IndexCreate("k"))
	wantError(t, table.GetAllByIndex("k", 2).Exec(session),
		"rethinkdb.RQLOpFailedError rethinkdb: Index `k` on table `d.t` was accessed before its construction was finished.")
	for _, want := range []bool{false, true} {
		if got := run(t, session, table.IndexStatus("k").Nth(0).Field("ready")); got[0] != want {
			t.Errorf("ready is %v, want %v", got[0], want)
		}
	}
	if got := run(t, session, table.GetAllByIndex("k", 2)); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestIndexFollowsItsRows(t *testing.T) {
	_, session, table := withTable(t, Options{})
	run(t, session, table.IndexCreate("k", r.IndexCreateOpts{Multi: true}))
	run(t, session, table.IndexWait())
	for _, c := range []struct {
		write r.Term
		a, b  int // rows under the keys a and b
	}{
		{table.Insert(doc{"id": 1, "k": docs{"a", "b"}}), 1, 1},
		{table.Insert(doc{"id": 2, "k": "a"}), 2, 1},
		{table.Get(1).Update(doc{"k": docs{"b"}}), 1, 1},
		{table.Get(2).Update(doc{"k": docs{"b", nil, doc{}}}), 0, 2}, // what cannot be a key is left out
		{table.Get(2).Replace(doc{"id": 2}), 0, 1},
		{table.Get(1).Delete(), 0, 0},
	} {
		run(t, session, c.write)
		a, b := run(t, session, table.GetAllByIndex("k", "a").Count()), run(t, session, table.GetAllByIndex("k", "b").Count())
		if a[0] != float64(c.a) || b[0] != float64(c.b) {
			t.Errorf("after %s: %v and %v, want %d and %d", c.write, a, b, c.a, c.b)
		}
	}
}

func TestReconfigureSpreadsReplicas(t *testing.T) {
	_, session, table := withTable(t, Options{Nodes: 3})
	wantError(t, table.Reconfigure(r.ReconfigureOpts{Shards: 1, Replicas: 4}).Exec(session),
		"rethinkdb.RQLOpFailedError rethinkdb: Can't put 4 replicas on servers with the tag `default` because there are only 3 servers with the tag `default`. "+
			"It's impossible to have more replicas of the data than there are servers.")
	run(t, session, table.Reconfigure(r.ReconfigureOpts{Shards: 2, Replicas: 3, DryRun: true}))
	if got := run(t, session, table.Config().Field("shards")); len(got) != 1 {
		t.Errorf("a dry run made %v", got)
	}
	run(t, session, table.Reconfigure(r.ReconfigureOpts{Shards: 2, Replicas: 3}))
	got := run(t, session, table.Config().Field("shards"))
	if len(got) != 2 || got[0].(doc)["primary_replica"] == got[1].(doc)["primary_replica"] || len(got[0].(doc)["replicas"].([]any)) != 3 {
		t.Errorf("got %v", got)
	}
}
