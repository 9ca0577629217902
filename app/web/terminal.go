package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/terminal"
)

// maxControl bounds a text frame of a terminal: a size.
const maxControl = 4 << 10

var errRoleChanged = errors.New("the role changed between watching and typing")

// attachTerminal connects a browser to a shell (rules T1 to T8): it hands frames
// on in both directions, one at a time, and drops what the role does not allow.
// The shell goes on when the browser leaves.
//
// The reasons for not connecting are told by the close frame: a script in a page
// cannot read the answer to a WebSocket that was refused.
func (s *Server) attachTerminal(w http.ResponseWriter, r *http.Request) error {
	caller, r, err := s.caller(r)
	if err != nil && !askerUnknown(r, err) {
		return err
	}
	conn, failed := upgrader.Upgrade(w, r, nil)
	if failed != nil {
		return nil // Upgrade has answered
	}
	browser := newSocket(conn, s.PingEvery)
	if err != nil {
		browser.close(websocket.CloseTryAgainLater, noDatabase)
		return nil
	}
	bye := func(err error) { browser.close(s.farewell(r, caller, err)) }
	bye(s.watchTerminal(r, caller, browser, bye))
	return nil
}

// farewell chooses the code that closes a terminal's socket.
func (s *Server) farewell(r *http.Request, caller app.Caller, err error) (code int, reason string) {
	if end, ok := errors.AsType[*websocket.CloseError](err); ok && end.Code != websocket.CloseAbnormalClosure && end.Code != websocket.CloseNoStatusReceived {
		return end.Code, end.Text // one side has closed; tell the other
	}
	kind, message := app.Public(err)
	switch {
	case caller.SignedIn() && s.Access.Lost(): // nothing is known of the sign-in; it is asked again
		return websocket.CloseTryAgainLater, noDatabase
	case !caller.SignedIn() || !s.Access.Valid(caller):
		return terminal.CloseSignedOut, "Please sign in."
	case errors.Is(err, errRoleChanged) || r.Context().Err() != nil:
		return websocket.CloseGoingAway, "Please connect again."
	case kind == app.Denied:
		return terminal.CloseDenied, message
	case kind == app.NotFound:
		return terminal.CloseNotThere, message
	case kind == app.Elsewhere && len(message) > maxReason: // half an address leads nowhere
		return terminal.CloseElsewhere, "This project is on another server. Its page says on which."
	case kind == app.Elsewhere:
		return terminal.CloseElsewhere, message
	case websocket.IsCloseError(err, websocket.CloseAbnormalClosure, websocket.CloseNoStatusReceived):
		return websocket.CloseTryAgainLater, "Please connect again." // a network or a browser that died
	case kind == app.Internal:
		s.Log.ErrorContext(r.Context(), "terminal failed", "account", caller.AccountID, "project", r.PathValue("project"), "err", err)
	}
	return websocket.CloseTryAgainLater, message
}

// watchTerminal relays until one side or the role ends, and returns why. If it
// has come to relaying it has said bye by then.
func (s *Server) watchTerminal(r *http.Request, caller app.Caller, browser *socket, bye func(error)) error {
	ctx, end, err := s.Access.Guard(r.Context(), caller, r.PathValue("project"), app.Viewer)
	if err != nil {
		return err
	}
	defer end()
	leave, err := s.gate.enter(caller, address(r))
	if err != nil {
		return err
	}
	defer leave()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	role := func() app.Role { return s.Access.Role(caller, r.PathValue("project")) }
	write := role() >= app.Editor
	check := func() {
		// Without any role it is the guard that ends ctx, with a sentence.
		if now := role(); now != app.NoRole && (now >= app.Editor) != write {
			cancel(errRoleChanged)
		}
	}
	defer s.Access.Watch(caller.AccountID, check)()
	check() // what changed between the question and the watch
	shell, err := s.Projects.AttachTerminal(ctx, r.PathValue("project"), r.PathValue("terminal"), s.viewing(r, caller, write))
	if err != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	typed := func(data []byte) {
		if s.Used != nil && !terminal.IsReport(data) && !mayWatcher(data) { // not what a page says by itself
			s.Used(r.PathValue("project"))
		}
	}
	return relay(ctx, cancel, browser, shell, write, typed, bye)
}

// viewing makes the parameters of a viewer out of what the browser asks.
func (s *Server) viewing(r *http.Request, caller app.Caller, write bool) url.Values {
	params := url.Values{"name": {s.Access.Name(caller.AccountID)}, "create": {"1"}}
	for _, name := range []string{"from", "cols", "rows"} {
		if value := r.URL.Query().Get(name); value != "" {
			params.Set(name, value)
		}
	}
	if write {
		params.Set("write", "1")
	}
	return params
}

// relay hands frames on until ctx ends or one side does, says bye to the browser
// with the reason, and closes both sides.
func relay(ctx context.Context, cancel context.CancelCauseFunc, browser *socket, shell *websocket.Conn, write bool, typed func([]byte), bye func(error)) error {
	var all sync.WaitGroup
	all.Go(func() { browser.keepAlive(ctx) })
	all.Go(func() { cancel(fromBrowser(ctx, browser, shell, write, typed)) })
	all.Go(func() { cancel(fromShell(ctx, shell, browser)) })
	<-ctx.Done()
	err := context.Cause(ctx)
	bye(err)          // ends fromBrowser
	_ = shell.Close() // ends fromShell
	all.Wait()
	return err
}

// fromBrowser hands on what is typed.
func fromBrowser(ctx context.Context, browser *socket, shell *websocket.Conn, write bool, typed func([]byte)) error {
	for {
		kind, data, err := browser.read(terminal.TypingBound)
		bound := maxControl
		if kind == websocket.BinaryMessage {
			bound = terminal.TypingBound
		}
		if errors.Is(err, errTooLarge) || (err == nil && len(data) > bound) {
			err = browser.refuse(ctx, fmt.Sprintf("This is more than %d KiB at once. Please put it into a file, and read that.", bound>>10))
			if err == nil {
				continue // what is left of the message is skipped by the next read
			}
		}
		if err != nil {
			return err
		}
		if !write && (kind == websocket.BinaryMessage || !mayWatcher(data)) {
			if err := browser.refuse(ctx, "You may watch this terminal, but not type into it."); err != nil {
				return err
			}
			continue
		}
		if write {
			typed(data)
		}
		if err := shell.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return err
		}
		if err := shell.WriteMessage(kind, data); err != nil {
			return app.Explain(err, app.Unavailable, "The project does not answer. Please try again, or restart the project.")
		}
	}
}

// mayWatcher reports whether a text frame is for who may only watch, too: it says
// how large the screen is, or asks what a name means.
func mayWatcher(data []byte) bool {
	var m terminal.ClientMessage
	return json.Unmarshal(data, &m) == nil && (m.Op == "size" || m.Op == "find")
}

// refuse tells that something was not done.
func (s *socket) refuse(ctx context.Context, message string) error {
	data, err := json.Marshal(terminal.Refused{Op: "refused", Message: message})
	if err != nil {
		return err
	}
	return s.write(ctx, websocket.TextMessage, data)
}

// fromShell hands on what is printed.
func fromShell(ctx context.Context, shell *websocket.Conn, browser *socket) error {
	for {
		kind, r, err := shell.NextReader()
		if err != nil {
			return agentGone(err)
		}
		data, err := io.ReadAll(r) // bounded by the reader of the agent
		if err != nil {
			return agentGone(err)
		}
		if err := browser.write(ctx, kind, data); err != nil {
			return err
		}
	}
}

// agentGone keeps the agent's own reason, and explains an end without one.
func agentGone(err error) error {
	if end, ok := errors.AsType[*websocket.CloseError](err); ok {
		switch end.Code { // what else there is, is not the agent's to say: it could sign people out
		case terminal.CloseNotThere, websocket.CloseGoingAway, websocket.CloseTryAgainLater, websocket.CloseMessageTooBig, websocket.CloseNormalClosure:
			return err
		}
		err = fmt.Errorf("the agent closed with code %d", end.Code)
	}
	return app.Explain(err, app.Unavailable, "The project does not run any more.")
}
