package yjs

import (
	"strings"
	"testing"
)

// hostileStructs is how many structs a hostile update has: a few megabytes.
const hostileStructs = 400_000

// hostileUpdates could take for ever.
func hostileUpdates() map[string][]byte {
	return map[string][]byte{
		"deletions":         everySecondDeleted(),
		"single characters": neverJoined(),
		"clients":           everybodyAtTheStart(),
		"values of a key":   manyValues(),
		"chain":             chain(),
	}
}

// everySecondDeleted is a text of which every second unit is deleted, and many structs after it.
func everySecondDeleted() []byte {
	var e encoder
	e.uint(1)
	e.uint(hostileStructs + 1)
	e.uint(1)
	e.uint(0)
	e.byte(byte(kindString))
	e.uint(1)
	e.string("t")
	e.string(strings.Repeat("x", 2*hostileStructs))
	for range hostileStructs {
		e.byte(byte(kindGC))
		e.uint(1)
	}
	e.uint(1)
	e.uint(1)
	e.uint(hostileStructs)
	for i := range uint64(hostileStructs) {
		e.uint(2 * i)
		e.uint(1)
	}
	return e.buf
}

// neverJoined is a text that was typed and never joined.
func neverJoined() []byte {
	var e encoder
	e.uint(1)
	e.uint(hostileStructs)
	e.uint(1)
	e.uint(0)
	for i := range uint64(hostileStructs) {
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
	return e.buf
}

// everybodyAtTheStart is many clients that write at one place.
func everybodyAtTheStart() []byte {
	var e encoder
	e.uint(hostileStructs)
	for i := range uint64(hostileStructs) {
		e.uint(1)
		e.uint(i)
		e.uint(0)
		e.byte(byte(kindString))
		e.uint(1)
		e.string("t")
		e.string("x")
	}
	e.uint(0)
	return e.buf
}

// manyValues is one key, set many times without knowing of the others.
func manyValues() []byte {
	var e encoder
	e.uint(1)
	e.uint(hostileStructs)
	e.uint(1)
	e.uint(0)
	for range hostileStructs {
		e.byte(byte(kindAny) | infoKey)
		e.uint(1)
		e.string("m")
		e.string("k")
		e.uint(1)
		e.byte(tagNull)
	}
	e.uint(0)
	return e.buf
}

// chain is structs of which each depends on the one before, of another client, so that
// the order of clients is the worst.
func chain() []byte {
	var e encoder
	e.uint(hostileStructs / 4)
	for i := range uint64(hostileStructs / 4) {
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
	return e.buf
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
