package projects

import (
	"testing"
	"time"
)

// look is what one look finds.
type look struct {
	passed time.Duration
	used   bool
	limit  time.Duration
	want   verdict
}

// each repeats a look.
func each(n int, l look) (all []look) {
	for range n {
		all = append(all, l)
	}
	return all
}

func TestWhenAnIdleProjectIsStopped(t *testing.T) {
	const m, limit = time.Minute, 2 * time.Hour
	idle := look{m, false, limit, goOn}
	warned := look{m, false, limit, warn}
	toWarning := append(each(109, idle), warned) // 110 minutes
	for _, tt := range []struct {
		name  string
		looks [][]look
	}{
		{"warned ten minutes before, then stopped", [][]look{toWarning, each(9, warned), {{m, false, limit, stopIdle}}}},
		{"used in the last minute", [][]look{toWarning, each(9, warned), {{m, true, limit, takeBack}}, toWarning}},
		{"used now and then", [][]look{each(100, idle), {{m, true, limit, goOn}}, toWarning}},
		{"never stopped", [][]look{each(10000, look{m, false, 0, goOn}), each(109, idle), {warned}}},
		{"never, from now on", [][]look{toWarning, {{m, false, 0, takeBack}}, toWarning}},
		{"the limit is raised after the warning", [][]look{toWarning, {{m, false, 3 * time.Hour, takeBack}}, each(58, look{m, false, 3 * time.Hour, goOn}), {{m, false, 3 * time.Hour, warn}}}},
		{"the limit is lowered: the whole warning all the same", [][]look{each(100, idle), {{m, false, time.Hour, warn}}, each(9, look{m, false, time.Hour, warn}), {{m, false, time.Hour, stopIdle}}}},
		{"a short limit is warned of in its middle", [][]look{{{m, false, 4 * m, goOn}, {m, false, 4 * m, warn}, {m, false, 4 * m, warn}, {m, false, 4 * m, stopIdle}}}},
		// Ten hours in which nobody was looked for are no idle time.
		{"a server that hangs, or a clock that counts while the machine sleeps", [][]look{{idle, {10 * time.Hour, false, limit, goOn}}, each(106, idle), {warned, {10 * time.Hour, false, limit, warn}}, each(7, warned), {{m, false, limit, stopIdle}}}},
		{"a clock that goes back", [][]look{{idle, {-time.Hour, false, limit, goOn}}, each(108, idle), {warned, {-time.Hour, false, limit, warn}}, each(9, warned), {{m, false, limit, stopIdle}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var i idling
			n := 0
			for _, part := range tt.looks {
				for _, l := range part {
					n++
					var got verdict
					if i, got = i.decide(facts{passed: l.passed, used: l.used, limit: l.limit}, DefaultIdleTimes); got != l.want {
						t.Fatalf("look %d: %d, want %d; %+v", n, got, l.want, i)
					}
				}
			}
		})
	}
}

// The last look comes when the time is over, not up to a minute later.
func TestAWarnedProjectIsLookedAtInTime(t *testing.T) {
	times := DefaultIdleTimes
	for _, tt := range []struct {
		i    idling
		want time.Duration
	}{
		{idling{}, time.Minute}, {idling{warned: true, left: 10 * time.Minute}, time.Minute},
		{idling{warned: true, left: 10 * time.Second}, 10 * time.Second}, {idling{warned: true, left: -1}, 0},
	} {
		if got := tt.i.wait(times); got != tt.want {
			t.Errorf("%+v waits %v, want %v", tt.i, got, tt.want)
		}
	}
}

func TestTimesAreSpelled(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Hour: "1 hour", 2 * time.Hour: "2 hours", 90 * time.Minute: "90 minutes", 48 * time.Hour: "2 days", 61 * time.Second: "61 seconds",
	} {
		if got := spell(d); got != want {
			t.Errorf("spell(%v) = %q, want %q", d, got, want)
		}
	}
}
