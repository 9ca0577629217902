package web

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/app/wire"
)

const (
	closeMessageTooBig = websocket.CloseMessageTooBig
	// maxPost is how many bytes one request may post: the greatest message and
	// what a page has gathered meanwhile.
	maxPost = 2 * wire.MaxMessage
)

// streams are the open ones, by the id of their connection. The zero value is
// ready.
type streams struct {
	mu   sync.Mutex
	open map[string]*openStream
}

// openStream is a stream and whose it is.
type openStream struct {
	*stream
	caller  app.Caller
	posting atomic.Bool // one request at a time posts to it
}

func (s *streams) add(o *openStream) (remove func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[string]*openStream{}
	}
	s.open[o.caller.ConnectionID] = o
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.open, o.caller.ConnectionID)
	}
}

// of returns a stream of this sign-in or key. Another's cannot be told from none.
func (s *streams) of(caller app.Caller, connectionID string) (*openStream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.open[connectionID]
	caller.ConnectionID = connectionID
	if o == nil || o.caller != caller {
		return nil, app.Errorf(app.NotFound, "This connection has ended; the page makes a new one by itself.")
	}
	return o, nil
}

// openStream speaks with one tab where WebSockets are blocked: the answer to
// this request is what the server says, and its body is the tab's hello. What
// the tab says later is posted.
func (s *Server) openStream(w http.ResponseWriter, r *http.Request) error {
	caller, r, err := s.caller(r)
	away := err != nil && askerUnknown(r, err)
	if err != nil && !away {
		return err
	}
	body, err := newFrames(w, r)
	if err != nil {
		return err
	}
	hello, err := body.next(maxStrangersMessage)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if _, more := body.next(maxStrangersMessage); err != nil || !errors.Is(more, io.EOF) {
		return app.Errorf(app.Invalid, "A stream begins with a hello, and with nothing else.")
	}
	// Else the connection would end at the deadline that the body had.
	if err := body.control.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	caller.ConnectionID = app.NewID()
	o := &openStream{stream: newStream(w, s.PingEvery), caller: caller}
	defer s.streams.add(o)()
	w.Header().Set("Content-Type", wire.StreamType)
	w.Header().Set("Cache-Control", "no-store, no-transform")
	w.Header().Set("X-Accel-Buffering", "no") // nginx hands on at once what comes
	w.WriteHeader(http.StatusOK)
	var post sync.WaitGroup
	post.Go(func() { _ = o.post(r.Context(), hello) }) // the reader takes it, or is not there any more
	defer post.Wait()
	defer o.end()
	if away {
		o.close(wire.CloseNoDatabase, noDatabase)
		return nil
	}
	s.admit(r, o.stream, wire.CBOR, caller)
	return nil
}

// postToStream takes what a tab says on its stream. It is answered when all of
// it has been taken.
func (s *Server) postToStream(w http.ResponseWriter, r *http.Request) error {
	caller, r, err := s.caller(r)
	if err != nil {
		return err
	}
	o, err := s.streams.of(caller, r.PathValue("connection"))
	if err != nil {
		return err
	}
	if !o.posting.CompareAndSwap(false, true) {
		return app.Errorf(app.Conflict, "One request at a time posts to a connection.")
	}
	defer o.posting.Store(false)
	body, err := newFrames(w, r)
	if err != nil {
		return err
	}
	most := wire.MaxMessage
	if !caller.SignedIn() {
		most = maxStrangersMessage
	}
	for {
		frame, err := body.next(most)
		if errors.Is(err, io.EOF) {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		if app.IsKind(err, app.TooLarge) {
			return errors.Join(err, o.post(r.Context(), nil))
		}
		if err == nil {
			err = o.post(r.Context(), frame)
		}
		if errors.Is(err, errEnded) {
			return app.Errorf(app.NotFound, "This connection has ended; the page makes a new one by itself.")
		}
		if err != nil {
			return err
		}
	}
}

var errCutOff = app.Errorf(app.Unavailable, "The request was cut off. Please try again.")

// frames reads the frames of a request, each after its length.
type frames struct {
	control *http.ResponseController
	r       *bufio.Reader
}

func newFrames(w http.ResponseWriter, r *http.Request) (*frames, error) {
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != wire.StreamType {
		return nil, app.Errorf(app.Invalid, "This has to be sent as %s.", wire.StreamType)
	}
	return &frames{http.NewResponseController(w), bufio.NewReader(http.MaxBytesReader(w, r.Body, maxPost))}, nil
}

// next returns the next frame, with a message of at most most bytes; io.EOF after
// the last.
func (f *frames) next(most int) ([]byte, error) {
	var size [sizeBytes]byte
	if err := f.read(size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n < wire.NumberBytes {
		return nil, app.Errorf(app.Invalid, "A frame begins with the number of the message in %d bytes.", wire.NumberBytes)
	}
	if int64(n) > int64(most)+wire.NumberBytes {
		return nil, app.Errorf(app.TooLarge, "A message may have at most %d bytes; this has %d.", most, n-wire.NumberBytes)
	}
	frame := make([]byte, n)
	err := f.read(frame)
	if errors.Is(err, io.EOF) {
		err = errCutOff
	}
	return frame, err
}

// read fills b; who sends too slowly is gone.
func (f *frames) read(b []byte) error {
	whole := len(b)
	for len(b) > 0 {
		if err := f.control.SetReadDeadline(time.Now().Add(writeTimeout)); err != nil {
			return err
		}
		n := min(len(b), chunkWrite)
		if got, err := io.ReadFull(f.r, b[:n]); err != nil {
			if errors.Is(err, io.EOF) && got == 0 && len(b) == whole {
				return io.EOF
			}
			if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
				return app.Errorf(app.TooLarge, "At most %d bytes are posted at once.", maxPost)
			}
			return errors.Join(errCutOff, err)
		}
		b = b[n:]
	}
	return nil
}
