package packed

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"lyceum/app"
)

// samples are rows with values where encodings change their form.
var samples = []app.Row{
	{}, {"": "", "a": []byte{}, "list": []any{}, "map": app.Row{}},
	{"n": []any{int64(0), int64(23), int64(24), int64(255), int64(256), int64(65535), int64(65536), int64(1 << 32), int64(math.MaxInt64), int64(-1), int64(-24), int64(-25), int64(math.MinInt64)}},
	{"f": []any{0.0, 0.5, 1.5, -2.0, 65504.0, 5.960464477539063e-08, 6.097555160522461e-05, 1e5, math.MaxFloat32, 0.1, math.MaxFloat64, math.SmallestNonzeroFloat64}},
	{"t": true, "f": false, "text": strings.Repeat("ä😀", 100), "bytes": bytes.Repeat([]byte{0xFF}, 300)},
	{"users": app.Row{"a": app.Row{"role": "owner"}, "aa": app.Row{"role": "viewer"}, "b": app.Row{}}, "z": "last"},
}

// FuzzDecode: what is decoded is what was written, and nothing else is taken: a
// page that was damaged where no structure shows it must not become another row.
func FuzzDecode(f *testing.F) {
	for _, row := range samples {
		b, err := Encode(row)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, b := range []string{"", "\xa1", "\xa1aa\x18\x05", "\xa2aa\x01aa\x02", "\xa2ab\x01aa\x02", "\xa1aa\xf6", "\xa1aa\xc0\x01", "\xbf\xff", "\xa1aa\x9f\xff", "\xa1aa\xf9\x7c\x00", "\xa0\xa0", "\x80", "\xa1\x01\x01", "\xa1aa\x1b\xff\xff\xff\xff\xff\xff\xff\xff", "\xa1aaa\xff"} {
		f.Add([]byte(b))
	}
	var kept Texts
	f.Fuzz(func(t *testing.T, b []byte) {
		row, err := Decode(bytes.Clone(b), &kept, nil)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("error %v", err)
			}
			return
		}
		again, err := Encode(row)
		if err != nil {
			t.Fatalf("%x became %v, which cannot be written: %v", b, row, err)
		}
		back, err := Decode(bytes.Clone(again), nil, nil)
		if err != nil || !reflect.DeepEqual(back, row) {
			t.Fatalf("%x became %v and then %v, %v", b, row, back, err)
		}
		var other map[string]any
		if err := peer.Unmarshal(b, &other); err != nil || !reflect.DeepEqual(other, row) {
			t.Fatalf("%x became %v; another decoder has %v, %v", b, row, other, err)
		}
		part, err := Decode(bytes.Clone(b), &kept, []string{"a", "users"})
		if err != nil || !reflect.DeepEqual(part["a"], row["a"]) || !reflect.DeepEqual(part["users"], row["users"]) || len(part) > 2 {
			t.Fatalf("%x: a part of %v is %v, %v", b, row, part, err)
		}
	})
}

// peer is a general decoder.
var peer = must(cbor.DecOptions{
	DefaultMapType: reflect.TypeFor[map[string]any](), DupMapKey: cbor.DupMapKeyEnforcedAPF, IntDec: cbor.IntDecConvertSignedOrFail,
	IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden, MaxNestedLevels: 64,
}.DecMode())

// A row that was damaged inside is no row: each of these bytes would otherwise be
// served to somebody.
func TestS8DamagedRowIsNotDecoded(t *testing.T) {
	for _, row := range samples {
		b, err := Encode(row)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Decode(bytes.Clone(b), nil, nil); err != nil || !reflect.DeepEqual(got, row) {
			t.Fatalf("%v came back as %v, %v", row, got, err)
		}
		for cut := range min(len(b), 64) {
			if got, err := Decode(bytes.Clone(b[:cut]), nil, nil); err == nil {
				t.Errorf("%d bytes of %v became %v", cut, row, got)
			}
		}
		if got, err := Decode(append(bytes.Clone(b), 0), nil, nil); err == nil {
			t.Errorf("%v and a byte more became %v", row, got)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	row := app.Row{
		"id": "p000001", "title": "Notes on graphs", "description": "What we did in the summer, with figures.",
		"users":   app.Row{"ada": app.Row{"role": "owner", "since": int64(1764184000000)}, "ed": app.Row{"role": "editor", "since": int64(1764184000000)}},
		"created": int64(1764184000000), "last_edited": int64(1764184000000), "state": app.Row{"state": "stopped", "since": int64(1764184000000)},
	}
	raw, err := Encode(row)
	if err != nil {
		b.Fatal(err)
	}
	var kept Texts
	for _, test := range []struct {
		name   string
		fields []string
	}{{"row", nil}, {"one field", []string{"users"}}} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(raw, &kept, test.fields); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("general decoder", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var row app.Row
			if err := peer.Unmarshal(raw, &row); err != nil {
				b.Fatal(err)
			}
		}
	})
}
