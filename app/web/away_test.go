package web_test

import (
	"bufio"
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/app/memstore"
	"lyceum/app/schema"
	"lyceum/app/wire"
)

var errNotThere = app.Errorf(app.Unavailable, "The database cannot be reached at the moment. Please try again.")

// leaving is a store whose database can go away: nothing is read, and its feeds
// lose their place.
type leaving struct {
	app.Store
	mu    sync.Mutex
	feeds []func(app.Batch)
	away  bool
}

func (s *leaving) isAway() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.away
}

func (s *leaving) Get(ctx context.Context, table, id string, fields ...string) (app.Record, error) {
	if s.isAway() {
		return app.Record{}, errNotThere
	}
	return s.Store.Get(ctx, table, id, fields...)
}

func (s *leaving) Read(ctx context.Context, r app.Range) (app.Page, error) {
	if s.isAway() {
		return app.Page{}, errNotThere
	}
	return s.Store.Read(ctx, r)
}

func (s *leaving) Watch(table string, fn func(app.Batch)) (app.Position, func(), error) {
	s.mu.Lock()
	s.feeds = append(s.feeds, fn)
	s.mu.Unlock()
	return s.Store.Watch(table, fn)
}

// leave takes the database away. The server knows that: it has missed changes.
func (s *leaving) leave() {
	s.mu.Lock()
	s.away = true
	feeds := s.feeds
	s.mu.Unlock()
	for _, fn := range feeds {
		fn(app.Batch{Position: app.Position{Log: "another"}})
	}
}

// A browser that is told nothing takes the server for gone, and one that is told
// that it is signed out throws away what was typed: while the database is away
// both are wrong, whatever way it comes.
func TestW5WhileTheDatabaseIsAwayBrowsersAreToldSo(t *testing.T) {
	store := &leaving{Store: memstore.New(schema.Tables())}
	w := worldOn(t, store, "/")
	ada := w.person("ada")
	socket, stream := ada.tab(wire.CBOR), ada.stream()
	store.leave()
	if code := closed(t, socket.conn); code != wire.CloseNoDatabase {
		t.Errorf("an open socket is closed with %d", code)
	}
	if code := stream.closed(); code != wire.CloseNoDatabase {
		t.Errorf("an open stream is closed with %d", code)
	}

	conn, _, err := ada.dial("ws", nil, wire.CBOR.Protocol)
	if err != nil {
		t.Fatalf("a socket is not opened, so a browser cannot know why: %v", err)
	}
	if code := closed(t, conn); code != wire.CloseNoDatabase {
		t.Errorf("a new socket is closed with %d", code)
	}
	resp := ada.postFrames(t.Context(), "api/tables", new(wire.Numbers).Frame(encoded(t, wire.ClientHello{Version: wire.Version})))
	if code := (&streamTab{p: ada, body: resp.Body, r: bufio.NewReader(resp.Body)}).closed(); code != wire.CloseNoDatabase {
		t.Errorf("a new stream is closed with %d", code)
	}
	terminal, _, err := ada.dial("api/projects/p1/terminals/t1/socket", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = terminal.ReadMessage()
	if end, ok := err.(*websocket.CloseError); !ok || end.Code != websocket.CloseTryAgainLater || end.Text != "The server is there, but its database cannot be reached." {
		t.Errorf("a terminal ends with %v", err)
	}

	// A script can read an answer.
	header := http.Header{"Authorization": {"Bearer lyceum-x"}}
	if _, resp, err := w.nobody().dial("ws", header, wire.JSON.Protocol); err == nil || resp == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a script is answered %v, %v", resp, err)
	}
}
