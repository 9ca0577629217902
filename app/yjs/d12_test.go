package yjs_test

import (
	"fmt"
	"testing"

	"lyceum/app/yjs"
)

// Three people change the same four characters at once. If the order of arrival
// mattered, each would see another text.
func TestD12ThreeAtOnceGetTheSameTextInEveryOrder(t *testing.T) {
	const base, want = "abcd", "aycxd"
	origin := yjs.New(yjs.WithClientID(100))
	must(t, origin.Text("t").Insert(0, base))
	start := state(t, origin)

	for _, clients := range permutations(3) {
		edits := make([][]byte, 3)
		for i, edit := range []func(*yjs.Text) error{
			func(text *yjs.Text) error { return text.Insert(3, "x") }, // after c
			func(text *yjs.Text) error { return text.Insert(2, "y") }, // before c
			func(text *yjs.Text) error { return text.Delete(1, 1) },   // b
		} {
			d := yjs.New(yjs.WithClientID(uint64(clients[i]) + 1))
			must(t, d.ApplyUpdate(start, nil))
			edits[i] = d.Transact(nil, func() { must(t, edit(d.Text("t"))) })
		}
		for _, order := range permutations(4) {
			updates := append([][]byte{start}, edits...)
			for _, gc := range []bool{true, false} {
				d := yjs.New(yjs.WithGC(gc))
				for _, i := range order {
					must(t, d.ApplyUpdate(updates[i], nil))
				}
				if got := d.Text("t").String(); got != want || d.Pending() {
					t.Errorf("clients %v, order %v: %q, pending %v; want %q", clients, order, got, d.Pending(), want)
				}
			}
		}
	}
}

// permutations returns all orders of 0 … n-1.
func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, p := range permutations(n - 1) {
		for i := range n {
			q := append(append(append([]int(nil), p[:i]...), n-1), p[i:]...)
			all = append(all, q)
		}
	}
	return all
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func state(t testing.TB, d *yjs.Doc) []byte {
	t.Helper()
	update, err := d.EncodeStateAsUpdate(nil)
	must(t, err)
	return update
}

func TestPermutationsAreAll(t *testing.T) {
	if got := fmt.Sprint(permutations(3)); len(permutations(4)) != 24 || got != "[[2 1 0] [1 2 0] [1 0 2] [2 0 1] [0 2 1] [0 1 2]]" {
		t.Errorf("permutations(3) = %s", got)
	}
}
