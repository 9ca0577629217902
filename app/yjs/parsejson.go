package yjs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// ParseJSON returns the Value of a JSON text. Objects keep the order of their
// keys; numbers become what JavaScript makes of them. It fails where the text is
// not JSON or nested deeper than 500.
func ParseJSON(text []byte) (Value, error) {
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	var e encoder
	if err := e.json(in, 0); err != nil {
		return Undefined, fmt.Errorf("parse JSON: %w", err)
	}
	if _, err := in.Token(); err != io.EOF {
		return Undefined, fmt.Errorf("parse JSON: %w", errJSON)
	}
	return Value{e.buf}, nil
}

// json reads one value and writes it.
func (e *encoder) json(in *json.Decoder, depth int) error {
	token, err := in.Token()
	if err != nil {
		return err
	}
	switch token := token.(type) {
	case nil:
		e.byte(tagNull)
	case bool:
		e.byte(map[bool]byte{false: tagFalse, true: tagTrue}[token])
	case string:
		e.byte(tagString)
		e.string(token)
	case json.Number:
		f, _ := token.Float64() // too large is infinite, as in JavaScript
		e.number(f)
	case json.Delim:
		if depth == maxNesting {
			return fmt.Errorf("nested deeper than %d", maxNesting)
		}
		return e.jsonGroup(in, token, depth+1)
	}
	return nil
}

// jsonGroup reads an array or an object whose first character was read. The
// number of elements stands before them, so they are written aside.
func (e *encoder) jsonGroup(in *json.Decoder, open json.Delim, depth int) error {
	var inner encoder
	n := uint64(0)
	for ; in.More(); n++ {
		if open == '{' {
			key, err := in.Token()
			if err != nil {
				return err
			}
			inner.string(key.(string)) // encoding/json: a key is a string
		}
		if err := inner.json(in, depth); err != nil {
			return err
		}
	}
	if _, err := in.Token(); err != nil {
		return err
	}
	e.byte(map[json.Delim]byte{'[': tagArray, '{': tagObject}[open])
	e.uint(n)
	e.buf = append(e.buf, inner.buf...)
	return nil
}

// appendJSONString writes a string without the escapes of encoding/json that are
// for HTML.
func appendJSONString(to []byte, s string) []byte {
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	if err := out.Encode(s); err != nil {
		return append(to, "null"...) // cannot be: a string can be written
	}
	return append(to, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}
