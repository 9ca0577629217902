package wire_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"lyceum/app"
	"lyceum/app/wire"
)

const (
	// perByte is how many bytes of memory a byte of a message may take while it
	// is read: an empty list in a list of them takes 24 and its share of growth,
	// an object of one short key some hundreds.
	perByte = 1000
	// perMessage is what reading takes anyway.
	perMessage = 256 << 10
)

// decodeBounded reads a message of whichever side and fails if that takes more
// memory than the message is worth, or if an error has no sentence.
func decodeBounded(t *testing.T, c wire.Codec, data []byte) wire.Message {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m, err := c.DecodeClient(data)
	runtime.ReadMemStats(&after)
	if took, most := after.TotalAlloc-before.TotalAlloc, uint64(len(data))*perByte+perMessage; took > most {
		t.Fatalf("%d bytes took %d bytes of memory to read, more than %d", len(data), took, most)
	}
	if err == nil {
		return m
	}
	if kind, text := app.Public(err); kind == app.Internal || !strings.HasSuffix(text, ".") {
		t.Fatalf("says %v", err)
	}
	if m, err = c.DecodeServer(data); err != nil {
		return nil
	}
	return m
}

// read reads a message of whichever side.
func read(t *testing.T, c wire.Codec, data []byte, like wire.Message) wire.Message {
	t.Helper()
	m, err := c.DecodeClient(data)
	if err == nil {
		return m
	}
	if m, fromServer := c.DecodeServer(data); fromServer == nil {
		return m
	}
	_, text := app.Public(err)
	if strings.Contains(text, "levels") || strings.Contains(text, "bytes") {
		return nil // bytes in base64 are longer, and nest one level deeper
	}
	t.Fatalf("%s does not read what it has written of %#v: %v\n%q", c.Protocol, like, err, data)
	return nil
}

// checkMessage: what is read of what was written is the same, and the same in
// both forms: a script and a browser say the same.
func checkMessage(t *testing.T, m wire.Message) {
	t.Helper()
	if m == nil {
		return
	}
	for _, c := range []wire.Codec{wire.CBOR, wire.JSON} {
		data, err := c.Encode(m)
		if err != nil {
			t.Fatalf("%s does not write %#v: %v", c.Protocol, m, err)
		}
		if again := read(t, c, data, m); again != nil && !reflect.DeepEqual(again, m) {
			t.Fatalf("%s makes of\n%#v\nthis:\n%#v", c.Protocol, m, again)
		}
	}
}

// golden adds the golden messages in one of their two forms.
func golden(f *testing.F, form func(json, cbor []byte) []byte) {
	files, err := filepath.Glob("../../testdata/wire/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no golden messages:", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		var both struct {
			Message json.RawMessage `json:"message"`
			CBOR    string          `json:"cbor"`
		}
		if err := json.Unmarshal(data, &both); err != nil {
			f.Fatal(err)
		}
		binary, err := hex.DecodeString(both.CBOR)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(form(both.Message, binary))
	}
}

// FuzzJSON: whatever a script sends, it is read within bounds or refused with a
// sentence, and means the same in CBOR.
func FuzzJSON(f *testing.F) {
	golden(f, func(json, _ []byte) []byte { return json })
	for _, seed := range []string{
		`{"op":"hello","version":1}`, `{"op":"cancel","id":-0}`, `{"op":"ask","id":1e3,"query":{"a":[{"b":{"<=":1.5}}]}}`,
		`{"op":"ask","id":1,"query":{"$bytes":"AAE="},"options":{"after":{"log":"x","n":1}},"request":"r"}`,
		`{"op":"ask","id":1,"query":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}`, `{"op":"ask","id":1,"query":"\ud800 \u2028"}`,
		`{"op":"answer","id":1,"rows":[],"position":{"log":"l","n":3},"cut":true}`, `{"op":"change","id":1,"changes":[{"action":"delete","old_val":{}}],"position":{"log":"","n":0}}`,
		`{"op":"error","error":{"kind":"invalid","message":"No.","index":2}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkMessage(t, decodeBounded(t, wire.JSON, data)) })
}

// FuzzCBOR: whatever a browser sends, it is read within bounds or refused with a
// sentence, and means the same in JSON.
func FuzzCBOR(f *testing.F) {
	golden(f, func(_, cbor []byte) []byte { return cbor })
	const ask = "\xa3\x62op\x63ask\x62id\x01\x65query"
	for _, seed := range []string{
		ask + "\x44\x00\x01\x02\x03", ask + "\xf9\x3c\x00", ask + "\xfb\x7e\x37\xe4\x3c\x88\x00\x75\x9c", ask + "\xf9\x80\x00", // bytes, 1.0, 1e300, -0.0
		ask + "\xe0", ask + "\xf8\xff", ask + "\xf7", ask + "\xc0\x00", ask + "\xa1\x66$bytes\x61x", ask + "\xa1\x01\x02", // simple values, a tag, odd keys
		ask + "\x9a\x00\x00\x4e\x20", ask + strings.Repeat("\x81", 19) + "\x80", ask + "\x9f\xff", ask + "\x1b\x80\x00\x00\x00\x00\x00\x00\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkMessage(t, decodeBounded(t, wire.CBOR, data)) })
}
