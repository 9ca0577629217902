package document

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lyceum/app"
	"lyceum/app/query"
	"lyceum/app/yjs"
)

// An editor who uses the name of somebody else's outbox takes none of its
// numbers: what the other types is stored, not taken for a repetition. (D3)
func TestD3ForgedOriginSwallowsNothing(t *testing.T) {
	p := newProject(t, map[string]string{"notes.tex": ""})
	rooms, stop := p.server(nil)
	defer stop()
	ada := openTab(t, rooms, "tab-of-ada", "editor")
	eve := openTab(t, rooms, "tab-of-ada", "owner") // another account
	eve.types(0, "eve")
	forged := eve.outbox[0]
	_, err := rooms.Set(eve.ctx(), query.Set{Table: patchesTable, Row: app.Row{
		"document_id": eve.id, "origin": eve.origin, "n_from": int64(1), "n": int64(1000), "update": forged.update,
	}})
	if err != nil {
		t.Fatal(err)
	}
	ada.types(0, "ada")
	if err := ada.sends(rooms); err != nil {
		t.Fatal(err)
	}
	if got := p.text(ada.id); !strings.Contains(got, "ada") {
		t.Errorf("text %q has not what Ada was told to be stored", got)
	}
	if rows, err := rooms.Get(ada.ctx(), app.Row{"document_id": ada.id}); err != nil || rows[0]["merged"].(app.Row)["tab-of-ada"] != int64(1) {
		t.Errorf("Ada is told %v, %v; want her own last number", rows, err)
	}
}

// A program writes a file that was empty when it was opened, before what was
// typed has been saved: both are there. (D8)
func TestD8EmptyFileChangedBeforeTheFirstSave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, map[string]string{"notes.tex": ""})
		rooms, stop := p.server(nil)
		defer stop()
		ada := openTab(t, rooms, "ada", "editor")
		defer watched(t, rooms, ada)()
		time.Sleep(2 * time.Second)
		ada.types(0, "ada\n")
		if err := ada.sends(rooms); err != nil {
			t.Fatal(err)
		}
		p.disk.program("notes.tex", "program\n")
		time.Sleep(time.Minute)
		synctest.Wait()
		for _, word := range []string{"ada\n", "program\n"} {
			if n := strings.Count(p.text(ada.id), word); n != 1 {
				t.Errorf("%q is %d times in %q", word, n, p.text(ada.id))
			}
		}
	})
}

// A save that was carried out although its answer was lost, followed by one that
// could not be, leaves a file of a version that is known still. (D8)
func TestD8TwoSavesOfUnknownOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, map[string]string{"notes.tex": "base\n"})
		flaky := &flakyDisk{fakeDisk: p.disk}
		rooms, stop := p.serverOn(flaky)
		defer stop()
		ada := openTab(t, rooms, "ada", "editor")
		defer watched(t, rooms, ada)()
		time.Sleep(2 * time.Second)
		flaky.fails(failAfter) // it is written, and nobody is told
		ada.types(0, "first ")
		if err := ada.sends(rooms); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		flaky.fails(failBefore) // the agent is gone
		ada.types(6, "second ")
		if err := ada.sends(rooms); err != nil {
			t.Fatal(err)
		}
		time.Sleep(8 * time.Second)
		flaky.fails(0)
		p.disk.program("notes.tex", p.disk.content("notes.tex")+"program\n")
		time.Sleep(time.Minute)
		synctest.Wait()
		want := "first second base\nprogram\n"
		if got := p.text(ada.id); got != want || p.disk.content("notes.tex") != want {
			t.Errorf("document %q, file %q; want %q", got, p.disk.content("notes.tex"), want)
		}
	})
}

// A file is renamed while it is being saved under its old name. (D4, D8)
func TestD4RenamedDuringASave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, map[string]string{"notes.tex": "text"})
		rooms, stop := p.server(nil)
		defer stop()
		ada := openTab(t, rooms, "ada", "editor")
		defer watched(t, rooms, ada)()
		time.Sleep(2 * time.Second)
		once := false
		p.disk.beforeSwap = func(d *fakeDisk) {
			if once {
				return
			}
			once = true
			d.program("new.tex", "text")
			d.remove("notes.tex")
			if err := rooms.Renamed(context.Background(), projectID, "notes.tex", "new.tex"); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second) // the watch of the new name has begun
		}
		ada.types(4, "!")
		if err := ada.sends(rooms); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if row := p.row(ada.id); p.disk.content("new.tex") != "text!" || row["disk"] != nil {
			t.Errorf("file %q, row says %v", p.disk.content("new.tex"), row["disk"])
		}
	})
}

// A program changes the ends of all lines and nothing else: the next save keeps
// them. (D9)
func TestD9NewLineEndsStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, map[string]string{"notes.tex": "a\nb\n"})
		rooms, stop := p.server(nil)
		defer stop()
		ada := openTab(t, rooms, "ada", "editor")
		defer watched(t, rooms, ada)()
		time.Sleep(2 * time.Second)
		p.disk.program("notes.tex", "a\r\nb\r\n")
		time.Sleep(2 * time.Second)
		ada.types(0, "x")
		if err := ada.sends(rooms); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := p.disk.content("notes.tex"); got != "xa\r\nb\r\n" {
			t.Errorf("file %q", got)
		}
	})
}

// A displaced content that cannot be merged just now is merged later against
// the version that it was made from. (D9)
func TestD9DisplacedContentWaitsForTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, map[string]string{"notes.tex": "base\n"})
		store := &flakyStore{Store: p.store}
		rooms, stop := p.serverWith(store, p.disk)
		defer stop()
		once := false
		p.disk.beforeSwap = func(d *fakeDisk) {
			if !once {
				once = true
				d.mu.Lock()
				d.files["notes.tex"] = "base\nprogram\n"
				d.mu.Unlock()
				store.refuses(patchesTable)
			}
		}
		ada := openTab(t, rooms, "ada", "editor")
		ada.types(0, "ada ")
		if err := ada.sends(rooms); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		store.refuses("")
		defer watched(t, rooms, ada)()
		time.Sleep(time.Minute)
		synctest.Wait()
		if got, want := p.text(ada.id), "ada base\nprogram\n"; got != want || p.disk.content("notes.tex") != want {
			t.Errorf("document %q, file %q; want %q", got, p.disk.content("notes.tex"), want)
		}
	})
}

// One document has one room: a room that still writes its file is waited for.
func TestOneRoomOfADocumentAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, map[string]string{"notes.tex": "base\n"})
		flaky := &flakyDisk{fakeDisk: p.disk, fail: failBefore}
		rooms, stop := p.serverOn(flaky)
		saves := 0
		flaky.saving = func() { // also the last save of the room that closes
			saves++
			rooms.mu.Lock()
			open := len(rooms.open)
			rooms.mu.Unlock()
			if open != 1 {
				t.Error("a room that is still saving has been forgotten")
			}
		}
		ada := openTab(t, rooms, "ada", "editor")
		ada.types(0, "ada ")
		if err := ada.sends(rooms); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		stop()
		if saves == 0 {
			t.Error("nothing was saved")
		}
	})
}

// A project that does not run is asked for its files now and then, not all the
// time.
func TestStoppedProjectIsAskedSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, map[string]string{"notes.tex": "base\n"})
		flaky := &flakyDisk{fakeDisk: p.disk}
		rooms, stop := p.serverOn(flaky)
		defer stop()
		ada := openTab(t, rooms, "ada", "editor")
		defer watched(t, rooms, ada)()
		flaky.stops()
		ada.types(0, "ada ")
		if err := ada.sends(rooms); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		if err := rooms.SaveProject(ctx, projectID); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("saving of a project that is gone = %v, want a reason at once", err)
		}
		time.Sleep(time.Minute)
		before := flaky.times()
		time.Sleep(time.Minute)
		if asked := flaky.times() - before; asked > 150 { // once a second for the watch, and for retries
			t.Errorf("asked %d times in a minute", asked)
		}
	})
}

// Only true writes a file again. (D11)
func TestOnlyAWishWritesAgain(t *testing.T) {
	p := newProject(t, map[string]string{"notes.tex": "text"})
	rooms, stop := p.server(nil)
	defer stop()
	ada := openTab(t, rooms, "ada", "editor")
	for _, given := range []app.Row{{"id": ada.id}, {"id": ada.id, "write_again": false}} {
		if _, err := rooms.Set(ada.ctx(), query.Set{Table: documentsTable, Row: app.Row{"id": ada.id}, Given: given}); !app.IsKind(err, app.Invalid) {
			t.Errorf("set %v = %v, want invalid", given, err)
		}
	}
	if p.disk.count() != 0 {
		t.Error("the file was written")
	}
}

// A watch that names a document of one project and its own project opens
// nothing, and is told the same as of a document that does not exist. (Q9)
func TestQ9WatchOfAnothersDocument(t *testing.T) {
	p := newProject(t, map[string]string{"notes.tex": "text"})
	rooms, stop := p.server(nil)
	ada := openTab(t, rooms, "ada", "editor")
	stop()
	rooms, stop = p.server(nil)
	defer stop()
	for _, id := range []string{ada.id, "nothing"} {
		if _, err := rooms.Watched(ada.ctx(), app.Row{"document_id": id, "project_id": "p2"}); !errors.Is(err, app.ErrNotFound) {
			t.Errorf("watch of %s = %v, want not found", id, err)
		}
	}
	if len(rooms.open) != 0 {
		t.Error("a room was opened for it")
	}
}

// Nobody makes a document so large that it cannot be opened any more, neither by
// text, which is counted as bytes of the file, nor by what no editor shows.
func TestDocumentsAreBounded(t *testing.T) {
	long := strings.Repeat("𝄞\r\n", MaxText/6-10)
	p := newProject(t, map[string]string{"notes.tex": long})
	rooms, stop := p.server(nil)
	defer stop()
	ada := openTab(t, rooms, "ada", "editor")
	ada.types(0, strings.Repeat("x", 100))
	if err := ada.sends(rooms); !app.IsKind(err, app.TooLarge) {
		t.Errorf("text beyond the bound = %v, want too large", err)
	}
	ada = openTab(t, rooms, "again", "editor")
	ada.edits(func(content *yjs.Text) error { return content.Delete(0, 300) })
	if err := ada.sends(rooms); err != nil {
		t.Errorf("a deletion in a full document = %v", err)
	}
	ada.types(0, "short")
	if err := ada.sends(rooms); err != nil {
		t.Errorf("a word where there is room again = %v", err)
	}
}

// What no editor shows counts too.
func TestStateIsBounded(t *testing.T) {
	p := newProject(t, map[string]string{"notes.tex": "text"})
	rooms, stop := p.server(nil)
	defer stop()
	eve := openTab(t, rooms, "eve", "editor")
	var err error
	for n := int64(1); err == nil && n <= maxState/MaxUpdate+2; n++ {
		hidden := yjs.New()
		update := hidden.Transact(nil, func() { err = hidden.Text("hidden").Insert(0, strings.Repeat("x", MaxUpdate-100)) })
		if err == nil {
			err = eve.push(rooms, tabEdit{n, update})
		}
	}
	if !app.IsKind(err, app.TooLarge) {
		t.Errorf("a document of more than %d bytes = %v, want too large", maxState, err)
	}
}

// A file is deleted in the page and another of its name made, while somebody
// still has the first one open: what is typed there stays out of the new file,
// also after a restart, until it is written again somewhere. (D4, D8)
func TestD4NewFileOfADeletedNameIsAnothersFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, map[string]string{"notes.tex": "old"})
		rooms, stop := p.server(nil)
		ada := openTab(t, rooms, "ada", "editor")
		release := watched(t, rooms, ada)
		time.Sleep(2 * time.Second)
		p.disk.remove("notes.tex")
		if err := rooms.Removed(t.Context(), projectID, "notes.tex"); err != nil {
			t.Fatal(err)
		}
		p.disk.program("notes.tex", "new")
		for i := range 2 {
			ada.types(0, "ada ")
			if err := ada.sends(rooms); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			state, _ := p.row(ada.id)["disk"].(app.Row)
			if got := p.disk.content("notes.tex"); got != "new" || strings.Contains(p.text(ada.id), "new") || state["state"] != fileDeleted {
				t.Errorf("pass %d: file %q, old document %q, its disk %v", i, got, p.text(ada.id), state)
			}
			release()
			stop()
			rooms, stop = p.server(nil)
			release = watched(t, rooms, ada)
		}
		defer stop()
		defer release()
		if bob := openTab(t, rooms, "bob", "editor"); bob.id == ada.id || bob.text() != "new" {
			t.Errorf("the new file is document %s with %q", bob.id, bob.text())
		}
		if err := rooms.WriteAgain(ada.ctx(), ada.id); !app.IsKind(err, app.Conflict) {
			t.Errorf("writing again over the new file = %v, want conflict", err)
		}
	})
}
