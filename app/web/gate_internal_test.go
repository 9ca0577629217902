package web

import (
	"testing"

	"lyceum/app"
)

// A loop in a page, or somebody hostile, must not use up the server's
// connections; others are not concerned.
func TestSocketsAreBoundedForEachAccount(t *testing.T) {
	var g gate
	ada, bob := app.Caller{AccountID: "ada"}, app.Caller{AccountID: "bob"}
	var leave func()
	for range maxSocketsOfAccount {
		var err error
		if leave, err = g.enter(ada, "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := g.enter(ada, "192.0.2.2"); !app.IsKind(err, app.TooLarge) {
		t.Errorf("one more: %v", err)
	}
	for _, c := range []app.Caller{bob, {}} {
		if _, err := g.enter(c, "192.0.2.1"); err != nil {
			t.Errorf("somebody else: %v", err)
		}
	}
	leave()
	if _, err := g.enter(ada, "192.0.2.1"); err != nil {
		t.Errorf("after one has left: %v", err)
	}
	if _, err := g.enter(app.Caller{}, "192.0.2.9"); err != nil || g.open["address 192.0.2.9"] != 1 {
		t.Errorf("a stranger: %v, %v", err, g.open)
	}
}
