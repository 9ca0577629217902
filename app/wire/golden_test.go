package wire

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"lyceum/app"
)

// goldenDir holds messages as they travel, one a file: in the form of
// lyceum.json and, in hexadecimal, in that of lyceum.cbor. TypeScript reads the
// same files.
const goldenDir = "../../testdata/wire"

type golden struct {
	From    string          `json:"from"` // "client" or "server"
	Message json.RawMessage `json:"message"`
	CBOR    string          `json:"cbor"`
}

var index = int64(1)

// goldens are the messages of the files, by name.
var goldens = map[string]Message{
	"client-hello": ClientHello{Version: Version},
	"get":          Ask{ID: 1, Query: app.Row{"projects": []any{app.Row{"id": nil, "title": nil, "created": app.Row{">=": int64(1_700_000_000_000)}}}}, Options: app.Row{"order_by": "-created", "limit": int64(10)}},
	"watch-after":  Ask{ID: 2, Query: app.Row{"patches": []any{app.Row{"document_id": "d1", "seq": app.Row{">": int64(41)}, "update": nil}}}, Options: app.Row{"changes": true, "after": app.Row{"log": "l.boot-3", "n": int64(1) << 40}}},
	"set-bytes":    Ask{ID: 3, Query: app.Row{"patches": app.Row{"document_id": "d1", "origin": "tab", "n": int64(7), "update": []byte{0, 1, 255}}}, Request: "r1"},
	"set-unset":    Ask{ID: 4, Query: app.Row{"cursors": app.Row{"document_id": "d1", "position": app.Row{"$unset": true}}}},
	"array":        Ask{ID: 5, Query: []any{app.Row{"accounts": app.Row{"name": nil}}, app.Row{"accounts": app.Row{"id": "a", "name": "Zoë 𝒵"}}}},
	"cancel":       Cancel{ID: 2},
	"ping":         Ping{},

	"server-hello":     ServerHello{Version: Version, Server: "lyceum 0.1", AccountID: "a1", ConnectionID: "c1", PingEvery: 25_000},
	"server-hello-out": ServerHello{Version: Version, Server: "lyceum 0.1", ConnectionID: "c1", PingEvery: 25_000},
	"rows":             Answer{ID: 1, Result: Result{Rows: []app.Row{{"id": "p1", "title": "Graphs", "created": int64(-1), "x": 0.5}}, Cut: true}},
	"rows-none":        Answer{ID: 1, Result: Result{Rows: []app.Row{}, Position: &app.Position{Log: "l", N: 0}}},
	"rows-start":       Answer{ID: 2, Result: Result{Rows: []app.Row{{"document_id": "d1", "seq": int64(42), "update": []byte{}}}, Start: true, Position: &app.Position{Log: "l.boot-3", N: 1 << 40}}},
	"row":              Answer{ID: 3, Result: Result{Row: app.Row{"document_id": "d1", "seq": int64(42)}}},
	"row-none":         Answer{ID: 3},
	"answers":          Answer{ID: 5, Result: Result{Answers: []Result{{Row: app.Row{"id": "a"}}, {Rows: []app.Row{}}}}},
	"changes": Changes{ID: 2, Position: app.Position{Log: "l", N: 9}, Changes: []Change{
		{Action: "insert", NewVal: app.Row{"id": "t1", "ended": app.Row{"exit_code": int64(0)}}},
		{Action: "update", NewVal: app.Row{"id": "t1", "ended": nil}, OldVal: app.Row{"id": "t1", "project_id": "p1"}},
		{Action: "delete", OldVal: app.Row{"id": "t1"}},
	}},
	"error":         Failure{ID: 3, Error: Error{Kind: app.Denied, Message: "Please sign in first."}},
	"error-index":   Failure{ID: 5, Error: Error{Kind: app.Invalid, Message: "There is no table \"x\".", Index: &index}},
	"error-message": Failure{Error: Error{Kind: app.TooLarge, Message: "A message may have at most 4194304 bytes; this has 5000000."}},
	"pong":          Pong{},
}

func fromClient(m Message) bool {
	switch m.(type) {
	case ClientHello, Ask, Cancel, Ping:
		return true
	}
	return false
}

func decode(c Codec, client bool, data []byte) (Message, error) {
	if client {
		return c.DecodeClient(data)
	}
	return c.DecodeServer(data)
}

// If a message changed its form unnoticed, a browser with yesterday's page would
// talk to today's server in another language.
func TestGoldenMessages(t *testing.T) {
	for name, message := range goldens {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(goldenDir, name+".json")
			if *update {
				writeGolden(t, file, message)
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var g golden
			if err := json.Unmarshal(data, &g); err != nil {
				t.Fatal(err)
			}
			binary, err := hex.DecodeString(g.CBOR)
			if err != nil {
				t.Fatal(err)
			}
			client := g.From == "client"
			for codec, data := range map[*Codec][]byte{&CBOR: binary, &JSON: g.Message} {
				got, err := decode(*codec, client, data)
				if err != nil || !reflect.DeepEqual(got, message) {
					t.Errorf("%s reads %#v, %v\nwant %#v", codec.Protocol, got, err, message)
				}
			}
			if out, err := CBOR.Encode(message); err != nil || !bytes.Equal(out, binary) {
				t.Errorf("CBOR writes %x, %v\nwant        %x", out, err, binary)
			}
			var compact bytes.Buffer
			if err := json.Compact(&compact, g.Message); err != nil {
				t.Fatal(err)
			}
			if out, err := JSON.Encode(message); err != nil || string(out) != compact.String() {
				t.Errorf("JSON writes %s, %v\nwant        %s", out, err, compact.String())
			}
		})
	}
	files, err := filepath.Glob(filepath.Join(goldenDir, "*.json"))
	if err != nil || len(files) != len(goldens) {
		t.Errorf("%d files for %d messages, %v", len(files), len(goldens), err)
	}
}

func writeGolden(t *testing.T, file string, m Message) {
	t.Helper()
	text, err := JSON.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	binary, err := CBOR.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	g := golden{From: "server", Message: text, CBOR: hex.EncodeToString(binary)}
	if fromClient(m) {
		g.From = "client"
	}
	var out bytes.Buffer
	w := json.NewEncoder(&out)
	w.SetEscapeHTML(false)
	w.SetIndent("", "  ")
	if err := w.Encode(g); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Every message that is sent must have an example.
func TestEveryMessageHasAGolden(t *testing.T) {
	var ops []string
	for _, m := range goldens {
		ops = append(ops, reflect.TypeOf(m).Name())
	}
	for _, want := range []string{"ClientHello", "Ask", "Cancel", "Ping", "ServerHello", "Answer", "Changes", "Failure", "Pong"} {
		if !slices.Contains(ops, want) {
			t.Errorf("no golden message is a %s", want)
		}
	}
}

func TestMalformedMessagesAreRefusedWithASentence(t *testing.T) {
	deep := strings.Repeat("[", 40) + strings.Repeat("]", 40)
	many := "[" + strings.Repeat("1,", MaxItems) + "1]"
	const notCBOR = "invalid: This message is not the CBOR that the server reads: definite lengths, text in UTF-8, no tags, no undefined, finite numbers, each key once."
	tests := []struct {
		name  string
		codec Codec
		data  string
		want  string
	}{
		{"no JSON", JSON, `{"op":`, "invalid: This message is not valid JSON."},
		{"two values", JSON, `{"op":"ping"}{}`, "invalid: This message has something after its end."},
		{"invalid UTF-8 in JSON", JSON, "{\"op\":\"\xff\"}", "invalid: This message is not valid UTF-8."},
		{"deep JSON", JSON, deep, "too_large: A message may nest at most 20 levels."},
		{"many entries in JSON", JSON, many, "too_large: A list or an object of a message may have at most 20000 entries."},
		{"a key twice in JSON", JSON, `{"op":"ping","op":"pong"}`, `invalid: This message has the key "op" twice in one object.`},
		{"bytes that are not base64", JSON, `{"op":"ask","id":1,"query":{"$bytes":"*"}}`, "invalid: The bytes of a message are not valid base64."},
		{"a number too large", JSON, `{"op":"cancel","id":99999999999999999999}`, "invalid: The number 99999999999999999999 is too large."},
		{"a float too large", JSON, `{"op":"cancel","id":1e999}`, "invalid: The number 1e999 is too large."},
		{"a list", JSON, `[]`, "invalid: A message is an object with an op."},
		{"no op", JSON, `{}`, "invalid: A message must have an op."},
		{"unknown op", JSON, `{"op":"tell"}`, `invalid: There is no op "tell"; a client says hello, ask, cancel and ping.`},
		{"unknown field", JSON, `{"op":"ask","id":1,"quer":{}}`, `invalid: The message ask has no field "quer"; its fields are id, query, options, request.`},
		{"missing field", JSON, `{"op":"ask","query":{}}`, "invalid: The message ask must have id."},
		{"wrong type", JSON, `{"op":"ask","id":"1","query":{}}`, "invalid: The message ask.id has the wrong type."},
		{"a long request id", JSON, `{"op":"ask","id":1,"query":{},"request":"` + strings.Repeat("x", 65) + `"}`, "too_large: A request id may have at most 64 characters; this has 65."},
		{"too long", JSON, strings.Repeat(" ", MaxMessage+1), "too_large: A message may have at most 4194304 bytes; this has 4194305."},
		{"no CBOR", CBOR, "\xff", notCBOR},
		{"nothing", CBOR, "", notCBOR},
		{"something after the end", CBOR, "\xa0\xa0", notCBOR},
		{"invalid UTF-8 in CBOR", CBOR, "\xa1\x62op\x61\xff", notCBOR},
		{"undefined", CBOR, "\xa1\x62op\xf7", notCBOR},
		{"a key twice in CBOR", CBOR, "\xa2\x62op\x01\x62op\x02", notCBOR},
		{"a key that is no text", CBOR, "\xa1\x01\x01", notCBOR},
		{"a tag", CBOR, "\xc1\x01", notCBOR},
		{"not a number", CBOR, "\xf9\x7e\x00", notCBOR},
		{"an indefinite length", CBOR, "\x9f\xff", notCBOR},
		{"an integer too large", CBOR, "\x1b\xff\xff\xff\xff\xff\xff\xff\xff", notCBOR},
		{"deep CBOR", CBOR, strings.Repeat("\x81", 40) + "\x01", "too_large: A message may nest at most 20 levels."},
		{"a list that claims to be long", CBOR, "\x9b\x00\xff\xff\xff\xff\xff\xff\xff", "too_large: A list or an object of a message may have at most 20000 entries."},
		{"a text that claims to be long", CBOR, "\x7b\x00\xff\xff\xff\xff\xff\xff\xff", notCBOR},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := tt.codec.DecodeClient([]byte(tt.data))
			if err == nil {
				t.Fatalf("read as %#v", m)
			}
			if kind, message := app.Public(err); string(kind)+": "+message != tt.want {
				t.Errorf("says %s: %s\nwant %s", kind, message, tt.want)
			}
		})
	}
}

func FuzzDecodeCBOR(f *testing.F) { fuzz(f, CBOR) }

func FuzzDecodeJSON(f *testing.F) { fuzz(f, JSON) }

// fuzz: whatever comes, the decoder does not panic, errors have a sentence, and
// what was read is written and read again as the same.
func fuzz(f *testing.F, c Codec) {
	for _, m := range goldens {
		data, err := c.Encode(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, client := range []bool{true, false} {
			m, err := decode(c, client, data)
			if err != nil {
				if kind, message := app.Public(err); kind == app.Internal || message == "" {
					t.Fatalf("%x: %v has no sentence", data, err)
				}
				continue
			}
			again, err := c.Encode(m)
			if err != nil {
				t.Fatalf("%#v is read and cannot be written: %v", m, err)
			}
			same, err := decode(c, client, again)
			if err != nil || !reflect.DeepEqual(m, same) {
				t.Fatalf("%#v\nbecomes %#v, %v", m, same, err)
			}
		}
	})
}
