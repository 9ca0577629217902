package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"lyceum/terminal"
)

// DialTerminal connects a viewer to a terminal; the parameters are those of
// terminal.Sessions.Attach.
func (c *Client) DialTerminal(ctx context.Context, id string, params url.Values) (*websocket.Conn, error) {
	greeting := &bounded{left: maxHeaderBytes}
	d := websocket.Dialer{
		NetDialContext: func(ctx context.Context, _, _ string) (_ net.Conn, err error) {
			greeting.Conn, err = c.open(ctx)
			return greeting, err
		},
		HandshakeTimeout: headerTimeout,
	}
	target := "ws://agent/terminals/" + url.PathEscape(id) + "/attach?" + params.Encode()
	conn, answer, err := d.DialContext(ctx, target, nil)
	if err != nil && answer != nil {
		return nil, c.answered(answer)
	}
	if err != nil {
		return nil, unreachable(err)
	}
	greeting.left = noBound // of the whole; maxFrame is that of each message
	conn.SetReadLimit(maxFrame)
	return conn, nil
}

// noBound is more than a connection ever carries.
const noBound = 1 << 62

// bounded is a connection of which no more than left bytes are read: the
// handshake of a WebSocket has no bound of its own.
type bounded struct {
	net.Conn
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("answer of the agent to a handshake: more than %d bytes", maxHeaderBytes)
	}
	n, err := b.Conn.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// EndTerminal ends the shell of a terminal and forgets it. Ending what is not
// there is no error.
func (c *Client) EndTerminal(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, "/terminals/"+url.PathEscape(id), nil)
}

// Terminals returns the shells that run or have ended here.
func (c *Client) Terminals(ctx context.Context) ([]terminal.Info, error) {
	var all []terminal.Info
	if err := c.call(ctx, http.MethodGet, "/terminals", &all); err != nil {
		return nil, err
	}
	for _, info := range all {
		if err := checkInfo(info); err != nil {
			return nil, err
		}
	}
	if len(all) > maxTerminals {
		return nil, unreachable(fmt.Errorf("the agent tells of %d terminals, at most %d", len(all), maxTerminals))
	}
	return all, nil
}

// checkInfo refuses what no agent says.
func checkInfo(i terminal.Info) error {
	if i.ID == "" || len(i.ID) > maxID || !utf8.ValidString(i.ID) || i.End < 0 || i.Exit != nil && int(int32(i.Exit.Code)) != i.Exit.Code {
		return unreachable(fmt.Errorf("the agent tells of a terminal %.20q that cannot be", i.ID))
	}
	return nil
}

// WatchTerminals calls send with every terminal as it is now and after every
// start and end of its shell, until ctx or send ends it.
func (c *Client) WatchTerminals(ctx context.Context, send func(terminal.Info) error) error {
	answer, err := c.do(ctx, http.MethodGet, "/terminals/watch", nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	const maxLine = 4 << 10
	next, pace := lines(answer.Body, maxLine), pacer()
	for {
		line, err := next()
		if err != nil {
			return unreachable(err)
		}
		var info terminal.Info
		if err := json.Unmarshal(line, &info); err != nil {
			return unreachable(err)
		}
		if err := checkInfo(info); err != nil {
			return err
		}
		if err := pace(ctx); err != nil {
			return err
		}
		if err := send(info); err != nil {
			return err
		}
	}
}

// Bounds of how fast an agent may tell of terminals: each change is looked up and
// may be a write, and shells start and end at the pace of people.
const (
	changesAtOnce = 4 * watcherQueue
	changeEvery   = 20 * time.Millisecond
)

// pacer returns what waits when there were more than changesAtOnce within some
// time.
func pacer() func(context.Context) error {
	due := time.Now()
	return func(ctx context.Context) error {
		now := time.Now()
		if due.Before(now) {
			due = now
		}
		due = due.Add(changeEvery)
		ahead := due.Sub(now) - changesAtOnce*changeEvery
		if ahead <= 0 {
			return nil
		}
		pause := time.NewTimer(ahead)
		defer pause.Stop()
		select {
		case <-pause.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
