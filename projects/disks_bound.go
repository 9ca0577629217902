package projects

import (
	"fmt"
	"time"

	"lyceum/app"
	"lyceum/projects/disk"
	"lyceum/projects/files"
)

const (
	// A project is full when less than a roomShare-th of its bound is left, and
	// not more than maxRoom: a write that does not fit any more leaves some room.
	// It is not full any more when there is twice as much.
	roomShare = 256
	maxRoom   = 16 << 20

	// stopAt is how many times its bound a project may have before it is stopped,
	// where the kernel does not refuse it more. Who is over it at a start has
	// graceTime to delete something, and may not have more than graceRoom and
	// graceFiles beside what was there: what a shell and an editor write.
	stopAt     = 2
	graceTime  = 5 * time.Minute
	graceRoom  = 16 << 20
	graceFiles = 1000

	// The reserve is what the disk keeps for the server: with less nothing is
	// written for projects, so that the store goes on. It is over when there is a
	// reserveEase-th more.
	reserveBytes = 1 << 30
	reserveFiles = 10_000
	reserveShare = 20 // of a small disk it is this part at most
	reserveEase  = 4
)

// fullOf decides whether a project is full, which it was or was not before.
func fullOf(u disk.Used, b disk.Bound, before bool) bool {
	room := func(bound int64) int64 {
		n := min(bound/roomShare, maxRoom)
		if before {
			n *= 2
		}
		return n
	}
	return u.Deep || !u.Within(disk.Bound{Bytes: b.Bytes - room(b.Bytes), Files: b.Files - room(b.Files)})
}

// shortOf decides whether the disk has less than its reserve, as it had or had
// not before.
func shortOf(s disk.Space, before bool) bool {
	short := func(free, size, most int64) bool {
		reserve := min(most, size/reserveShare)
		if before {
			reserve += reserve / reserveEase
		}
		return free < reserve
	}
	return short(s.Free, s.Size, reserveBytes) || s.SizeFiles > 0 && short(s.FreeFiles, s.SizeFiles, reserveFiles)
}

// pauseAfter is how long a project is left alone after a measurement that took
// so long.
func pauseAfter(cost time.Duration, hurry bool) time.Duration {
	if hurry {
		return max(hurryPause, hurryShare*cost)
	}
	return max(leastPause, restShare*cost)
}

// overrun decides whether a project has to be stopped, and says why.
func overrun(u disk.Used, b disk.Bound, short bool) (why string, yes bool) {
	switch {
	case u.Deep:
		return "The project was stopped: " + sentenceDeep, true
	case !u.Within(b.Times(stopAt)):
		return "The project was stopped, because it is far beyond the space on disk that it may have. " + words(u, b), true
	case short && !u.Within(b):
		return "The project was stopped, because the disk of the server is nearly full. " + words(u, b), true
	}
	return "", false
}

var sentenceDeep = fmt.Sprintf(
	"It has folders in more than %d others, so that it cannot be told what they take. Please delete them in a terminal soon after a start (rm -r).", disk.MaxDepth)

// words says what a project takes of what it may.
func words(u disk.Used, b disk.Bound) string {
	least := ""
	if u.More {
		least = "at least "
	}
	if u.Within(disk.Bound{Bytes: b.Bytes}) && !u.Within(disk.Bound{Files: b.Files - b.Files/roomShare}) {
		return fmt.Sprintf("This project has %s%d files of the %d that it may; delete some or ask the administrator.", least, u.Files, b.Files)
	}
	return fmt.Sprintf("This project uses %s%s of the %s that it may; delete files or ask the administrator.",
		least, files.HumanSize(u.Bytes), files.HumanSize(b.Bytes))
}

// refuser returns what a client of a project's agent asks before it takes space.
func (d *disks) refuser(project string) func() error {
	return func() error { return d.refusal(project) }
}

// refusal is why nothing that takes space is done for a project now, nil if it
// is.
func (d *disks) refusal(project string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.short {
		return app.Errorf(app.Unavailable, "The disk of the server is nearly full, so nothing more is written to projects. What you type is kept. Please tell the administrator.")
	}
	t := d.taken[project]
	switch {
	case t == nil || !t.full:
		return nil
	case t.used.Deep:
		return app.Errorf(app.Unavailable, "Nothing more is written to this project. %s", sentenceDeep)
	}
	return app.Errorf(app.Unavailable, "%s", words(t.used, t.bound))
}
