package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync/atomic"

	"lyceum/app"
	"lyceum/app/access"
	"lyceum/app/auth"
	"lyceum/app/config"
	"lyceum/app/document"
	"lyceum/app/metrics"
	"lyceum/app/place"
	"lyceum/app/query"
	"lyceum/app/service"
	"lyceum/app/stats"
	"lyceum/app/web"
	"lyceum/embed"
	"lyceum/projects"
	"lyceum/projects/sandbox"
)

// server is everything that serves, put together.
type server struct {
	cfg *config.Config
	log *slog.Logger

	meter    *metrics.Meter
	database *database
	index    atomic.Pointer[access.Index]
	engine   *query.Engine
	auth     *auth.Auth
	places   *place.Places
	host     *projects.Host
	rooms    *document.Rooms
	resumer  *resumer
	stats    *stats.Stats
	web      *web.Server
	listener net.Listener
	scrapes  net.Listener // nil: not asked for
	admin    *adminSocket
	url      string

	started func()         // has the heap grow as usual again; see eagerly
	closers []func() error // in the order in which things were opened
}

// Run serves until ctx ends. It prints one line with the URL to stdout and, while
// there is no administrator, one with a link that makes the first account.
func Run(ctx context.Context, cfg *config.Config, version string, stdout, stderr io.Writer) (err error) {
	s := &server{cfg: cfg, log: slog.New(slog.NewTextHandler(stderr, nil))}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.open(ctx, version); err != nil {
		return operatorError(err)
	}
	parts := service.Group{Log: s.log}
	parts.Go("roles", s.knowRoles)
	parts.Go("sessions", s.auth.Run)
	parts.Go("projects", s.host.Run)
	parts.Go("documents", s.rooms.Run)
	parts.Go("resume", s.resumer.Run)
	parts.Go("stats", s.stats.Run)
	parts.Go("memory", s.giveBack)
	if s.database.cluster != nil {
		parts.Go("nodes", s.followNodes)
	}
	parts.Go("operator", s.serveAdmin)
	if s.scrapes != nil {
		parts.Go("metrics", func(ctx context.Context) error { return s.serveMetrics(ctx, version) })
	}
	parts.Go("web", s.serveWeb)
	if err := s.greet(ctx, stdout); err != nil {
		stopped, cancel := context.WithCancel(ctx)
		cancel()
		return errors.Join(err, parts.Run(stopped))
	}
	return parts.Run(ctx)
}

// greet says where the server is.
func (s *server) greet(ctx context.Context, stdout io.Writer) error {
	token, err := s.auth.FirstLink(ctx)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("Lyceum is ready at %s\n", s.url)
	if token != "" {
		text += fmt.Sprintf("Make the first account: %ssign-up#token=%s\n", s.url, token)
	}
	if s.scrapes != nil {
		text += fmt.Sprintf("Figures for Prometheus are at http://%s/metrics\n", s.scrapes.Addr())
	}
	s.log.InfoContext(ctx, "ready", "url", s.url, "path", s.cfg.Data)
	_, err = io.WriteString(stdout, text)
	return err
}

// open opens all that can fail before anything is served; what the roles' first
// reading then finds ends the server (knowRoles).
func (s *server) open(ctx context.Context, version string) error {
	s.started = eagerly()
	s.meter = newMeter()
	rows, err := openStore(ctx, opening{cfg: s.cfg, log: s.log, fatal: s.fatal, meter: s.meter.Store(), settle: s.settle, serves: true})
	if err != nil {
		return err
	}
	s.database = rows
	s.closers = append(s.closers, rows.Close)
	if s.listener, err = listen(ctx, s.cfg.Listen, "listen"); err != nil {
		return err
	}
	s.closers = append(s.closers, closeOnce(s.listener.Close))
	if err := s.listenMetrics(ctx); err != nil {
		return err
	}
	s.url = address(s.cfg, s.listener.Addr().String())
	if s.admin, err = listenAdmin(ctx, s.cfg.Data); err != nil {
		return err
	}
	s.closers = append(s.closers, closeOnce(s.admin.Close))
	index, err := access.Begin(ctx, rows.durable)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, func() error { index.Close(); return nil })
	s.index.Store(index)
	box, err := s.openSandbox(ctx)
	if err != nil {
		return err
	}
	helper, err := s.openHelper()
	if err != nil {
		return err
	}
	if err := s.openEngine(ctx, index); err != nil {
		return err
	}
	s.auth = auth.New(rows.durable, s.log)
	s.host = projects.New(projects.Options{
		Store: s.engine.Store(), Sandbox: box, Network: helper, Data: s.cfg.Data, Log: s.log,
		UIDs: userIDs(s.cfg), Places: s.places,
		Idle: projects.IdleTimes{Look: s.cfg.IdleLook, Warning: projects.DefaultIdleTimes.Warning},
	})
	s.stats = stats.New(stats.Options{
		Store: s.engine.Store(), Access: index, Meter: s.meter, Data: s.cfg.Data, Version: version, Log: s.log,
		Limits: s.host.BuiltInLimits(),
	})
	s.connect(index)
	if err := s.engine.Check(); err != nil {
		return err
	}
	if err := s.host.Start(ctx); err != nil {
		return err
	}
	s.web = web.New(web.Options{
		BasePath: s.cfg.BasePath, Version: version, Auth: s.auth, Access: index, Tables: s.engine,
		Projects: &streams{host: s.host, store: s.engine.Store()}, Pages: s.pages(ctx), Log: s.log, Meter: s.meter,
		PingEvery: s.cfg.PingEvery, Used: s.host.Used,
	})
	return nil
}

// openEngine opens what answers queries, and says to other servers which one this
// is.
func (s *server) openEngine(ctx context.Context, index *access.Index) error {
	id, err := place.ID(s.cfg.Data)
	if err != nil {
		return err
	}
	rows := s.database
	s.engine, err = query.New(query.Options{
		Durable: rows.durable, Ephemeral: rows.ephemeral, Local: rows.local, Access: index, Server: id, Log: s.log, Meter: s.meter,
	})
	if err != nil {
		return err
	}
	s.closers = append(s.closers, func() error { s.engine.Close(); return nil })
	s.places, err = place.Open(ctx, place.Options{
		Store: s.engine.Store(), Self: place.Server{ID: id, Name: serverName(s.cfg), Address: serverAddress(s.cfg, s.url)},
		Data: s.cfg.Data, Alone: rows.others == nil, Log: s.log,
	})
	if err != nil {
		return err
	}
	s.closers = append(s.closers, func() error { s.places.Close(); return nil })
	return s.warnOfAddress(ctx, id)
}

// warnOfAddress says in the log if other servers cannot link to this one.
func (s *server) warnOfAddress(ctx context.Context, id string) error {
	if s.database.others == nil {
		return nil
	}
	known, err := place.Servers(ctx, s.database.durable)
	if err != nil {
		return err
	}
	if why := addressMissing(s.cfg, id, known); why != "" {
		s.log.WarnContext(ctx, "other servers cannot link to this one", "part", "place", "url", serverAddress(s.cfg, s.url), "err", why)
	}
	return nil
}

// settle waits for what is under way here and is forbidden by a change of another
// server. Before roles are followed nothing is.
func (s *server) settle(ctx context.Context, table string, c app.Change) {
	if index := s.index.Load(); index != nil {
		index.Settle(ctx, table, c)
	}
}

// knowRoles waits for the roles, which are read while pages are served already, and
// then lets the heap grow as usual.
func (s *server) knowRoles(ctx context.Context) error {
	if err := s.index.Load().Wait(ctx); err != nil {
		return operatorError(err)
	}
	s.started()
	<-ctx.Done()
	return ctx.Err()
}

// connect tells the parts of each other.
func (s *server) connect(index *access.Index) {
	s.rooms = document.NewRooms(document.Options{
		Store: s.engine.Store(), Log: s.log, Role: index.Role, SaveAfter: s.cfg.SaveAfter,
		Files:   s.diskOf,
		Running: s.diskOfRunning,
		Own:     s.host.Own,
	})
	s.host.BeforeStop = func(ctx context.Context, projectID string) {
		if err := s.rooms.SaveProject(ctx, projectID); err != nil {
			s.log.WarnContext(ctx, "documents not saved before a stop, they are kept", "project", projectID, "err", err)
		}
	}
	s.resumer = newResumer(s.rooms.Resume, s.log)
	s.host.OnRunning = s.resumer.add
	s.host.OnRenamed = s.rooms.Renamed
	s.host.OnRemoved = s.rooms.Removed
	s.engine.Writers["file_actions"] = s.host
	s.engine.Writers["terminals"] = s.host
	s.engine.Writers["project_visits"] = s.host
	s.engine.Used = s.host.Used
	s.engine.Watchers["directories"] = s.host
	s.engine.Watchers["project_usage"] = s.host.Usage()
	s.engine.Writers["documents"] = s.rooms
	s.engine.Writers["patches"] = s.rooms
	s.engine.Watchers["patches"] = s.rooms
	s.engine.Sources["document_states"] = s.rooms
	for table, watcher := range s.stats.Watchers() {
		s.engine.Watchers[table] = watcher
	}
	s.engine.Writers["registration_tokens"] = auth.Invitations{Auth: s.auth}
	s.engine.Writers["api_keys"] = auth.Keys{Auth: s.auth, Access: index}
}

// openHelper returns the program that carries the connections of projects. An
// executable without it serves projects without a network.
func (s *server) openHelper() (*sandbox.Program, error) {
	code, err := embed.Network()
	if errors.Is(err, embed.ErrNotBuilt) {
		s.log.Warn("projects can have no network", "part", "projects", "err", err)
		return nil, nil
	}
	program, err := sandbox.NewProgram(code)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, program.Close)
	return program, nil
}

func (s *server) openSandbox(ctx context.Context) (*sandbox.Sandbox, error) {
	code, err := embed.Agent()
	if err != nil {
		return nil, fmt.Errorf("the program that runs in projects is %w", err)
	}
	program, err := sandbox.NewProgram(code)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, program.Close)
	box, err := sandbox.Open(ctx, sandbox.Options{Mode: sandbox.Mode(s.cfg.Isolation), Program: program, Log: s.log})
	if err != nil {
		return nil, fmt.Errorf("%s Or, where everybody with a project may do what this user can: --isolation=none", sentence(err))
	}
	for _, f := range box.Findings() {
		if f.Level != sandbox.OK && f.About == "isolation" {
			s.log.WarnContext(ctx, "projects are not fully isolated", "part", "sandbox", "err", f.Text)
		}
	}
	return box, nil
}

// fatal ends the process: what is on the disk is not known any more, or known to
// be damaged (S6), or another server has the data directory (V4), and nothing that
// is said after this could be relied on. The next start reads what is there.
func (s *server) fatal(err error) {
	s.log.Error("the server ends at once, nothing is acknowledged any more", "err", err)
	os.Exit(1)
}

// close closes what was opened, the last first.
func (s *server) close() error {
	var errs []error
	for _, c := range slices.Backward(s.closers) {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

// closeOnce makes a second call, after the part that serves has closed, harmless.
func closeOnce(c func() error) func() error {
	return func() error {
		if err := c(); !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrClosed) {
			return err
		}
		return nil
	}
}
