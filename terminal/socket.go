package terminal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/terminal/pty"
)

// The origin is checked by the server in front: it alone talks to browsers.
var upgrader = websocket.Upgrader{
	HandshakeTimeout: writeTimeout,
	ReadBufferSize:   4 << 10, WriteBufferSize: 4 << 10, WriteBufferPool: &sync.Pool{},
	CheckOrigin: func(*http.Request) bool { return true },
}

// Attach connects one viewer to the terminal {id} over a WebSocket:
// GET …/{id}/attach?from=&viewer=&name=&write=1&create=1&cols=&rows=
//
// Binary frames are bytes typed and bytes printed, text frames the messages of
// wire.go (T1). from is the offset to go on at; absent or 0 it is a new screen,
// which gets the newest output only. With create the terminal is made if it is
// not there. Without write the viewer only watches. The shell goes on when the
// viewer leaves.
func (s *Sessions) Attach(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	from, err := strconv.ParseInt(query.Get("from"), 10, 64)
	if (err != nil || from < 0) && query.Get("from") != "" {
		refuse(w, http.StatusBadRequest, "invalid", "This address of a terminal is not complete: “from” has to be a number.")
		return
	}
	if !websocket.IsWebSocketUpgrade(r) {
		refuse(w, http.StatusBadRequest, "invalid", "A terminal is reached by a WebSocket.")
		return
	}
	size := windowOf(query)
	session, err := s.visit(r.PathValue("id"), query.Get("create") == "1", size.Clamp())
	if err != nil {
		s.refuseVisit(w, err)
		return
	}
	defer session.visits.Done()
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	v := &viewer{
		session: session, conn: conn, cancel: cancel, wake: make(chan struct{}, 1),
		name: query.Get("name"), write: query.Get("write") == "1", size: size,
	}
	session.show(ctx, v, from)
}

// windowOf reads the size of a window; it is zero while the page does not know it.
func windowOf(query url.Values) pty.Size {
	cols, _ := strconv.Atoi(query.Get("cols")) // what is no number is not known
	rows, _ := strconv.Atoi(query.Get("rows"))
	if cols <= 0 || rows <= 0 {
		return pty.Size{}
	}
	return pty.Size{Cols: cols, Rows: rows}.Clamp()
}

func (s *Sessions) refuseVisit(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, errNoSession):
		refuse(w, http.StatusNotFound, "not_found", "This terminal does not exist any more.")
	case errors.Is(err, errTooMany):
		refuse(w, http.StatusServiceUnavailable, "unavailable", TooMany(s.max()))
	case errors.Is(err, errClosed):
		refuse(w, http.StatusServiceUnavailable, "unavailable", "The project is stopping. Please start it again.")
	default:
		s.options.Log.Error("shell not started", "part", "terminal", "err", err)
		refuse(w, http.StatusServiceUnavailable, "unavailable", notStarted)
	}
}

const notStarted = "No shell could be started. The project may have too many programs running; please end some, or restart the project."

// TooMany says that there may be no further terminal.
func TooMany(most int) string {
	return fmt.Sprintf("This project may have %d terminals at once; end one, or ask the administrator.", most)
}

// refuse answers as the tables do, before the socket is one.
func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encode(struct { // whoever has left does not read it
		Kind    string `json:"kind"`
		Message string `json:"message"`
	}{kind, message}))
}

// show lets v watch, and type, until one side ends it. The deferred calls run
// from below: close, end of printing, leave.
func (s *session) show(ctx context.Context, v *viewer, from int64) {
	start := s.join(v, from)
	if start == nil {
		message := websocket.FormatCloseMessage(websocket.CloseTryAgainLater, "Too many people watch this terminal.")
		_ = v.conn.WriteControl(websocket.CloseMessage, message, time.Now().Add(writeTimeout)) // or it has left
		return
	}
	defer s.part(v)
	var printing sync.WaitGroup
	defer printing.Wait()
	defer v.cancel()
	printing.Go(func() {
		defer v.conn.Close() // ends listen
		if err := v.begin(start); err != nil {
			return
		}
		if err := v.print(ctx); errors.Is(err, errLeft) {
			v.cancel()
		}
	})
	v.listen()
}

// beginning is what a viewer gets first.
type beginning struct {
	hello Hello
	gap   *Gap // output was left out
}

// join makes v a viewer, from now on told of everything; nil if there are too
// many.
func (s *session) join(v *viewer, from int64) *beginning {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.viewers) >= MaxViewers {
		return nil
	}
	start, end := s.out.offsets()
	b := &beginning{}
	// An offset from before the agent was started anew is no offset of ours.
	if from == 0 || from < start || from > end {
		at, modes := s.out.newest(ReplaySize)
		if at != from || modes != defaultModes {
			b.gap = &Gap{Op: "gap", From: at, Modes: modes.escape()}
		}
		from = at
	}
	v.off = from
	s.joinLocked(v)
	s.tellPastLocked(v, end)
	b.hello = Hello{Op: "hello", From: from, Live: end, Cols: s.size.Cols, Rows: s.size.Rows, Write: v.write}
	if exit, ended := s.endLocked(); ended {
		v.noteLocked(note{at: end, frame: encode(exit)})
	}
	if s.farewell != nil {
		v.noteLocked(*s.farewell)
	}
	return b
}

func (s *session) part(v *viewer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaveLocked(v)
}

// begin sends what comes before the stream.
func (v *viewer) begin(b *beginning) error {
	if err := v.send(websocket.TextMessage, encode(b.hello)); err != nil || b.gap == nil {
		return err
	}
	if b.gap.From > 0 {
		v.session.redraw()
	}
	return v.send(websocket.TextMessage, encode(b.gap))
}

// listen takes what the viewer sends until it leaves.
func (v *viewer) listen() {
	v.conn.SetReadLimit(frameBound)
	alive := func(string) error { return v.conn.SetReadDeadline(time.Now().Add(pongWait)) }
	v.conn.SetPongHandler(alive)
	if err := alive(""); err != nil {
		return
	}
	for {
		kind, frame, err := v.conn.NextReader()
		if err != nil {
			return
		}
		bound := controlBound
		if kind == websocket.BinaryMessage {
			bound = TypingBound
		}
		data, err := io.ReadAll(io.LimitReader(frame, int64(bound)+1))
		if err == nil && len(data) > bound {
			_, err = io.Copy(io.Discard, frame) // to the end, to answer in words
		}
		if err != nil {
			return
		}
		switch {
		case len(data) > bound:
			v.refuse(fmt.Sprintf("This is more than %d KiB at once. Please put it into a file, and read that.", bound>>10))
		case kind == websocket.BinaryMessage:
			v.typed(data)
		default:
			v.control(data)
		}
	}
}

// typed hands p to the shell, whole or not at all. (T4)
func (v *viewer) typed(p []byte) {
	s := v.session
	if !v.write {
		v.refuse("You may watch this terminal, but not type into it.")
		return
	}
	s.mu.Lock()
	running := s.process != nil
	taken := running && (s.interruptLocked(p) || s.typed.add(p))
	if taken && !IsReport(p) {
		s.typedLocked(v)
	}
	s.mu.Unlock()
	switch {
	case !running:
		v.refuse("The shell has ended. Press Enter to start another.")
	case !taken:
		v.refuse("The program in the terminal does not read what is typed. Please wait, or stop it with Ctrl-C.")
	}
}

// interruptLocked is for a key that would wait behind a paste that nobody reads.
func (s *session) interruptLocked(p []byte) bool {
	return isInterrupt(p) && s.typed.interrupt(func() bool { return s.process.Interrupt(p[0]) })
}

// control carries out a text frame.
func (v *viewer) control(data []byte) {
	var m ClientMessage
	if err := json.Unmarshal(data, &m); err != nil {
		v.refuse("This terminal did not understand the message: it is not valid JSON.")
		return
	}
	switch {
	case m.Op == "size":
		v.session.mu.Lock()
		v.session.resizedLocked(v, pty.Size{Cols: m.Cols, Rows: m.Rows})
		v.session.mu.Unlock()
	case m.Op == "find":
		v.find(m)
	case m.Op == "restart" && !v.write:
		v.refuse("You may watch this terminal, but not start a shell in it.")
	case m.Op == "restart":
		if err := v.session.start(); err != nil {
			v.session.log.Error("shell not started", "err", err)
			v.refuse(notStarted)
		}
	default:
		v.refuse("This terminal did not understand the message: its “op” is none of “size”, “find” and “restart”.")
	}
}

// refuse says why something did not happen, before the bytes that are next.
func (v *viewer) refuse(message string) {
	v.session.mu.Lock()
	defer v.session.mu.Unlock()
	frame := encode(Refused{Op: "refused", Message: message})
	if len(v.notes) > 0 && string(v.notes[0].frame) == string(frame) {
		return // one that waits is enough
	}
	v.urgeLocked(note{frame: frame})
}
