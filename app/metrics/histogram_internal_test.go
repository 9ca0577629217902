package metrics

import (
	"math"
	"testing"
	"time"
)

// A bound belongs to its own bucket, as in Prometheus ("le").
func TestAValueAtABoundCountsBelowIt(t *testing.T) {
	h := newHistogram(sizes)
	for _, v := range []int64{0, 1, 2, 3, 256, 257} {
		h.Observe(v)
	}
	got := h.Read()
	want := []uint64{2, 1, 1, 0, 0, 0, 0, 0, 1, 1}
	for i, n := range got.Counts {
		if n != want[i] {
			t.Errorf("bucket %d has %d, want %d", i, n, want[i])
		}
	}
	if got.Sum != 519 || got.Count() != 6 || math.Abs(got.Mean()-86.5) > 1e-9 {
		t.Errorf("sum %d, count %d, mean %v", got.Sum, got.Count(), got.Mean())
	}
}

func TestQuantilesAreThoseOfTheValues(t *testing.T) {
	h := newHistogram(durations)
	for ms := range 100 { // evenly up to 100 ms
		h.Observe(int64(time.Duration(ms) * time.Millisecond))
	}
	d := h.Read()
	for q, want := range map[float64]time.Duration{0.5: 50, 0.99: 99, 1: 100} {
		got := time.Duration(d.Quantile(q))
		if diff := got - want*time.Millisecond; diff.Abs() > 2*time.Millisecond {
			t.Errorf("quantile %v = %v, want about %v", q, got, want*time.Millisecond)
		}
	}
	if got := (Distribution{}).Quantile(0.5); got != 0 {
		t.Errorf("quantile of nothing = %v, want 0", got)
	}
	h.Observe(int64(time.Hour))
	if got := time.Duration(h.Read().Quantile(1)); got != 10*time.Second {
		t.Errorf("what is above all bounds reads as %v, want the last bound", got)
	}
}

// The last minute is the difference of two readings: what came before it must
// not be in it.
func TestADifferenceHasOnlyWhatCameSince(t *testing.T) {
	h := newHistogram(durations)
	h.Observe(int64(time.Second))
	before := h.Read()
	h.Observe(int64(time.Millisecond))
	d := h.Read().Minus(before)
	if d.Count() != 1 || d.Sum != int64(time.Millisecond) {
		t.Errorf("since then %d values of %v in all, want one millisecond", d.Count(), time.Duration(d.Sum))
	}
	if both := d.Plus(before); both.Count() != 2 || both.Sum != int64(time.Second+time.Millisecond) {
		t.Errorf("both together are %d values of %v", both.Count(), time.Duration(both.Sum))
	}
	if since := h.Read().Minus(Distribution{}); since.Count() != 2 {
		t.Errorf("since the start %d values, want 2", since.Count())
	}
}
