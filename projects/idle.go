package projects

import (
	"fmt"
	"time"
)

// IdleTimes say how projects that nobody uses are looked at.
type IdleTimes struct {
	Look    time.Duration // how often
	Warning time.Duration // how long before the stop people are warned
}

// DefaultIdleTimes cost two hundred projects three short requests a second.
var DefaultIdleTimes = IdleTimes{Look: time.Minute, Warning: 10 * time.Minute}

// idling is how long a project has been without use. It is a sum of what was
// seen, not a difference of two times: a clock that is set, a machine that sleeps
// and a server that hangs are all time in which nobody could have been seen.
type idling struct {
	idle   time.Duration
	warned bool
	left   time.Duration // until it is stopped, while warned
}

// facts are what decides about a project that runs.
type facts struct {
	passed time.Duration // since the last look, by a clock that nobody sets
	used   bool          // since then somebody has used it, or it has computed
	limit  time.Duration // after which it is stopped; 0: never
}

// verdict is what follows from facts.
type verdict int

// The verdicts.
const (
	goOn     verdict = iota // nothing
	warn                    // it will be stopped in left
	takeBack                // it will not
	stopIdle                // stop it
)

// decide returns how long the project has been idle after f, and what to do. A
// project is never stopped without having been warned for the whole time: it may
// have been the limit that changed.
func (i idling) decide(f facts, t IdleTimes) (idling, verdict) {
	rest := func() (idling, verdict) {
		if i.warned {
			return idling{}, takeBack
		}
		return idling{}, goOn
	}
	if f.used || f.limit <= 0 {
		return rest()
	}
	step := min(max(f.passed, 0), 2*t.Look)
	i.idle += step
	warning := min(t.Warning, f.limit/2)
	switch {
	case i.warned && i.idle < f.limit-warning: // the limit was raised
		i.warned = false
		return i, takeBack
	case i.warned:
		i.left -= step
		if i.left <= 0 {
			return i, stopIdle
		}
		return i, warn
	case i.idle >= f.limit-warning:
		i.warned, i.left = true, warning
		return i, warn
	}
	return i, goOn
}

// wait is how long until the next look.
func (i idling) wait(t IdleTimes) time.Duration {
	if i.warned {
		return max(min(t.Look, i.left), 0)
	}
	return t.Look
}

// whyIdle is told where a project was stopped.
func whyIdle(limit time.Duration) string {
	return fmt.Sprintf("It was stopped because nobody has used it and nothing has computed in it for %s. Its files are kept; start it to go on.", spell(limit))
}

// spell says a time as people do.
func spell(d time.Duration) string {
	for _, u := range []struct {
		one  time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if n := d / u.one; n > 0 && d%u.one == 0 {
			if n == 1 {
				return "1 " + u.name
			}
			return fmt.Sprintf("%d %ss", n, u.name)
		}
	}
	return d.String()
}
