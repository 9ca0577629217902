package document

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lyceum/app"
)

// The server is killed before or after each of its steps, while a tab types and
// a program writes: nothing acknowledged is lost, nothing is doubled, and in the
// end file and document are the same. (D2, D8)
func TestD8KilledBetweenAnyTwoSteps(t *testing.T) {
	for at := 1; at <= 24; at++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("step %d after=%v", at, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { killedAt(t, at, after) })
			})
		}
	}
}

// killedAt is one place of death; it runs in synctest.
func killedAt(t *testing.T, at int, after bool) {
	p := newProject(t, map[string]string{"notes.tex": "base\n"})
	rooms, stop := p.server(nil)
	ada := openTab(t, rooms, "ada", "editor")
	stop()

	swaps, outside := 0, false
	p.disk.beforeSwap = func(d *fakeDisk) {
		if swaps++; swaps == 2 {
			d.mu.Lock()
			d.files["notes.tex"] += "program\n"
			d.mu.Unlock()
		}
	}
	k := &killer{at: at, after: after, died: make(chan struct{})}
	rooms, stop = p.server(k)
	release, err := rooms.Watched(ada.ctx(), app.Row{"document_id": ada.id})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		ada.types(i, fmt.Sprint(i))
		if i == 2 { // a program writes while Ada's words are not in the file yet
			p.disk.program("notes.tex", "outside\n"+p.disk.content("notes.tex"))
			outside = true
		}
		if ada.sends(rooms) != nil {
			break // killed
		}
		time.Sleep(3 * time.Second)
	}
	release()
	stop()

	whole(t, p, ada, func() bool { return swaps >= 2 }, outside)
}

// whole brings the server back, first with nobody looking and then with Ada, and
// checks that every part is there once. It runs in synctest.
func whole(t *testing.T, p *project, ada *tab, program func() bool, outside bool) {
	t.Helper()
	rooms, stop := p.server(nil)
	if err := rooms.Resume(t.Context(), projectID); err != nil { // nobody looks
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
	synctest.Wait()
	for _, c := range p.text(ada.id) { // a clean file may have news of its own, which the next opening takes
		if file := p.disk.content("notes.tex"); !strings.ContainsRune(file, c) {
			t.Errorf("while nobody looks: document %q, file %q", p.text(ada.id), file)
		}
	}
	release, err := rooms.Watched(ada.ctx(), app.Row{"document_id": ada.id})
	if err != nil {
		t.Fatal(err)
	}
	if err := ada.sync(rooms); err != nil {
		t.Fatal(err)
	}
	if err := ada.sends(rooms); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
	synctest.Wait()
	release()
	stop()
	text, file := p.text(ada.id), p.disk.content("notes.tex")
	typed := "0123"[:ada.n]
	parts := map[string]bool{"base\n": true, "program\n": program(), "outside\n": outside}
	for _, c := range typed {
		parts[string(c)] = true
	}
	for part, there := range parts {
		if got := strings.Count(text, part); there && got != 1 || !there && got != 0 {
			t.Errorf("%q is %d times in the document %q", part, got, text)
		}
	}
	if text != file {
		t.Errorf("document %q, file %q", text, file)
	}
	if len(p.disk.aside) != 0 {
		t.Errorf("left over on disk: %v", p.disk.aside)
	}
}
