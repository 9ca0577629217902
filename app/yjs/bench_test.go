package yjs_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"lyceum/app/yjs"
)

// typing returns the updates of people who type at different places of one
// text, a character each.
func typing(t testing.TB, people, characters int) [][]byte {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	docs := make([]*yjs.Doc, people)
	var updates [][]byte
	share := func(from *yjs.Doc, update []byte) {
		updates = append(updates, update)
		for _, d := range docs {
			if d != from {
				must(t, d.ApplyUpdate(update, nil))
			}
		}
	}
	for i := range docs {
		docs[i] = yjs.New(yjs.WithClientID(uint64(1000 + i)))
	}
	share(docs[0], docs[0].Transact(nil, func() { must(t, docs[0].Text("t").Insert(0, strings.Repeat("some words of text\n", 20))) }))
	cursor := make([]int, people)
	for len(updates) < characters {
		i := r.IntN(people)
		text := docs[i].Text("t")
		if cursor[i] == 0 || cursor[i] > text.Len() || r.IntN(30) == 0 {
			cursor[i] = 1 + r.IntN(text.Len())
		}
		share(docs[i], docs[i].Transact(nil, func() {
			if r.IntN(10) == 0 {
				cursor[i]--
				must(t, text.Delete(cursor[i], 1))
				return
			}
			must(t, text.Insert(cursor[i], string(rune('a'+r.IntN(26)))))
			cursor[i]++
		}))
	}
	return updates
}

func BenchmarkApplyUpdateOfTenPeopleTyping(b *testing.B) {
	updates := typing(b, 10, 5000)
	b.ReportAllocs()
	for b.Loop() {
		d := yjs.New()
		d.OnUpdate(func([]byte, any) {})
		for _, u := range updates {
			must(b, d.ApplyUpdate(u, nil))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(updates)), "µs/update")
}

// trace is like a real editing session: 259,778 single edits, runs of typing,
// some deletions, jumps.
func trace() func(text *yjs.Text) error {
	r := rand.New(rand.NewPCG(3, 4))
	cursor := 0
	return func(text *yjs.Text) error {
		if n := text.Len(); cursor > n || r.IntN(20) == 0 {
			cursor = min(n, max(0, cursor+r.IntN(400)-200))
		}
		if cursor > 0 && r.IntN(4) == 0 {
			cursor--
			return text.Delete(cursor, 1)
		}
		cursor++
		return text.Insert(cursor-1, "a")
	}
}

const traceEdits = 259_778

func traceUpdates(t testing.TB) [][]byte {
	t.Helper()
	d := yjs.New(yjs.WithClientID(1))
	edit, text := trace(), d.Text("t")
	updates := make([][]byte, 0, traceEdits)
	for range traceEdits {
		updates = append(updates, d.Transact(nil, func() { must(t, edit(text)) }))
	}
	return updates
}

func BenchmarkTraceTyped(b *testing.B) {
	for b.Loop() {
		d := yjs.New(yjs.WithClientID(1))
		edit, text := trace(), d.Text("t")
		for range traceEdits {
			must(b, edit(text))
		}
	}
}

func BenchmarkTraceApplied(b *testing.B) {
	updates := traceUpdates(b)
	b.ReportAllocs()
	for b.Loop() {
		d := yjs.New()
		for _, u := range updates {
			must(b, d.ApplyUpdate(u, nil))
		}
	}
}

func BenchmarkTraceLoaded(b *testing.B) {
	updates := traceUpdates(b)
	merged, err := yjs.MergeUpdates(updates...)
	must(b, err)
	d := yjs.New()
	must(b, d.ApplyUpdate(merged, nil))
	full := state(b, d)
	b.ReportMetric(float64(len(full)), "bytes")
	for b.Loop() {
		must(b, yjs.New().ApplyUpdate(full, nil))
	}
}

func BenchmarkMerge(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		updates := typing(b, 3, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := yjs.MergeUpdates(updates...); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("%d/open", n), func(b *testing.B) {
			for b.Loop() {
				merged, err := yjs.MergeUpdates(updates...)
				must(b, err)
				must(b, yjs.New().ApplyUpdate(merged, nil))
			}
		})
	}
}
