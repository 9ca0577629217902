package copydb

import (
	"fmt"
	"math"
	"time"

	"lyceum/app/migrate"
)

// tellEvery is how often it is said how far a copy is: eyes follow, and a log
// does not fill.
const tellEvery = 2 * time.Second

// What a copy does, in this order.
const (
	Counting  = "counting"
	Copying   = "copying"
	Comparing = "comparing"
)

// Progress is how far a copy is.
type Progress struct {
	Doing string // Counting, Copying or Comparing
	Table string // "" at the end of the step
	Done  int64  // rows
	Total int64  // rows; 0 while counting
	// Rate is in rows a second since the step began, 0 if that is not known yet.
	Rate float64
}

// Left is about how long the rest of the step takes; false if that is not known.
func (p Progress) Left() (time.Duration, bool) {
	if p.Rate <= 0 || p.Total == 0 {
		return 0, false
	}
	return time.Duration(float64(p.Total-p.Done) / p.Rate * float64(time.Second)), true
}

// String is a line for the operator.
func (p Progress) String() string {
	text := p.Doing
	if p.Table != "" {
		text += " " + p.Table
	}
	if p.Total == 0 {
		return fmt.Sprintf("%s: %d rows", text, p.Done)
	}
	text += fmt.Sprintf(": %d of %d rows (%d %%)", p.Done, p.Total, 100*p.Done/p.Total)
	if p.Rate > 0 {
		text += fmt.Sprintf(", %.0f a second", p.Rate)
	}
	if left, known := p.Left(); known && p.Done < p.Total {
		text += fmt.Sprintf(", %v left", max(left, time.Second).Round(time.Second))
	}
	return text
}

// teller tells of progress, not too often.
type teller struct {
	tell  func(Progress)
	doing string
	began time.Time
	last  time.Time
}

func newTeller(tell func(Progress)) *teller { return &teller{tell: tell} }

// step notes that one more row is done.
func (t *teller) step(p Progress) {
	now := time.Now()
	if p.Doing != t.doing {
		t.doing, t.began, t.last = p.Doing, now, now
	}
	if now.Sub(t.last) < tellEvery {
		return
	}
	t.last = now
	t.say(p, now)
}

// end tells of the end of a step.
func (t *teller) end(p Progress) {
	if p.Doing != t.doing { // there were no rows
		t.doing, t.began = p.Doing, time.Now()
	}
	t.say(p, time.Now())
}

func (t *teller) say(p Progress, now time.Time) {
	if t.tell == nil {
		return
	}
	if over := now.Sub(t.began).Seconds(); over > 0 && p.Done > 0 {
		if rate := float64(p.Done) / over; !math.IsInf(rate, 0) {
			p.Rate = rate
		}
	}
	t.tell(p)
}

// marks reports whether a row is the target's mark of a copy, which the source
// has not.
func marks(table, id string) bool { return table == migrate.Table && id == migrate.CopyID }
