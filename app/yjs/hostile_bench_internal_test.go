package yjs

import (
	"strings"
	"testing"
)

// hostileUpdates are a few megabytes each that could take for ever.
func hostileUpdates() map[string][]byte {
	const n = 400_000
	all := make(map[string][]byte)

	var e encoder // every second unit of a text is deleted; many structs follow it
	e.uint(1)
	e.uint(n + 1)
	e.uint(1)
	e.uint(0)
	e.byte(byte(kindString))
	e.uint(1)
	e.string("t")
	e.string(strings.Repeat("x", 2*n))
	for range n {
		e.byte(byte(kindGC))
		e.uint(1)
	}
	e.uint(1)
	e.uint(1)
	e.uint(n)
	for i := range uint64(n) {
		e.uint(2 * i)
		e.uint(1)
	}
	all["deletions"] = e.buf

	e = encoder{} // a text that was never joined
	e.uint(1)
	e.uint(n)
	e.uint(1)
	e.uint(0)
	for i := range uint64(n) {
		if i == 0 {
			e.byte(byte(kindString))
			e.uint(1)
			e.string("t")
		} else {
			e.byte(byte(kindString) | infoOrigin)
			e.id(ID{1, i - 1})
		}
		e.string("x")
	}
	e.uint(0)
	all["single characters"] = e.buf

	e = encoder{} // everybody writes at the start
	e.uint(n)
	for i := range uint64(n) {
		e.uint(1)
		e.uint(i)
		e.uint(0)
		e.byte(byte(kindString))
		e.uint(1)
		e.string("t")
		e.string("x")
	}
	e.uint(0)
	all["clients"] = e.buf

	e = encoder{} // one key, set without knowing of the others
	e.uint(1)
	e.uint(n)
	e.uint(1)
	e.uint(0)
	for range n {
		e.byte(byte(kindAny) | infoKey)
		e.uint(1)
		e.string("m")
		e.string("k")
		e.uint(1)
		e.byte(tagNull)
	}
	e.uint(0)
	all["values of a key"] = e.buf

	e = encoder{} // each depends on the one before, in another client, and the order is the worst
	e.uint(n / 4)
	for i := range uint64(n / 4) {
		e.uint(1)
		e.uint(i)
		e.uint(0)
		if i == 0 {
			e.byte(byte(kindString))
			e.uint(1)
			e.string("t")
		} else {
			e.byte(byte(kindString) | infoOrigin)
			e.id(ID{i - 1, 0})
		}
		e.string("x")
	}
	e.uint(0)
	all["chain"] = e.buf
	return all
}

func BenchmarkHostile(b *testing.B) {
	for name, update := range hostileUpdates() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(update)))
			for b.Loop() {
				err := New().ApplyUpdate(update, nil)
				b.Logf("%d bytes: %v", len(update), err)
			}
		})
		b.Run(name+"/merge", func(b *testing.B) {
			for b.Loop() {
				if _, err := MergeUpdates(update, update); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
