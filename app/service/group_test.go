package service_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lyceum/app/service"
)

// waits is a part that stops when it is told to.
func waits(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// The store is started first, so it must be stopped last: everything else still
// writes to it while it stops.
func TestStopsInReverseOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := service.Group{Log: slog.New(slog.DiscardHandler)}
		var stopped []string
		for _, name := range []string{"store", "projects", "web"} {
			g.Go(name, func(ctx context.Context) error {
				<-ctx.Done()
				stopped = append(stopped, name)
				return ctx.Err()
			})
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := g.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if want := []string{"web", "projects", "store"}; !slices.Equal(stopped, want) {
			t.Errorf("stopped %q, want %q", stopped, want)
		}
	})
}

// A web server that cannot go on must not leave a process behind that looks
// alive and answers nobody.
func TestPartThatFailsStopsTheOthersAndIsNamed(t *testing.T) {
	broken := errors.New("address in use")
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"with an error", broken, "web: address in use"},
		{"by returning early", nil, "web: ended without being told to"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := service.Group{Log: slog.New(slog.DiscardHandler)}
				stopped := false
				g.Go("store", func(ctx context.Context) error {
					<-ctx.Done()
					stopped = true
					return nil
				})
				g.Go("web", func(context.Context) error { return test.err })
				err := g.Run(t.Context())
				if err == nil || err.Error() != test.want {
					t.Errorf("Run = %v, want %q", err, test.want)
				}
				if test.err != nil && !errors.Is(err, test.err) {
					t.Errorf("Run = %v does not wrap the cause", err)
				}
				if !stopped {
					t.Error("the store was not stopped")
				}
			})
		})
	}
}

// An operator presses Ctrl-C and one part hangs: the process must end all the
// same, say which part it was, and stop the others properly.
func TestPartThatHangsDelaysTheStopByStopTimeoutOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		g := service.Group{Log: slog.New(slog.NewTextHandler(&log, nil))}
		stopped, release := false, make(chan struct{})
		g.Go("store", func(ctx context.Context) error {
			defer func() { stopped = true }()
			return waits(ctx)
		})
		g.Go("projects", func(context.Context) error { <-release; return nil })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		begin := time.Now()
		if err := g.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took != service.StopTimeout {
			t.Errorf("stopped in %v, want %v", took, service.StopTimeout)
		}
		if !stopped || !strings.Contains(log.String(), "part=projects") {
			t.Errorf("store stopped: %v, log: %s", stopped, &log)
		}
		close(release)
	})
}

// What is started while the server stops would run on without anybody who stops
// it.
func TestNothingIsStartedWhileStopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := service.Group{Log: slog.New(slog.DiscardHandler)}
		g.Go("projects", func(ctx context.Context) error {
			<-ctx.Done()
			g.Go("late", func(context.Context) error {
				t.Error("a part was started while stopping")
				return nil
			})
			return nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := g.Run(ctx); err != nil {
			t.Fatal(err)
		}
	})
}

// Two parts that fail at once: the first is the reason, the second must not
// block for ever on a channel that nobody reads.
func TestSecondFailureDoesNotHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := service.Group{Log: slog.New(slog.DiscardHandler)}
		for range 3 {
			g.Go("web", func(context.Context) error { return errors.New("broken") })
		}
		begin := time.Now()
		if err := g.Run(t.Context()); err == nil {
			t.Error("Run = nil, want a failure")
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("stopping took %v, want no time", took)
		}
	})
}
