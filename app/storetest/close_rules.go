package storetest

import (
	"fmt"
	"sync"
	"testing"

	"lyceum/app"
)

var closeRules = []rule{
	{"S6/close_waits_for_writes_under_way", testClose},
}

// The server stops while people write: whoever was told that it is stored was
// told the truth, whoever comes later gets an error, and nobody waits for ever.
func testClose(t *testing.T, s app.Store) {
	var mu sync.Mutex
	told := make(map[string]bool)
	_, _, err := s.Watch("notes", func(b app.Batch) {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range b.Changes {
			told[c.ID] = true
		}
	})
	check(t, err)
	first := make(chan struct{}, 8)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := 0; ; j++ {
				id := fmt.Sprintf("%d-%d", i, j)
				_, err := s.Write(t.Context(), app.Write{Table: "notes", ID: id, Row: app.Row{}})
				mu.Lock()
				stored := told[id]
				mu.Unlock()
				if (err == nil) != stored {
					t.Errorf("write of %s = %v, and it is stored: %v", id, err, stored)
				}
				if err != nil {
					return
				}
				if j == 0 {
					first <- struct{}{}
				}
			}
		})
	}
	for range 8 {
		<-first
	}
	check(t, s.Close())
	wg.Wait()
	if _, err := s.Get(t.Context(), "notes", "0-0"); err == nil {
		t.Error("a closed store answers Get")
	}
	if _, err := s.Read(t.Context(), app.Range{Table: "notes"}); err == nil {
		t.Error("a closed store answers Read")
	}
}
