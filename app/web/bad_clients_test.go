package web_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/app/wire"
)

// Clients that behave badly, by mistake or to do harm, at the real server. What
// counts is the same in each: the others go on, and nothing grows.

// A laptop is shut while a terminal's list changes all the time. The others hear
// every change, the server keeps what its log holds and no more; and when the
// laptop is opened it has what is there.
func TestL7AClientThatReadsNothingDelaysNobodyOnTheWire(t *testing.T) {
	w := school(t)
	shut, reads := w.as("vera", wire.CBOR), w.as("ed", wire.CBOR)
	for _, c := range []*talk{shut, reads} {
		c.watch(titles, nil).hears("start")
	}
	_, before := w.settled(0)
	const (
		changes = 300
		size    = 160 << 10 // 47 MiB in all; the log holds 32
	)
	large := strings.Repeat("x", size)
	tab := &folded{watching: watching{reads, 1}, rows: map[string]app.Row{}}
	for i := range changes {
		id := fmt.Sprint("t", i%4)
		w.terminal(id, "p1", fmt.Sprint(large, i))
		for tab.rows[id]["title"] != fmt.Sprint(large, i) { // each at once, whatever the other does
			tab.take()
		}
	}
	if _, after := w.settled(0); after-before > 48<<20 {
		t.Errorf("a client that reads nothing makes the server keep %d MiB", (after-before)>>20)
	}
	late := &folded{watching: watching{shut, 1}, rows: map[string]app.Row{}}
	for late.rows["t3"]["title"] != fmt.Sprint(large, changes-1) {
		late.take()
	}
	for id, row := range tab.rows {
		if late.rows[id]["title"] != row["title"] {
			t.Errorf("%s of the shut laptop is another", id)
		}
	}
}

// A script asks and asks, and looks at the answers later.
func TestAClientThatAsksFasterThanItReadsIsAnsweredAndBounded(t *testing.T) {
	w := school(t)
	for i := range 100 {
		w.terminal(fmt.Sprintf("t%02d", i), "p1", strings.Repeat("x", 300))
	}
	hasty, other := w.as("ed", wire.JSON), w.as("vera", wire.JSON)
	_, before := w.settled(0)
	const asks = 800
	var group sync.WaitGroup
	group.Go(func() {
		for i := range int64(asks) {
			data, err := wire.JSON.Encode(wire.Ask{ID: i + 1, Query: titles})
			if err == nil {
				err = hasty.conn.WriteMessage(websocket.TextMessage, data)
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 20 {
		other.wants(one("projects", app.Row{"id": "p1", "title": nil}), nil, "{id:p1 title:Graphs}")
	}
	if _, after := w.settled(0); after-before > 16<<20 { // far more than 64 answers of 35 KiB
		t.Errorf("the server keeps %d MiB", (after-before)>>20)
	}
	answers, refusals := map[int64]bool{}, 0
	for range asks {
		switch m := hasty.next().(type) {
		case wire.Answer:
			answers[m.ID] = true
		case wire.Failure:
			if m.Error.Kind != app.TooLarge || !strings.Contains(m.Error.Message, fmt.Sprint(wire.MaxAsks)) {
				t.Fatalf("refused with %+v", m)
			}
			refusals++
		}
	}
	group.Wait()
	if len(answers)+refusals != asks || len(answers) < wire.MaxAsks {
		t.Errorf("%d answers and %d refusals of %d questions", len(answers), refusals, asks)
	}
	if got := hasty.says(one("projects", app.Row{"id": "p1", "title": nil}), nil); got != "{id:p1 title:Graphs}" {
		t.Errorf("afterwards it says %s", got)
	}
}

// A page with a mistake subscribes again and again.
func TestTwoThousandSubscriptionsAreRefusedWithTheBound(t *testing.T) {
	w := school(t)
	w.terminal("t1", "p1", "a")
	ed := w.as("ed", wire.CBOR)
	const most = wire.MaxSubscriptions
	var tabs []watching
	for range 2 * most {
		tabs = append(tabs, ed.watch(titles, nil))
	}
	for i, tab := range tabs {
		want := "start {id:t1 title:a}"
		if i >= most {
			want = fmt.Sprintf("too_large: One connection may watch %d things, no more. Please close some tabs of the page.", most)
		}
		tab.hears(want)
	}
	w.terminal("t1", "p1", "b")
	for _, tab := range tabs[:most] {
		tab.hears("update {id:t1 title:b} of {id:t1}")
	}
	ed.send(wire.Cancel{ID: tabs[0].id})
	ed.watch(titles, nil).hears("start {id:t1 title:b}")
}

// Ids are a client's to choose; one that is taken is refused and disturbs nothing.
func TestAnIdThatIsInUseIsRefused(t *testing.T) {
	inBoth(t, func(t *testing.T, codec wire.Codec) {
		w := school(t)
		w.terminal("t1", "p1", "a")
		ed := w.as("ed", codec)
		tab := ed.watch(titles, nil)
		tab.hears("start {id:t1 title:a}")
		const refused = "invalid: The id 1 is in use by a question that is not over."
		for _, options := range []app.Row{nil, {"changes": true}} {
			ed.send(wire.Ask{ID: tab.id, Query: titles, Options: options})
			tab.hears(refused)
		}
		w.terminal("t1", "p1", "b")
		tab.hears("update {id:t1 title:b} of {id:t1}")
		// What is not there can be cancelled: the answer to it was on its way.
		for _, id := range []int64{0, -1, 77, tab.id, tab.id} {
			ed.send(wire.Cancel{ID: id})
		}
		ed.send(wire.Ask{ID: tab.id, Query: titles, Options: app.Row{"changes": true}})
		tab.hears("start {id:t1 title:b}")
	})
}

// A connection that breaks off within a frame, or says half a message and no more.
func TestHalfAFrameLeavesNothing(t *testing.T) {
	w := school(t)
	broken := func(send func(c *talk)) {
		conn, _, err := w.people["ed"].connect("ws", nil, wire.ProtocolJSON)
		if err != nil {
			t.Fatal(err)
		}
		c := talking(w.people["ed"].greet(conn, wire.JSON))
		send(c)
		if err := conn.NetConn().Close(); err != nil {
			t.Fatal(err)
		}
	}
	write := func(c *talk, data []byte) {
		if _, err := c.conn.NetConn().Write(data); err != nil {
			t.Fatal(err)
		}
	}
	header := binary.BigEndian.AppendUint64([]byte{0x81, 0x80 | 127}, 1<<20) // final text, masked, a MiB
	goroutines, _ := w.settled(0)
	for range 50 {
		broken(func(c *talk) { write(c, header[:1]) })
		broken(func(c *talk) { write(c, append(header, make([]byte, 100<<10)...)) })
		broken(func(c *talk) { // a message in pieces, of which the last never comes
			write(c, []byte{0x01, 0x81, 0, 0, 0, 0, '{'})
			write(c, []byte{0x00, 0x81, 0, 0, 0, 0, '"'})
		})
	}
	if after, _ := w.settled(goroutines); after > goroutines {
		t.Errorf("%d goroutines are left", after-goroutines)
	}
	w.as("ed", wire.JSON).wants(one("projects", app.Row{"id": "p1", "title": nil}), nil, "{id:p1 title:Graphs}")
}

// Pings are answered one by one; who sends many waits for himself.
func TestAFloodOfPingsDelaysNobody(t *testing.T) {
	w := school(t)
	flood, other := w.as("ed", wire.CBOR), w.as("vera", wire.CBOR)
	_, before := w.settled(0)
	const pings = 20_000
	var group sync.WaitGroup
	group.Go(func() {
		for i := range pings {
			data, err := wire.CBOR.Encode(wire.Ping{})
			if err == nil {
				err = flood.conn.WriteMessage(websocket.BinaryMessage, flood.tab.said.Frame(data))
			}
			if err == nil && i%4 == 0 { // and those of the WebSocket itself
				err = flood.conn.WriteControl(websocket.PingMessage, []byte("x"), time.Now().Add(patience))
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 20 {
		other.wants(one("projects", app.Row{"id": "p1", "title": nil}), nil, "{id:p1 title:Graphs}")
	}
	for range pings {
		if m, ok := flood.next().(wire.Pong); !ok {
			t.Fatalf("answered by %+v", m)
		}
	}
	group.Wait()
	if _, after := w.settled(0); after-before > 16<<20 {
		t.Errorf("the server keeps %d MiB", (after-before)>>20)
	}
}
