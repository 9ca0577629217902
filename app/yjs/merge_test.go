package yjs_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"lyceum/app/yjs"
)

// invent returns an update with structs that begin and end anywhere, as updates
// of several documents of the same people do. A client has either GCs or items:
// of a GC and an item at the same clock the npm package takes one or the other,
// because its order of the two contradicts itself.
func invent(r *rand.Rand) []byte {
	var out []byte
	clients := 1 + r.IntN(3)
	out = append(out, byte(clients))
	for c := clients; c > 0; c-- {
		out = append(out, 0, byte(c), byte(r.IntN(6)))
		count := len(out) - 3
		clock := int(out[len(out)-1])
		for k := range 1 + r.IntN(3) {
			if k > 0 && r.IntN(3) == 0 {
				gap := 1 + r.IntN(4)
				out = append(out, 10, byte(gap))
				out[count]++
				clock += gap
			}
			length := 1 + r.IntN(4)
			switch {
			case c%2 == 0:
				out = append(out, 0, byte(length))
			case clock == 0:
				out = append(out, 1, 1, 1, 't', byte(length))
			case r.IntN(2) == 0:
				out = append(out, 0x81, byte(c), byte(clock-1), byte(length))
			default:
				out = append(out, 0xc4, 9, byte(r.IntN(20)), 8, 3, byte(2+length), 0xc3, 0xa9)
				for range length {
					out = append(out, byte('a'+r.IntN(3)))
				}
				length++
			}
			out[count]++
			clock += length
		}
	}
	out = append(out, byte(clients))
	for c := clients; c > 0; c-- {
		out = append(out, byte(c), 2, byte(r.IntN(4)), byte(1+r.IntN(3)), byte(8+r.IntN(4)), byte(1+r.IntN(9)))
	}
	return out
}

// What is stored is merged without a document, in the background. It must be
// what the npm package would have made of it, whatever overlaps.
func TestMergedUpdatesAreThoseOfTheNpmPackage(t *testing.T) {
	o := startOracle(t)
	r := rand.New(rand.NewPCG(5, 6))
	n := 600
	if testing.Short() {
		n = 100
	}
	for range n {
		var updates [][]byte
		for range 2 + r.IntN(4) {
			updates = append(updates, invent(r))
		}
		merged, err := yjs.MergeUpdates(updates...)
		if err != nil {
			t.Fatalf("%x: %v", updates, err)
		}
		vector := []byte{2, 1, byte(r.IntN(15)), 2, byte(r.IntN(15))}
		diff, err := yjs.DiffUpdate(updates[0], vector)
		must(t, err)
		of, err := yjs.StateVectorFromUpdate(updates[0])
		must(t, err)
		want := o.do(
			command{Cmd: "merge", Updates: updates},
			command{Cmd: "diff", Update: updates[0], Vector: vector},
			command{Cmd: "vectorOf", Update: updates[0]},
		)
		if !bytes.Equal(merged, want[0].State) {
			t.Fatalf("merge %x\n  Go   %x\n  Node %x %s", updates, merged, want[0].State, want[0].Error)
		}
		if !bytes.Equal(diff, want[1].State) {
			t.Fatalf("what %x lacks of %x\n  Go   %x\n  Node %x %s", vector, updates[0], diff, want[1].State, want[1].Error)
		}
		if !bytes.Equal(of, want[2].Vector) {
			t.Fatalf("vector of %x\n  Go   %x\n  Node %x %s", updates[0], of, want[2].Vector, want[2].Error)
		}
	}
}

func TestMergeOfNothingAndOfOne(t *testing.T) {
	if merged, err := yjs.MergeUpdates(); err != nil || !bytes.Equal(merged, []byte{0, 0}) {
		t.Errorf("nothing merged is %x, %v", merged, err)
	}
	one := []byte{1, 1, 2, 0, 4, 1, 1, 't', 2, 'h', 'i', 0}
	merged, err := yjs.MergeUpdates(one)
	if err != nil || !bytes.Equal(merged, one) {
		t.Errorf("one merged is %x, %v", merged, err)
	}
}
