package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"lyceum/app"
)

// bytesKey marks bytes in JSON: {"$bytes": "base64"}.
const bytesKey = "$bytes"

func encodeJSON(v any) ([]byte, error) {
	var out bytes.Buffer
	w := json.NewEncoder(&out)
	w.SetEscapeHTML(false)
	if err := w.Encode(wrapBytes(v)); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// wrapBytes returns v with bytes in their form for JSON.
func wrapBytes(v any) any {
	switch v := v.(type) {
	case []byte:
		return map[string]string{bytesKey: base64.StdEncoding.EncodeToString(v)}
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = wrapBytes(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = wrapBytes(e)
		}
		return out
	}
	return v
}

func decodeJSON(data []byte) (any, error) {
	if !utf8.Valid(data) {
		return nil, app.Errorf(app.Invalid, "This message is not valid UTF-8.")
	}
	r := json.NewDecoder(bytes.NewReader(data))
	r.UseNumber()
	v, err := readJSON(r, MaxDepth)
	if err == nil {
		if _, err = r.Token(); errors.Is(err, io.EOF) {
			return v, nil
		}
		return nil, app.Errorf(app.Invalid, "This message has something after its end.")
	}
	return nil, app.Explain(err, app.Invalid, "This message is not valid JSON.")
}

// readJSON reads one value that nests at most depth levels.
func readJSON(r *json.Decoder, depth int) (any, error) {
	token, err := r.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Number:
		return number(string(t))
	case json.Delim:
		if depth == 0 {
			return nil, tooDeep()
		}
		if t == '[' {
			return readList(r, depth-1)
		}
		return readObject(r, depth-1)
	}
	return token, nil
}

func readList(r *json.Decoder, depth int) (any, error) {
	list := []any{}
	for r.More() {
		if len(list) == MaxItems {
			return nil, tooMany()
		}
		v, err := readJSON(r, depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := r.Token()
	return list, err
}

func readObject(r *json.Decoder, depth int) (any, error) {
	object := make(app.Row)
	for r.More() {
		if len(object) == MaxItems {
			return nil, tooMany()
		}
		token, err := r.Token()
		if err != nil {
			return nil, err
		}
		key, _ := token.(string) // the decoder lets nothing else be a key
		if _, twice := object[key]; twice {
			return nil, app.Errorf(app.Invalid, "This message has the key %q twice in one object.", key)
		}
		if object[key], err = readJSON(r, depth); err != nil {
			return nil, err
		}
	}
	if _, err := r.Token(); err != nil {
		return nil, err
	}
	if text, ok := object[bytesKey].(string); ok && len(object) == 1 {
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, app.Errorf(app.Invalid, "The bytes of a message are not valid base64.")
		}
		return data, nil
	}
	return object, nil
}

// number reads what is whole as an integer and all else as a float; both are of
// 64 bits.
func number(s string) (any, error) {
	if !strings.ContainsAny(s, ".eE") {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, app.Errorf(app.Invalid, "The number %s is too large.", cut(s))
		}
		return n, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, app.Errorf(app.Invalid, "The number %s is too large.", cut(s))
	}
	return whole(f, s)
}

// whole returns a float as an integer if it is one: 1.0 is written as 1, and is
// the same in JavaScript. s is how it was written.
func whole(f float64, s string) (any, error) {
	switch {
	case math.Abs(f) >= 1<<63:
		return nil, app.Errorf(app.Invalid, "The number %s is too large.", cut(s))
	case f == math.Trunc(f):
		return int64(f), nil
	}
	return f, nil
}

// cut shortens what is quoted in a sentence.
func cut(s string) string {
	const most = 40
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
