package web

import (
	"context"
	"testing"
	"testing/synctest"

	"lyceum/app"
)

// Two hundred tabs of one person that read nothing must not fill the memory, nor
// keep anybody else waiting.
func TestL7WhatWaitsForOneAccountIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b budget
		held := 0
		for range 8 {
			if err := b.take(t.Context(), "ada", maxHeld/8); err != nil {
				t.Fatal(err)
			}
			held++
		}
		got := make(chan error, 2)
		go func() { got <- b.take(t.Context(), "ada", maxHeld/8) }()
		synctest.Wait()
		if len(got) != 0 {
			t.Error("more is held than the budget")
		}
		if err := b.take(t.Context(), "ed", maxHeld/8); err != nil {
			t.Fatal(err)
		}
		b.give("ada", maxHeld/8)
		if err := <-got; err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := b.take(ctx, "ada", 1); err == nil {
			t.Error("who has left still waits")
		}
		b.give("ed", maxHeld/8)
		b.give("ada", maxHeld)
		if len(b.held) != 0 {
			t.Errorf("left: %v", b.held)
		}
		if err := b.take(t.Context(), "ada", 2*maxHeld); err != nil {
			t.Error("what is larger than the budget is not even held alone")
		}
	})
}

// A browser that opens watch after watch in ever new tabs is told the bound.
func TestL9WatchesOfOneAccountAreBoundedTogether(t *testing.T) {
	s := New(Options{})
	c := &connection{server: s, caller: app.Caller{AccountID: "ada"}, who: "ada"}
	var leave []func()
	for range maxWatchesOfAccount {
		l, err := c.watchesGate()
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, l)
	}
	if _, err := c.watchesGate(); !app.IsKind(err, app.TooLarge) {
		t.Errorf("one more: %v", err)
	}
	leave[0]()
	if _, err := c.watchesGate(); err != nil {
		t.Errorf("after one has gone: %v", err)
	}
}
