package yjs

import (
	"bytes"
	"encoding/json"
	"testing"
)

// baseDoc has something of everything that Go can make.
func baseDoc(t testing.TB, gc bool) *Doc {
	t.Helper()
	d := New(WithClientID(1), WithGC(gc))
	d.Transact(nil, func() {
		check := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		check(d.Text("t").Insert(0, "hello 😀 world"))
		check(d.Text("t").Delete(2, 2))
		v, err := ParseJSON([]byte(`{"a":[1,2.5,"x",null]}`))
		check(err)
		check(d.Array("a").Insert(0, v, v, BytesValue([]byte{1})))
		m, err := d.Array("a").InsertMap(1)
		check(err)
		m.Set("k", v)
		m.Set("k", Undefined)
		m.SetText("text", "nested")
		d.Map("m").SetMap("inner").SetArray("deep")
	})
	return d
}

// seeds are updates of every form.
func seeds(t testing.TB) [][]byte {
	t.Helper()
	d := baseDoc(t, true)
	full, err := d.EncodeStateAsUpdate(nil)
	if err != nil {
		t.Fatal(err)
	}
	all := [][]byte{
		full,
		{0, 0},
		{1, 1, 2, 0, 1, 1, 1, 't', 2, 'h', 'i', 0},
		{1, 1, 2, 0, 4, 1, 1, 't', 2, 'h', 'i', 0},
		{1, 1, 2, 5, 4, 1, 1, 't', 2, 'h', 'i', 0},                                       // waits for clock 0 of client 2
		{1, 2, 2, 0, 0, 5, 10, 5, 1, 2, 1, 0, 5},                                         // GC, Skip, deletion
		{0, 1, 1, 1, 0, 100},                                                             // deletion of what is not there
		{1, 1, 2, 0, 6, 1, 1, 't', 4, 'b', 'o', 'l', 'd', 1, '1', 0},                     // format
		{1, 1, 2, 0, 7, 1, 1, 't', 3, 1, 'p', 0},                                         // XML element
		{1, 1, 2, 0, 0x28, 1, 1, 'm', 1, 'k', 2, 126, 127, 0},                            // two values of one key at once
		{1, 1, 2, 0, 0xc4, 1, 3, 1, 4, 1, 'x', 0},                                        // between two units
		{1, 1, 2, 0, 0x84, 1, 6, 1, 'x', 0},                                              // in a surrogate pair
		{1, 1, 2, 0, 9, 1, 1, 'x', 1, 'g', 118, 0, 0},                                    // subdocument
		{1, 1, 2, 0, 5, 1, 1, 't', 2, '{', '}', 0},                                       // embed
		{1, 1, 2, 0, 2, 1, 1, 'a', 1, 9, 'u', 'n', 'd', 'e', 'f', 'i', 'n', 'e', 'd', 0}, // JSON
	}
	update := d.Transact(nil, func() {
		if err := d.Text("t").Insert(3, "日本"); err != nil {
			t.Fatal(err)
		}
	})
	return append(all, update)
}

// Anybody may send any bytes. The worst outcome is a document that has changed
// although the update was refused, or one that can no longer be stored, read or
// edited.
func FuzzApplyUpdate(f *testing.F) {
	for _, a := range seeds(f) {
		f.Add(a, []byte{}, true)
		for _, b := range seeds(f)[:4] {
			f.Add(a, b, false)
		}
	}
	f.Fuzz(func(t *testing.T, first, second []byte, gc bool) {
		d := baseDoc(t, gc)
		for _, update := range [][]byte{first, second, first} {
			before := summary(t, d)
			if err := d.ApplyUpdate(update, nil); err != nil {
				if after := summary(t, d); after != before {
					t.Fatalf("refused (%v), and yet changed:\n%s\n%s", err, before, after)
				}
			} else if err := Validate(update); err != nil {
				t.Fatalf("applied although not valid: %v", err)
			}
			checkIntegrity(t, d)
		}
		checkRoundTrip(t, d)
		d.clientID = maxInteger // deletions that wait may name any other
		edit(t, d)
		checkIntegrity(t, d)
		checkRoundTrip(t, d)
	})
}

// checkRoundTrip loads the state of a document into a new one.
func checkRoundTrip(t testing.TB, d *Doc) {
	t.Helper()
	state, err := d.EncodeStateAsUpdate(nil)
	if err != nil {
		t.Fatal(err)
	}
	again := New(WithGC(d.gc))
	if err := again.ApplyUpdate(state, nil); err != nil {
		t.Fatalf("load own state %x: %v", state, err)
	}
	checkIntegrity(t, again)
	if d.Pending() {
		return // what waits may be a second version of what is there
	}
	for name := range d.roots {
		if a, b := d.Text(name).String(), again.Text(name).String(); a != b {
			t.Fatalf("root %q: %q became %q", name, a, b)
		}
		if a, b := d.Array(name).JSON(), again.Array(name).JSON(); !bytes.Equal(a, b) || !json.Valid(a) {
			t.Fatalf("root %q: %s became %s", name, a, b)
		}
		if a, b := d.Map(name).JSON(), again.Map(name).JSON(); !bytes.Equal(a, b) || !json.Valid(a) {
			t.Fatalf("root %q: %s became %s", name, a, b)
		}
	}
}

// edit deletes half of every list and all of every map, and inserts.
func edit(t testing.TB, d *Doc) {
	t.Helper()
	for _, root := range d.roots {
		a, m, text := &Array{root}, &Map{root}, &Text{root}
		if err := a.Delete(a.Len()/2, (a.Len()+1)/2); err != nil {
			t.Fatal(err)
		}
		if err := text.Insert(text.Len(), "x"); err != nil {
			t.Fatal(err)
		}
		if err := text.Insert(0, "y"); err != nil {
			t.Fatal(err)
		}
		for _, key := range m.Keys() {
			m.Delete(key)
		}
	}
}

func FuzzMergeUpdates(f *testing.F) {
	for _, a := range seeds(f) {
		for _, b := range seeds(f) {
			f.Add(a, b)
		}
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		merged, err := MergeUpdates(a, b)
		if err != nil {
			if Validate(a) == nil && Validate(b) == nil {
				t.Fatalf("valid updates do not merge: %v", err)
			}
			return
		}
		if err := Validate(merged); err != nil {
			t.Fatalf("merged update %x: %v", merged, err)
		}
		vector, err := StateVectorFromUpdate(merged)
		if err != nil {
			t.Fatal(err)
		}
		diff, err := DiffUpdate(merged, vector)
		if err != nil {
			t.Fatal(err)
		}
		if err := Validate(diff); err != nil {
			t.Fatalf("difference %x: %v", diff, err)
		}
		again, err := MergeUpdates(merged, merged)
		if err != nil || Validate(again) != nil {
			t.Fatalf("merged twice: %v, %v", err, Validate(again))
		}
	})
}

func FuzzDecodeAwareness(f *testing.F) {
	f.Add(EncodeAwareness([]AwarenessState{{Client: 1, Clock: 2, State: json.RawMessage(`{"name":"Ada"}`)}, {Client: 3}}))
	f.Add([]byte{1, 1, 1, 4, 'n', 'u', 'l', 'l'})
	f.Fuzz(func(t *testing.T, data []byte) {
		states, err := DecodeAwareness(data)
		if err != nil {
			return
		}
		again, err := DecodeAwareness(EncodeAwareness(states))
		if err != nil || len(again) != len(states) {
			t.Fatalf("%v became %v: %v", states, again, err)
		}
	})
}

func FuzzDecodeSync(f *testing.F) {
	f.Add(SyncMessage{SyncStep1, []byte{0}}.Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := DecodeSync(data)
		if err != nil {
			return
		}
		if again, err := DecodeSync(m.Encode()); err != nil || !bytes.Equal(again.Payload, m.Payload) {
			t.Fatalf("%v became %v: %v", m, again, err)
		}
		if m.Kind == SyncStep1 {
			_, err := New().EncodeStateAsUpdate(m.Payload) // must not panic
			_ = err
		}
	})
}

func FuzzParseJSON(f *testing.F) {
	for _, text := range []string{`{"a":[1,-0,2.5,1e400,"\ud800",null,true]}`, `[]`, `"x"`, `{"__proto__":{}}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := ParseJSON(text)
		if err != nil {
			return
		}
		d := decoder{data: v.wire}
		if d.skipAny(0); d.finish() != nil {
			t.Fatalf("%s became %x: %v", text, v.wire, d.err)
		}
		again, err := ParseJSON(v.JSON())
		if err != nil {
			t.Fatalf("%s became %s: %v", text, v.JSON(), err)
		}
		if !bytes.Equal(again.JSON(), v.JSON()) {
			t.Fatalf("%s became %s", v.JSON(), again.JSON())
		}
		v.Any()
	})
}
