package web

import (
	"context"
	"errors"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/app/wire"
)

// transport carries messages to one tab and back: a WebSocket, or a stream where
// those are blocked. One goroutine reads, any number write in turn.
type transport interface {
	// read returns the next message, of at most most bytes. After an Invalid
	// error, which is for the one who sent it, it can be called again; errTooLarge,
	// wire.ErrLost and others are its end.
	read(most int64) ([]byte, error)
	// writeMade sends a message that is made when it is its turn, so that those
	// that wait for a slow browser take no memory. still, if given, is asked right
	// before the first byte; false writes nothing and returns errStale.
	writeMade(ctx context.Context, made func() ([]byte, error), still func() bool) error
	// keepAlive shows that the server is there until ctx ends.
	keepAlive(ctx context.Context)
	// close says why, if the browser takes it in time, and ends read and write.
	close(code int, reason string)
	// closeTooLarge is close for a browser that is still sending. Only the reader
	// may call it.
	closeTooLarge(reason string)
}

var (
	// errTooLarge says that a message has more bytes than were asked for. The
	// rest of it has not been read.
	errTooLarge = errors.New("message too large")
	// errStale says that a message was not sent since it must not be any more.
	errStale = errors.New("no longer to be sent")
)

// tablesSocket is the WebSocket of the tables.
type tablesSocket struct {
	*socket
	codec wire.Codec
	kind  int // of frames that the codec writes
	taken wire.Numbers
}

func newTablesSocket(s *socket, codec wire.Codec) *tablesSocket {
	s.numbered = codec.Binary
	kind := websocket.TextMessage
	if codec.Binary {
		kind = websocket.BinaryMessage
	}
	return &tablesSocket{socket: s, codec: codec, kind: kind}
}

func (s *tablesSocket) read(most int64) ([]byte, error) {
	if s.numbered {
		most += wire.NumberBytes
	}
	kind, data, err := s.socket.read(most)
	switch {
	case err != nil:
		return nil, err
	case kind != s.kind:
		return nil, app.Errorf(app.Invalid, "The subprotocol %s has another kind of frames.", s.codec.Protocol)
	case s.numbered:
		return s.taken.Take(data)
	}
	return data, nil
}

func (s *tablesSocket) writeMade(ctx context.Context, made func() ([]byte, error), still func() bool) error {
	return s.socket.writeMade(ctx, s.kind, made, still)
}
