package web_test

import (
	"fmt"
	"testing"

	"lyceum/app"
	"lyceum/app/wire"
)

// L8: thirty people look at the list of their project. What changes is worked out
// once for all of them, and those who look at something else are not even woken.
func TestL8WhoLooksAtTheSameSharesTheWorkOnTheWire(t *testing.T) {
	w := school(t)
	names := []string{"ada", "ed", "vera"}
	q := list("terminals", app.Row{"project_id": "p1", "title": nil})
	var same []*watching
	for i := range 30 {
		tab := w.as(names[i%3], []wire.Codec{wire.CBOR, wire.JSON}[i%2])
		watched := tab.watch(q, nil)
		watched.hears("start")
		same = append(same, &watched)
	}
	other := w.as("sam", wire.CBOR).watch(list("terminals", app.Row{"project_id": "p2", "title": nil}), nil)
	other.hears("start")
	if watches, streams := w.engine.Streams(); watches != 31 || streams != 2 {
		t.Errorf("%d watches read %d streams, want 31 and 2", watches, streams)
	}
	for i := range 3 {
		w.terminal(fmt.Sprint("t", i), "p1", "x")
		for _, watched := range same {
			watched.hears(fmt.Sprintf("insert {id:t%d project_id:p1 title:x}", i))
		}
	}
	w.terminal("u", "p2", "mine")
	other.hears("insert {id:u project_id:p2 title:mine}")
}
