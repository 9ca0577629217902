package wire

import (
	"reflect"

	"lyceum/app"
)

// Request is the body of POST api/query, in the form of lyceum.json: an Ask
// without a connection.
type Request struct {
	Query   any     `json:"query"`
	Options app.Row `json:"options,omitempty"`
	Request string  `json:"request,omitempty"` // makes a repetition harmless (W3)
}

// DecodeRequest reads a request. Every error has a sentence.
func DecodeRequest(data []byte) (Request, error) {
	value, err := decodeJSON(data)
	if err != nil {
		return Request{}, err
	}
	m, ok := value.(app.Row)
	if !ok {
		return Request{}, app.Errorf(app.Invalid, `A request is an object: {"query": {…}}.`)
	}
	var r Request
	if err := fromMap("The request", m, reflect.ValueOf(&r).Elem()); err != nil {
		return Request{}, err
	}
	return r, checkRequestID(r.Request)
}

func checkRequestID(id string) error {
	if len(id) > MaxRequest {
		return app.Errorf(app.TooLarge, "A request id may have at most %d characters; this has %d.", MaxRequest, len(id))
	}
	return nil
}

// EncodeResult writes what a Request is answered.
func EncodeResult(r Result) ([]byte, error) { return encodeJSON(toMap(reflect.ValueOf(r))) }
