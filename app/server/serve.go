package server

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"time"

	"lyceum/app/web"
	"lyceum/embed"
)

// webStopTime is how long requests under way may take when the server stops:
// with the saving of documents it is below the ten seconds of the whole.
const webStopTime = 2 * time.Second

// serveWeb serves browsers until ctx ends.
func (s *server) serveWeb(ctx context.Context) error {
	hs := &http.Server{
		Handler:           s.web.Handler(),
		ReadHeaderTimeout: web.HeaderTimeout,
		IdleTimeout:       web.IdleTimeout,
		MaxHeaderBytes:    web.MaxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		// Streams end with the part, so that nobody waits for them.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	return serveHTTP(ctx, hs, s.listener, s.web.Wait)
}

func (s *server) serveAdmin(ctx context.Context) error {
	hs := &http.Server{Handler: adminHandler(s.auth, s.places, s.url, s.log), ReadTimeout: adminTimeout}
	return serveHTTP(ctx, hs, s.admin, func(context.Context) error { return nil })
}

// serveHTTP serves until ctx ends, then waits for what is under way, for
// webStopTime.
func serveHTTP(ctx context.Context, hs *http.Server, l net.Listener, wait func(context.Context) error) error {
	failed := make(chan error, 1)
	go func() { failed <- hs.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), webStopTime)
	defer cancel()
	err := hs.Shutdown(stop)
	if err == nil {
		err = wait(stop)
	}
	if err != nil {
		err = hs.Close()
	}
	if failure := <-failed; !errors.Is(failure, http.ErrServerClosed) {
		err = errors.Join(err, failure)
	}
	return errors.Join(err, ctx.Err())
}

// pages returns the built pages; nil, which the web tells in a page, if there
// are none.
func (s *server) pages(ctx context.Context) fs.FS {
	pages, err := embed.Pages()
	if err != nil {
		s.log.WarnContext(ctx, "pages are missing", "err", err)
		return nil
	}
	return pages
}
