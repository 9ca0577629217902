package document

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Four tabs edit over a bad network: acknowledgements are lost, the server is
// killed now and then. In the end all have the same text and every edit once.
// A failure prints its seed. (D1, D2, D3)
func TestD3TabsConvergeOverABadNetwork(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { simulate(t, seed) })
		})
	}
}

// simulate is one seed; it runs in synctest.
func simulate(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0))
	p := newProject(t, map[string]string{"notes.tex": "start\n"})
	rooms, stop := p.server(nil)
	var tabs []*tab
	for i := range 4 {
		tabs = append(tabs, openTab(t, rooms, fmt.Sprint("tab", i), "editor"))
	}
	var words []string
	for i := range 60 {
		b := tabs[rng.IntN(len(tabs))]
		word := string(rune(0x4e00 + i)) // one character each: typing inside of another's word splits it
		words = append(words, word)
		b.types(rng.IntN(b.doc.Text(contentName).Len()+1), word)
		switch rng.IntN(10) {
		case 0: // the acknowledgement is lost: the edit stays in the outbox
			_ = b.push(rooms, b.outbox[0])
		case 1:
			stop()
			k := &killer{at: 1 + rng.IntN(6), after: rng.IntN(2) == 0, died: make(chan struct{})}
			rooms, stop = p.server(k)
			_ = b.sends(rooms) // killed in the middle
			stop()
			rooms, stop = p.server(nil)
		case 2, 3:
			time.Sleep(time.Duration(rng.IntN(3000)) * time.Millisecond)
		default:
			if err := b.sync(rooms); err != nil {
				t.Fatalf("seed %d: sync: %v", seed, err)
			}
			if err := b.sends(rooms); err != nil {
				t.Fatalf("seed %d: send: %v", seed, err)
			}
		}
	}
	for range 2 {
		for _, b := range tabs {
			if err := errors.Join(b.sync(rooms), b.sends(rooms), b.sync(rooms)); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	}
	stop()
	text := p.text(tabs[0].id)
	for _, b := range tabs {
		if b.text() != text {
			t.Errorf("seed %d: %s has %q, the rows %q", seed, b.origin, b.text(), text)
		}
	}
	if file := p.disk.content("notes.tex"); file != text {
		t.Errorf("seed %d: file %q, rows %q", seed, file, text)
	}
	for _, word := range words {
		if n := strings.Count(text, word); n != 1 {
			t.Errorf("seed %d: %s is there %d times", seed, word, n)
		}
	}
}
