package projects

import (
	"strings"
	"testing"
	"time"

	"lyceum/projects/disk"
)

const mib, gib = int64(1) << 20, int64(1) << 30

// A project is full a little before its bound, and until there is some room: or it
// would be full and not full with every file.
func TestFullHasHysteresis(t *testing.T) {
	bound := disk.Bound{Bytes: 256 * mib, Files: 25600}
	for _, c := range []struct {
		name   string
		used   disk.Used
		before bool
		want   bool
	}{
		{"empty", disk.Used{}, false, false},
		{"a page is left", disk.Used{Bytes: 256*mib - 4096}, false, true},
		{"the room is left", disk.Used{Bytes: 255 * mib}, false, false},
		{"the room is left, and it was full", disk.Used{Bytes: 255 * mib}, true, true},
		{"twice the room is left", disk.Used{Bytes: 254 * mib}, true, false},
		{"too many files", disk.Used{Files: 25590}, false, true},
		{"fewer files, and it was full", disk.Used{Files: 25450}, true, true},
		{"files were deleted", disk.Used{Files: 25300}, true, false},
		{"nobody can tell", disk.Used{Deep: true}, false, true},
	} {
		if got := fullOf(c.used, bound, c.before); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if fullOf(disk.Used{Bytes: 5*gib - 17*mib}, disk.BoundOf(5*gib), false) {
		t.Error("17 MiB of 5 GiB are room")
	}
}

// The server keeps room for itself, also where the disk is small or runs out of
// inodes; file systems that make inodes as needed have none to count.
func TestShortHasHysteresis(t *testing.T) {
	for _, c := range []struct {
		name   string
		space  disk.Space
		before bool
		want   bool
	}{
		{"plenty", disk.Space{Free: 50 * gib, Size: 100 * gib, FreeFiles: 1e6, SizeFiles: 1e7}, false, false},
		{"less than the reserve", disk.Space{Free: gib - 1, Size: 100 * gib}, false, true},
		{"a little more than it", disk.Space{Free: gib + 1, Size: 100 * gib}, false, false},
		{"a little more, and it was short", disk.Space{Free: gib + 1, Size: 100 * gib}, true, true},
		{"enough again", disk.Space{Free: 2 * gib, Size: 100 * gib}, true, false},
		{"a small disk", disk.Space{Free: 6 * mib, Size: 100 * mib}, false, false},
		{"a small disk with little", disk.Space{Free: 4 * mib, Size: 100 * mib}, false, true},
		{"no inodes", disk.Space{Free: 50 * gib, Size: 100 * gib, FreeFiles: 9999, SizeFiles: 1e7}, false, true},
		{"inodes as needed", disk.Space{Free: 50 * gib, Size: 100 * gib}, false, false},
	} {
		if got := shortOf(c.space, c.before); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// Who is stopped, and what is said: one that takes the disk from all, and while
// it is short each that is over its bound. Nobody within it.
func TestOverrunStopsWhoTakesFromAll(t *testing.T) {
	bound := disk.Bound{Bytes: gib, Files: 10_000}
	for _, c := range []struct {
		name  string
		used  disk.Used
		short bool
		want  string // of the sentence, "": it goes on
	}{
		{"within", disk.Used{Bytes: gib, Files: 10_000}, true, ""},
		{"over", disk.Used{Bytes: gib + gib/2}, false, ""},
		{"over, on a full disk", disk.Used{Bytes: gib + gib/2}, true, "nearly full. This project uses 1.5 GiB of the 1.0 GiB that it may; delete files or ask the administrator."},
		{"far over", disk.Used{Bytes: 4 * gib, More: true}, false, "This project uses at least 4.0 GiB of the 1.0 GiB that it may"},
		{"files", disk.Used{Files: 20_001}, false, "This project has 20001 files of the 10000 that it may; delete some"},
		{"depth", disk.Used{Deep: true}, false, "in more than 512 others"},
	} {
		why, yes := overrun(c.used, bound, c.short)
		if yes != (c.want != "") || !strings.Contains(why, c.want) {
			t.Errorf("%s: %v, %q", c.name, yes, why)
		}
	}
}

// What takes long to measure is measured seldom.
func TestPauseIsInProportion(t *testing.T) {
	for _, c := range []struct {
		cost  time.Duration
		hurry bool
		want  time.Duration
	}{
		{time.Millisecond, false, 10 * time.Second},
		{2 * time.Second, false, 100 * time.Second},
		{time.Millisecond, true, time.Second},
		{2 * time.Second, true, 20 * time.Second},
	} {
		if got := pauseAfter(c.cost, c.hurry); got != c.want {
			t.Errorf("after %v, hurry %v: %v", c.cost, c.hurry, got)
		}
	}
}
