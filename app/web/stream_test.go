package web_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/app/web"
	"lyceum/app/wire"
)

// streamTab is a page's connection to the tables where WebSockets are blocked.
type streamTab struct {
	p         *person
	id        string // of the connection
	body      io.ReadCloser
	r         *bufio.Reader
	said, got wire.Numbers
}

// framed puts a length before each frame.
func framed(frames ...[]byte) []byte {
	var b []byte
	for _, frame := range frames {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(frame))), frame...)
	}
	return b
}

func (p *person) postFrames(ctx context.Context, path string, frames ...[]byte) *http.Response {
	p.w.t.Helper()
	r := p.request(http.MethodPost, path, bytes.NewReader(framed(frames...))).WithContext(ctx)
	r.Header.Set("Content-Type", wire.StreamType)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		p.w.t.Fatal(err)
	}
	p.w.t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

func encoded(t *testing.T, m wire.Message) []byte {
	t.Helper()
	data, err := wire.CBOR.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// stream connects and says hello.
func (p *person) stream() *streamTab {
	p.w.t.Helper()
	tb := &streamTab{p: p}
	ctx, cancel := context.WithTimeout(p.w.t.Context(), patience)
	p.w.t.Cleanup(cancel)
	resp := p.postFrames(ctx, "api/tables", tb.said.Frame(encoded(p.w.t, wire.ClientHello{Version: wire.Version})))
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != wire.StreamType || resp.Header.Get("X-Accel-Buffering") != "no" {
		p.w.t.Fatalf("stream is answered with %d %v", resp.StatusCode, resp.Header)
	}
	tb.body, tb.r = resp.Body, bufio.NewReader(resp.Body)
	hello, ok := tb.next().(wire.ServerHello)
	if !ok || hello.AccountID != p.id || hello.ConnectionID == "" {
		p.w.t.Fatalf("hello is %+v", hello)
	}
	tb.id = hello.ConnectionID
	return tb
}

// send posts messages and returns the status of the answer.
func (tb *streamTab) send(messages ...wire.Message) int {
	tb.p.w.t.Helper()
	var frames [][]byte
	for _, m := range messages {
		frames = append(frames, tb.said.Frame(encoded(tb.p.w.t, m)))
	}
	return tb.p.postFrames(tb.p.w.t.Context(), "api/tables/"+tb.id, frames...).StatusCode
}

// frame returns the next frame; nil is a sign of life.
func (tb *streamTab) frame() []byte {
	tb.p.w.t.Helper()
	var size [4]byte
	if _, err := io.ReadFull(tb.r, size[:]); err != nil {
		tb.p.w.t.Fatalf("the stream breaks off: %v", err)
	}
	n := binary.BigEndian.Uint32(size[:])
	if n == 0 {
		return nil
	}
	frame := make([]byte, n)
	if _, err := io.ReadFull(tb.r, frame); err != nil {
		tb.p.w.t.Fatalf("the stream breaks off: %v", err)
	}
	return frame
}

func (tb *streamTab) next() wire.Message {
	tb.p.w.t.Helper()
	frame := tb.frame()
	for ; frame == nil; frame = tb.frame() {
	}
	data, err := tb.got.Take(frame)
	if err != nil {
		tb.p.w.t.Fatalf("%v: %x", err, frame)
	}
	m, err := wire.CBOR.DecodeServer(data)
	if err != nil {
		tb.p.w.t.Fatal(err)
	}
	return m
}

// closed reads until the last words and returns their code.
func (tb *streamTab) closed() int {
	tb.p.w.t.Helper()
	for {
		frame := tb.frame()
		if len(frame) >= 6 && binary.BigEndian.Uint32(frame) == 0 {
			return int(binary.BigEndian.Uint16(frame[4:]))
		}
	}
}

// Where a proxy lets no WebSocket through, the same page has to work.
func TestWhatIsSetOverAStreamIsSeenOverAnother(t *testing.T) {
	w := newWorld(t, "/lyceum/")
	ada := w.person("ada")
	seeing, setting := ada.stream(), ada.stream()
	seeing.send(watchName(7))
	if first, ok := seeing.next().(wire.Answer); !ok || first.ID != 7 || !first.Start || first.Rows[0]["name"] != "Ada" {
		t.Fatalf("first answer is %+v", first)
	}
	// Messages of one request are taken in their order, as those of several are.
	if status := setting.send(rename(1, "Ada L."), rename(2, "Ada B."), wire.Ping{}); status != http.StatusNoContent {
		t.Fatalf("status %d", status)
	}
	for name := ""; name != "Ada B."; {
		c, ok := seeing.next().(wire.Changes)
		if !ok || c.ID != 7 {
			t.Fatalf("change is %+v", c)
		}
		name, _ = c.Changes[len(c.Changes)-1].NewVal["name"].(string)
	}
	for range 3 {
		if _, failed := setting.next().(wire.Failure); failed {
			t.Error("refused")
		}
	}
	seeing.send(wire.Cancel{ID: 7}, wire.Ping{})
	if m, ok := seeing.next().(wire.Pong); !ok {
		t.Errorf("after the cancel comes %+v", m)
	}
}

// The id of a connection is in the rows of its cursors: others know it.
func TestNobodyElseSpeaksOnAStream(t *testing.T) {
	w := newWorld(t, "/")
	ada := w.person("ada")
	tb := ada.stream()
	ping := encoded(t, wire.Ping{})
	for name, other := range map[string]*person{
		"another account": w.person("bob"), "another sign-in of the account": w.person("ada"), "nobody": w.nobody(),
	} {
		next := tb.said
		if resp := other.postFrames(t.Context(), "api/tables/"+tb.id, next.Frame(ping)); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s posts to it with %d", name, resp.StatusCode)
		}
	}
	tb.send(wire.Ping{})
	if m, ok := tb.next().(wire.Pong); !ok {
		t.Errorf("the owner gets %+v", m)
	}
}

func TestW5TheEndOfASessionEndsItsStreams(t *testing.T) {
	w := newWorld(t, "/")
	ada := w.person("ada")
	tb := ada.stream()
	at := time.Now()
	if resp, body := ada.post("auth/sign-out", nil); resp.StatusCode != 200 {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	if code := tb.closed(); code != wire.CloseSignedOut {
		t.Errorf("closed with %d", code)
	}
	if took := time.Since(at); took > time.Second {
		t.Errorf("took %v", took)
	}
	if _, err := tb.r.ReadByte(); err != io.EOF {
		t.Errorf("after the last words comes %v", err)
	}
}

// A proxy that loses a message must not make a set overtake another, nor leave
// a page waiting for ever: nothing after the gap is looked at.
func TestW3NothingIsDoneAfterAMessageThatWasLost(t *testing.T) {
	for _, lost := range []string{"one message", "one message twice"} {
		t.Run(lost, func(t *testing.T) {
			w := newWorld(t, "/")
			ada := w.person("ada")
			socket, stream := ada.tab(wire.CBOR), ada.stream()
			if lost == "one message" {
				socket.said++
				stream.said++
			} else {
				socket.said--
				stream.said--
			}
			socket.send(rename(1, "Lost"))
			stream.send(rename(1, "Lost"))
			if code := closed(t, socket.conn); code != wire.CloseLost {
				t.Errorf("socket closed with %d", code)
			}
			if code := stream.closed(); code != wire.CloseLost {
				t.Errorf("stream closed with %d", code)
			}
			rec, err := w.store.Get(t.Context(), "accounts", "ada")
			if err != nil || rec.Row["name"] != "Ada" {
				t.Errorf("the account is %v, %v", rec.Row, err)
			}
		})
	}
}

func TestStreamsAreBoundedAsSocketsAre(t *testing.T) {
	w := newWorld(t, "/")
	ada := w.person("ada")
	hello := func() []byte { return new(wire.Numbers).Frame(encoded(t, wire.ClientHello{Version: wire.Version})) }
	for name, test := range map[string]struct {
		frames [][]byte
		status int
	}{
		"no hello":             {nil, 422},
		"a frame of no number": {[][]byte{{1, 2}}, 422},
		"more than a hello":    {[][]byte{hello(), hello()}, 422},
		"a hello of 65 KiB":    {[][]byte{make([]byte, 65<<10)}, 413},
	} {
		if resp := ada.postFrames(t.Context(), "api/tables", test.frames...); resp.StatusCode != test.status {
			t.Errorf("%s is answered with %d", name, resp.StatusCode)
		}
	}
	tb := ada.stream()
	if resp := ada.postFrames(t.Context(), "api/tables/"+tb.id, make([]byte, wire.MaxMessage+100)); resp.StatusCode != 413 {
		t.Errorf("a message over the bound is answered with %d", resp.StatusCode)
	}
	failure(t, tb.next(), app.TooLarge)
	if code := tb.closed(); code != websocket.CloseMessageTooBig {
		t.Errorf("closed with %d", code)
	}
	if status := tb.send(wire.Ping{}); status != http.StatusNotFound {
		t.Errorf("after its end a stream takes messages with %d", status)
	}
	r := ada.request(http.MethodPost, "api/tables", strings.NewReader("{}"))
	r.Header.Set("Content-Type", "text/plain") // which a form of another site may send
	if resp, body := ada.do(r); resp.StatusCode != 422 || !strings.Contains(body, wire.StreamType) {
		t.Errorf("another content type: %d %s", resp.StatusCode, body)
	}
}

// A page of another version has to learn it here too.
func TestAStreamOfAnotherVersionIsToldToReload(t *testing.T) {
	p := newWorld(t, "/").nobody()
	tb := &streamTab{p: p}
	resp := p.postFrames(t.Context(), "api/tables", tb.said.Frame(encoded(t, wire.ClientHello{Version: 1})))
	tb.r = bufio.NewReader(resp.Body)
	failure(t, tb.next(), app.Invalid)
	if code := tb.closed(); code != wire.CloseVersion {
		t.Errorf("closed with %d", code)
	}
}

// Two requests at once would arrive in any order.
func TestOneRequestAtATimePosts(t *testing.T) {
	block := make(chan struct{})
	w := newWorld(t, "/", func(o *web.Options) { o.Tables = &slowTables{Tables: o.Tables, block: block} })
	ada := w.person("ada")
	tb := ada.stream()
	big := strings.Repeat("x", 3<<20) // three of them are over what may be under way
	ask := func(id int64) []byte {
		return tb.said.Frame(encoded(t, wire.Ask{ID: id, Query: app.Row{"slow": app.Row{"id": big}}}))
	}
	for id := range int64(2) {
		ada.postFrames(t.Context(), "api/tables/"+tb.id, ask(id+1))
	}
	third := ask(3)
	taken := make(chan int, 1)
	ping := tb.said.Frame(encoded(t, wire.Ping{}))
	go func() {
		status := http.StatusConflict
		for status == http.StatusConflict { // with one of those below
			status = ada.postFrames(t.Context(), "api/tables/"+tb.id, third, ping).StatusCode
		}
		taken <- status
	}()
	for status := 0; status != http.StatusConflict; { // until the third is there
		resp := ada.postFrames(t.Context(), "api/tables/"+tb.id)
		if status = resp.StatusCode; status != http.StatusConflict && status != http.StatusNoContent {
			t.Fatalf("a second request is answered with %d", status)
		}
	}
	close(block)
	if status := <-taken; status != http.StatusNoContent {
		t.Errorf("the third is answered with %d", status)
	}
}

// A proxy closes what is silent; a browser that is silent is gone.
func TestAStreamShowsThatTheServerIsThereAndEndsWithoutTheBrowser(t *testing.T) {
	slow := &slowTables{gone: make(chan string, 1)}
	w := newWorld(t, "/", func(o *web.Options) { o.Tables, o.PingEvery = slow, 50*time.Millisecond })
	tb := w.person("ada").stream()
	if frame := tb.frame(); frame != nil {
		t.Errorf("without a word of the server comes %x", frame)
	}
	if code := tb.closed(); code != websocket.CloseGoingAway { // this browser never says anything
		t.Errorf("closed with %d", code)
	}
	if id := <-slow.gone; id != tb.id {
		t.Errorf("the rows of %q were removed", id)
	}
}

func TestL9AStreamThatIsGoneLeavesNothingBehind(t *testing.T) {
	slow := &slowTables{gone: make(chan string, 1)}
	w := newWorld(t, "/", func(o *web.Options) { o.Tables = slow })
	tb := w.person("ada").stream()
	tb.send(watchName(2))
	if err := tb.body.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case id := <-slow.gone:
		if id != tb.id {
			t.Errorf("the rows of %q were removed", id)
		}
	case <-time.After(patience):
		t.Error("nobody was told")
	}
}

// As for a WebSocket: the engine waits in its send, and learns of the end.
func TestL7ASlowReaderOfAStreamMakesNothingGrow(t *testing.T) {
	flood := &floodTables{sent: make(chan int, 1)}
	w := newWorld(t, "/", func(o *web.Options) { o.Tables = flood })
	tb := w.person("ada").stream()
	tb.send(watchName(1)) // and never reads again
	flood.wait(t)
	if err := tb.body.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case n := <-flood.sent:
		if n > 1000 {
			t.Errorf("%d messages of 64 KiB were taken for a browser that reads nothing", n)
		}
	case <-time.After(patience):
		t.Error("the watch was not told of the end")
	}
}

// The last words wait for nobody: a browser that reads nothing must not keep what
// it watches alive.
func TestW5ASlowReaderOfAStreamIsCutOffWithItsSession(t *testing.T) {
	flood := &floodTables{sent: make(chan int, 1)}
	flood.gone = make(chan string, 1)
	w := newWorld(t, "/", func(o *web.Options) { o.Tables = flood })
	ada := w.person("ada")
	tb := ada.stream()
	tb.send(watchName(1)) // and never reads again
	flood.wait(t)
	if resp, body := ada.post("auth/sign-out", nil); resp.StatusCode != 200 {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	select {
	case <-flood.gone:
	case <-time.After(time.Second):
		t.Error("a second after the sign-out it is still open")
	}
}
