package metrics_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/app/metrics"
)

// everything calls each method that counts.
func everything(m *metrics.Meter) {
	t := m.Table("projects")
	t.WatchOpened()
	t.WatchClosed()
	t.SharedOpened()
	t.SharedClosed()
	t.Changed(1)
	t.Delivered(10)
	t.FannedOut(time.Millisecond)
	t.StartedAnew()
	t.Asked(metrics.Get, time.Millisecond, nil)
	t.Asked(metrics.Set, time.Millisecond, errDenied)
	t.TookLong()
	m.Connected()
	m.Disconnected()
	m.Store().Committed(3, time.Millisecond)
	m.Store().CommitFailed()
	m.Store().Read(time.Microsecond)
	m.Store().LogHas(10)
	m.Store().Full(false)
	m.Web().Answered("GET /ws", 200)
	m.Web().Sent(metrics.HTTP, 10)
	m.Web().Received(metrics.Socket, 10)
}

var errDenied = app.Errorf(app.Denied, "No.")

// Whoever is measured has no condition: without a meter nothing is counted.
func TestANilMeterCountsNothing(t *testing.T) {
	everything(nil)
	var m *metrics.Meter
	m.Slow().Add(metrics.Query{})
	if m.Connections() != 0 || m.Slow().All() != nil {
		t.Error("a nil meter has counted")
	}
	metrics.New([]string{"projects"}).Table("no such table").Asked(metrics.Get, 0, nil)
}

// What is counted on every change must not make garbage on every change.
func TestCountingAllocatesNothing(t *testing.T) {
	m := metrics.New([]string{"projects"})
	everything(m)
	if n := testing.AllocsPerRun(100, func() { everything(m) }); n != 0 {
		t.Errorf("counting allocates %v times", n)
	}
}

func TestNothingIsLostBetweenGoroutines(t *testing.T) {
	m := metrics.New([]string{"projects"})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				m.Table("projects").Asked(metrics.Get, time.Millisecond, errors.New("ours"))
				m.Web().Answered("GET /ws", 200)
				m.Connected()
			}
		})
	}
	wg.Wait()
	if n := m.Connections(); n != 8000 {
		t.Errorf("%d connections, want 8000", n)
	}
}

func TestSlowQueriesAreBoundedAndTheOldestGoes(t *testing.T) {
	m := metrics.New(nil)
	for range 250 {
		m.Slow().Add(metrics.Query{Table: "projects"})
	}
	all := m.Slow().All()
	if len(all) != 100 || all[0].N != 151 || all[99].N != 250 {
		t.Errorf("%d are remembered, from %d to %d; want the last 100 of 250", len(all), all[0].N, all[len(all)-1].N)
	}
}

func BenchmarkCount(b *testing.B) {
	m := metrics.New([]string{"projects"})
	t := m.Table("projects")
	b.Run("histogram", func(b *testing.B) {
		for b.Loop() {
			t.FannedOut(700 * time.Microsecond)
		}
	})
	b.Run("counter", func(b *testing.B) {
		for b.Loop() {
			t.Changed(1)
		}
	})
	b.Run("table by name", func(b *testing.B) {
		for b.Loop() {
			m.Table("projects").Changed(1)
		}
	})
	b.Run("route", func(b *testing.B) {
		for b.Loop() {
			m.Web().Answered("GET /ws", 200)
		}
	})
}
