package place_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/place"
	"lyceum/app/schema"
)

func newStore() app.Store {
	return memstore.New(slices.Concat(schema.Tables(), schema.Ephemeral()))
}

func write(t *testing.T, store app.Store, table, id string, row app.Row) {
	t.Helper()
	row["id"] = id
	if _, err := store.Write(t.Context(), app.Write{Table: table, ID: id, Row: row, IfRev: app.AnyRev}); err != nil {
		t.Fatal(err)
	}
}

func serverIn(t *testing.T, store app.Store, project string) any {
	t.Helper()
	rec, err := store.Get(t.Context(), "projects", project)
	if err != nil {
		t.Fatal(err)
	}
	return rec.Row["server"]
}

func open(t *testing.T, store app.Store, id, data string, alone bool) *place.Places {
	t.Helper()
	p, err := place.Open(t.Context(), place.Options{
		Store: store, Self: place.Server{ID: id, Name: "hall " + id, Address: "https://" + id + "/"}, Data: data, Alone: alone,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func folder(t *testing.T, data, project string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(data, "projects", project), 0o700); err != nil {
		t.Fatal(err)
	}
}

// Whatever the order in which servers are asked for a project that none has, one
// gets it, and all others say which.
func TestV1OneServerGetsAProject(t *testing.T) {
	for seed := range uint64(50) {
		store := newStore()
		const servers, projects = 3, 5
		var places []*place.Places
		for i := range servers {
			places = append(places, open(t, store, string(rune('a'+i)), t.TempDir(), false))
		}
		for i := range projects {
			write(t, store, "projects", fmt.Sprint("p", i), app.Row{"created": int64(1)})
		}
		rng := rand.New(rand.NewPCG(seed, seed))
		answers := make([]error, servers*projects)
		var all sync.WaitGroup
		for _, n := range rng.Perm(servers * projects) {
			all.Go(func() { answers[n] = places[n%servers].Own(t.Context(), fmt.Sprint("p", n/servers)) })
		}
		all.Wait()
		for i := range projects {
			owner := serverIn(t, store, fmt.Sprint("p", i))
			for j, err := range answers[i*servers : (i+1)*servers] {
				_, message := app.Public(err)
				switch own := owner == string(rune('a'+j)); {
				case own && err != nil, !own && !app.IsKind(err, app.Elsewhere):
					t.Fatalf("seed %d: p%d is of %v, and server %c says %v", seed, i, owner, 'a'+j, err)
				case !own && !strings.Contains(message, fmt.Sprintf("hall %v: https://%v/projects/p%d/", owner, owner, i)):
					t.Fatalf("seed %d: the sentence is %q", seed, message)
				}
			}
		}
	}
}

// Files decide whose an older project is: never the server that is asked first,
// which would start it empty.
func TestV1FilesDecideWhereTheyAre(t *testing.T) {
	store, data := newStore(), t.TempDir()
	folder(t, data, "ran")
	folder(t, data, "restored")
	folder(t, data, "taken")
	ran := app.Row{"state": "stopped", "since": int64(2)}
	write(t, store, "projects", "ran", app.Row{"created": int64(1), "state": ran})
	write(t, store, "projects", "lost", app.Row{"created": int64(1), "uid": int64(7)})
	write(t, store, "projects", "restored", app.Row{"created": int64(1), "server": "gone"})
	without, with := open(t, store, "a", t.TempDir(), false), open(t, store, "b", data, false)
	write(t, store, "projects", "taken", app.Row{"created": int64(1), "server": "a"})

	for _, id := range []string{"ran", "lost", "restored"} {
		if err := without.Own(t.Context(), id); !strings.Contains(fmt.Sprint(err), "not known which server") {
			t.Errorf("%s where it is not: %v", id, err)
		}
	}
	for _, id := range []string{"ran", "lost", "restored", "taken"} {
		rec, err := store.Get(t.Context(), "projects", id)
		if err == nil {
			err = with.Settle(t.Context(), id, rec.Row)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[string]any{"ran": "b", "lost": nil, "restored": "b", "taken": "a"} {
		if got := serverIn(t, store, id); got != want {
			t.Errorf("%s is of %v, want %v", id, got, want)
		}
	}
	if err := with.Own(t.Context(), "taken"); !app.IsKind(err, app.Elsewhere) {
		t.Errorf("a folder takes nothing from a server that is known: %v", err)
	}
	if err := with.Own(t.Context(), "none"); err == nil {
		t.Error("what does not exist is here")
	}
}

// A server that is alone has everything, also what was another's before its rows
// were copied, and changes no row for it.
func TestAServerThatIsAloneHasEverything(t *testing.T) {
	store := newStore()
	p := open(t, store, "a", t.TempDir(), true)
	write(t, store, "projects", "old", app.Row{"created": int64(1), "uid": int64(7)})
	write(t, store, "projects", "others", app.Row{"created": int64(1), "server": "b"})
	for id, want := range map[string]any{"old": nil, "others": "b"} {
		rec, err := store.Get(t.Context(), "projects", id)
		if err == nil {
			err = p.Settle(t.Context(), id, rec.Row)
		}
		if err != nil || serverIn(t, store, id) != want || p.Own(t.Context(), id) != nil {
			t.Errorf("%s: %v, of %v", id, err, serverIn(t, store, id))
		}
	}
	if _, err := store.Get(t.Context(), "this_server", "here"); err == nil {
		t.Error("pages are told of other servers where there are none")
	}
}

func TestAServersIDStaysWithItsDataDirectory(t *testing.T) {
	data := t.TempDir()
	first, err := place.ID(data)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := place.ID(data); again != first || err != nil {
		t.Errorf("first %q, then %q, %v", first, again, err)
	}
	if other, err := place.ID(t.TempDir()); other == first || err != nil {
		t.Errorf("another directory has %q, %v", other, err)
	}
	if err := os.WriteFile(filepath.Join(data, "server-id"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := place.ID(data); !app.IsKind(err, app.Invalid) {
		t.Errorf("a damaged id: %v", err)
	}
}

// Nobody has its files, or a server has that has not come: it stays nobody's until
// the operator says whose it is, and then it is that server's alone.
func TestV1WhatNobodyHasIsGivenByTheOperator(t *testing.T) {
	store := newStore()
	a, b := open(t, store, "a", t.TempDir(), false), open(t, store, "b", t.TempDir(), false)
	kinds := map[string]app.Row{
		"copied":  {"created": int64(1), "title": "Graphs", "state": app.Row{"state": "stopped", "since": int64(2)}},
		"ran":     {"created": int64(1), "title": "Graphs", "uid": int64(7)},
		"foreign": {"created": int64(1), "title": "Graphs", "server": "gone"},
	}
	for id, row := range kinds {
		write(t, store, "projects", id, row)
		for _, p := range []*place.Places{a, b} {
			if err := p.Own(t.Context(), id); !errors.Is(err, place.ErrNowhere) {
				t.Errorf("%s before: %v", id, err)
			}
		}
		if title, err := b.Take(t.Context(), id); title != "Graphs" || err != nil {
			t.Errorf("%s is taken as %q, %v", id, title, err)
		}
		if err := b.Own(t.Context(), id); err != nil || serverIn(t, store, id) != "b" {
			t.Errorf("%s afterwards: %v", id, err)
		}
		if _, err := a.Take(t.Context(), id); !app.IsKind(err, app.Elsewhere) || !strings.Contains(err.Error(), "hall b") {
			t.Errorf("%s is taken from a server that has it: %v", id, err)
		}
		if _, err := b.Take(t.Context(), id); !app.IsKind(err, app.Conflict) {
			t.Errorf("%s is taken again: %v", id, err)
		}
	}
	if _, err := a.Take(t.Context(), "none"); !app.IsKind(err, app.NotFound) {
		t.Errorf("what does not exist: %v", err)
	}
	if _, err := open(t, store, "c", t.TempDir(), true).Take(t.Context(), "ran"); !app.IsKind(err, app.Conflict) {
		t.Errorf("a server that is alone: %v", err)
	}
}
