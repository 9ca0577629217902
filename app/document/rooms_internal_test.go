package document

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lyceum/app"
	"lyceum/app/yjs"
)

func (p *project) row(id string) app.Row {
	p.t.Helper()
	rec, err := p.store.Get(p.t.Context(), documentsTable, id)
	if err != nil {
		p.t.Fatal(err)
	}
	return rec.Row
}

func (p *project) text(id string) string {
	p.t.Helper()
	c, err := load(p.t.Context(), p.store, id, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	return c.text()
}

// Two people open one file: they must get one document, whose text is the file
// once and not twice.
func TestD4ContentIsInsertedOnce(t *testing.T) {
	p := newProject(t, map[string]string{"notes.tex": "hello\n"})
	rooms, stop := p.server(nil)
	results := make(chan *tab)
	for i := range 8 {
		go func() { results <- openTab(t, rooms, fmt.Sprint("tab", i), "editor") }()
	}
	ids := map[string]bool{}
	for range 8 {
		b := <-results
		ids[b.id] = true
		if b.text() != "hello\n" {
			t.Errorf("%s has %q", b.origin, b.text())
		}
	}
	stop()
	rooms, stop = p.server(nil)
	defer stop()
	again := openTab(t, rooms, "again", "editor")
	ids[again.id] = true
	if len(ids) != 1 || again.text() != "hello\n" {
		t.Errorf("documents %v, text after restart %q; want one document with the file once", ids, again.text())
	}
}

// What a tab sent twice because the acknowledgement was lost, before or after a
// restart of the server, is in the text once.
func TestD3RepetitionIsOnlyAcknowledged(t *testing.T) {
	p := newProject(t, map[string]string{"notes.tex": ""})
	rooms, stop := p.server(nil)
	ada := openTab(t, rooms, "ada", "editor")
	ada.types(0, "x")
	edit := ada.outbox[0]
	for range 2 {
		if err := ada.push(rooms, edit); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	rooms, stop = p.server(nil)
	defer stop()
	if err := ada.push(rooms, edit); err != nil {
		t.Fatal(err)
	}
	seqs := 0
	if err := eachPatch(t.Context(), p.store, ada.id, 0, 0, func(int64, push, string) error { seqs++; return nil }); err != nil {
		t.Fatal(err)
	}
	if seqs != 1 || p.text(ada.id) != "x" {
		t.Errorf("%d rows and text %q after three sends of one edit", seqs, p.text(ada.id))
	}
}

// A push whose predecessor did not arrive is refused, and sending both again
// works: an edit is never left out.
func TestD3GapIsRefused(t *testing.T) {
	p := newProject(t, map[string]string{"notes.tex": "xaby"})
	rooms, stop := p.server(nil)
	defer stop()
	ada := openTab(t, rooms, "ada", "editor")
	for _, index := range []int{0, 2} { // neither builds on the other
		ada.edits(func(content *yjs.Text) error { return content.Delete(index, 1) })
	}
	if err := ada.push(rooms, ada.outbox[1]); !app.IsKind(err, app.Conflict) {
		t.Fatalf("second push before the first = %v, want conflict", err)
	}
	if err := ada.sends(rooms); err != nil {
		t.Fatal(err)
	}
	if got := p.text(ada.id); got != "ab" {
		t.Errorf("text %q, want ab", got)
	}
}

// A viewer and a stranger read what they may; the room says so in read_only.
func TestD11StrangerAndViewer(t *testing.T) {
	p := newProject(t, map[string]string{"notes.tex": "secret"})
	rooms, stop := p.server(nil)
	defer stop()
	ada := openTab(t, rooms, "ada", "editor")
	stranger := &tab{t: t, origin: "sam", role: "nobody", doc: yjs.New()}
	if _, err := rooms.Get(stranger.ctx(), app.Row{"document_id": ada.id}); !errors.Is(err, app.ErrNotFound) {
		t.Errorf("stranger with the id = %v, want not found", err)
	}
	rows, err := rooms.Get((&tab{t: t, role: "viewer"}).ctx(), app.Row{"document_id": ada.id})
	if err != nil || rows[0]["read_only"] != true {
		t.Errorf("viewer = %v, %v; want read_only", rows, err)
	}
}

// What cannot be read, is too large or depends on what nobody has would poison
// every browser if it were stored.
func TestD2BadUpdatesAreRefused(t *testing.T) {
	p := newProject(t, map[string]string{"notes.tex": "abc"})
	rooms, stop := p.server(nil)
	defer stop()
	ada := openTab(t, rooms, "ada", "editor")
	stranger := yjs.New()
	first := stranger.Transact(nil, func() { _ = stranger.Text(contentName).Insert(0, "one") })
	second := stranger.Transact(nil, func() { _ = stranger.Text(contentName).Insert(3, "two") })
	_ = first
	tests := []struct {
		name   string
		update []byte
		want   app.Kind
	}{
		{"garbage", []byte{1, 2, 3, 255, 255}, app.Invalid},
		{"empty", nil, app.Invalid},
		{"too large", make([]byte, MaxUpdate+1), app.TooLarge},
		{"depends on what nobody has", second, app.Conflict},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := ada.push(rooms, tabEdit{1, tt.update}); !app.IsKind(err, tt.want) {
				t.Errorf("push = %v, want %s", err, tt.want)
			}
			if got := p.text(ada.id); got != "abc" {
				t.Errorf("text %q after a refused push", got)
			}
		})
	}
}

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

	rooms, stop = p.server(nil)
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
	release, err = rooms.Watched(ada.ctx(), app.Row{"document_id": ada.id})
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
	parts := map[string]bool{"base\n": true, "program\n": swaps >= 2, "outside\n": outside}
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

// Four tabs edit over a bad network: acknowledgements are lost, the server is
// killed now and then. In the end all have the same text and every edit once.
// A failure prints its seed. (D1, D2, D3)
func TestD3TabsConvergeOverABadNetwork(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { simulate(t, seed) })
		})
	}
}

func simulate(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0))
	p := newProject(t, map[string]string{"notes.tex": "start\n"})
	rooms, stop := p.server(nil)
	var tabs []*tab
	for i := range 4 {
		tabs = append(tabs, openTab(t, rooms, fmt.Sprint("tab", i), "editor"))
	}
	var words []string
	for i := range 60 {
		b := tabs[rng.IntN(len(tabs))]
		word := string(rune(0x4e00 + i)) // one character each: typing inside of another's word splits it
		words = append(words, word)
		b.types(rng.IntN(b.doc.Text(contentName).Len()+1), word)
		switch rng.IntN(10) {
		case 0: // the acknowledgement is lost: the edit stays in the outbox
			_ = b.push(rooms, b.outbox[0])
		case 1:
			stop()
			k := &killer{at: 1 + rng.IntN(6), after: rng.IntN(2) == 0, died: make(chan struct{})}
			rooms, stop = p.server(k)
			_ = b.sends(rooms) // killed in the middle
			stop()
			rooms, stop = p.server(nil)
		case 2, 3:
			time.Sleep(time.Duration(rng.IntN(3000)) * time.Millisecond)
		default:
			if err := b.sync(rooms); err != nil {
				t.Fatalf("seed %d: sync: %v", seed, err)
			}
			if err := b.sends(rooms); err != nil {
				t.Fatalf("seed %d: send: %v", seed, err)
			}
		}
	}
	for range 2 {
		for _, b := range tabs {
			if err := errors.Join(b.sync(rooms), b.sends(rooms), b.sync(rooms)); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	}
	stop()
	text := p.text(tabs[0].id)
	for _, b := range tabs {
		if b.text() != text {
			t.Errorf("seed %d: %s has %q, the rows %q", seed, b.origin, b.text(), text)
		}
	}
	if file := p.disk.content("notes.tex"); file != text {
		t.Errorf("seed %d: file %q, rows %q", seed, file, text)
	}
	for _, word := range words {
		if n := strings.Count(text, word); n != 1 {
			t.Errorf("seed %d: %s is there %d times", seed, word, n)
		}
	}
}

// An update that decodes, but that no browser with this document could take, is
// refused and not stored: it would be refused again at every opening. (D2)
func TestD2WhatTheDocumentRefusesIsNotStored(t *testing.T) {
	p := newProject(t, map[string]string{"notes.tex": ""})
	rooms, stop := p.server(nil)
	ada := openTab(t, rooms, "ada", "editor")
	base := []byte{1, 1, 0, 0, 4, 1, 1, 't', 2, 'h', 'i', 0}
	if err := ada.push(rooms, tabEdit{1, base}); err != nil {
		t.Fatal(err)
	}
	twoValuesOfOneKey := []byte{1, 2, 0, 2, 0x28, 1, 1, 'm', 1, 'q', 2, 126, 126, 0x88, 0, 2, 1, 126, 0}
	if err := yjs.Validate(twoValuesOfOneKey); err != nil {
		t.Fatalf("the update is refused without the document already: %v", err)
	}
	if err := ada.push(rooms, tabEdit{2, twoValuesOfOneKey}); !app.IsKind(err, app.Invalid) {
		t.Errorf("push = %v, want invalid", err)
	}
	rows := 0
	if err := eachPatch(t.Context(), p.store, ada.id, 0, 0, func(int64, push, string) error { rows++; return nil }); err != nil || rows != 1 {
		t.Errorf("%d rows, %v; want the good one", rows, err)
	}
	stop()
	rooms, stop = p.server(nil)
	defer stop()
	if again := openTab(t, rooms, "again", "viewer"); again.text() != p.text(ada.id) {
		t.Errorf("after a restart %q, rows %q", again.text(), p.text(ada.id))
	}
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
