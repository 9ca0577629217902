package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"lyceum/app/metrics"
	"lyceum/app/schema"
)

// Bounds of who reads the figures: a program on this machine, or one behind a
// proxy of the operator.
const (
	// scrapeTimeout is how long a request and its answer may take; they are some
	// hundred bytes and some dozen KiB.
	scrapeTimeout = 10 * time.Second
	// maxScrapeHeader is above what Prometheus sends.
	maxScrapeHeader = 8 << 10
)

// newMeter returns the meter of this server.
func newMeter() *metrics.Meter {
	var names []string
	for _, t := range schema.All() {
		names = append(names, t.Name)
	}
	return metrics.New(names)
}

// listenMetrics takes the address of the figures, if one was asked for.
func (s *server) listenMetrics(ctx context.Context) (err error) {
	if s.cfg.Metrics == "" {
		return nil
	}
	if s.scrapes, err = listen(ctx, s.cfg.Metrics, "metrics-listen"); err != nil {
		return err
	}
	s.closers = append(s.closers, closeOnce(s.scrapes.Close))
	return nil
}

// serveMetrics serves the figures, and nothing else, until ctx ends.
func (s *server) serveMetrics(ctx context.Context, version string) error {
	hs := &http.Server{
		Handler:     metrics.Handler(s.meter, version, s.cfg.Data, s.log),
		ReadTimeout: scrapeTimeout, WriteTimeout: scrapeTimeout, IdleTimeout: 2 * time.Minute, // twice what Prometheus pauses
		MaxHeaderBytes: maxScrapeHeader,
		ErrorLog:       slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	return serveHTTP(ctx, hs, s.scrapes, func(context.Context) error { return nil })
}
