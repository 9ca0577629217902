package yjs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// scribble edits a text and a map at random.
func scribble(t testing.TB, r *rand.Rand, d *Doc, times int) {
	t.Helper()
	text, m := d.Text("t"), d.Map("m")
	for range times {
		var err error
		switch index := r.IntN(text.Len() + 1); r.IntN(5) {
		case 0:
			err = text.Delete(index, min(r.IntN(6), text.Len()-index))
		case 1:
			m.SetText(fmt.Sprint(r.IntN(4)), "inner")
		case 2:
			if nested, ok := m.At(fmt.Sprint(r.IntN(4))); ok {
				err = nested.(*Text).Insert(0, "more")
			}
		default:
			err = text.Insert(index, "ab")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// poisons are updates that are well formed, and refused when all that comes with
// them has been applied: their client is the lowest.
func poisons() map[string][]byte {
	nested := encoder{}
	nested.uint(1)
	nested.uint(maxNesting + 2)
	nested.uint(0) // client
	nested.uint(2) // clock
	for i := range uint64(maxNesting + 2) {
		nested.byte(byte(kindType))
		if i == 0 {
			nested.uint(1)
			nested.string("deep")
		} else {
			nested.uint(0)
			nested.id(ID{0, i + 1})
		}
		nested.uint(typeArray)
	}
	nested.uint(0) // no deletions
	return map[string][]byte{
		"types nested too deep":    nested.buf,
		"continues another struct": {1, 1, 0, 0, 4, 1, 1, 'x', 4, 'a', 'b', 'c', 'd', 0},
		"two values of a key":      {1, 2, 0, 2, 0x28, 1, 1, 'm', 1, 'q', 2, 126, 126, 0x88, 0, 2, 1, 126, 0},
	}
}

// An update that turns out to be unacceptable when half of it is in the document
// must leave no trace: the room goes on with this document, and others have not
// seen the update.
func TestRefusedUpdateLeavesTheDocumentAsItWas(t *testing.T) {
	for name, poison := range poisons() {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(60) {
				r := rand.New(rand.NewPCG(seed, 1))
				ours, theirs := New(WithClientID(5), WithGC(seed%2 == 0)), New(WithClientID(6))
				ours.Transact(nil, func() { scribble(t, r, ours, 30) })
				// client 0 has two units of text in a root
				base := []byte{1, 1, 0, 0, 4, 1, 1, 't', 2, 'h', 'i', 0}
				for _, u := range [][]byte{base, encodeAll(t, ours)} {
					for _, d := range []*Doc{ours, theirs} {
						if err := d.ApplyUpdate(u, nil); err != nil {
							t.Fatal(err)
						}
					}
				}
				good := theirs.Transact(nil, func() { scribble(t, r, theirs, 20) })
				scribble(t, r, ours, 10)
				bad, err := MergeUpdates(good, poison)
				if err != nil {
					t.Fatal(err)
				}
				before := summary(t, ours)
				if err := ours.ApplyUpdate(bad, nil); !errors.Is(err, ErrRefused) {
					t.Fatalf("seed %d: %v, want ErrRefused", seed, err)
				}
				if after := summary(t, ours); after != before {
					t.Fatalf("seed %d: refused, and yet changed:\n%s\n%s", seed, before, after)
				}
				checkIntegrity(t, ours)
				twin := New(WithGC(ours.gc))
				for _, u := range [][]byte{encodeAll(t, ours), good} {
					if err := twin.ApplyUpdate(u, nil); err != nil {
						t.Fatal(err)
					}
				}
				if err := ours.ApplyUpdate(good, nil); err != nil {
					t.Fatal(err)
				}
				if a, b := ours.Text("t").String(), twin.Text("t").String(); a != b {
					t.Fatalf("seed %d: %q after a refused update, %q without", seed, a, b)
				}
				scribble(t, r, ours, 20)
				checkIntegrity(t, ours)
			}
		})
	}
}

func encodeAll(t testing.TB, d *Doc) []byte {
	t.Helper()
	state, err := d.EncodeStateAsUpdate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// What waits cannot be refused any more when it is applied, for it was accepted:
// somebody else's update, which it waited for, must go in.
func TestWhatHadToWaitDoesNotBlockOthers(t *testing.T) {
	d := New()
	first := []byte{1, 1, 9, 0, 4, 1, 1, 't', 2, 'h', 'i', 0}
	// waits for clock 2 of client 9, and is nested too deep in itself
	waiting := encoder{}
	waiting.uint(1)
	waiting.uint(maxNesting + 2)
	waiting.uint(3)
	waiting.uint(0)
	for i := range uint64(maxNesting + 2) {
		if i == 0 {
			waiting.byte(byte(kindType) | infoOrigin)
			waiting.id(ID{9, 1})
		} else {
			waiting.byte(byte(kindType))
			waiting.uint(0)
			waiting.id(ID{3, i - 1})
		}
		waiting.uint(typeMap)
	}
	waiting.uint(0)
	for _, update := range [][]byte{waiting.buf, first} {
		if err := d.ApplyUpdate(update, nil); err != nil {
			t.Fatal(err)
		}
	}
	if d.Pending() || d.Text("t").String() != "hi" || d.state(3) != maxNesting+2 {
		t.Errorf("pending %v, text %q, %d units of client 3", d.Pending(), d.Text("t"), d.state(3))
	}
	checkIntegrity(t, d)
}

// A stranger must not fill the memory with structs that wait for what never
// comes.
func TestWhatMayWaitIsBounded(t *testing.T) {
	d := New()
	for i := 0; ; i++ {
		e := encoder{}
		e.uint(1)
		e.uint(1)
		e.uint(uint64(i))
		e.uint(7) // clock: 0 to 6 are missing
		e.byte(byte(kindString))
		e.uint(1)
		e.string("t")
		e.string(strings.Repeat("x", 1000))
		e.uint(0)
		err := d.ApplyUpdate(e.buf, nil)
		if errors.Is(err, ErrPending) {
			break
		}
		if err != nil || i > maxPendingClients {
			t.Fatalf("update %d: %v", i, err)
		}
	}
	before := summary(t, d)
	far := []byte{0, 1, 200, 200, 3, 1, 1, 1} // a deletion of what is not there
	if err := d.ApplyUpdate(far, nil); err != nil {
		t.Fatal(err)
	}
	for range 3 { // the same again takes no more room
		if err := d.ApplyUpdate(far, nil); err != nil {
			t.Fatal(err)
		}
	}
	if d.pending.spans != 1 || summary(t, d) == before {
		t.Errorf("%d spans wait, want 1", d.pending.spans)
	}
	if _, err := MergeUpdates(encodeAll(t, d)); err != nil {
		t.Errorf("state with what waits: %v", err)
	}
}
