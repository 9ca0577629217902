package query_test

import (
	"testing"

	"lyceum/app"
)

// A page shows what it has set until it has seen its change: if a set did not say
// where in the log it is, an earlier change of somebody else would look like it,
// and the old value would flash up.
func TestL4ASetSaysFromWhichPositionOnItIsSeen(t *testing.T) {
	w := newWorld(t)
	tab := w.watch("ada", list("projects", app.Row{"id": "p1", "title": nil}), nil)
	title := func(name string) app.Row { return one("projects", app.Row{"id": "p1", "title": name}) }
	first := w.must("ed", title("Ed's")).Position
	again := w.must("ed", title("Ed's")).Position
	second := w.must("ada", title("Ada's")).Position
	if first == nil || again == nil || second == nil || first.N >= again.N || again.N >= second.N || first.Log != second.Log {
		t.Fatalf("positions are %v, %v, %v", first, again, second)
	}
	tab.until(func() bool { return tab.rows["p1"]["title"] == "Ada's" }, "the second title")
	tab.mu.Lock()
	defer tab.mu.Unlock()
	if tab.pos.N != second.N || tab.pos.Log[:len(second.Log)+1] != second.Log+"." {
		t.Errorf("the change came at %v, the set is at %v", tab.pos, second)
	}
}

// The answer to a repetition is for somebody who may have seen the change or not.
func TestW3ARepeatedSetSaysWhereTheRowIs(t *testing.T) {
	w := newWorld(t)
	title := one("projects", app.Row{"id": "p1", "title": "Once"})
	first, err := w.run("ada", title, nil, "r1")
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.run("ada", title, nil, "r1")
	if err != nil || again.Position == nil || *again.Position != *first.Position {
		t.Errorf("the repetition is at %v, %v, the first at %v", again.Position, err, first.Position)
	}
}
