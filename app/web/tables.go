package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/app/wire"
)

const (
	// maxStrangersMessage is how large a message may be before somebody has
	// signed in: a question about the site's settings.
	maxStrangersMessage = 64 << 10
	// maxUnread is how many bytes of questions one connection may have under
	// way; it is read no further until some are answered. What it watches may be
	// as long.
	maxUnread = 8 << 20
	// askTimeout is how long one question may take: opening a document may have
	// to start its project.
	askTimeout = 2 * time.Minute
	// disconnectTimeout bounds the removal of a connection's ephemeral rows.
	disconnectTimeout = 10 * time.Second
)

// serveTables speaks with one tab, or a script, over the tables' WebSocket.
func (s *Server) serveTables(w http.ResponseWriter, r *http.Request) error {
	caller, r, err := s.asker(r)
	if err != nil && !askerUnknown(r, err) {
		return err
	}
	up := upgrader
	up.Subprotocols = []string{wire.ProtocolCBOR, wire.ProtocolJSON}
	conn, failed := up.Upgrade(w, r, nil)
	if failed != nil {
		return nil // Upgrade has answered
	}
	socket := newSocket(conn, s.PingEvery)
	if err != nil {
		socket.close(wire.CloseNoDatabase, noDatabase)
		return nil
	}
	codec, ok := wire.ByProtocol(conn.Subprotocol())
	if !ok {
		socket.close(websocket.CloseProtocolError, fmt.Sprintf("Speak the subprotocol %s or %s.", wire.ProtocolCBOR, wire.ProtocolJSON))
		return nil
	}
	caller.ConnectionID = app.NewID()
	s.admit(r, newTablesSocket(socket, codec), codec, caller)
	return nil
}

// admit speaks with a tab if it may have one more connection and its sign-in is
// good; else it closes with the reason.
func (s *Server) admit(r *http.Request, line transport, codec wire.Codec, caller app.Caller) {
	leave, err := s.gate.enter(caller, address(r))
	if err != nil {
		_, reason := app.Public(err)
		line.close(websocket.CloseTryAgainLater, reason)
		return
	}
	defer leave()
	ctx, end := r.Context(), context.CancelFunc(func() {})
	if caller.SignedIn() {
		ctx, end, err = s.Access.Guard(ctx, caller, "", app.NoRole)
	}
	if err != nil {
		line.close(goodbye(err))
		return
	}
	defer end()
	s.speak(app.WithCaller(ctx, caller), line, codec, caller, who(caller, address(r)))
}

// speak answers one tab until it leaves, its sign-in ends or the server stops.
func (s *Server) speak(ctx context.Context, line transport, codec wire.Codec, caller app.Caller, who string) {
	s.Meter.Connected()
	defer s.Meter.Disconnected()
	ctx, end := context.WithCancelCause(ctx)
	c := &connection{
		server: s, line: line, caller: caller, who: who, ctx: ctx, end: end, codec: codec,
		asks: map[int64]bool{}, watches: map[int64]*watch{}, last: map[string]chan struct{}{},
	}
	c.room = sync.NewCond(&c.mu)
	c.pump.wake = make(chan struct{}, 1)
	c.tasks.Go(func() { line.keepAlive(ctx) })
	c.tasks.Go(c.pumpWatches)
	c.tasks.Go(func() {
		<-ctx.Done()
		c.mu.Lock()
		c.room.Broadcast() // a reader that waits for room
		c.mu.Unlock()
		if !errors.Is(context.Cause(ctx), errTooLarge) { // the reader closes by itself
			line.close(c.farewell())
		}
	})
	end(c.listen())
	c.tasks.Wait()
	c.endWatches()
	// The connection is gone, and its rows must go too.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), disconnectTimeout)
	defer cancel()
	s.Tables.Disconnected(ctx, caller.ConnectionID)
}

// connection is one tab. One goroutine reads (listen), one writes what its watches
// have (pumpWatches); each question has one of its own, which writes when it is its
// turn.
type connection struct {
	server *Server
	line   transport
	caller app.Caller
	who    string // as the gates count
	codec  wire.Codec
	ctx    context.Context
	end    context.CancelCauseFunc
	tasks  sync.WaitGroup
	pump   pump

	mu      sync.Mutex
	room    *sync.Cond     // unread became less, or ctx has ended
	unread  int            // bytes of questions
	watched int            // bytes of what is watched
	asks    map[int64]bool // ids of questions that are not answered
	watches map[int64]*watch
	last    map[string]chan struct{} // table → closed when the last set of it is done
}

// farewell chooses the code that closes the connection.
func (c *connection) farewell() (code int, reason string) {
	err := context.Cause(c.ctx)
	switch {
	case c.server.Access.Lost(): // nothing is known of the sign-in; it is asked again
		return wire.CloseNoDatabase, noDatabase
	case !c.server.Access.Valid(c.caller):
		return goodbye(c.server.Access.Check(c.caller, "", app.NoRole))
	case errors.Is(err, errNoHello):
		return wire.CloseVersion, err.Error()
	case errors.Is(err, wire.ErrLost):
		return wire.CloseLost, "A message was lost on the way. Please connect again."
	}
	return websocket.CloseGoingAway, "Please connect again."
}

var errNoHello = app.Errorf(app.Invalid, "The page is of another version than the server. Please reload it.")

// listen reads until the connection ends, and returns why.
func (c *connection) listen() error {
	most := int64(wire.MaxMessage)
	if !c.caller.SignedIn() {
		most = maxStrangersMessage
	}
	greeted := false
	for {
		data, err := c.line.read(most)
		if errors.Is(err, errTooLarge) {
			sentence := app.Errorf(app.TooLarge, "This message has more than %d KiB, the most that one may have.", most>>10)
			_ = c.fail(0, sentence) // it may not listen while it sends
			c.end(errTooLarge)
			c.line.closeTooLarge("The message is too large.")
			return errTooLarge
		}
		if err != nil && !app.IsKind(err, app.Invalid) {
			return err
		}
		var m wire.Message
		if err == nil {
			m, err = c.codec.DecodeClient(data)
		}
		if err != nil {
			if err := c.fail(0, err); err != nil {
				return err
			}
			continue
		}
		if !greeted {
			if err := c.greet(m); err != nil {
				return err
			}
			greeted = true
			continue
		}
		if err := c.take(m, len(data)); err != nil {
			return err
		}
	}
}

// greet answers the first message, which has to be a hello of our version.
func (c *connection) greet(m wire.Message) error {
	if hello, ok := m.(wire.ClientHello); !ok || hello.Version != wire.Version {
		return errors.Join(errNoHello, c.fail(0, errNoHello))
	}
	return c.send(wire.ServerHello{
		Version: wire.Version, Server: "lyceum " + c.server.Version,
		AccountID: c.caller.AccountID, ConnectionID: c.caller.ConnectionID,
		PingEvery: c.server.PingEvery.Milliseconds(),
	}, nil)
}

// take does what a message asks; questions are answered by goroutines.
func (c *connection) take(m wire.Message, size int) error {
	switch m := m.(type) {
	case wire.Ask:
		if err := c.ask(m, size); err != nil {
			return c.fail(m.ID, err)
		}
		return nil
	case wire.Cancel:
		c.cancel(m.ID)
		return nil
	case wire.Ping:
		return c.send(wire.Pong{}, nil)
	}
	return c.fail(0, app.Errorf(app.Invalid, "There is one hello in a connection, at its beginning."))
}

// send writes a message; still is asked right before.
func (c *connection) send(m wire.Message, still func() bool) error {
	return c.line.writeMade(c.ctx, func() ([]byte, error) { return c.codec.Encode(m) }, still)
}
