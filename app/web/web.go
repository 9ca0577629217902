package web

import (
	"context"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/auth"
	"lyceum/app/metrics"
	"lyceum/app/query"
	"lyceum/app/wire"
)

// Options are what a Server needs.
type Options struct {
	BasePath string // begins and ends with "/"
	Version  string // of this program, for the browser
	Auth     *auth.Auth
	Access   *access.Index
	Tables   Tables
	Projects Projects
	Pages    fs.FS // the built pages, each ".gz"; nil if they are not built in
	Log      *slog.Logger
	Meter    *metrics.Meter // nil counts nothing

	// PingEvery is how often each side shows that it is alive; 0 is the default.
	PingEvery time.Duration
	// Used is told of every key typed into a terminal of a project. It must not
	// block; nil: nobody.
	Used func(projectID string)
}

// Tables is the query engine. The caller is in the context. query and options
// are what the client has sent.
type Tables interface {
	// Run answers a get or a set, or an array of them. The context's end does
	// not undo what is durable.
	Run(ctx context.Context, query any, options app.Row, request string) (query.Answer, error)
	// Subscribe begins a watch. wake is called when it may have something.
	Subscribe(ctx context.Context, query any, options app.Row, wake func()) (query.Watch, error)
	// Disconnected removes the ephemeral rows of a connection (W4).
	Disconnected(ctx context.Context, connectionID string)
}

// Projects are the byte streams of projects. The caller's role has been checked.
// A project that does not run is started. Errors are app errors.
type Projects interface {
	// OpenFile opens a file for reading; size is that at the time of opening.
	OpenFile(ctx context.Context, projectID, path string) (body io.ReadCloser, size int64, err error)
	// Upload puts what r gives at path, whole or not at all. Conflict if there
	// is a file and it must not be overwritten.
	Upload(ctx context.Context, projectID, path string, overwrite bool, r io.Reader) error
	// AttachTerminal connects to a terminal of the project; params are those of
	// terminal.Sessions.Attach. NotFound if the project has no such terminal.
	AttachTerminal(ctx context.Context, projectID, terminalID string, params url.Values) (*websocket.Conn, error)
}

// Server is the HTTP side of Lyceum.
type Server struct {
	Options
	requests sync.WaitGroup // under way, also those that have become sockets
	gate     gate
	scripts  gate // of requests with API keys
	watches  gate
	answers  budget // what waits for browsers
	streams  streams
}

// New returns a server; Handler serves it.
func New(o Options) *Server {
	if o.PingEvery == 0 {
		o.PingEvery = wire.PingEvery
	}
	return &Server{Options: o}
}

// Wait returns when no request is under way, or ctx ends. It is called after the
// HTTP server has been shut down, which knows nothing of sockets any more.
func (s *Server) Wait(ctx context.Context) error {
	done := make(chan struct{})
	go func() { // ends with the last request
		s.requests.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Bounds of a connection before and between requests.
const (
	// HeaderTimeout is how long a browser may take to send the head of a
	// request; only a hostile one takes longer.
	HeaderTimeout = 10 * time.Second
	// IdleTimeout is how long a connection without a request is kept.
	IdleTimeout = 2 * time.Minute
	// MaxHeaderBytes is far above what browsers and proxies send.
	MaxHeaderBytes = 64 << 10
)

// Handler returns everything that is served, below the base path.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n") // who asked is gone: nobody to tell
	})
	mux.Handle("POST /auth/sign-in", s.handle(s.signIn))
	mux.Handle("POST /auth/sign-up", s.handle(s.signUp))
	mux.Handle("POST /auth/link", s.handle(s.signInByLink))
	mux.Handle("POST /auth/sign-out", s.handle(s.signOut))
	mux.Handle("POST /auth/password", s.handle(s.changePassword))
	mux.Handle("GET /ws", s.handle(s.serveTables))
	mux.Handle("POST /api/query", s.handle(s.query))
	mux.Handle("POST /api/tables", s.handle(s.openStream))
	mux.Handle("POST /api/tables/{connection}", s.handle(s.postToStream))
	mux.Handle("GET /api/projects/{project}/terminals/{terminal}/socket", s.handle(s.attachTerminal))
	mux.Handle("GET /api/projects/{project}/files/{path...}", s.handle(s.download))
	mux.Handle("PUT /api/projects/{project}/files/{path...}", s.handle(s.upload))
	for _, prefix := range []string{"/api/", "/auth/"} {
		mux.Handle(prefix, s.handle(nothingHere))
	}
	mux.Handle("/", s.pages())
	served := http.StripPrefix(strings.TrimSuffix(s.BasePath, "/"), route(mux))
	return count(s.Meter.Web(), s.protect(served))
}

func nothingHere(_ http.ResponseWriter, r *http.Request) error {
	return app.Errorf(app.NotFound, "There is nothing at this address for %s. The page may be of another version; please reload it.", r.Method)
}
