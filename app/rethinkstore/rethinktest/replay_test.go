package rethinktest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"
)

// A record is one query and its exact answer, recorded on RethinkDB 2.4.
type record struct {
	N          int
	Query      string // in words
	ReQL       string // as the driver prints it
	CursorType string `json:"cursor_type"`
	Result     []any
	Error      *recordedError
	Feed       *struct {
		OnOpen []any `json:"on_open"`
		Steps  []recordedStep
		End    string
		Error  *recordedError
	}
}

type recordedError struct {
	GoType string `json:"go_type"`
	Text   string
}

type recordedStep struct {
	Do       string
	ReQL     string
	Result   any   `json:"write_result"`
	Messages []any `json:"feed_messages"`
}

// A replay asks this server what was asked for a record.
type replay struct {
	n     int
	setup []r.Term // first, when the records before have left another state
	query r.Term
	opts  r.RunOpts
	steps []r.Term // of a feed
	how   comparison
	check func(t *testing.T, p *player) // instead, when the record is more than a query
}

// A comparison says what of an answer is promised.
type comparison int

const (
	exact   comparison = iota
	anyhow             // elements come in any order
	folded             // a feed may merge the steps of a row, or not: the clock decides
	outcome            // what a feed's elements add up to; single ones depend on the order of writes
)

// A player is where records are replayed: one after the other, on one server.
type player struct {
	server  *Server
	session *r.Session
	records map[int]record
}

func records(t *testing.T) map[int]record {
	t.Helper()
	file, err := os.Open("testdata/records.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all := map[int]record{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var rec record
		if err := json.Unmarshal(lines.Bytes(), &rec); err != nil {
			t.Fatal(err)
		}
		all[rec.N] = rec
	}
	return all
}

// Every record is replayed, or stands in notReplayed with a reason.
func TestRecordsOfTheRealServer(t *testing.T) {
	p := &player{server: Start(t, Options{}), records: records(t)}
	p.session = connect(t, p.server, r.ConnectOpts{})
	done := map[int]bool{}
	for _, group := range [][]replay{adminReplays, insertReplays, updateReplays, readReplays, errorReplays, tableFeedReplays,
		pointFeedReplays, rangeFeedReplays, limitFeedReplays, refusedFeedReplays, lifeReplays, squashReplays} {
		for _, rp := range group {
			done[rp.n] = true
			t.Run(fmt.Sprintf("%d %s", rp.n, p.records[rp.n].Query), func(t *testing.T) { p.replay(t, rp) })
		}
	}
	for n := range p.records {
		if _, excused := notReplayed[n]; done[n] == excused {
			t.Errorf("record %d (%s): replayed is %v, excused %v", n, p.records[n].Query, done[n], excused)
		}
	}
}

// notReplayed are the records about terms that nobody uses.
var notReplayed = map[int]string{
	145: "eqJoin: nobody joins",
}

func (p *player) replay(t *testing.T, rp replay) {
	for _, q := range rp.setup {
		run(t, p.session, q)
	}
	if rp.check != nil {
		rp.check(t, p)
		return
	}
	rec := p.records[rp.n]
	sameQuery(t, rec.ReQL, rp.query)
	cursor, err := rp.query.Run(p.session, rp.opts)
	if rec.Error != nil {
		sameError(t, *rec.Error, err)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if cursor.Type() != rec.CursorType {
		t.Errorf("cursor is a %s, want %s", cursor.Type(), rec.CursorType)
	}
	if rec.Feed != nil {
		p.replayFeed(t, rp, rec, cursor)
		return
	}
	if got := responses(t, cursor); !same(rp.how, rec.Result, got) {
		t.Errorf("got  %v\nwant %v", got, rec.Result)
	}
}

// responses reads a cursor without the driver's conversions.
func responses(t *testing.T, cursor *r.Cursor) []any {
	t.Helper()
	var all []any
	for {
		raw, ok := cursor.NextResponse()
		if !ok {
			break
		}
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if err := cursor.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// silence is how long a feed that has to be silent is listened to: the real time
// of one that would not be is far below.
const silence = 20 * time.Millisecond

// A listener collects what a feed tells.
type listener struct {
	server *Server
	cursor *r.Cursor
	heard  chan any
	err    error // once heard is closed
}

func listen(s *Server, cursor *r.Cursor) *listener {
	l := &listener{server: s, cursor: cursor, heard: make(chan any)}
	go func() {
		defer close(l.heard)
		for {
			raw, ok := cursor.NextResponse()
			if !ok {
				l.err = cursor.Err()
				return
			}
			var v any
			if err := json.Unmarshal(raw, &v); err != nil {
				panic(err)
			}
			l.heard <- v
		}
	}()
	return l
}

// awaitReaders waits until the client of each feed waits for the next element: to
// close a cursor that is just about to ask for it is a race in the driver.
func (s *Server) awaitReaders() {
	for !s.allRead() {
		runtime.Gosched()
	}
}

func (s *Server) allRead() bool {
	for _, t := range append(s.data.all(), slices.Collect(maps.Values(s.data.system.tables))...) {
		t.mu.Lock()
		defer t.mu.Unlock()
		for f := range t.feeds {
			if !f.idle {
				return false
			}
		}
	}
	return true
}

// hear is the next n elements, fewer when the feed ends.
func (l *listener) hear(t *testing.T, n int) []any {
	t.Helper()
	all := []any{}
	for len(all) < n {
		select {
		case v, open := <-l.heard:
			if !open {
				t.Fatalf("the feed ended after %v: %v", all, l.err)
			}
			all = append(all, v)
		case <-time.After(10 * time.Second):
			t.Fatalf("the feed told %v, want %d elements", all, n)
		}
	}
	return all
}

// rest is what comes until nothing comes.
func (l *listener) rest() []any {
	all := []any{}
	for {
		select {
		case v, open := <-l.heard:
			if !open {
				return all
			}
			all = append(all, v)
		case <-time.After(silence):
			return all
		}
	}
}

func (p *player) replayFeed(t *testing.T, rp replay, rec record, cursor *r.Cursor) {
	l := listen(p.server, cursor)
	if got := l.hear(t, len(rec.Feed.OnOpen)); !same(anyhow, rec.Feed.OnOpen, got) {
		t.Errorf("opened with %v\nwant %v", got, rec.Feed.OnOpen)
	}
	if len(rp.steps) != len(rec.Feed.Steps) {
		t.Fatalf("%d steps, want %d", len(rp.steps), len(rec.Feed.Steps))
	}
	var wanted, all []any
	for i, step := range rec.Feed.Steps {
		sameQuery(t, step.ReQL, rp.steps[i])
		wrote := run(t, p.session, rp.steps[i])
		if got := plain(t, wrote); !same(exact, listOf(step.Result), got) {
			t.Errorf("%s: wrote %v, want %v", step.Do, got, step.Result)
		}
		wanted = append(wanted, step.Messages...)
		if rp.how == folded || rp.how == outcome {
			all = append(all, l.rest()...)
			continue
		}
		got := l.hear(t, len(step.Messages))
		all = append(all, got...)
		if len(got) > 1 && !same(rp.how, step.Messages, got) {
			t.Errorf("%s: told %v\nwant %v", step.Do, got, step.Messages)
		}
	}
	how := rp.how
	if how == exact {
		how = anyhow // between steps; in one it was compared
	}
	if !same(how, wanted, all) {
		t.Errorf("told %v\nwant %v", all, wanted)
	}
	l.ends(t, rec.Feed.End, rec.Feed.Error)
}

// ends checks how a feed ends: by itself with an error, or when it is closed.
func (l *listener) ends(t *testing.T, end string, wanted *recordedError) {
	t.Helper()
	if wanted == nil {
		if !strings.HasPrefix(end, "still open; client Close() returned <nil>") {
			t.Fatalf("unknown end %q", end)
		}
		if more := l.rest(); len(more) > 0 {
			t.Errorf("also told %v", more)
		}
		l.server.awaitReaders()
		if err := l.cursor.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	for more := range l.heard {
		t.Errorf("told %v at the end", more)
	}
	if wanted == nil && l.err != nil {
		t.Errorf("closed feed has the error %v", l.err)
	}
	if wanted != nil {
		sameError(t, *wanted, l.err)
	}
}

// heardError is a listener's error when the feed has ended.
func (l *listener) heardError(t *testing.T) error {
	t.Helper()
	select {
	case v, open := <-l.heard:
		if open {
			t.Fatalf("the feed told %v instead of ending", v)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the feed does not end")
	}
	if l.err == nil {
		return errors.New("no error")
	}
	return l.err
}
