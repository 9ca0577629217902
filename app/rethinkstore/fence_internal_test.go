package rethinkstore

import (
	"sync/atomic"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/app/rethinkstore/rethinktest"
)

// A laptop was closed, or a virtual machine paused: the monotonic clock has not
// noticed, and connections may be there still. The others have removed somebody
// meanwhile.
func TestW5AServerThatSleptIsFencedThoughItsOwnClockStoodStill(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	var slept atomic.Int64 // nanoseconds
	s, err := Open(t.Context(), Options{
		Hosts: server.Addresses(), Database: "slept", Tables: []app.Table{{Name: "notes"}},
		Concerns: func(string, app.Row, app.Row) bool { return true },
		now: func() moment {
			now := thisMoment()
			now.wall = now.wall.Add(time.Duration(slept.Load()))
			return now
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	begunAnew := make(chan app.Position, 100)
	first, stop, err := s.Watch("notes", func(b app.Batch) { begunAnew <- b.Position })
	if err != nil {
		t.Fatal(err)
	}
	slept.Store(int64(time.Hour))
	fenced, back := await(t, begunAnew), await(t, begunAnew)
	if fenced.Log == first.Log || back.Log == fenced.Log {
		t.Errorf("the logs are %s, %s, %s: watchers go on as if they had heard everything", first.Log, fenced.Log, back.Log)
	}
	stop()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func await[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came in half a minute")
		panic("unreachable")
	}
}
