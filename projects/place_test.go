package projects_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/place"
	"lyceum/app/query"
	"lyceum/app/rethinkstore"
	"lyceum/app/rethinkstore/rethinktest"
	"lyceum/app/schema"
	"lyceum/projects/sandbox"
)

// join makes w one of the servers on a database.
func (w *world) join(database *rethinktest.Server, id string) {
	w.t.Helper()
	store, err := rethinkstore.Open(w.t.Context(), rethinkstore.Options{
		Hosts: database.Addresses(), Database: "lyceum", Tables: schema.Tables(), Ephemeral: schema.Shared(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	local := memstore.New(schema.Local())
	all := &query.Stores{Durable: store, Ephemeral: store, Local: local}
	w.places, err = place.Open(w.t.Context(), place.Options{
		Store: all, Self: place.Server{ID: id, Name: "server " + id, Address: "https://" + id + ".example.org/"}, Data: w.data,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.store = all
	w.t.Cleanup(func() {
		w.leave() // before its store goes
		w.places.Close()
		if err := store.Close(); err != nil {
			w.t.Error(err)
		}
	})
}

// Two servers on one database are both asked for the same projects, which neither
// has yet: each project runs once, where its row says, and what is asked of it at
// either server reaches the one that has it.
func TestV1V2TwoServersNeverBothHaveAProject(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	const count, seed = 8, 20
	database := rethinktest.Start(t, rethinktest.Options{})
	servers := []*world{newWorld(t, sandbox.None), newWorld(t, sandbox.None)}
	for i, w := range servers {
		w.join(database, string(rune('a'+i)))
	}
	rng := rand.New(rand.NewPCG(seed, seed))
	for i := range count { // of an older version: they name no server
		servers[0].project(fmt.Sprint("p", i), app.Row{"state": app.Row{"state": "stopped", "since": int64(1)}})
	}
	for _, w := range servers {
		w.enter()
	}
	for _, i := range rng.Perm(count) {
		id := fmt.Sprint("p", i)
		servers[rng.IntN(2)].ask(id, "start") // both hear of it
	}
	had := map[string]int{}
	for i := range count {
		id := fmt.Sprint("p", i)
		row := servers[0].settled(id, "running")
		owner, _ := row["server"].(string)
		at := slices.Index([]string{"a", "b"}, owner)
		if at < 0 {
			t.Fatalf("project %s belongs to %q", id, owner)
		}
		had[owner]++
		if _, runs := servers[at].server.Running(id); !runs {
			t.Errorf("project %s of server %s does not run there", id, owner)
		}
		if _, runs := servers[1-at].server.Running(id); runs {
			t.Errorf("project %s of server %s runs at the other too", id, owner)
		}
		_, err := servers[1-at].server.Client(t.Context(), id)
		if _, message := app.Public(err); !app.IsKind(err, app.Elsewhere) || !strings.Contains(message, "server "+owner+": https://"+owner+".example.org/projects/"+id+"/") {
			t.Errorf("the other server answers %v", err)
		}
		if folder, _ := filepath.Glob(filepath.Join(servers[1-at].data, "projects", id)); len(folder) > 0 {
			t.Errorf("the other server has made %v", folder)
		}
		servers[1-at].ask(id, "stop") // at the wrong one: it is a row
	}
	for i := range count {
		servers[0].settled(fmt.Sprint("p", i), "stopped")
	}
	t.Logf("projects by server: %v", had)
}

// A project of an older version is claimed by the server that has its folder,
// whoever starts first; what has run somewhere is nobody else's.
func TestV1AServerClaimsWhatItHasFilesOf(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	database := rethinktest.Start(t, rethinktest.Options{})
	with, without := newWorld(t, sandbox.None), newWorld(t, sandbox.None)
	with.project("p1", nil)
	with.enter()
	with.ask("p1", "start")
	with.settled("p1", "running")
	old := with.row("projects", "p1")
	with.leave()
	without.join(database, "b")
	without.write("projects", "p1", old)
	without.enter()
	without.ask("p1", "restart")
	row := without.settled("p1", "running")
	if r, _ := row["action_request"].(app.Row); !strings.Contains(fmt.Sprint(r["error"]), "not known which server") || row["server"] != nil {
		t.Errorf("where nobody has it the row is %v", row)
	}
	if _, runs := without.server.Running("p1"); runs {
		t.Error("it was started without its files")
	}
	with.join(database, "a")
	with.enter()
	with.until("p1 is claimed", "projects", "p1", func(row app.Row) bool { return row["server"] == "a" })
	if _, runs := with.server.Running("p1"); !runs {
		t.Error("its agent was not found again")
	}
}

// A project has come to another server while this one was down: what still runs
// here is ended, and nothing is said of it in rows that are not ours any more.
func TestV1AnAgentEndsWhereItsProjectIsNotAnyMore(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	database := rethinktest.Start(t, rethinktest.Options{})
	w, other := newWorld(t, sandbox.None), newWorld(t, sandbox.None)
	w.join(database, "a")
	other.join(database, "b")
	for _, id := range []string{"p1", "p2"} {
		w.project(id, app.Row{"server": "a"})
	}
	w.enter()
	for _, id := range []string{"p1", "p2"} {
		w.ask(id, "start")
		w.settled(id, "running")
	}
	move := func(id string) app.Row {
		row := app.Clone(w.row("projects", id))
		row["server"] = "b"
		w.write("projects", id, row)
		return w.row("projects", id)
	}
	gone := func(id string) {
		for begun := time.Now(); ; {
			if _, runs := w.entered().Running(id); !runs {
				return
			}
			if time.Since(begun) > waitTime {
				t.Fatalf("%s still runs here", id)
			}
			w.row("projects", id) // takes a moment; no row tells of the end
		}
	}
	move("p1") // while the server runs
	gone("p1")
	w.leave()
	row := move("p2")
	w.enter()
	gone("p2")
	if left := w.agents(); len(left) > 0 {
		t.Errorf("agents %v are left", left)
	}
	if now := w.row("projects", "p2"); !reflect.DeepEqual(now, row) {
		t.Errorf("the row was %v, and is %v", row, now)
	}
}
