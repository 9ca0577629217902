package rethinktest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"
)

// kindError is an error's type and text, without the query.
func kindError(err error) string {
	if err == nil {
		return "no error"
	}
	text, _, _ := strings.Cut(err.Error(), " in:\n")
	return fmt.Sprintf("%T %s", err, text)
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if got := kindError(err); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

const noPrimary = `rethinkdb.RQLOpFailedError rethinkdb: Cannot perform %s: primary replica for shard ["", +inf) not available`

func TestDropConnectionsCutsAndTakesNewOnes(t *testing.T) {
	s, session, table := withTable(t, Options{})
	l := (&player{server: s, session: session}).open(t, table.Changes())
	s.DropConnections()
	l.heardError(t) // the driver has several for it
	s.AwaitFeeds("d", "t", 0)
	run(t, connect(t, s, r.ConnectOpts{}), table.Insert(doc{"id": 1}))
}

func TestCutEveryCutsUntilItIsStopped(t *testing.T) {
	s, _, table := withTable(t, Options{})
	stop := s.CutEvery(50 * time.Millisecond)
	for range 3 {
		if cursor, err := table.Changes().Run(reconnected(t, s)); err == nil {
			listen(s, cursor).heardError(t)
		}
	}
	stop()
	run(t, reconnected(t, s), table.Insert(doc{"id": 1}))
}

// reconnected is a session that outlived the cuts of its handshake.
func reconnected(t *testing.T, s *Server) *r.Session {
	t.Helper()
	for {
		session, err := r.Connect(r.ConnectOpts{Address: s.Address(), NumRetries: 1})
		if err == nil {
			t.Cleanup(func() { session.Close() })
			return session
		}
	}
}

func TestRefuseConnectionsKeepsThoseThatAreThere(t *testing.T) {
	s, session, table := withTable(t, Options{})
	s.RefuseConnections()
	if _, err := r.Connect(r.ConnectOpts{Address: s.Address(), NumRetries: 1}); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v", err)
	}
	run(t, session, table.Insert(doc{"id": 1}))
	s.Start()
	run(t, connect(t, s, r.ConnectOpts{}), table.Insert(doc{"id": 2}))
}

func TestNodesShareTheirTables(t *testing.T) {
	s, session, table := withTable(t, Options{Nodes: 3})
	run(t, session, table.Insert(doc{"id": 1}))
	third, err := r.Connect(r.ConnectOpts{Address: s.Addresses()[2], NumRetries: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	nodes := (&player{server: s, session: third}).open(t, r.DB("rethinkdb").Table("server_status").Changes(r.ChangesOpts{IncludeInitial: true}))
	nodes.hear(t, 3)
	s.StopNode(0)
	if got := nodes.hear(t, 1)[0].(doc); got["new_val"] != nil || got["old_val"].(doc)["name"] != "node1" {
		t.Errorf("got %v", got)
	}
	if got := run(t, third, table.Get(1)); len(got) != 1 {
		t.Errorf("got %v", got)
	}
	if err := table.Get(1).Exec(session); err == nil {
		t.Error("the stopped node answers")
	}
	s.StartNode(0)
	if got := nodes.hear(t, 1)[0].(doc); got["old_val"] != nil {
		t.Errorf("got %v", got)
	}
}

func TestCutBeforeAndAfterAWrite(t *testing.T) {
	s, _, table := withTable(t, Options{})
	for i, cut := range []func(db, name string, n int){s.CutBefore, s.CutAfter} {
		session := connect(t, s, r.ConnectOpts{})
		cut("d", "t", 1)
		if err := table.Insert(doc{"id": i}).Exec(session); err == nil { // the driver has several for it
			t.Errorf("case %d: the write was acknowledged", i)
		}
		session = connect(t, s, r.ConnectOpts{})
		if got := run(t, session, table.Get(i)); (got[0] != nil) != (i == 1) { // only the second was written
			t.Errorf("case %d: got %v", i, got)
		}
		run(t, session, table.Insert(doc{"id": "more"}))
	}
}

func TestHoldAnswersDoesWhatWasAsked(t *testing.T) {
	s, session, table := withTable(t, Options{})
	l := (&player{server: s, session: session}).open(t, table.Changes())
	release := s.HoldAnswers()
	done := make(chan error, 1)
	go func() { done <- table.Insert(doc{"id": 1}).Exec(session) }()
	for rows := 0; rows == 0; rows = len(rowsOf(s)) {
		select {
		case err := <-done:
			t.Fatalf("answered: %v", err)
		default:
			runtime.Gosched()
		}
	}
	release()
	if err := <-done; err != nil {
		t.Error(err)
	}
	l.hear(t, 1)
}

// rowsOf are the rows of d.t, not asked over the wire.
func rowsOf(s *Server) []object {
	table := s.data.lookup("d", "t")
	table.mu.Lock()
	defer table.mu.Unlock()
	var rows []object
	for _, r := range table.rows {
		rows = append(rows, r.value)
	}
	return rows
}

func TestDelayAnswersDelaysThem(t *testing.T) {
	s, session, table := withTable(t, Options{})
	const delay = 30 * time.Millisecond
	s.DelayAnswers(delay)
	begin := time.Now()
	run(t, session, table.Insert(doc{"id": 1}))
	if d := time.Since(begin); d < delay {
		t.Errorf("answered after %v", d)
	}
}

// A primary that fails takes back what was shown and not acknowledged.
func TestFailPrimaryTakesBackWhatItHadShown(t *testing.T) {
	s, session, table := withTable(t, Options{})
	run(t, session, table.Insert(doc{"id": 1, "v": "safe"}))
	l := (&player{server: s, session: session}).open(t, table.Changes())
	s.HoldWrites("d", "t")
	wrote := make(chan error, 1)
	go func() { wrote <- table.Get(1).Update(doc{"v": "lost"}).Exec(connect(t, s, r.ConnectOpts{})) }()
	if got := l.hear(t, 1)[0].(doc)["new_val"].(doc)["v"]; got != "lost" {
		t.Errorf("told %v", got)
	}
	if got := run(t, session, table.Get(1).Field("v")); got[0] != "lost" {
		t.Errorf("an ordinary read sees %v", got)
	}
	major := make(chan error, 1)
	go func() {
		major <- r.DB("d").Table("t", r.TableOpts{ReadMode: "majority"}).Get(1).Exec(connect(t, s, r.ConnectOpts{}))
	}()
	elect := s.FailPrimary("d", "t")
	wantError(t, l.heardError(t), "rethinkdb.RQLOpFailedError rethinkdb: Changefeed aborted (unavailable).")
	wantError(t, <-wrote, "rethinkdb.RQLOpIndeterminateError rethinkdb: Cannot perform write: lost contact with primary replica")
	wantError(t, <-major, fmt.Sprintf(noPrimary, "read"))
	wantError(t, table.Insert(doc{"id": 2}).Exec(session), fmt.Sprintf(noPrimary, "write"))
	wantError(t, table.Changes().Exec(session), fmt.Sprintf(noPrimary, "read"))
	wantError(t, table.Wait(r.WaitOpts{Timeout: 0.01}).Exec(session), "rethinkdb.RQLOpFailedError rethinkdb: Timed out while waiting for tables.")
	if got := run(t, session, table.Status().Field("status").Field("ready_for_writes")); got[0] != false {
		t.Errorf("ready for writes: %v", got)
	}
	elect()
	run(t, session, table.Wait())
	if got := run(t, session, table.Get(1).Field("v")); got[0] != "safe" {
		t.Errorf("afterwards %v", got)
	}
}

func TestHeldWritesAreAcknowledgedWhenReleased(t *testing.T) {
	s, session, table := withTable(t, Options{})
	release := s.HoldWrites("d", "t")
	wrote := make(chan error, 1)
	go func() { wrote <- table.Insert(doc{"id": 1}).Exec(connect(t, s, r.ConnectOpts{})) }()
	for len(rowsOf(s)) == 0 {
		select {
		case err := <-wrote:
			t.Fatalf("acknowledged: %v", err)
		default:
			runtime.Gosched()
		}
	}
	release()
	if err := <-wrote; err != nil {
		t.Error(err)
	}
	run(t, session, table.Insert(doc{"id": 2}))
}

func TestMajorityReadsWaitForWritesToBeSafe(t *testing.T) {
	s, _, _ := withTable(t, Options{})
	release := s.HoldWrites("d", "t")
	w := rawTo(t, s)
	w.send(1, `[1,[56,[`+tableTerm+`,{"id":1}]],{"noreply":true}]`)
	for len(rowsOf(s)) == 0 {
		runtime.Gosched()
	}
	w.send(2, `[1,[16,[[15,[[14,["d"]],"t"],{"read_mode":"majority"}],1]]]`)
	for range 50 {
		w.send(3, `[1,[16,[`+tableTerm+`,1]]]`)
		w.want(3, 1)
	}
	release()
	if res := w.want(2, 1); res.Results[0] == nil {
		t.Error("the row is not there")
	}
}

func TestKillLosesSoftWrites(t *testing.T) {
	s, session, table := withTable(t, Options{})
	run(t, session, table.Insert(doc{"id": 1}))
	run(t, session, table.Insert(doc{"id": 2}, r.InsertOpts{Durability: "soft"}))
	run(t, session, table.Sync())
	run(t, session, table.Insert(doc{"id": 3}, r.InsertOpts{Durability: "soft"}))
	run(t, session, table.Get(1).Delete(r.DeleteOpts{Durability: "soft"}))
	s.Kill()
	s.Start()
	if got := run(t, connect(t, s, r.ConnectOpts{}), table.OrderBy("id").Field("id")); !same(exact, []any{[]any{1.0, 2.0}}, []any{got}) {
		t.Errorf("got %v", got)
	}
}

func TestStopKeepsSoftWrites(t *testing.T) {
	s, session, table := withTable(t, Options{})
	run(t, session, table.Insert(doc{"id": 1}, r.InsertOpts{Durability: "soft"}))
	s.Stop()
	s.Start()
	if got := run(t, connect(t, s, r.ConnectOpts{}), table.Get(1)); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestSkipChangesTellsHowManyWereLost(t *testing.T) {
	s, session, table := withTable(t, Options{})
	release := s.HoldFeeds("d", "t")
	l := (&player{server: s, session: session}).open(t, table.Changes())
	s.SkipChanges("d", "t", 2)
	for i := range 3 {
		run(t, session, table.Insert(doc{"id": i}))
	}
	release()
	got := l.hear(t, 2)
	if text := got[0].(doc)["error"]; text != "Changefeed cache over array size limit, skipped 2 elements." {
		t.Errorf("got %v", text)
	}
	if got[1].(doc)["new_val"].(doc)["id"] != 2.0 {
		t.Errorf("got %v", got[1])
	}
	l.closed(t)
}

func TestSilencedFeedsStayOpen(t *testing.T) {
	s, session, table := withTable(t, Options{})
	p := &player{server: s, session: session}
	l := p.open(t, table.Changes())
	s.SilenceFeeds("d", "t")
	later := p.open(t, table.Changes())
	run(t, session, table.Insert(doc{"id": 1}))
	later.hear(t, 1)
	l.closed(t)
	later.closed(t)
}

func TestShuffledFeedsKeepTheOrderOfARow(t *testing.T) {
	s, session, table := withTable(t, Options{})
	release := s.HoldFeeds("d", "t")
	s.ShuffleFeeds("d", "t", 1)
	l := (&player{server: s, session: session}).open(t, table.Changes())
	const rows, steps = 5, 4
	for n := range steps {
		for id := range rows {
			run(t, session, table.Insert(doc{"id": id, "n": n}, r.InsertOpts{Conflict: "replace"}))
		}
	}
	release()
	last, moved := map[any]float64{}, false
	for i, e := range l.hear(t, rows*steps) {
		row := e.(doc)["new_val"].(doc)
		id, n := row["id"], row["n"].(float64)
		if n != last[id] {
			t.Errorf("element %d: row %v is %v, want %v", i, id, n, last[id])
		}
		last[id] = n + 1
		moved = moved || id != float64(i%rows)
	}
	if !moved {
		t.Error("nothing moved")
	}
	l.closed(t)
}

func TestDelayFeedsTellsLater(t *testing.T) {
	s, session, table := withTable(t, Options{})
	const delay = 30 * time.Millisecond
	s.DelayFeeds("d", "t", delay)
	l := (&player{server: s, session: session}).open(t, table.Changes())
	begin := time.Now()
	run(t, session, table.Insert(doc{"id": 1}))
	l.hear(t, 1)
	if d := time.Since(begin); d < delay {
		t.Errorf("told after %v", d)
	}
}
