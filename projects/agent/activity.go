package agent

import (
	"context"
	"net/http"
	"sync"
	"time"
)

const (
	// busyShare of one core is computing: an editor that waits, a clock and a
	// language server without work stay below, htop too.
	busyShare = 0.02
	// busyRate in bytes a second is computing as well: a download over a modem
	// uses no processor worth counting.
	busyRate = 4 << 10

	// waitsFor is how often and how far apart a program is found running or
	// waiting for a processor before it counts, whatever it gets: on a machine
	// that is full each may get less than busyShare.
	waitsTimes = 3
	waitsApart = 50 * time.Millisecond
	// maxThreads bounds how many are looked at.
	maxThreads = 4096
)

// Activity is what the programs of a project have used since the agent first
// looked. It never falls while the agent says the truth.
type Activity struct {
	CPU     time.Duration `json:"cpu"`     // of processors
	Bytes   int64         `json:"bytes"`   // read and written, from disks and over the network
	Waits   bool          `json:"waits"`   // a program runs, or waits for a processor, all along
	Printed int64         `json:"printed"` // by the terminals
}

// Busy reports whether a project has computed since before, d ago.
func (a Activity) Busy(before Activity, d time.Duration) bool {
	return a.Waits || float64(a.CPU-before.CPU) > busyShare*float64(d) ||
		float64(a.Bytes-before.Bytes) > busyRate*d.Seconds()
}

// activity adds up what programs use. Its zero value has not looked yet.
type activity struct {
	mu      sync.Mutex
	seen    map[life]used // at the last look; nil before the first
	network int64
	total   Activity
}

// used is what a process has used, with its children that have ended.
type used struct {
	ticks, bytes int64
}

// look adds what was used since the last one. devices are those of a network that
// is the project's own; "" if it has none of its own.
func (a *activity) look(ctx context.Context, devices string) (Activity, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	all, err := programs()
	if err != nil {
		return Activity{}, err
	}
	const hertz = 100 // of all that /proc tells, on every machine
	now := make(map[life]used, len(all))
	var running []string
	for _, p := range all {
		u := used{p.ticks, diskBytes(p.pid)}
		now[p.life] = u
		if before := a.seen[p.life]; a.seen != nil { // a new one has used all of it since
			a.total.CPU += time.Duration(max(u.ticks-before.ticks, 0)) * (time.Second / hertz)
			a.total.Bytes += max(u.bytes-before.bytes, 0)
		}
		running = append(running, p.runningThreads(maxThreads-len(running))...)
	}
	if devices != "" {
		bytes := networkBytes(devices)
		if a.seen != nil {
			a.total.Bytes += max(bytes-a.network, 0)
		}
		a.network = bytes
	}
	a.seen = now
	a.total.Waits = stillRunning(ctx, running)
	return a.total, nil
}

// devices are those of the sandbox's network; elsewhere they are the machine's.
func (s *service) devices() string {
	if !s.isolated {
		return ""
	}
	return networkDevices
}

// tellActivity is for the server, which stops projects that do nothing.
func (s *service) tellActivity(w http.ResponseWriter, r *http.Request) {
	now, err := s.activity.look(r.Context(), s.devices())
	if err != nil {
		fail(w, err)
		return
	}
	for _, info := range s.terminals.List() {
		now.Printed += info.End
	}
	encode(w, now)
}
