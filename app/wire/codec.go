package wire

import (
	"reflect"

	"lyceum/app"
)

// Codec writes and reads messages in one of the two forms. It may be used from
// any goroutine.
type Codec struct {
	Protocol string // name of the subprotocol
	Binary   bool   // travels in binary frames, else in text frames
	encode   func(any) ([]byte, error)
	decode   func([]byte) (any, error)
}

// The two forms.
var (
	CBOR = Codec{ProtocolCBOR, true, encodeCBOR, decodeCBOR}
	JSON = Codec{ProtocolJSON, false, encodeJSON, decodeJSON}
)

// ByProtocol returns the codec of a subprotocol.
func ByProtocol(name string) (Codec, bool) {
	switch name {
	case ProtocolCBOR:
		return CBOR, true
	case ProtocolJSON:
		return JSON, true
	}
	return Codec{}, false
}

// Encode writes a message.
func (c Codec) Encode(m Message) ([]byte, error) {
	out := toMap(reflect.ValueOf(m))
	out["op"] = string(m.message())
	return c.encode(out)
}

// DecodeClient reads a message of a client. Every error has a sentence.
func (c Codec) DecodeClient(data []byte) (Message, error) {
	if len(data) > MaxMessage {
		return nil, app.Errorf(app.TooLarge, "A message may have at most %d bytes; this has %d.", MaxMessage, len(data))
	}
	return c.read(data, map[Op]Message{OpHello: ClientHello{}, OpAsk: Ask{}, OpCancel: Cancel{}, OpPing: Ping{}})
}

// DecodeServer reads a message of a server, for clients written in Go.
func (c Codec) DecodeServer(data []byte) (Message, error) {
	return c.read(data, map[Op]Message{OpHello: ServerHello{}, OpAnswer: Answer{}, OpChange: Changes{}, OpError: Failure{}, OpPong: Pong{}})
}

func (c Codec) read(data []byte, kinds map[Op]Message) (Message, error) {
	value, err := c.decode(data)
	if err != nil {
		return nil, err
	}
	m, ok := value.(app.Row)
	if !ok {
		return nil, app.Errorf(app.Invalid, "A message is an object with an op.")
	}
	op, ok := m["op"].(string)
	if !ok {
		return nil, app.Errorf(app.Invalid, "A message must have an op.")
	}
	kind, ok := kinds[Op(op)]
	if !ok {
		return nil, app.Errorf(app.Invalid, "There is no op %q; a client says hello, ask, cancel and ping.", op)
	}
	delete(m, "op")
	v := reflect.New(reflect.TypeOf(kind)).Elem()
	if err := fromMap("The message "+op, m, v); err != nil {
		return nil, err
	}
	message, _ := v.Interface().(Message)
	if ask, ok := message.(Ask); ok {
		return message, checkRequestID(ask.Request)
	}
	return message, nil
}
