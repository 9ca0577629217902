package metrics

import (
	"slices"
	"sort"
	"sync/atomic"
	"time"
)

// Histogram counts values in buckets.
type Histogram struct {
	kind   *buckets
	counts []atomic.Uint64 // one more than bounds: what is above the last
	sum    atomic.Int64
}

// buckets say up to where a value counts into which.
type buckets struct {
	bounds []int64 // included, rising
	unit   float64 // what one is in the unit in which it is written
}

// durations reach from what a read from memory takes to the bound of a read from
// the disk, in steps of 1, 2, 5: a quantile is right to within its step.
var durations = &buckets{unit: 1 / float64(time.Second), bounds: steps(10*time.Microsecond, 10*time.Second)}

// sizes are numbers of writes in a commit, up to the most that one takes.
var sizes = &buckets{unit: 1, bounds: []int64{1, 2, 4, 8, 16, 32, 64, 128, 256}}

func steps(first, last time.Duration) []int64 {
	var bounds []int64
	for d := first; d <= last; d *= 10 {
		for _, factor := range []time.Duration{1, 2, 5} {
			if d*factor <= last {
				bounds = append(bounds, int64(d*factor))
			}
		}
	}
	return bounds
}

func newHistogram(kind *buckets) *Histogram {
	return &Histogram{kind: kind, counts: make([]atomic.Uint64, len(kind.bounds)+1)}
}

// Observe counts a value.
func (h *Histogram) Observe(v int64) {
	if h == nil {
		return
	}
	bounds := h.kind.bounds
	low, high := 0, len(bounds) // by hand: sort.Search would call a function for each step
	for low < high {
		if middle := (low + high) / 2; bounds[middle] < v {
			low = middle + 1
		} else {
			high = middle
		}
	}
	h.counts[low].Add(1)
	h.sum.Add(v)
}

// Read returns what was counted until now. It is not one moment: an event that
// comes meanwhile may be in the counts and not yet in the sum.
func (h *Histogram) Read() Distribution {
	d := Distribution{kind: h.kind, Counts: make([]uint64, len(h.counts)), Sum: h.sum.Load()}
	for i := range h.counts {
		d.Counts[i] = h.counts[i].Load()
	}
	return d
}

// Distribution is what a Histogram has counted, or the difference of two.
type Distribution struct {
	kind   *buckets
	Counts []uint64 // by bucket, not added up
	Sum    int64
}

// Minus returns what has come since an earlier reading of the same histogram; a
// zero earlier is the start.
func (d Distribution) Minus(earlier Distribution) Distribution {
	out := Distribution{kind: d.kind, Counts: make([]uint64, len(d.Counts)), Sum: d.Sum - earlier.Sum}
	copy(out.Counts, d.Counts)
	for i, n := range earlier.Counts {
		out.Counts[i] -= n
	}
	return out
}

// Plus returns what both have; a zero one has nothing.
func (d Distribution) Plus(other Distribution) Distribution {
	if d.kind == nil {
		return other
	}
	out := Distribution{kind: d.kind, Counts: slices.Clone(d.Counts), Sum: d.Sum + other.Sum}
	for i, n := range other.Counts {
		out.Counts[i] += n
	}
	return out
}

// Count is how many values there are.
func (d Distribution) Count() uint64 {
	var n uint64
	for _, c := range d.Counts {
		n += c
	}
	return n
}

// Mean is the mean of the values, 0 of none.
func (d Distribution) Mean() float64 {
	n := d.Count()
	if n == 0 {
		return 0
	}
	return float64(d.Sum) / float64(n)
}

// Quantile returns the value below which the part q of all values lies, as
// Prometheus does it: evenly spread within a bucket; what is above the last
// bound reads as that bound. It is 0 where there are no values.
func (d Distribution) Quantile(q float64) float64 {
	total := d.Count()
	if total == 0 {
		return 0
	}
	cumulated := make([]uint64, len(d.Counts))
	var n uint64
	for i, c := range d.Counts {
		n += c
		cumulated[i] = n
	}
	rank := q * float64(total)
	i := sort.Search(len(cumulated), func(i int) bool { return float64(cumulated[i]) >= rank })
	bounds := d.kind.bounds
	if i >= len(bounds) {
		return float64(bounds[len(bounds)-1])
	}
	low, before := int64(0), uint64(0)
	if i > 0 {
		low, before = bounds[i-1], cumulated[i-1]
	}
	if d.Counts[i] == 0 {
		return float64(low)
	}
	return float64(low) + float64(bounds[i]-low)*(rank-float64(before))/float64(d.Counts[i])
}
