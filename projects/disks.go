package projects

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"lyceum/app"
	"lyceum/projects/disk"
)

const (
	// spaceEvery is how often the free space of the disk is looked at: one call of
	// the kernel.
	spaceEvery = time.Second
	// quotaPause is the pause between two looks at a project whose quota the kernel
	// keeps: nothing hangs on it but what is shown.
	quotaPause = 5 * time.Second
	// leastPause is that between two measurements of a project, and restShare how
	// many times as long as one took: measuring takes a fiftieth of a core at most.
	leastPause = 10 * time.Second
	restShare  = 50
	// hurryPause and hurryShare are the same while the disk fills fast, which is
	// hurryBytes from one look at the space to the next: no editor and no compiler
	// writes so much.
	hurryPause = time.Second
	hurryShare = 10
	hurryBytes = 64 << 20
	// measureTime bounds one measurement; 100,000 files take 0.2 s.
	measureTime = 30 * time.Second
	// measureUpTo is how many times its bound is counted of a project. More makes
	// no difference, and a project of millions of files is not counted out.
	measureUpTo = stopAt
)

// How it is known what a project takes.
const (
	byQuota   = "quota"
	byPolling = "polling"
)

// disks keeps what projects take on disk within their bounds. Where the kernel
// keeps quotas of user ids, each project has one. Elsewhere the server measures
// the folders of running projects itself: what an agent says of itself is not to
// be believed. Nothing more is then written for a project that is over its bound,
// and one that goes on to twice of it is stopped.
type disks struct {
	host  *Host
	quota *disk.Quota // nil: measured
	kick  chan struct{}

	mu    sync.Mutex
	taken map[string]*taken
	short bool       // the disk has less than its reserve
	hurry bool       // or will soon
	last  disk.Space // as it was at the last look
}

// taken is what one project takes.
type taken struct {
	project string
	uid     int // 0: it has none of its own
	bound   disk.Bound
	used    disk.Used
	at      time.Time // of the last look, zero: none
	cost    time.Duration
	stale   bool       // its limits have changed
	asked   bool       // somebody wants to know although it does not run
	full    bool       // nothing more is written for it
	marked  bool       // its row says whether it is full
	outage  outage     // it cannot be looked at
	grace   time.Time  // it may be over twice its bound until then, to be emptied
	most    disk.Bound // what it may have meanwhile; zero: that is not known
}

func newDisks(h *Host) *disks {
	return &disks{host: h, kick: make(chan struct{}, 1), taken: make(map[string]*taken)}
}

// open finds out whether the kernel keeps quotas of projects' user ids.
func (d *disks) open() error {
	if !d.host.o.Sandbox.OwnUID() {
		return nil
	}
	var err error
	if d.quota, err = disk.OpenQuota(d.host.o.Data); err != nil && !errors.Is(err, disk.ErrNoQuota) {
		return err
	}
	return nil
}

// run keeps bounds until ctx ends.
func (d *disks) run(ctx context.Context) {
	stop, err := d.followLimits()
	if err != nil {
		d.host.o.Log.Error("changes of disk limits are not seen", "part", "projects", "err", err)
	}
	defer stop()
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { d.followSpace(ctx) }) // a long measurement must not hide it
	for {
		d.lookAtAll(ctx)
		select {
		case <-ctx.Done():
			return
		case <-d.kick:
		}
	}
}

// followSpace looks at the free space until ctx ends, and has projects looked at.
func (d *disks) followSpace(ctx context.Context) {
	tick := time.NewTicker(spaceEvery)
	defer tick.Stop()
	for {
		d.lookAtSpace(ctx)
		d.wake()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// followLimits has changes of limits put in force until stop is called.
func (d *disks) followLimits() (stop func(), err error) {
	stop = func() {}
	for _, table := range []string{"project_limits", "server_settings"} {
		_, unwatch, err := d.host.o.Store.Watch(table, func(b app.Batch) {
			d.mu.Lock()
			defer d.mu.Unlock()
			if table == "server_settings" {
				for _, t := range d.taken {
					t.stale = true
				}
			} else {
				for _, c := range b.Changes {
					t := d.entryLocked(c.ID)
					t.stale, t.asked = true, true
				}
			}
			d.wake()
		})
		if err != nil {
			return stop, err
		}
		before := stop
		stop = func() { before(); unwatch() }
	}
	return stop, nil
}

// wake has the next look come now.
func (d *disks) wake() {
	select {
	case d.kick <- struct{}{}:
	default:
	}
}

// close releases what open has opened.
func (d *disks) close() {
	if d.quota != nil {
		_ = d.quota.Close() // only read
	}
}

// begin notes that a project starts, and bounds it before any program of it
// runs.
func (d *disks) begin(ctx context.Context, project string, uid int) error {
	limits, err := d.host.limitsOf(ctx, project)
	if err != nil {
		return err
	}
	t := &taken{project: project, uid: uid, bound: disk.BoundOf(limits.DiskBytes)}
	if d.quota != nil {
		if err := d.quota.Set(uid, t.bound); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if before := d.taken[project]; before != nil {
		t.full = before.full
	}
	d.taken[project] = t
	d.wake()
	return nil
}

// entryLocked returns what is known of a project.
func (d *disks) entryLocked(project string) *taken {
	t := d.taken[project]
	if t == nil {
		t = &taken{project: project, stale: true}
		d.taken[project] = t
	}
	return t
}

// usage returns what a project takes and how that is known. If it is not known
// yet, it will be a moment later.
func (d *disks) usage(project string) (used int64, by string, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.entryLocked(project)
	if !t.asked && time.Since(t.at) > pauseAfter(t.cost, true) {
		t.asked = true
		d.wake()
	}
	by = byPolling
	if d.quota != nil {
		by = byQuota
	}
	return t.used.Bytes, by, !t.at.IsZero()
}

// place is where the files of a project are.
func (d *disks) place(project string) disk.Place {
	base := filepath.Join(d.host.o.Data, "projects", project)
	p := disk.Place{Folders: []string{filepath.Join(base, "home"), filepath.Join(base, "tmp")}}
	if c := d.agent(project); c != nil {
		p.Processes = c.process.Processes()
	}
	return p
}

// agent returns that of a project, nil if it does not run.
func (d *disks) agent(project string) *connection {
	d.host.mu.Lock()
	defer d.host.mu.Unlock()
	if e := d.host.entries[project]; e != nil {
		return e.agent
	}
	return nil
}
