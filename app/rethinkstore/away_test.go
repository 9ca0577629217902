package rethinkstore_test

import (
	"bytes"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
	"lyceum/app/rethinkstore"
	"lyceum/app/rethinkstore/rethinktest"
)

// journal keeps what is logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(writer(func(b []byte) {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.text.Write(b)
	}), nil))
}

// count is how many lines have a text.
func (j *journal) count(text string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return bytes.Count(j.text.Bytes(), []byte(text))
}

// await waits until a text was logged.
func (j *journal) await(t *testing.T, text string) {
	t.Helper()
	eventually(t, text, func() bool { return j.count(text) > 0 })
}

// eventually waits until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	late := time.After(patience)
	for !ok() {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-late:
			t.Fatalf("%s: not after %v", what, patience)
		}
	}
}

// silentHost takes connections and never says a word.
func silentHost(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // nothing is lost
	return l.Addr().String()
}

// Machines that hang are the most of a list of hosts: asked one after the other,
// each for as long as it may take, no query would ever reach the one that answers.
func TestHostsThatNeverAnswerArePassedOver(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	o := options(server, notes)
	o.Hosts = append([]string{silentHost(t), silentHost(t), silentHost(t), silentHost(t)}, o.Hosts...)
	s := open(t, o)
	closeLater(t, s)
	l := listen(t, s, "notes")
	for _, text := range []string{"one", "two", "three"} {
		write(t, s, "a", text)
		l.wait(t, "a write", has("a", text))
		server.DropConnections()
	}
}

// A server is killed while it prepares the database: another one waits for its
// lease, and no longer.
func TestLockOfADeadServerIsTakenOver(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	o := options(server, notes)
	run(t, o, r.DBCreate(o.Database))
	run(t, o, r.DB(o.Database).TableCreate("_lyceum"))
	run(t, o, r.DB(o.Database).Table("_lyceum").Insert(map[string]any{"id": "lock", "by": "dead", "beat": 3}))
	s := open(t, o)
	closeLater(t, s)
	write(t, s, "a", "one")
}

// The holder of the lock lives, and goes on beating after a beat was lost: nobody
// takes the lock from it.
func TestLockOfALivingServerIsWaitedFor(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	o := options(server, notes)
	run(t, o, r.DBCreate(o.Database))
	run(t, o, r.DB(o.Database).TableCreate("_lyceum"))
	lock := r.DB(o.Database).Table("_lyceum")
	beat := func(n int) {
		run(t, o, lock.Insert(map[string]any{"id": "lock", "by": "living", "beat": n}, r.InsertOpts{Conflict: "replace"}))
	}
	beat(0)
	opened := make(chan error, 1)
	go func() {
		s, err := rethinkstore.Open(t.Context(), o)
		if err == nil {
			err = s.Close()
		}
		opened <- err
	}()
	for n := range 3 { // longer than a lease in all
		select {
		case err := <-opened:
			t.Fatalf("opened while another server prepares the database: %v", err)
		case <-time.After(4 * time.Second):
		}
		beat(n + 1)
	}
	run(t, o, lock.Get("lock").Delete())
	if err := <-opened; err != nil {
		t.Error(err)
	}
}

// All hosts are gone for seconds: the log says so once, and once that they are back.
func TestAFeedThatIsAwayIsSaidOnce(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	o := options(server, notes)
	var j journal
	o.Log = j.logger()
	s := open(t, o)
	closeLater(t, s)
	server.Stop()
	j.await(t, "feed of a table ended")
	<-time.After(2 * time.Second) // some attempts
	server.Start()
	j.await(t, "feed of a table is there again")
	if n := j.count("feed of a table ended"); n != 1 {
		t.Errorf("said %d times that the feed has ended, want once", n)
	}
}

// The network of one server is cut for so long that the other takes it for gone and
// removes its cursors. The browsers at it know nothing of that: when it is back
// their cursors are there again, but for those that were removed on purpose.
func TestW4RowsOfAServerThatIsBackAreThereAgain(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{Nodes: 2})
	o := roles(options(server, notes))
	o.Ephemeral = []app.Table{{Name: "cursors"}}
	hosts := o.Hosts
	o.Hosts = hosts[:1]
	a := open(t, o)
	closeLater(t, a)
	o.Hosts = hosts[1:]
	b := open(t, o)
	closeLater(t, b)
	l := listen(t, a, "cursors")
	put := func(id string) {
		if _, err := b.Write(t.Context(), app.Write{Table: "cursors", ID: id, Row: app.Row{"text": "here"}, IfRev: app.AnyRev}); err != nil {
			t.Fatal(err)
		}
		l.wait(t, "the cursor of another server", has(id, "here"))
	}
	put("cursor")
	put("removed")
	put("closed")
	if _, err := b.Write(t.Context(), app.Write{Table: "cursors", ID: "closed", IfRev: app.AnyRev}); err != nil {
		t.Fatal(err)
	}
	server.StopNode(1)
	if _, err := a.Write(t.Context(), app.Write{Table: "cursors", ID: "removed", IfRev: app.AnyRev}); err != nil {
		t.Fatal(err)
	}
	gone := func(c []app.Change) bool { return c[len(c)-1].ID == "cursor" && c[len(c)-1].New == nil }
	l.wait(t, "the end of the cursor", gone)
	server.StartNode(1)
	l.wait(t, "the cursor again", func(c []app.Change) bool { return !gone(c) && c[len(c)-1].ID == "cursor" })
	page, err := a.Read(t.Context(), app.Range{Table: "cursors"})
	if err != nil || len(page.Records) != 1 || page.Records[0].ID != "cursor" {
		t.Errorf("the cursors are %+v, %v", page, err)
	}
}
