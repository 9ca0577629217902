package web

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"lyceum/app/wire"
)

// sizeBytes is how many bytes of a stream say how long the frame is that
// follows. Length 0 is no frame: the server is there.
const sizeBytes = 4

// endNumber is the number of the last frame of a stream, which holds the code
// (two bytes) and the reason of its end.
var endNumber = make([]byte, wire.NumberBytes)

// streamSilence is how many times longer a browser may be silent than on a
// WebSocket, where it answers pings by itself: in a tab that nobody looks at it
// lets a page do something once a minute.
const streamSilence = 3

// errSilent says that nothing came from a browser for too long.
var errSilent = errors.New("nothing came for too long")

// stream is a transport over HTTP: the answer to one request that does not end,
// and what other requests have posted. It lives within the first one's handler.
type stream struct {
	w         http.ResponseWriter
	control   *http.ResponseController
	pingEvery time.Duration
	turn      turn
	sent      wire.Numbers  // of who has the turn
	taken     wire.Numbers  // of the reader
	posted    chan []byte   // frames, each waiting for the reader; nil is one too large
	ended     chan struct{} // closed with the stream

	mu      sync.Mutex
	closing bool // no more deadlines but that of the last words
}

func newStream(w http.ResponseWriter, pingEvery time.Duration) *stream {
	return &stream{
		w: w, control: http.NewResponseController(w), pingEvery: pingEvery,
		turn: newTurn(), posted: make(chan []byte), ended: make(chan struct{}),
	}
}

// post hands a frame to the reader and waits until it takes it: a browser that
// asks too much is not answered before.
func (s *stream) post(ctx context.Context, frame []byte) error {
	select {
	case s.posted <- frame:
		return nil
	case <-s.ended:
		return errEnded
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *stream) read(most int64) ([]byte, error) {
	silent := time.NewTimer(streamSilence * silence(s.pingEvery))
	defer silent.Stop()
	select {
	case frame := <-s.posted:
		if frame == nil || int64(len(frame)) > most+wire.NumberBytes {
			return nil, errTooLarge
		}
		return s.taken.Take(frame)
	case <-s.ended:
		return nil, io.EOF
	case <-silent.C:
		return nil, errSilent
	}
}

func (s *stream) writeMade(ctx context.Context, made func() ([]byte, error), still func() bool) error {
	return s.turn.send(ctx, made, still, func(data []byte) error { return s.frame(s.sent.Next(), data) })
}

// frame writes a frame, in parts that each have their time.
func (s *stream) frame(number, data []byte) error {
	head := binary.BigEndian.AppendUint32(nil, uint32(wire.NumberBytes+len(data)))
	part := append(head, number...)
	for {
		if err := s.deadline(); err != nil {
			return err
		}
		if _, err := s.w.Write(part); err != nil {
			return err
		}
		if len(data) == 0 {
			return s.control.Flush()
		}
		n := min(len(data), chunkWrite)
		part, data = data[:n], data[n:]
	}
}

// deadline gives the next write its time.
func (s *stream) deadline() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return errEnded
	}
	return s.control.SetWriteDeadline(time.Now().Add(writeTimeout))
}

var errEnded = errors.New("the stream has ended")

func (s *stream) keepAlive(ctx context.Context) {
	tick := time.NewTicker(s.pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		select {
		case <-s.turn:
			err := s.deadline()
			if err == nil {
				_, err = s.w.Write(make([]byte, sizeBytes))
			}
			if err == nil {
				err = s.control.Flush()
			}
			s.turn <- struct{}{}
			if err != nil {
				s.end() // which ends the reader, which ends ctx
			}
		default: // somebody writes, which shows it too
		}
	}
}

func (s *stream) close(code int, reason string) {
	if s.stop() {
		select {
		case <-s.turn:
			// Whoever does not take it finds a stream that breaks off, which is as well.
			last := binary.BigEndian.AppendUint16(nil, uint16(code))
			_ = s.lastWords(append(last, strings.ToValidUTF8(reason, "")...))
		case <-time.After(closeTimeout):
		}
	}
	s.end()
}

// stop lets nobody write any more, and whoever does only until closeTimeout;
// false if it has been called before.
func (s *stream) stop() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := !s.closing
	s.closing = true
	// A connection that takes no deadline is gone.
	_ = s.control.SetWriteDeadline(time.Now().Add(closeTimeout))
	return first
}

func (s *stream) lastWords(data []byte) error {
	head := binary.BigEndian.AppendUint32(nil, uint32(wire.NumberBytes+len(data)))
	if _, err := s.w.Write(append(append(head, endNumber...), data...)); err != nil {
		return err
	}
	return s.control.Flush()
}

// closeTooLarge is close: what is still being sent is another request's.
func (s *stream) closeTooLarge(reason string) { s.close(closeMessageTooBig, reason) }

func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.ended:
	default:
		close(s.ended)
	}
}
