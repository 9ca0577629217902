package terminal

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/terminal/pty"
)

// viewer is one socket: an offset, and the control messages on its way. (T3)
type viewer struct {
	session *session
	conn    *websocket.Conn
	name    string
	write   bool
	cancel  context.CancelFunc // ends both halves
	wake    chan struct{}      // capacity 1: there are notes

	off int64 // bytes before it are sent; of print only

	// Guarded by session.mu.
	size  pty.Size // of its window; zero while that is not known
	turn  int64    // when it typed last, by session.turns; 0 never
	notes []note   // in the order of at
}

// note is a control message with its place in the stream.
type note struct {
	at     int64 // after the bytes before this offset
	frame  []byte
	code   int // not 0: close the socket with this code
	reason string
}

func (v *viewer) noteLocked(n note) {
	if len(v.notes) == maxNotes {
		v.cancel() // it takes nothing; it comes back and is told all
		return
	}
	v.notes = append(v.notes, n)
	v.wakeUp()
}

// urgeLocked lets n overtake the others.
func (v *viewer) urgeLocked(n note) {
	if len(v.notes) < maxNotes {
		v.notes = slices.Insert(v.notes, 0, n)
		v.wakeUp()
	}
}

func (v *viewer) wakeUp() {
	select {
	case v.wake <- struct{}{}:
	default:
	}
}

// due returns the next note that is to be sent now, else how far output may be
// sent before the next one.
func (v *viewer) due() (next *note, limit int64) {
	v.session.mu.Lock()
	defer v.session.mu.Unlock()
	if len(v.notes) == 0 {
		return nil, -1
	}
	if n := v.notes[0]; n.at <= v.off {
		v.notes = v.notes[1:]
		return &n, 0
	}
	return nil, v.notes[0].at - v.off
}

// errLeft says that the socket was closed on purpose.
var errLeft = errors.New("viewer sent away")

var frames = sync.Pool{New: func() any { return new([frameSize]byte) }}

// print sends output and notes until ctx ends or the socket takes no more.
func (v *viewer) print(ctx context.Context) error {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	var ready time.Time // when output may be sent again
	for {
		next, limit := v.due()
		if next != nil {
			if err := v.sendNote(next); err != nil {
				return err
			}
			continue
		}
		n, grown := v.session.out.after(v.off)
		if n == 0 {
			select {
			case <-grown:
			case <-v.wake:
			case <-ping.C:
				if err := v.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTimeout)); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		}
		if pause := time.Until(ready); pause > 0 {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		begun, from := time.Now(), v.off
		if err := v.sendOutput(limit); err != nil {
			return err
		}
		size := min(v.off-from, frameSize) // more: it has skipped
		ready = begun.Add(gatherTime + (fullTime-gatherTime)*time.Duration(size)/frameSize)
	}
}

// sendOutput sends one frame of at most limit bytes (-1: any).
func (v *viewer) sendOutput(limit int64) error {
	frame := frames.Get().(*[frameSize]byte)
	defer frames.Put(frame)
	p := frame[:]
	if limit >= 0 {
		p = p[:min(limit, frameSize)]
	}
	n, err := v.session.out.read(p, v.off)
	if errors.Is(err, errOverrun) {
		return v.skip()
	}
	if err != nil {
		return err
	}
	if err := v.send(websocket.BinaryMessage, p[:n]); err != nil {
		return err
	}
	v.off += int64(n)
	return nil
}

// skip goes on with the newest, after what was in between is lost.
func (v *viewer) skip() error {
	at, modes := v.session.out.newest(ReplaySize)
	v.off = at
	v.session.redraw()
	return v.send(websocket.TextMessage, encode(Gap{Op: "gap", From: at, Modes: modes.escape()}))
}

func (v *viewer) sendNote(n *note) error {
	if n.code == 0 {
		return v.send(websocket.TextMessage, n.frame)
	}
	message := websocket.FormatCloseMessage(n.code, n.reason)
	return errors.Join(errLeft, v.conn.WriteControl(websocket.CloseMessage, message, time.Now().Add(writeTimeout)))
}

func (v *viewer) send(kind int, p []byte) error {
	if err := v.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return v.conn.WriteMessage(kind, p)
}
