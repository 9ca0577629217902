package server

import "testing"

// A class that has gone home leaves its memory to those who compute; people who
// come and go cost no collection each time.
func TestMemoryIsGivenBackWhenManyHaveLeft(t *testing.T) {
	peak, freed := 0, 0
	for _, step := range []struct{ watches, freed int }{
		{10_000, 0}, {9000, 0}, {6000, 0}, {5000, 1}, {4000, 1}, {100, 2}, {0, 2}, {4999, 2}, {0, 2}, {5000, 2}, {0, 3},
	} {
		var left bool
		if peak, left = manyLeft(peak, step.watches); left {
			freed++
		}
		if freed != step.freed {
			t.Errorf("at %d watches it was freed %d times, want %d", step.watches, freed, step.freed)
		}
	}
}
