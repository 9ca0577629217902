package document

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"lyceum/app"
)

// Times are exact: synctest's clock moves only when everything sleeps.
func TestD9SavedAfterAPauseAndAtTheLatest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, map[string]string{"notes.tex": ""})
		rooms, stop := p.server(nil)
		defer stop()
		ada := openTab(t, rooms, "ada", "editor")
		release, err := rooms.Watched(ada.ctx(), app.Row{"document_id": ada.id})
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		for i := range 40 { // somebody types every 300 ms for 12 seconds
			ada.types(i, "x")
			if err := ada.sends(rooms); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			time.Sleep(300 * time.Millisecond)
		}
		if got := len(p.disk.content("notes.tex")); got < 30 || got >= 40 || p.disk.count() != 1 {
			t.Errorf("after 12 s of typing: %d characters in %d writes, want one write at 10 s", got, p.disk.count())
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if got := len(p.disk.content("notes.tex")); got != 40 || p.disk.count() != 2 {
			t.Errorf("after a pause: %d characters in %d writes, want 40 in 2", got, p.disk.count())
		}
		row := p.row(ada.id)
		if saved := markOf(row["saved"]); saved.seq != 40 || row["dirty"] != nil {
			t.Errorf("row says %+v, dirty %v; want saved at 40", saved, row["dirty"])
		}
	})
}

// A program rewrites the file while two people type: all three texts are there,
// each once. (D8)
func TestD8ProgramWritesWhilePeopleType(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, map[string]string{"notes.tex": "one\ntwo\nthree\n"})
		rooms, stop := p.server(nil)
		defer stop()
		ada := openTab(t, rooms, "ada", "editor")
		release, err := rooms.Watched(ada.ctx(), app.Row{"document_id": ada.id})
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		time.Sleep(2 * time.Second)
		ada.types(0, "ADA ")
		if err := ada.sends(rooms); err != nil {
			t.Fatal(err)
		}
		p.disk.program("notes.tex", "one\nTWO by a program\nthree\n") // knows nothing of Ada's words
		time.Sleep(10 * time.Second)
		synctest.Wait()
		want := "ADA one\nTWO by a program\nthree\n"
		if got := p.text(ada.id); got != want {
			t.Errorf("document %q, want %q", got, want)
		}
		if got := p.disk.content("notes.tex"); got != want {
			t.Errorf("file %q, want %q", got, want)
		}
	})
}

// A program writes at the very moment of the save: its words are displaced,
// merged, and on disk with the next save. (D9)
func TestD9DisplacedContentIsMerged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, map[string]string{"notes.tex": "base\n"})
		once := false
		p.disk.beforeSwap = func(d *fakeDisk) {
			if !once {
				once = true
				d.mu.Lock()
				d.files["notes.tex"] = "base\nprogram\n"
				d.mu.Unlock()
			}
		}
		rooms, stop := p.server(nil)
		defer stop()
		ada := openTab(t, rooms, "ada", "editor")
		ada.types(0, "ada ")
		if err := ada.sends(rooms); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got, want := p.disk.content("notes.tex"), "ada base\nprogram\n"; got != want || len(p.disk.aside) != 0 {
			t.Errorf("file %q with %d contents left over, want %q", got, len(p.disk.aside), want)
		}
	})
}

// A deleted file is said and not made again until somebody asks for it. (D8)
func TestD8DeletedFileIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, map[string]string{"notes.tex": "text"})
		rooms, stop := p.server(nil)
		defer stop()
		ada := openTab(t, rooms, "ada", "editor")
		release, err := rooms.Watched(ada.ctx(), app.Row{"document_id": ada.id})
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		time.Sleep(2 * time.Second)
		p.disk.remove("notes.tex")
		time.Sleep(time.Second)
		ada.types(4, "!")
		if err := ada.sends(rooms); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		state, _ := p.row(ada.id)["disk"].(app.Row)
		if p.disk.count() != 0 || state["state"] != fileDeleted {
			t.Fatalf("%d writes, disk %v; want none and deleted", p.disk.count(), state)
		}
		if err := rooms.WriteAgain(ada.ctx(), ada.id); err != nil {
			t.Fatal(err)
		}
		if got := p.disk.content("notes.tex"); got != "text!" {
			t.Errorf("file written again is %q", got)
		}
		if row := p.row(ada.id); row["disk"] != nil || row["error"] != nil {
			t.Errorf("row still says %v %v", row["disk"], row["error"])
		}
	})
}

// The line ends of Windows survive editing. (D9)
func TestD9LineEndsStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, map[string]string{"notes.tex": "a\r\nb\r\n"})
		rooms, stop := p.server(nil)
		ada := openTab(t, rooms, "ada", "editor")
		if ada.text() != "a\nb\n" {
			t.Errorf("document %q", ada.text())
		}
		ada.types(1, "x\ny")
		if err := ada.sends(rooms); err != nil {
			t.Fatal(err)
		}
		stop() // saves
		if got := p.disk.content("notes.tex"); got != "ax\r\ny\r\nb\r\n" {
			t.Errorf("file %q", got)
		}
	})
}

// A file that is renamed in the page keeps its document, with what people type
// in it; a new file of the old name is a new document. (D4)
func TestD4DocumentFollowsItsFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, map[string]string{"notes.tex": "text"})
		rooms, stop := p.server(nil)
		defer stop()
		ada := openTab(t, rooms, "ada", "editor")
		release, err := rooms.Watched(ada.ctx(), app.Row{"document_id": ada.id})
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		time.Sleep(2 * time.Second)
		p.disk.program("chapter/one.tex", "text")
		p.disk.remove("notes.tex")
		if err := rooms.Renamed(t.Context(), projectID, "notes.tex", "chapter/one.tex"); err != nil {
			t.Fatal(err)
		}
		ada.types(4, "!")
		if err := ada.sends(rooms); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := p.disk.content("chapter/one.tex"); got != "text!" {
			t.Errorf("renamed file %q, want what Ada typed in it", got)
		}
		if row := p.row(ada.id); row["path"] != "chapter/one.tex" || row["disk"] != nil || row["error"] != nil {
			t.Errorf("row after the rename: path %v, disk %v, error %v", row["path"], row["disk"], row["error"])
		}
		p.disk.program("notes.tex", "another")
		if other := openTab(t, rooms, "bob", "editor"); other.id == ada.id || other.text() != "another" {
			t.Errorf("a new file of the old name is document %s with %q", other.id, other.text())
		}
		if err := rooms.Removed(t.Context(), projectID, "chapter"); err != nil {
			t.Fatal(err)
		}
		if _, err := rooms.lookUp(t.Context(), projectID, "chapter/one.tex"); !errors.Is(err, app.ErrNotFound) {
			t.Errorf("after its folder was deleted the document is found: %v", err)
		}
	})
}

// A list of projects that is sorted by the last edit must know of typing, and
// must not be told of every save.
func TestSavesAreNotedInTheProject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, map[string]string{"notes.tex": ""})
		_, err := p.store.Write(t.Context(), app.Write{Table: "projects", ID: projectID, Row: app.Row{"id": projectID, "last_edited": int64(1)}, IfRev: app.Absent})
		if err != nil {
			t.Fatal(err)
		}
		rooms, stop := p.server(nil)
		defer stop()
		ada := openTab(t, rooms, "ada", "editor")
		for i := range 10 {
			ada.types(i, "x")
			if err := ada.sends(rooms); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second) // each is saved
		}
		after, err := p.store.Get(t.Context(), "projects", projectID)
		if err != nil {
			t.Fatal(err)
		}
		if edited, _ := after.Row["last_edited"].(int64); edited <= 1 || p.disk.count() != 10 {
			t.Errorf("last_edited %d after %d saves", edited, p.disk.count())
		}
		told := 0
		_, unwatch, err := p.store.Watch("projects", func(b app.Batch) { told += len(b.Changes) })
		if err != nil {
			t.Fatal(err)
		}
		defer unwatch()
		ada.types(0, "x")
		if err := ada.sends(rooms); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if told != 0 {
			t.Errorf("the project was told %d times within a minute", told)
		}
	})
}

// A crash in the middle of a rename leaves the old path leading to the moved
// document: a new file of the old name must not show that one's text. (D4)
func TestD4ACutRenameLeavesNoWrongPath(t *testing.T) {
	p := newProject(t, map[string]string{"notes.tex": "text"})
	rooms, stop := p.server(nil)
	ada := openTab(t, rooms, "ada", "editor")
	stop()
	k := &killer{at: 3, died: make(chan struct{})} // after the new path and the document
	rooms, stop = p.server(k)
	if err := rooms.Renamed(t.Context(), projectID, "notes.tex", "moved.tex"); !errors.Is(err, errCrashed) {
		t.Fatalf("Renamed = %v, want it cut short", err)
	}
	stop()
	p.disk.program("moved.tex", "text")
	p.disk.program("notes.tex", "another")
	rooms, stop = p.server(nil)
	defer stop()
	if other := openTab(t, rooms, "bob", "editor"); other.id == ada.id || other.text() != "another" {
		t.Errorf("the old name opens document %s (moved: %s) with %q", other.id, ada.id, other.text())
	}
	if id, err := rooms.lookUp(t.Context(), projectID, "moved.tex"); id != ada.id {
		t.Errorf("the new name leads to %q, %v; want %s", id, err, ada.id)
	}
}
