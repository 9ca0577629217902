package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"lyceum/app"
	"lyceum/app/wire"
)

// The class of the slides: a thousand browsers of twenty people, each of whom has
// fifty projects.
const (
	livePeople   = 20
	liveProjects = 50 // of each, and browsers of each
	liveTabs     = livePeople * liveProjects
	liveEach     = 10 // watches of a project, so a write concerns as many
	liveWrites   = 1000
	liveTime     = 10 * time.Second
	giveBack     = 75 * time.Second // after it the server has looked twice whether many have left
)

// audience is a server with a thousand connections.
type audience struct {
	server  *server
	far     *server // of the same site, has every second connection; nil: there is one server
	writers []*tab  // one of each person
	tabs    []*listener
	epoch   time.Time
	counted atomic.Bool // what is told now is counted
}

// listener is a connection that watches; one goroutine reads.
type listener struct {
	*tab
	all      *audience
	person   int
	place    int      // among those of the person
	projects []string // of the person
	opened   atomic.Int64
	seen     samples
	done     chan error
}

// far reports whether the connection is at the other server.
func (t *listener) far() bool { return t.all.far != nil && t.place%2 == 1 }

// lives measures live queries on a server of its own.
func (l *lab) lives(ctx context.Context) (err error) {
	s, err := serve(ctx, l.executable, filepath.Join(l.folder, "live"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	all := &audience{server: s, epoch: time.Now()}
	first, err := s.first(ctx)
	if err != nil {
		return err
	}
	defer all.leave()
	if err := all.gather(ctx, first); err != nil {
		return err
	}
	time.Sleep(settle)
	before, err := pss(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	l.table.add(fmt.Sprintf("%d connections that watch nothing, each", liveTabs), kibibytes(before/liveTabs))
	open, settled := 0, before
	for _, each := range []int{1, 10, 110} { // 1,000, 10,000, and 100,000 more
		if settled, err = pss(s.cmd.Process.Pid); err != nil {
			return err
		}
		begin := time.Now()
		if err := all.watch(open, each); err != nil {
			return err
		}
		if each == 10 {
			l.table.add("9,000 more live queries, all answered after", seconds(time.Since(begin)))
		}
		open = each
		time.Sleep(settle)
		if err := l.loaded(all, each, before); err != nil {
			return err
		}
	}
	if err := all.cancel(10, open); err != nil {
		return err
	}
	time.Sleep(giveBack)
	after, err := pss(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	l.table.against("server after 100,000 live queries have gone, PSS", mebibytes(after), mebibytes(settled), "before they came")
	return nil
}

// loaded writes for a while and adds what came of it.
func (l *lab) loaded(all *audience, each int, before int64) error {
	pid := all.server.cmd.Process.Pid
	memory, err := pss(pid)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("with %d live queries: ", each*liveTabs)
	l.table.add(what+"server, PSS", mebibytes(memory))
	l.table.add(what+"each", kibibytes((memory-before)/int64(each*liveTabs)))
	used, err := processorTime(pid)
	if err != nil {
		return err
	}
	seen, _, err := all.write(liveWrites, liveTime, 0)
	if err != nil {
		return err
	}
	end, err := processorTime(pid)
	if err != nil {
		return err
	}
	n := liveWrites * int(liveTime/time.Second)
	l.table.add(what+fmt.Sprintf("processor time of the server for a write and its %d deliveries", len(seen)/n),
		value{(end - used).Seconds() * 1e6 / float64(n), "µs"})
	for _, p := range []int{50, 99} {
		l.table.add(what+fmt.Sprintf("write to delivery, %d writes a second, p%d of %d", liveWrites, p, len(seen)), milliseconds(seen.percentile(p)))
	}
	return nil
}

// first makes the first account.
func (s *server) first(ctx context.Context) (*person, error) {
	token, err := s.printed(ctx, firstLine)
	if err != nil {
		return nil, err
	}
	return s.signUp(ctx, token, "Ada")
}

// gather makes people, whom the first one invites, projects and connections.
func (a *audience) gather(ctx context.Context, first *person) error {
	admin, err := first.open(ctx)
	if err != nil {
		return err
	}
	defer admin.close()
	made, err := admin.set("registration_tokens", app.Row{"id": "new", "max_uses": int64(livePeople)})
	if err != nil {
		return err
	}
	link, _ := made["link"].(string)
	_, invitation, _ := strings.Cut(link, "#token=")
	for i := range livePeople {
		p, err := a.server.signUp(ctx, invitation, fmt.Sprintf("Person%d", i))
		if err != nil {
			return err
		}
		writer, err := p.open(ctx)
		if err != nil {
			return err
		}
		a.writers = append(a.writers, writer)
		projects := make([]string, liveProjects)
		for j := range projects {
			if projects[j], err = writer.create("projects", app.Row{"title": fmt.Sprintf("Project %d", j)}); err != nil {
				return err
			}
		}
		for j := range liveProjects {
			t := &listener{all: a, person: i, place: j, projects: projects, done: make(chan error, 1)}
			at := *p
			if t.far() {
				at.server = a.far
			}
			if t.tab, err = at.open(ctx); err != nil {
				return err
			}
			go func() { t.done <- t.read() }() // leave waits for it
			a.tabs = append(a.tabs, t)
		}
	}
	return nil
}

// watch opens watches, from one number of each connection to another, and waits
// until all are answered. Each is a query that nobody else asks, which is the
// worst case: what is the same is shared.
func (a *audience) watch(from, to int) error {
	for _, t := range a.tabs {
		for k := from; k < to; k++ {
			project := t.projects[(t.place+k)%liveProjects]
			title := app.Row{"!=": fmt.Sprint(t.place, " ", k)}
			q := app.Row{"projects": []any{app.Row{"id": project, "description": nil, "title": title}}}
			if k >= liveEach { // concerned by nothing that is written
				q = app.Row{"terminals": []any{app.Row{"project_id": project, "id": nil, "title": title}}}
			}
			if err := t.send(wire.Ask{ID: int64(k + 1), Query: q, Options: app.Row{"changes": true}}); err != nil {
				return err
			}
			// As a page does: no more than some dozens unanswered.
			if err := t.until(int64(k + 1 - wire.MaxAsks/2)); err != nil {
				return err
			}
		}
	}
	for _, t := range a.tabs {
		if err := t.until(int64(to)); err != nil {
			return err
		}
	}
	return nil
}

// until waits until as many watches are answered.
func (t *listener) until(n int64) error {
	for begin := time.Now(); t.opened.Load() < n; time.Sleep(time.Millisecond) {
		if time.Since(begin) > patience {
			return fmt.Errorf("only %d of %d watches are answered", t.opened.Load(), n)
		}
	}
	return nil
}

func (a *audience) cancel(from, to int) error {
	for _, t := range a.tabs {
		for k := from; k < to; k++ {
			if err := t.send(wire.Cancel{ID: int64(k + 1)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// read notes what comes until the connection ends.
func (t *listener) read() error {
	for {
		m, err := t.next()
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case wire.Answer:
			t.opened.Add(1)
		case wire.Changes:
			now := time.Since(t.all.epoch)
			for _, c := range m.Changes {
				text, _ := c.NewVal["description"].(string)
				at, err := strconv.ParseInt(text, 10, 64)
				if err == nil && t.all.counted.Load() {
					t.seen = append(t.seen, now-time.Duration(at))
				}
			}
		}
	}
}

// write sets descriptions, some a second, and returns how long each took to each
// who watches, at this server and at the other. apart is between a person and the
// next; 0: all write at the same time.
func (a *audience) write(perSecond int, lasts, apart time.Duration) (near, far samples, err error) {
	for _, t := range a.tabs {
		t.seen = nil
	}
	a.counted.Store(true)
	errs := make([]error, len(a.writers))
	var group sync.WaitGroup
	each := perSecond / len(a.writers) * int(lasts/time.Second)
	begin := time.Now()
	for i, w := range a.writers {
		group.Go(func() {
			for n := range each {
				due := begin.Add(lasts*time.Duration(n)/time.Duration(each) + apart*time.Duration(i))
				time.Sleep(time.Until(due))
				project := a.tabs[i*liveProjects+n%liveProjects].projects[n%liveProjects]
				text := strconv.FormatInt(int64(time.Since(a.epoch)), 10)
				if _, err := w.set("projects", app.Row{"id": project, "description": text}); err != nil {
					errs[i] = err
					return
				}
			}
		})
	}
	group.Wait()
	time.Sleep(settle) // the last are on their way
	a.counted.Store(false)
	for _, t := range a.tabs {
		if t.far() {
			far = append(far, t.seen...)
		} else {
			near = append(near, t.seen...)
		}
	}
	return near, far, errors.Join(errs...)
}

func (a *audience) leave() {
	for _, w := range a.writers {
		w.close()
	}
	for _, t := range a.tabs {
		t.close()
		<-t.done // it ends with the connection
	}
}

// processorTime is what a process has used of processors.
func processorTime(pid int) (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	text := string(data)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	const perSecond = 100 // clock ticks, of every Linux that Go runs on
	var ticks int64
	for _, f := range fields[11:13] { // utime, stime
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / perSecond, nil
}

// onlyLive is the part of live queries alone.
func (l *lab) onlyLive(ctx context.Context, progress io.Writer) error {
	fmt.Fprintln(progress, "live queries")
	return l.lives(ctx)
}
