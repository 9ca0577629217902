package document

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"lyceum/app"
)

// documentsOf returns how many rows documents has, and the ids to which paths
// lead.
func (p *project) documentsOf() (documents int, ids map[string]bool) {
	p.t.Helper()
	ids = map[string]bool{}
	for _, table := range []string{documentsTable, pathsTable} {
		page, err := p.store.Read(p.t.Context(), app.Range{Table: table})
		if err != nil {
			p.t.Fatal(err)
		}
		for _, rec := range page.Records {
			if table == documentsTable {
				documents++
			} else {
				ids[rec.Row["document_id"].(string)] = true
			}
		}
	}
	return documents, ids
}

// The server is killed while it makes a document of a file, before or after each
// of its rows. The next one shows the file once, to everybody the same document.
func TestD4KilledWhileADocumentIsMade(t *testing.T) {
	for at := 1; at <= 3; at++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("row %d after=%v", at, after), func(t *testing.T) {
				p := newProject(t, map[string]string{"notes.tex": "base\n"})
				rooms, stop := p.server(&killer{at: at, after: after, died: make(chan struct{})})
				if _, err := rooms.documentAt(t.Context(), projectID, "notes.tex"); !errors.Is(err, errCrashed) {
					t.Fatalf("documentAt = %v, want it cut short", err)
				}
				stop()
				rooms, stop = p.server(nil)
				defer stop()
				ada, bob := openTab(t, rooms, "ada", "editor"), openTab(t, rooms, "bob", "editor")
				if ada.text() != "base\n" || bob.text() != "base\n" || ada.id != bob.id {
					t.Errorf("ada has %s %q, bob has %s %q", ada.id, ada.text(), bob.id, bob.text())
				}
				if _, ids := p.documentsOf(); len(ids) != 1 || !ids[ada.id] {
					t.Errorf("paths lead to %v, people have %s", ids, ada.id)
				}
			})
		}
	}
}

// The server is killed while documents follow their renamed file, before or after
// each row. Nobody is shown one file's text under the name of another, and no
// text is lost.
func TestD4KilledWhileAFileIsRenamed(t *testing.T) {
	for at := 1; at <= 3; at++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("row %d after=%v", at, after), func(t *testing.T) {
				p := newProject(t, map[string]string{"notes.tex": "text"})
				rooms, stop := p.server(nil)
				before := openTab(t, rooms, "ada", "editor")
				stop()
				rooms, stop = p.server(&killer{at: at, after: after, died: make(chan struct{})})
				if err := rooms.Renamed(t.Context(), projectID, "notes.tex", "moved.tex"); !errors.Is(err, errCrashed) {
					t.Fatalf("Renamed = %v, want it cut short", err)
				}
				stop()
				p.disk.program("moved.tex", "text")
				p.disk.program("notes.tex", "another")
				rooms, stop = p.server(nil)
				defer stop()
				for path, want := range map[string]string{"moved.tex": "text", "notes.tex": "another"} {
					id, err := rooms.documentAt(t.Context(), projectID, path)
					if err != nil {
						t.Fatal(err)
					}
					// Where the document has not moved it is still that of the old
					// name, whose file then is what the disk says.
					if got := p.text(id); got != want && id != before.id {
						t.Errorf("%s is document %s with %q, want %q", path, id, got, want)
					}
				}
				moved, errMoved := rooms.lookUp(t.Context(), projectID, "moved.tex")
				old, errOld := rooms.lookUp(t.Context(), projectID, "notes.tex")
				if errMoved != nil || errOld != nil || moved == old || moved != before.id && old != before.id {
					t.Errorf("moved.tex is %s, %v; notes.tex is %s, %v; the document was %s", moved, errMoved, old, errOld, before.id)
				}
			})
		}
	}
}

// Two people open a file that nobody has opened, in one server or in two at once.
// Were there two documents, each would type into a text of his own.
func TestTwoWhoOpenAFileAtOnceHaveOneDocument(t *testing.T) {
	for _, servers := range []int{1, 2} {
		t.Run(fmt.Sprint(servers, " servers"), func(t *testing.T) {
			for range 20 {
				p := newProject(t, map[string]string{"notes.tex": "base\n"})
				var all []*Rooms
				for range servers {
					rooms, stop := p.server(nil)
					defer stop()
					all = append(all, rooms)
				}
				const people = 8
				var ids [people]string
				var group sync.WaitGroup
				for i := range people {
					group.Go(func() {
						var err error
						if ids[i], err = all[i%servers].documentAt(t.Context(), projectID, "notes.tex"); err != nil {
							t.Error(err)
						}
					})
				}
				group.Wait()
				for _, id := range ids {
					if id != ids[0] {
						t.Fatalf("people have the documents %v", ids)
					}
				}
				if _, paths := p.documentsOf(); len(paths) != 1 || p.text(ids[0]) != "base\n" {
					t.Errorf("paths lead to %v, with %q", paths, p.text(ids[0]))
				}
			}
		})
	}
}
