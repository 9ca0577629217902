package web

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/app/wire"
)

// Bounds of a WebSocket and of a stream.
const (
	// chunkWrite is how much is written under one deadline, so that a long
	// message may take longer than a short one.
	chunkWrite = 64 << 10
	// writeTimeout is how long that may take to leave. A browser that cannot
	// take 64 KiB in this time is gone; it will reconnect and resume.
	writeTimeout = 20 * time.Second
	// closeTimeout is how long the last words may take: a sign-in that has ended
	// closes its sockets within a second (W5).
	closeTimeout = 500 * time.Millisecond
	// drainTimeout and drainBytes bound what is read of a message or an upload
	// that is refused, so that who sends it can read why.
	drainTimeout = 3 * time.Second
	drainBytes   = 256 << 20
	// maxReason is the longest reason of a close frame (RFC 6455).
	maxReason = 123
)

// silence is how long a browser may say nothing, not even pong, that is pinged
// this often: two pings and some, a minute by default. A suspended laptop is gone
// after it, and comes back.
func silence(pingEvery time.Duration) time.Duration { return pingEvery * 12 / 5 }

// socket is a WebSocket to a browser: one goroutine reads, any number write in
// turn.
type socket struct {
	conn      *websocket.Conn
	pingEvery time.Duration
	numbered  bool // each message begins with its number
	turn      turn
	sent      wire.Numbers // of who has the turn
}

// The origin is checked before (protect).
var upgrader = websocket.Upgrader{
	HandshakeTimeout: HeaderTimeout,
	ReadBufferSize:   4 << 10, WriteBufferSize: 16 << 10, WriteBufferPool: &sync.Pool{},
	CheckOrigin: func(*http.Request) bool { return true },
}

func newSocket(conn *websocket.Conn, pingEvery time.Duration) *socket {
	s := &socket{conn: conn, pingEvery: pingEvery, turn: newTurn()}
	conn.SetPongHandler(func(string) error { return s.heard() })
	return s
}

// heard notes a sign of life. It is called by the reader only.
func (s *socket) heard() error { return s.conn.SetReadDeadline(time.Now().Add(silence(s.pingEvery))) }

// keepAlive pings until ctx ends, and then ends whatever reads or writes.
func (s *socket) keepAlive(ctx context.Context) {
	tick := time.NewTicker(s.pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTimeout)); err != nil {
				_ = s.conn.Close() // ends the reader, which ends ctx
			}
		case <-ctx.Done():
			return
		}
	}
}

// read returns the next message, of at most max bytes.
func (s *socket) read(max int64) (kind int, data []byte, err error) {
	if err := s.heard(); err != nil {
		return 0, nil, err
	}
	kind, r, err := s.conn.NextReader()
	if err != nil {
		return 0, nil, err
	}
	data, err = io.ReadAll(io.LimitReader(r, max+1))
	if err == nil && int64(len(data)) > max {
		return kind, nil, errTooLarge
	}
	return kind, data, err
}

// write sends one message when it is its turn.
func (s *socket) write(ctx context.Context, kind int, data []byte) error {
	return s.writeMade(ctx, kind, func() ([]byte, error) { return data, nil }, nil)
}

// writeMade is write of a message that is made when it is its turn; see transport.
func (s *socket) writeMade(ctx context.Context, kind int, made func() ([]byte, error), still func() bool) error {
	return s.turn.send(ctx, made, still, func(data []byte) error { return s.message(kind, data) })
}

// message writes one message, in parts that each have their time. The caller has
// the turn.
func (s *socket) message(kind int, data []byte) error {
	w, err := s.conn.NextWriter(kind)
	if err != nil {
		return err
	}
	if s.numbered {
		if _, err := w.Write(s.sent.Next()); err != nil { // stays in the buffer
			return err
		}
	}
	for len(data) > 0 {
		n := min(len(data), chunkWrite)
		if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return err
		}
		if _, err := w.Write(data[:n]); err != nil {
			return err
		}
		data = data[n:]
	}
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return w.Close()
}

// close says why, if the browser takes it in time, and closes.
func (s *socket) close(code int, reason string) {
	if len(reason) > maxReason {
		reason = strings.ToValidUTF8(reason[:maxReason], "")
	}
	// Whoever does not take it finds a closed connection, which is as well.
	_ = s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(closeTimeout))
	_ = s.conn.Close()
}

// closeTooLarge ends a socket whose browser is still sending: it reads on for a
// bounded while, else the connection would be reset before the reason is read.
func (s *socket) closeTooLarge(reason string) {
	_ = s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseMessageTooBig, reason), time.Now().Add(closeTimeout))
	_ = s.conn.NetConn().SetReadDeadline(time.Now().Add(drainTimeout))
	_, _ = io.CopyN(io.Discard, s.conn.NetConn(), drainBytes)
	_ = s.conn.Close()
}
