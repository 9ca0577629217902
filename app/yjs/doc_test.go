package yjs_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"lyceum/app/yjs"
)

func TestEditsOfTwoPeopleMeet(t *testing.T) {
	ada, bob := yjs.New(), yjs.New()
	ada.OnUpdate(func(u []byte, _ any) { must(t, bob.ApplyUpdate(u, nil)) })
	must(t, ada.Text("t").Insert(0, "hello"))
	must(t, bob.Text("t").Insert(5, " world"))
	must(t, ada.Text("t").Insert(0, "> "))
	update, err := bob.EncodeStateAsUpdate(ada.StateVector())
	must(t, err)
	must(t, ada.ApplyUpdate(update, nil))
	if a, b := ada.Text("t").String(), bob.Text("t").String(); a != "> hello world" || a != b {
		t.Errorf("Ada has %q, Bob %q", a, b)
	}
}

// The room sends an update to all but its origin: a wrong origin is an echo or
// somebody who misses an edit.
func TestObserverGetsTheOriginOfEachUpdate(t *testing.T) {
	d, other := yjs.New(), yjs.New()
	var origins []any
	stop := d.OnUpdate(func(u []byte, origin any) {
		origins = append(origins, origin)
		must(t, other.ApplyUpdate(u, nil))
	})
	returned := d.Transact("disk", func() {
		must(t, d.Text("t").Insert(0, "a"))
		must(t, d.Text("t").Insert(1, "b"))
	})
	must(t, d.ApplyUpdate(returned, "again")) // changes nothing
	must(t, d.Text("t").Insert(0, "c"))
	must(t, other.Text("t").Insert(0, "d"))
	must(t, d.ApplyUpdate(state(t, other), "tab"))
	stop()
	must(t, d.Text("t").Insert(0, "e"))
	if !slices.Equal(origins, []any{"disk", nil, "tab"}) {
		t.Errorf("origins %v", origins)
	}
	if got := other.Text("t").String(); got != "dcab" {
		t.Errorf("others see %q", got)
	}
}

func TestTransactionWithoutChangeHasNoUpdate(t *testing.T) {
	d := yjs.New()
	if u := d.Transact(nil, func() { must(t, d.Text("t").Insert(0, "")) }); u != nil {
		t.Errorf("update %x", u)
	}
	u := d.Transact(nil, func() {
		if inner := d.Transact(nil, func() { must(t, d.Text("t").Insert(0, "x")) }); inner != nil {
			t.Errorf("inner transaction has an update of its own: %x", inner)
		}
		if err := d.ApplyUpdate([]byte{0, 0}, nil); err == nil {
			t.Error("an update is applied inside of a transaction")
		}
	})
	if u == nil {
		t.Error("no update of the outer transaction")
	}
}

// Half an emoji cannot be stored: everybody would see two broken characters.
func TestEditsNeverCutACharacter(t *testing.T) {
	d := yjs.New()
	text := d.Text("t")
	must(t, text.Insert(0, "a😀b"))
	if text.Len() != 4 {
		t.Errorf("length %d, want 4 UTF-16 code units", text.Len())
	}
	before := state(t, d)
	for _, err := range []error{
		text.Insert(2, "x"), text.Delete(1, 1), text.Delete(2, 1), text.Delete(0, 2),
		text.Insert(-1, "x"), text.Insert(5, "x"), text.Delete(3, 2), text.Delete(0, -1), text.Delete(-1, 1), text.Delete(5, 0),
	} {
		if !errors.Is(err, yjs.ErrRange) {
			t.Errorf("%v, want ErrRange", err)
		}
	}
	if err := text.Insert(0, "\xff"); err == nil {
		t.Error("text that is not UTF-8 is inserted")
	}
	if !bytes.Equal(before, state(t, d)) {
		t.Error("a refused edit changed the document")
	}
	must(t, text.Delete(1, 2))
	must(t, text.Insert(1, "日"))
	if got := text.String(); got != "a日b" {
		t.Errorf("text %q", got)
	}
}

func TestArraysAndMapsHoldEachOther(t *testing.T) {
	d := yjs.New()
	cells := d.Array("cells")
	cell, err := cells.InsertMap(0)
	must(t, err)
	source := cell.SetText("source", "1+1")
	must(t, source.Insert(3, "+1"))
	outputs := cell.SetArray("outputs")
	value, err := yjs.ParseJSON([]byte(`{"z":1,"a":[true,null,1.5,"x"]}`))
	must(t, err)
	must(t, outputs.Insert(0, value, yjs.BytesValue([]byte{1, 2})))
	cell.Set("count", value)
	cell.Delete("count")
	cell.SetMap("meta").Set("k", yjs.Undefined)
	if got, want := string(cells.JSON()), `[{"meta":{},"outputs":[{"z":1,"a":[true,null,1.5,"x"]},"AQI="],"source":"1+1+1"}]`; got != want {
		t.Errorf("cells\n  are  %s\n  want %s", got, want)
	}
	if _, ok := cell.At("count"); ok || cells.Len() != 1 || !slices.Equal(cell.Keys(), []string{"meta", "outputs", "source"}) {
		t.Errorf("keys %v of %d cells", cell.Keys(), cells.Len())
	}
	again := yjs.New()
	must(t, again.ApplyUpdate(state(t, d), nil))
	element, ok := again.Array("cells").At(0)
	if nested, isMap := element.(*yjs.Map); !ok || !isMap {
		t.Errorf("cell is a %T", element)
	} else if text, ok := nested.At("source"); !ok || text.(*yjs.Text).String() != "1+1+1" {
		t.Errorf("source is %v", text)
	}
	must(t, cells.Delete(0, 1))
	if err := cells.Delete(0, 1); !errors.Is(err, yjs.ErrRange) {
		t.Errorf("delete of what is not there: %v", err)
	}
	if err := source.Insert(0, "too late"); err != nil || cells.Len() != 0 {
		t.Errorf("edit of a deleted cell: %v, %d cells", err, cells.Len())
	}
}

// A server that edited under the id of somebody else would make two different
// characters with one name.
func TestDocumentGivesUpAClientIDThatAnotherUses(t *testing.T) {
	d, other := yjs.New(yjs.WithClientID(7)), yjs.New(yjs.WithClientID(7))
	must(t, other.Text("t").Insert(0, "x"))
	must(t, d.ApplyUpdate(state(t, other), nil))
	if d.ClientID() == 7 {
		t.Error("still edits as 7")
	}
}

// What comes before that on which it depends is kept and applied then, even if
// nothing ever refers to it again.
func TestLateUpdatesAreApplied(t *testing.T) {
	writer := yjs.New(yjs.WithClientID(3))
	var updates [][]byte
	for _, piece := range []string{"one ", "two ", "three ", "four"} {
		updates = append(updates, writer.Transact(nil, func() {
			must(t, writer.Text("t").Insert(writer.Text("t").Len(), piece))
		}))
	}
	updates = append(updates, writer.Transact(nil, func() { must(t, writer.Text("t").Delete(4, 4)) }))
	for _, order := range permutations(len(updates)) {
		d, relay := yjs.New(), yjs.New()
		for i, k := range order {
			must(t, d.ApplyUpdate(updates[k], nil))
			must(t, relay.ApplyUpdate(state(t, d), nil)) // what waits is passed on
			if last := i == len(order)-1; last && d.Pending() {
				t.Errorf("order %v: something waits for ever", order)
			}
		}
		if a, b := d.Text("t").String(), relay.Text("t").String(); a != "one three four" || b != a {
			t.Errorf("order %v: %q, passed on %q", order, a, b)
		}
	}
}

// Each of these is stored for ever once it is accepted, and makes the browsers
// of everybody throw, lose something or disagree.
func TestBrokenUpdatesAreRefused(t *testing.T) {
	deep := append([]byte{1, 1, 2, 0, 8, 1, 1, 'a', 1}, bytes.Repeat([]byte{117, 1}, 501)...)
	for name, update := range map[string][]byte{
		"empty":                           {},
		"no deletions":                    {0},
		"something behind":                {0, 0, 0},
		"text is not UTF-8":               {1, 1, 2, 0, 4, 1, 1, 't', 1, 0xff, 0},
		"half a surrogate pair":           {1, 1, 2, 0, 4, 1, 1, 't', 3, 0xed, 0xa0, 0x80, 0},
		"name is not UTF-8":               {1, 1, 2, 0, 4, 1, 1, 0xff, 1, 'x', 0},
		"embed is not JSON":               {1, 1, 2, 0, 5, 1, 1, 't', 1, '{', 0},
		"JSON nested too deep":            slices.Concat([]byte{1, 1, 2, 0, 5, 1, 1, 't', 0xea, 7}, bytes.Repeat([]byte("["), 501), bytes.Repeat([]byte("]"), 501), []byte{0}),
		"value nested too deep":           append(deep, 126, 0),
		"unknown kind of value":           {1, 1, 2, 0, 8, 1, 1, 'a', 1, 42, 0},
		"unknown struct":                  {1, 1, 2, 0, 11, 1, 1, 'a', 1, 42, 0},
		"unknown type":                    {1, 1, 2, 0, 7, 1, 1, 'a', 7, 0},
		"GC with flags":                   {1, 1, 2, 0, 0x80, 1, 0},
		"nothing of length 0":             {1, 1, 2, 0, 0, 0, 0},
		"text of length 0":                {1, 1, 2, 0, 4, 1, 1, 't', 0, 0},
		"put after itself":                {1, 1, 2, 0, 0x84, 2, 0, 1, 'x', 0},
		"put after what is not made yet":  {1, 1, 2, 0, 0x84, 2, 9, 1, 'x', 0},
		"put before itself":               {1, 1, 2, 0, 0x44, 2, 0, 1, 'x', 0},
		"in itself":                       {1, 1, 2, 0, 4, 0, 2, 0, 1, 'x', 0},
		"before and after the same":       {1, 1, 2, 0, 0xc4, 1, 0, 1, 0, 1, 'x', 0},
		"more structs than bytes":         {1, 0xff, 0xff, 0xff, 0xff, 0x0f, 2, 0, 0, 1, 0},
		"more clients than bytes":         {0xff, 0xff, 0xff, 0xff, 0x0f, 0},
		"text longer than the update":     {1, 1, 2, 0, 4, 1, 1, 't', 0xff, 0xff, 0xff, 0x0f, 'x', 0},
		"clock over 2^53":                 {1, 1, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 1, 0},
		"clock grows over the bound":      {1, 1, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x03, 0, 5, 0},
		"one client twice":                {2, 1, 2, 0, 0, 1, 1, 2, 1, 0, 1, 0},
		"deletion of nothing":             {0, 1, 2, 1, 0, 0},
		"deletions of one client twice":   {0, 2, 2, 1, 0, 1, 2, 1, 5, 1},
		"deletions not in order":          {0, 1, 2, 2, 5, 1, 0, 1},
		"number that does not end":        bytes.Repeat([]byte{0x80}, 20),
		"options of a subdocument absent": {1, 1, 2, 0, 9, 1, 1, 'x', 1, 'g', 126, 0},
	} {
		d := yjs.New()
		must(t, d.Text("t").Insert(0, "x"))
		before := state(t, d)
		if err := d.ApplyUpdate(update, nil); !errors.Is(err, yjs.ErrFormat) {
			t.Errorf("%s: %v, want ErrFormat", name, err)
		}
		if yjs.Validate(update) == nil {
			t.Errorf("%s: valid", name)
		}
		if _, err := yjs.MergeUpdates(update, before); err == nil {
			t.Errorf("%s: merged", name)
		}
		if !bytes.Equal(before, state(t, d)) {
			t.Errorf("%s: changed the document", name)
		}
	}
}

func TestBrokenStateVectorsAreRefused(t *testing.T) {
	for _, vector := range [][]byte{{}, {1}, {1, 2}, {0, 0}, {0xff, 0xff, 0xff, 0x7f}} {
		if _, err := yjs.New().EncodeStateAsUpdate(vector); !errors.Is(err, yjs.ErrFormat) {
			t.Errorf("vector %x: %v, want ErrFormat", vector, err)
		}
		if _, err := yjs.DiffUpdate([]byte{0, 0}, vector); !errors.Is(err, yjs.ErrFormat) {
			t.Errorf("vector %x: %v, want ErrFormat", vector, err)
		}
	}
}

func TestMessagesOfTheProtocolsAreThoseOfBrowsers(t *testing.T) {
	step := yjs.SyncMessage{Kind: yjs.SyncStep1, Payload: []byte{1, 5, 9}}
	if got := step.Encode(); !bytes.Equal(got, []byte{0, 3, 1, 5, 9}) {
		t.Errorf("sync step 1 is %x", got)
	}
	for _, broken := range [][]byte{{}, {3, 0}, {0, 2, 1}, {0, 0, 0}} {
		if m, err := yjs.DecodeSync(broken); err == nil {
			t.Errorf("%x is %v", broken, m)
		}
	}
	states := []yjs.AwarenessState{{Client: 300, Clock: 2, State: []byte(`{"a":1}`)}, {Client: 1, Clock: 9}}
	wire := []byte("\x02\xac\x02\x02\x07{\"a\":1}\x01\x09\x04null")
	if got := yjs.EncodeAwareness(states); !bytes.Equal(got, wire) {
		t.Errorf("awareness is %q", got)
	}
	decoded, err := yjs.DecodeAwareness(wire)
	if err != nil || len(decoded) != 2 || decoded[0].Gone() || !decoded[1].Gone() || string(decoded[0].State) != `{"a":1}` {
		t.Errorf("awareness %v, %v", decoded, err)
	}
	for _, broken := range []string{"", "\x01", "\x01\x01\x01\x01{", "\x00\x00", "\x01\x01\x01\x01\xff"} {
		if states, err := yjs.DecodeAwareness([]byte(broken)); err == nil {
			t.Errorf("%q is %v", broken, states)
		}
	}
}

func TestLongTextIsLoadedAsItWasTyped(t *testing.T) {
	d := yjs.New(yjs.WithClientID(1))
	text, want := d.Text("t"), ""
	for i := range 3000 {
		index := i * 7919 % (text.Len() + 1)
		must(t, text.Insert(index, string(rune('a'+i%26))))
		want = want[:index] + string(rune('a'+i%26)) + want[index:]
	}
	again := yjs.New()
	must(t, again.ApplyUpdate(state(t, d), nil))
	if text.String() != want || again.Text("t").String() != want || !strings.Contains(want, "z") {
		t.Errorf("text differs")
	}
}
