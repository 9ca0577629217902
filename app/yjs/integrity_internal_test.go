package yjs

import (
	"fmt"
	"testing"
)

// checkIntegrity fails unless all that a document keeps twice agrees.
func checkIntegrity(t testing.TB, d *Doc) {
	t.Helper()
	lists := make(map[*shared]bool)
	standing := make(map[*item]bool)
	for client, l := range d.logs {
		clock := uint64(0)
		for _, chunk := range l.chunks {
			if len(chunk) == 0 {
				t.Fatalf("client %d: empty chunk", client)
			}
			for _, it := range chunk {
				if it.id != (ID{client, clock}) || it.length == 0 {
					t.Fatalf("client %d: struct %v of %d units at clock %d", client, it.id, it.length, clock)
				}
				clock = it.end()
				if it.content.kind == kindString && utf16Len(it.content.data) != it.length {
					t.Fatalf("text %q has length %d", it.content.data, it.length)
				}
				if it.content.kind == kindGC {
					continue
				}
				standing[it] = true
				lists[it.parent] = true
			}
		}
		if clock != l.end || clock == 0 {
			t.Fatalf("client %d ends at %d, says %d", client, clock, l.end)
		}
	}
	for list := range lists {
		checkList(t, list, standing)
	}
	if len(standing) > 0 {
		t.Fatalf("%d items stand in no list", len(standing))
	}
	if d.tx != nil {
		t.Fatal("a transaction is open")
	}
}

func checkList(t testing.TB, list *shared, standing map[*item]bool) {
	t.Helper()
	visible := uint64(0)
	index := make(map[*item]uint64)
	var left *item
	for it := list.start; it != nil; left, it = it, it.right {
		if it.left != left || it.parent != list || it.key != nil || !standing[it] {
			t.Fatalf("item %v is not linked as it should be", it.id)
		}
		delete(standing, it)
		index[it] = visible
		if it.visible() {
			visible += it.length
		}
	}
	if visible != list.length {
		t.Fatalf("list has %d visible units, says %d", visible, list.length)
	}
	for key, it := range list.entries {
		if it.right != nil {
			t.Fatalf("key %q: %v is not the last", key, it.id)
		}
		for ; it != nil; it = it.left {
			if it.parent != list || *it.key != key || !standing[it] || it.left != nil && it.left.right != it {
				t.Fatalf("key %q: item %v is not linked as it should be", key, it.id)
			}
			delete(standing, it)
			if it.right != nil && !it.deleted {
				t.Fatalf("key %q: two values", key)
			}
		}
	}
	for _, m := range list.markers {
		if at, ok := index[m.item]; !ok || at != m.index || !m.item.visible() || !m.item.marked {
			t.Fatalf("marker at %d points to an item at %d (%v)", m.index, at, ok)
		}
	}
}

// summary is everything that can be seen of a document.
func summary(t testing.TB, d *Doc) string {
	t.Helper()
	state, err := d.EncodeStateAsUpdate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x %x %d %d %d", state, d.StateVector(), d.pending.items, d.pending.bytes, d.pending.spans)
}
