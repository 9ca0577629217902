package document

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"lyceum/app"
)

// fullDisk is a disk that takes nothing while it is full.
type fullDisk struct {
	*fakeDisk
	full atomic.Bool
}

const sentenceFull = "This project uses 1.2 GiB of the 1.0 GiB that it may; delete files or ask the administrator."

func (d *fullDisk) WriteDocument(ctx context.Context, s Save) (Saved, error) {
	if d.full.Load() {
		return Saved{}, app.Errorf(app.Unavailable, "%s", sentenceFull)
	}
	return d.fakeDisk.WriteDocument(ctx, s)
}

// Somebody types while the disk of the project is full. The sentence stands at the
// document, the text is in the store also after a restart, and gets into the file
// by itself once there is room. (D9)
func TestD9FullDiskLosesNoText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, map[string]string{"notes.tex": "base\n"})
		disk := &fullDisk{fakeDisk: p.disk}
		rooms, stop := p.serverWith(p.store, disk)
		ada := openTab(t, rooms, "ada", "editor")
		release := watched(t, rooms, ada)
		disk.full.Store(true)
		ada.types(0, "typed ")
		if err := ada.sends(rooms); err != nil {
			t.Fatalf("an edit is refused: %v", err)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if row := p.row(ada.id); row["error"] != sentenceFull || p.disk.content("notes.tex") != "base\n" {
			t.Errorf("row says %v, the file has %q", row["error"], p.disk.content("notes.tex"))
		}
		release()
		stop()

		rooms, stop = p.serverWith(p.store, disk)
		defer stop()
		grace := openTab(t, rooms, "ada", "editor")
		defer watched(t, rooms, grace)()
		time.Sleep(10 * time.Second)
		if got := p.disk.content("notes.tex"); got != "base\n" {
			t.Errorf("a full disk has taken %q", got)
		}
		disk.full.Store(false)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := p.disk.content("notes.tex"); got != "typed base\n" {
			t.Errorf("with room again the file has %q", got)
		}
		if row := p.row(ada.id); row["error"] != nil {
			t.Errorf("with room again the row says %v", row["error"])
		}
	})
}
