package projects

import (
	"path/filepath"
	"slices"
	"testing"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/place"
	"lyceum/app/schema"
)

// A project that has run on a server which has not come yet is left alone: an
// error would have it tried again every second, at every server, until it comes.
func TestV1WhatNobodyHasIsNotTriedAgainAndAgain(t *testing.T) {
	store := memstore.New(slices.Concat(schema.Tables(), schema.Ephemeral()))
	places, err := place.Open(t.Context(), place.Options{
		Store: store, Self: place.Server{ID: "b", Name: "b", Address: "https://b/"}, Data: filepath.Join(t.TempDir(), "data"),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer places.Close()
	h := New(Options{Store: store, Places: places, Data: t.TempDir()})
	row := app.Row{"id": "p1", "created": int64(1), "state": app.Row{"state": "running", "since": int64(2)}}
	before, err := store.Write(t.Context(), app.Write{Table: "projects", ID: "p1", Row: row, IfRev: app.Absent})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.advance(t.Context(), "p1"); err != nil {
		t.Errorf("it will be tried again: %v", err)
	}
	after, err := store.Get(t.Context(), "projects", "p1")
	if err != nil || after.Rev != before.Rev {
		t.Errorf("what may run elsewhere was said to be %v, %v", after.Row, err)
	}
}
