package query_test

import (
	"fmt"
	"strings"
	"testing"

	"lyceum/app"
)

// Somebody opens one long list after the other in ever new tabs. He is told the
// bound; others, and what he has open already, are not disturbed.
func TestL7WhatTheWatchesOfOneAccountKeepIsBounded(t *testing.T) {
	w := newWorld(t)
	large := strings.Repeat("x", 10<<20)
	for i := range 3 {
		w.put("terminals", app.Row{"id": fmt.Sprint("t", i), "project_id": "p1", "title": large, "account_id": "ada", "created": int64(i)})
	}
	lists := func(who string, i int) *tab {
		q := list("terminals", app.Row{"project_id": "p1", "id": nil, "created": app.Row{"<": int64(100 + i)}})
		return w.watch(who, q, app.Row{"limit": int64(3), "order_by": "created"})
	}
	const fit = 4 // of 30 MiB
	var open []*tab
	for i := range fit {
		tab := lists("ed", i)
		tab.until(func() bool { return len(tab.rows) == 3 }, "the rows")
		open = append(open, tab)
	}
	lists("ed", fit).ends("too_large: What you watch takes more than 128 MiB of the server's memory, the most for one account. Please close some tabs, or ask for fewer rows.")
	same := lists("ed", 0) // shared: it costs nothing
	same.until(func() bool { return len(same.rows) == 3 }, "the rows")
	other := lists("vera", fit)
	other.until(func() bool { return len(other.rows) == 3 }, "the rows of another account")
	open[1].close()
	again := lists("ed", fit+1)
	again.until(func() bool { return len(again.rows) == 3 }, "the rows after one was closed")
	w.put("terminals", app.Row{"id": "t9", "project_id": "p1", "title": "small", "account_id": "ada", "created": int64(0)})
	open[0].until(func() bool { return open[0].rows["t9"] != nil }, "a change of what was open")
}
