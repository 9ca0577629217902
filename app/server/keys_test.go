package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/app/wire"
	"lyceum/app/yjs"
)

// How people type in the measurement: fast, for as long as it takes to have some
// hundred keys of two and some thousand of fifty.
const (
	keyEvery = 200 * time.Millisecond
	typeFor  = 10 * time.Second
)

// clock notes when keys leave and how long they take to others.
type clock struct {
	mu   sync.Mutex
	sent map[string]time.Time // by who and which
	took []time.Duration
}

func (c *clock) leave(origin string, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent[fmt.Sprint(origin, " ", n)] = time.Now()
}

func (c *clock) arrive(origin string, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.sent[fmt.Sprint(origin, " ", n)]; ok {
		c.took = append(c.took, time.Since(at))
	}
}

// keys has people type in documents and returns how long a key takes to another
// one's socket.
func (l *lab) keys(project string, people, documents int) (p50, p99 time.Duration, n int) {
	l.t.Helper()
	for i := range documents {
		path := fmt.Sprintf("api/projects/%s/files/doc%d.txt?overwrite=1", project, i)
		if code, text, _ := l.request(http.MethodPut, path, strings.NewReader("begin\n")); code != http.StatusOK {
			l.t.Fatalf("upload: %d %s", code, text)
		}
	}
	c := &clock{sent: map[string]time.Time{}}
	var typing, reading sync.WaitGroup
	var tabs []*tab
	begin := make(chan struct{}) // all have opened their documents
	for i, p := range l.people(project, people) {
		tb := p.tab()
		origin := app.NewID()
		document, update := tb.openDocument(project, fmt.Sprintf("doc%d.txt", i%documents))
		tb.send(wire.Ask{ID: 1000, Options: app.Row{"changes": true}, Query: app.Row{"patches": []any{app.Row{
			"document_id": document, "seq": nil, "origin": nil, "n": nil, "update": nil,
		}}}})
		if a, ok := tb.next().(wire.Answer); !ok {
			l.t.Fatalf("watch of patches: %+v", a)
		}
		tabs = append(tabs, tb)
		reading.Go(func() { tb.readKeys(c, origin) })
		typing.Go(func() {
			<-begin
			tb.typeKeys(c, origin, document, update, time.Duration(i)*keyEvery/time.Duration(people))
		})
	}
	close(begin)
	typing.Wait()
	<-time.After(time.Second) // for the last ones
	for _, tb := range tabs {
		_ = tb.conn.Close() // ends its reader
	}
	reading.Wait()
	if len(c.took) == 0 {
		l.t.Fatal("no key arrived")
	}
	slices.Sort(c.took)
	return c.took[len(c.took)/2], c.took[len(c.took)*99/100], len(c.took)
}

// readKeys notes the keys of others until the socket is closed.
func (tb *tab) readKeys(c *clock, own string) {
	if err := tb.conn.SetReadDeadline(time.Time{}); err != nil {
		return
	}
	for {
		_, data, err := tb.conn.ReadMessage()
		if err != nil {
			return
		}
		m, err := wire.CBOR.DecodeServer(data)
		if err != nil {
			tb.t.Errorf("message: %v", err)
			return
		}
		switch m := m.(type) {
		case wire.Failure:
			tb.t.Errorf("failure: %+v", m)
		case wire.Changes:
			for _, change := range m.Changes {
				origin, _ := change.NewVal["origin"].(string)
				n, _ := change.NewVal["n"].(int64)
				if origin != own {
					c.arrive(origin, n)
				}
			}
		}
	}
}

// typeKeys types a letter now and again.
func (tb *tab) typeKeys(c *clock, origin, document string, update []byte, after time.Duration) {
	doc := yjs.New()
	if err := doc.ApplyUpdate(update, "server"); err != nil {
		tb.t.Error(err)
		return
	}
	<-time.After(after) // people do not type in step
	tick := time.NewTicker(keyEvery)
	defer tick.Stop()
	for n := int64(1); n <= int64(typeFor/keyEvery); n++ {
		<-tick.C
		mine := doc.Transact("test", func() { doc.Text("content").Insert(0, "x") })
		m := wire.Ask{ID: n, Request: app.NewID(), Query: app.Row{"patches": app.Row{
			"document_id": document, "origin": origin, "n_from": n, "n": n, "update": mine,
		}}}
		data, err := wire.CBOR.Encode(m)
		if err != nil {
			tb.t.Error(err)
			return
		}
		c.leave(origin, n)
		if err := tb.conn.WriteMessage(websocket.BinaryMessage, data); err != nil {
			tb.t.Error(err)
			return
		}
	}
}
