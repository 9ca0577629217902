package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"
)

const (
	// clusterWrites is how many writes there are a second, one after another: a machine with two cores
	// has the database, two servers and a thousand clients too.
	clusterWrites = 100
	clusterTime   = 10 * time.Second
	// driverEvery is the pause between the writes of the peer: enough of them for
	// its percentiles, and little beside the others.
	driverEvery = 20 * time.Millisecond
)

// rethinkdb measures live queries of two servers with one database.
func (l *lab) rethinkdb(ctx context.Context) (err error) {
	db, err := startDatabase(filepath.Join(filepath.Dir(l.executable), databaseProgram))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.stop()) }()
	flag := "--database=rethinkdb://admin@" + db.address + "/lyceum"
	one, err := serve(ctx, l.executable, filepath.Join(l.folder, "one"), flag)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, one.stop()) }()
	first, err := one.first(ctx)
	if err != nil {
		return err
	}
	two, err := serve(ctx, l.executable, filepath.Join(l.folder, "two"), flag)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, two.stop()) }()
	all := &audience{server: one, far: two, epoch: time.Now()}
	defer all.leave()
	if err := all.gather(ctx, first); err != nil {
		return err
	}
	before, _, err := db.feeds()
	if err != nil {
		return err
	}
	if err := all.watch(0, liveEach); err != nil {
		return err
	}
	feeds, tables, err := db.feeds()
	if err != nil {
		return err
	}
	what := fmt.Sprintf("RethinkDB for tests, %d live queries at two servers: ", liveTabs*liveEach)
	l.table.against(what+"feeds at the database", value{float64(feeds), "feeds"}, value{float64(before), "feeds"}, "before they came")
	l.table.add(what+"tables with a feed", value{float64(tables), "tables"})

	peer, err := follow(db.address)
	if err != nil {
		return err
	}
	near, far, err := all.write(clusterWrites, clusterTime, time.Second/clusterWrites)
	own, failed := peer.end()
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	what += fmt.Sprintf("write to delivery, %d writes a second, ", clusterWrites)
	l.delivered(what+"through one server", near, own)
	l.delivered(what+"through two servers", far, own)
	return nil
}

// delivered adds percentiles of how long deliveries took.
func (l *lab) delivered(what string, seen, own samples) {
	for _, p := range []int{50, 99} {
		l.table.against(fmt.Sprintf("%s, p%d of %d", what, p, len(seen)), milliseconds(seen.percentile(p)),
			milliseconds(own.percentile(p)), fmt.Sprintf("the driver's own feed, %d", len(own)))
	}
}

// databaseProgram is testdata/rethinkdb, beside the executable.
const databaseProgram = "rethinkdb-for-tests"

// database is that program, running.
type database struct {
	address string
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

func startDatabase(program string) (*database, error) {
	d := &database{cmd: exec.Command(program)}
	d.cmd.Stderr = os.Stderr
	var err error
	if d.in, err = d.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	d.out = bufio.NewReader(out)
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	if _, err := fmt.Fscanf(d.out, "ready at %s\n", &d.address); err != nil {
		return nil, errors.Join(fmt.Errorf("%s does not say where it serves: %w", program, err), d.stop())
	}
	return d, nil
}

// feeds asks how many feeds are open, and of how many tables.
func (d *database) feeds() (feeds, tables int, err error) {
	if _, err := fmt.Fprintln(d.in, "feeds"); err != nil {
		return 0, 0, err
	}
	_, err = fmt.Fscanln(d.out, &feeds, &tables)
	return feeds, tables, err
}

// stop ends it: it ends with its input.
func (d *database) stop() error {
	return errors.Join(d.in.Close(), d.cmd.Wait())
}

// driver writes rows into a table of its own and follows it.
type driver struct {
	sessions []*r.Session // one writes, the other has the feed
	feed     *r.Cursor
	epoch    time.Time
	stop     chan struct{}
	wrote    chan error
	seen     chan samples // once, when the feed has ended
}

// follow begins.
func follow(address string) (*driver, error) {
	d := &driver{epoch: time.Now(), stop: make(chan struct{}), wrote: make(chan error, 1), seen: make(chan samples, 1)}
	for range 2 {
		session, err := r.Connect(r.ConnectOpts{Address: address})
		if err != nil {
			return nil, err
		}
		d.sessions = append(d.sessions, session)
	}
	if err := r.DBCreate("bench").Exec(d.sessions[0]); err != nil {
		return nil, err
	}
	if err := r.DB("bench").TableCreate("rows").Exec(d.sessions[0]); err != nil {
		return nil, err
	}
	var err error
	if d.feed, err = r.DB("bench").Table("rows").Changes().Run(d.sessions[1]); err != nil {
		return nil, err
	}
	go func() { d.wrote <- d.write() }() // end waits for both
	go func() { d.seen <- d.read() }()
	return d, nil
}

func (d *driver) write() error {
	for n := 0; ; n++ {
		select {
		case <-d.stop:
			return nil
		case <-time.After(driverEvery):
		}
		row := map[string]any{"id": n, "at": int64(time.Since(d.epoch))}
		if _, err := r.DB("bench").Table("rows").Insert(row).RunWrite(d.sessions[0]); err != nil {
			return err
		}
	}
}

func (d *driver) read() samples {
	var seen samples
	var change struct {
		New struct {
			At int64 `rethinkdb:"at"`
		} `rethinkdb:"new_val"`
	}
	for d.feed.Next(&change) {
		seen = append(seen, time.Since(d.epoch)-time.Duration(change.New.At))
	}
	return seen
}

// end ends the writes and the feed, and returns how long each took.
func (d *driver) end() (samples, error) {
	close(d.stop)
	err := <-d.wrote
	time.Sleep(settle) // the last is on its way
	err = errors.Join(err, d.feed.Close())
	seen := <-d.seen
	for _, session := range d.sessions {
		err = errors.Join(err, session.Close())
	}
	return seen, err
}
