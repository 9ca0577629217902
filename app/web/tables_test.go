package web_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/app/query"
	"lyceum/app/web"
	"lyceum/app/wire"
)

var codecs = []wire.Codec{wire.CBOR, wire.JSON}

func rename(id int64, name string) wire.Ask {
	return wire.Ask{ID: id, Query: app.Row{"accounts": app.Row{"id": "ada", "name": name}}, Request: fmt.Sprint("r", id)}
}

func watchName(id int64) wire.Ask {
	return wire.Ask{ID: id, Query: app.Row{"accounts": []any{app.Row{"id": nil, "name": nil}}}, Options: app.Row{"changes": true}}
}

// Demo 1 in short: what one tab sets the other sees, in both forms of messages.
func TestWhatOneTabSetsAnotherSees(t *testing.T) {
	for _, codec := range codecs {
		t.Run(codec.Protocol, func(t *testing.T) {
			w := newWorld(t, "/")
			ada := w.person("ada")
			seeing, setting := ada.tab(codec), ada.tab(codec)
			seeing.send(watchName(7))
			if first, ok := seeing.next().(wire.Answer); !ok || first.ID != 7 || !first.Start || len(first.Rows) != 1 || first.Rows[0]["name"] != "Ada" {
				t.Fatalf("first answer is %+v", first)
			}
			setting.send(rename(1, "Ada L."))
			if a, ok := setting.next().(wire.Answer); !ok || a.ID != 1 {
				t.Fatalf("answer to the set is %+v", a)
			}
			c, ok := seeing.next().(wire.Changes)
			if !ok || c.ID != 7 || len(c.Changes) != 1 || c.Changes[0].NewVal["name"] != "Ada L." {
				t.Fatalf("change is %+v", c)
			}
			seeing.send(wire.Cancel{ID: 7})
			seeing.send(wire.Ping{})
			if m, ok := seeing.next().(wire.Pong); !ok {
				t.Fatalf("after the cancel comes %+v", m)
			}
			setting.send(rename(2, "Ada"))
			setting.next()
			seeing.send(wire.Ping{})
			if m, ok := seeing.next().(wire.Pong); !ok {
				t.Errorf("a cancelled watch goes on with %+v", m)
			}
		})
	}
}

// The page must be able to show the site's name before anybody signs in.
func TestQ9NobodySeesOnlyWhatIsForAnyone(t *testing.T) {
	w := newWorld(t, "/")
	tb := w.nobody().tab(wire.JSON)
	tb.send(wire.Ask{ID: 1, Query: app.Row{"site_settings": app.Row{"id": "site", "name": nil}}})
	if a, ok := tb.next().(wire.Answer); !ok || a.Row["name"] != "Lyceum" {
		t.Errorf("site settings are %+v", a)
	}
	tb.send(wire.Ask{ID: 2, Query: app.Row{"accounts": []any{app.Row{"id": nil}}}})
	if f, ok := tb.next().(wire.Failure); !ok || f.ID != 2 || f.Error.Kind != app.Denied {
		t.Errorf("accounts are %+v", f)
	}
}

func failure(t *testing.T, m wire.Message, kind app.Kind) wire.Failure {
	t.Helper()
	f, ok := m.(wire.Failure)
	if !ok || f.Error.Kind != kind || !strings.HasSuffix(f.Error.Message, ".") {
		t.Fatalf("got %+v, want a failure %s with a sentence", m, kind)
	}
	return f
}

// A message that cannot be read is refused with a sentence; the tab goes on.
func TestMessagesThatCannotBeReadAreRefused(t *testing.T) {
	w := newWorld(t, "/")
	ada := w.person("ada")
	tests := []struct {
		codec wire.Codec
		name  string
		data  string
	}{
		{wire.CBOR, "no CBOR", "\xff\xff\xff"},
		{wire.CBOR, "cut off", "\xa2\x62op"},
		{wire.CBOR, "endless nesting", strings.Repeat("\x81", 100_000)},
		{wire.CBOR, "a list of four billion", "\x9a\xff\xff\xff\xff"},
		{wire.CBOR, "text that is not UTF-8", "\xa1\x62op\x62\xff\xfe"},
		{wire.JSON, "no JSON", "{"},
		{wire.JSON, "text that is not UTF-8", "{\"op\":\"\xff\"}"},
		{wire.JSON, "unknown op", `{"op":"swim"}`},
		{wire.JSON, "unknown field", `{"op":"ping","colour":1}`},
		{wire.JSON, "wrong type", `{"op":"ask","id":"one","query":{}}`},
		{wire.JSON, "a second hello", `{"op":"hello","version":2}`},
	}
	for _, test := range tests {
		t.Run(test.codec.Protocol+" "+test.name, func(t *testing.T) {
			tb := ada.tab(test.codec)
			tb.raw([]byte(test.data))
			if m, ok := tb.next().(wire.Failure); !ok || !strings.HasSuffix(m.Error.Message, ".") {
				t.Fatalf("got %+v, want a failure with a sentence", m)
			}
			tb.send(wire.Ping{})
			if m, ok := tb.next().(wire.Pong); !ok {
				t.Errorf("after it comes %+v", m)
			}
		})
	}
}

// A frame of 100 MB must neither be kept in memory nor end in silence.
func TestAFrameOf100MBIsRefusedWithTheBound(t *testing.T) {
	w := newWorld(t, "/")
	tb := w.person("ada").tab(wire.CBOR)
	sent := make(chan error, 1)
	go func() { sent <- tb.conn.WriteMessage(websocket.BinaryMessage, make([]byte, 100<<20)) }()
	f := failure(t, tb.next(), app.TooLarge)
	if !strings.Contains(f.Error.Message, "4096 KiB") {
		t.Errorf("the sentence does not name the bound: %s", f.Error.Message)
	}
	if code := closed(t, tb.conn); code != websocket.CloseMessageTooBig {
		t.Errorf("closed with %d", code)
	}
	_ = tb.conn.Close()
	<-sent
}

func TestStrangersMayOnlySayLittle(t *testing.T) {
	w := newWorld(t, "/")
	tb := w.nobody().tab(wire.JSON)
	tb.raw(bytes.Repeat([]byte(" "), 65<<10))
	failure(t, tb.next(), app.TooLarge)
	if code := closed(t, tb.conn); code != websocket.CloseMessageTooBig {
		t.Errorf("closed with %d", code)
	}
}

// A page that was loaded before an update has to learn it.
func TestAnotherVersionIsToldToReload(t *testing.T) {
	w := newWorld(t, "/")
	for _, first := range []string{`{"op":"hello","version":1}`, `{"op":"ping"}`} {
		conn, _, err := w.nobody().dial("ws", nil, wire.ProtocolJSON)
		if err != nil {
			t.Fatal(err)
		}
		tb := &tab{t: t, conn: conn, codec: wire.JSON}
		tb.raw([]byte(first))
		if f := failure(t, tb.next(), app.Invalid); !strings.Contains(f.Error.Message, "reload") {
			t.Errorf("sentence is %q", f.Error.Message)
		}
		if code := closed(t, conn); code != wire.CloseVersion {
			t.Errorf("closed with %d", code)
		}
	}
	conn, _, err := w.nobody().dial("ws", nil, "chat")
	if err != nil {
		t.Fatal(err)
	}
	if code := closed(t, conn); code != websocket.CloseProtocolError {
		t.Errorf("another subprotocol is closed with %d", code)
	}
}

// Whoever signs out, or is signed out elsewhere, is out within a second.
func TestW5TheEndOfASessionClosesItsSockets(t *testing.T) {
	w := newWorld(t, "/")
	ada := w.person("ada")
	w.project("p1", map[string]string{"ada": "owner"})
	tb := ada.tab(wire.CBOR)
	shell, _, err := ada.dial("api/projects/p1/terminals/t1/socket", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, data, err := shell.ReadMessage(); err != nil {
		t.Fatalf("%s, %v", data, err)
	}
	other := w.person("ada") // another session of the same account
	stays := other.tab(wire.CBOR)
	at := time.Now()
	if resp, body := ada.post("auth/sign-out", nil); resp.StatusCode != 200 {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	if code := closed(t, tb.conn); code != wire.CloseSignedOut {
		t.Errorf("tables closed with %d", code)
	}
	if code := closed(t, shell); code != wire.CloseSignedOut {
		t.Errorf("terminal closed with %d", code)
	}
	if took := time.Since(at); took > time.Second {
		t.Errorf("took %v", took)
	}
	stays.send(wire.Ping{})
	if m, ok := stays.next().(wire.Pong); !ok {
		t.Errorf("the other session gets %+v", m)
	}
}

func TestQuestionsAndWatchesAreBounded(t *testing.T) {
	block := make(chan struct{})
	w := newWorld(t, "/", func(o *web.Options) { o.Tables = &slowTables{Tables: o.Tables, block: block} })
	tb := w.person("ada").tab(wire.CBOR)
	for i := range int64(wire.MaxAsks) {
		tb.send(wire.Ask{ID: i + 1, Query: app.Row{"slow": app.Row{"id": nil}}})
	}
	tb.send(wire.Ask{ID: 1000, Query: app.Row{"slow": app.Row{"id": nil}}})
	if f := failure(t, tb.next(), app.TooLarge); f.ID != 1000 || !strings.Contains(f.Error.Message, "64") {
		t.Errorf("failure is %+v", f)
	}
	tb.send(wire.Ask{ID: 1, Query: app.Row{"slow": app.Row{"id": nil}}})
	if f := failure(t, tb.next(), app.Invalid); f.ID != 1 {
		t.Errorf("failure is %+v", f)
	}
	for i := range int64(wire.MaxSubscriptions) {
		tb.send(wire.Ask{ID: 2000 + i, Query: app.Row{"slow": []any{app.Row{"id": nil}}}, Options: app.Row{"changes": true}})
	}
	tb.send(wire.Ask{ID: 9000, Query: app.Row{"slow": []any{app.Row{"id": nil}}}, Options: app.Row{"changes": true}})
	if f := failure(t, tb.next(), app.TooLarge); f.ID != 9000 || !strings.Contains(f.Error.Message, "1000") {
		t.Errorf("failure is %+v", f)
	}
	close(block)
	for range wire.MaxAsks {
		tb.next()
	}
}

// Watches last: a connection that would wait for their end before it reads on
// could not even end them.
func TestLongWatchesAreRefusedAndDoNotBlock(t *testing.T) {
	w := newWorld(t, "/", func(o *web.Options) { o.Tables = &slowTables{Tables: o.Tables} })
	tb := w.person("ada").tab(wire.CBOR)
	long := []any{app.Row{"id": strings.Repeat("x", 3<<20)}}
	for i := range int64(3) {
		tb.send(wire.Ask{ID: i + 1, Query: app.Row{"slow": long}, Options: app.Row{"changes": true}})
	}
	if f := failure(t, tb.next(), app.TooLarge); f.ID != 3 || !strings.Contains(f.Error.Message, "8 MiB") {
		t.Errorf("failure is %+v", f)
	}
	tb.send(wire.Cancel{ID: 1})
	tb.send(wire.Ping{})
	if m, ok := tb.next().(wire.Pong); !ok {
		t.Errorf("after a cancel the tab gets %+v", m)
	}
}

// slowTables answers when block is closed, and notes in which order.
type slowTables struct {
	web.Tables
	block chan struct{}

	mu    sync.Mutex
	order []string
	gone  chan string
}

func (s *slowTables) Run(ctx context.Context, q any, _ app.Row, request string) (query.Answer, error) {
	select {
	case <-s.block:
	case <-ctx.Done():
		return query.Answer{}, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order = append(s.order, request)
	return query.Answer{Row: app.Row{"id": "x"}}, nil
}

func (s *slowTables) Subscribe(ctx context.Context, _ any, _ app.Row, _ func()) (query.Watch, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (s *slowTables) Disconnected(_ context.Context, id string) {
	if s.gone != nil {
		s.gone <- id
	}
}

// The numbers of an outbox rise: a later one that overtakes would be taken for a
// gap.
func TestSetsOfOneTableRunAndAreAnsweredInTheirOrder(t *testing.T) {
	slow := &slowTables{block: make(chan struct{})}
	w := newWorld(t, "/", func(o *web.Options) { o.Tables = slow })
	tb := w.person("ada").tab(wire.JSON)
	var want []string
	for i := range int64(50) {
		m := wire.Ask{ID: i + 1, Query: app.Row{"patches": app.Row{"n": i}}, Request: fmt.Sprint(i)}
		want = append(want, m.Request)
		tb.send(m)
	}
	close(slow.block)
	for i := range want { // a page takes an answer for those before it too
		if a, ok := tb.next().(wire.Answer); !ok || a.ID != int64(i)+1 {
			t.Errorf("answer %d is %+v", i+1, a)
		}
	}
	if got := fmt.Sprint(slow.order); got != fmt.Sprint(want) {
		t.Errorf("ran in the order %s", got)
	}
}

// A client that numbers all its questions must not lock itself out of a table by
// watching it.
func TestNoSetWaitsForAWatchThatNamesARequest(t *testing.T) {
	tb := newWorld(t, "/").person("ada").tab(wire.JSON)
	watch := watchName(1)
	watch.Request = "w"
	tb.send(watch)
	if _, ok := tb.next().(wire.Answer); !ok {
		t.Fatal("the watch was not answered")
	}
	tb.send(rename(2, "Ada Lovelace"))
	for range 2 { // the change and the answer, in whatever order
		tb.next()
	}
}

// What a tab has shown of itself (its caret) must go with it. (W4, L9)
func TestL9ATabThatIsGoneLeavesNothingBehind(t *testing.T) {
	slow := &slowTables{block: make(chan struct{}), gone: make(chan string, 1)}
	w := newWorld(t, "/", func(o *web.Options) { o.Tables = slow })
	tb := w.person("ada").tab(wire.JSON)
	tb.send(wire.Ask{ID: 1, Query: app.Row{"slow": app.Row{}}})
	tb.send(watchName(2))
	tb.send(wire.Ping{})
	tb.next()
	if err := tb.conn.NetConn().Close(); err != nil { // without a word
		t.Fatal(err)
	}
	select {
	case id := <-slow.gone:
		if id == "" {
			t.Error("without its id")
		}
	case <-time.After(patience):
		t.Error("nobody was told")
	}
}

// A browser that stops reading must cost nothing but what is on the way to it:
// it delays nobody, and when it reads again it is told what is true then.
func TestL7ASlowBrowserMakesNothingGrow(t *testing.T) {
	w := newWorld(t, "/")
	slow, fast := w.person("ada").tab(wire.CBOR), w.person("ada").tab(wire.CBOR)
	w.project("p1", map[string]string{"ada": "owner"})
	row, err := w.store.Get(t.Context(), "projects", "p1")
	if err != nil {
		t.Fatal(err)
	}
	for _, tb := range []*tab{slow, fast} {
		tb.send(wire.Ask{ID: 1, Query: app.Row{"projects": []any{app.Row{"id": "p1", "description": nil}}}, Options: app.Row{"changes": true}})
	}
	const n, size = 8000, 16 << 10 // more than the log, and more than kernels keep for a socket
	for i := range n {
		next := maps.Clone(row.Row)
		next["description"] = fmt.Sprintf("%06d%s", i, strings.Repeat("x", size))
		w.put("projects", "p1", next)
	}
	last := fmt.Sprintf("%06d", n-1)
	for tb, most := range map[*tab]int{fast: n + 2, slow: n / 2} {
		messages := 0
		for told := ""; told[:min(6, len(told))] != last; messages++ {
			switch m := tb.next().(type) {
			case wire.Answer:
				told, _ = m.Rows[0]["description"].(string)
			case wire.Changes:
				told, _ = m.Changes[len(m.Changes)-1].NewVal["description"].(string)
			}
		}
		if messages > most {
			t.Errorf("a browser got %d messages, at most %d were to be kept for it", messages, most)
		}
	}
}

// A page that has given up a watch forgets what it was for; what came later could
// be taken for another one's.
func TestNothingOfAWatchComesAfterItsCancelIsAnswered(t *testing.T) {
	w := newWorld(t, "/", func(o *web.Options) { o.Tables = &floodTables{sent: make(chan int)} })
	tb := w.person("ada").tab(wire.CBOR)
	for i := range int64(100) {
		tb.send(watchName(i + 1))
		tb.next()
		tb.send(wire.Cancel{ID: i + 1})
		tb.send(wire.Ping{})
		for over := false; !over; _, over = tb.next().(wire.Pong) {
		}
		tb.send(wire.Ping{})
		m := tb.next()
		if _, ok := m.(wire.Pong); !ok {
			t.Fatalf("after the cancel comes %T", m)
		}
	}
}

// floodTables has something to tell whenever it is asked.
type floodTables struct {
	slowTables
	sent chan int // how many messages were taken, when a watch ends

	stuckMu sync.Mutex
	taken   int
	last    time.Time
}

func (f *floodTables) Subscribe(_ context.Context, _ any, _ app.Row, _ func()) (query.Watch, error) {
	return f, nil
}

func (f *floodTables) Next(context.Context) (query.Message, bool, error) {
	f.stuckMu.Lock()
	defer f.stuckMu.Unlock()
	f.last = time.Now()
	f.taken++
	still := func() bool { return true }
	return query.Message{Answer: &query.Answer{List: true, Rows: []app.Row{{"b": make([]byte, 64<<10)}}}, Still: still}, true, nil
}

func (f *floodTables) Sent() {}

func (f *floodTables) Close() {
	f.stuckMu.Lock()
	defer f.stuckMu.Unlock()
	select {
	case f.sent <- f.taken:
	default: // nobody counts
	}
}

// wait returns when nothing has been taken for a while.
func (f *floodTables) wait(t *testing.T) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		f.stuckMu.Lock()
		still := !f.last.IsZero() && time.Since(f.last) > 300*time.Millisecond
		f.stuckMu.Unlock()
		if still {
			return
		}
		if t.Context().Err() != nil {
			t.Fatal("never stuck")
		}
	}
}

// A removal that comes between the reading and the sending of an answer must
// keep the answer back; the question is asked again.
func TestW5AnAnswerIsAskedAgainWhenTheRoleIsLostMeanwhile(t *testing.T) {
	moving := &movingTables{}
	w := newWorld(t, "/", func(o *web.Options) { o.Tables = moving })
	moving.remove = func() { w.project("p1", map[string]string{"ada": "owner"}) }
	bob := w.person("bob")
	w.project("p1", map[string]string{"ada": "owner", "bob": "viewer"})
	tb := bob.tab(wire.JSON)
	tb.send(wire.Ask{ID: 1, Query: app.Row{"projects": app.Row{"title": nil}}})
	if a, ok := tb.next().(wire.Answer); !ok || a.Row["title"] != "after" {
		t.Errorf("got %+v", a)
	}
	tb.send(wire.Ask{ID: 2, Query: app.Row{"projects": app.Row{"title": "x"}}, Request: "r"})
	if a, ok := tb.next().(wire.Answer); !ok || a.ID != 2 || moving.sets != 1 {
		t.Errorf("got %+v after %d sets", a, moving.sets)
	}
}

// movingTables loses the caller's role while it answers.
type movingTables struct {
	slowTables
	remove     func()
	gets, sets int
}

func (m *movingTables) Run(_ context.Context, _ any, _ app.Row, request string) (query.Answer, error) {
	if request != "" {
		m.sets++
		m.remove()
		return query.Answer{Row: app.Row{"id": "p1"}, Wrote: true}, nil
	}
	m.gets++
	if m.gets > 1 {
		return query.Answer{Row: app.Row{"title": "after"}}, nil
	}
	m.remove()
	return query.Answer{Row: app.Row{"title": "secret"}}, nil
}
