package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"lyceum/app"
	"lyceum/app/auth"
	"lyceum/app/config"
	"lyceum/app/place"
	"lyceum/projects"
)

// adminTimeout bounds one request of the operator: a read and a write.
const adminTimeout = 10 * time.Second

// adminSocket is where a running server takes requests of the operator: who may
// open it (mode 0600) may open the database as well.
type adminSocket struct {
	net.Listener
	folder *os.File
}

// adminPath returns the path of the socket below an open folder. The address of
// a unix socket has at most 107 bytes, which a data directory may exceed, so the
// folder is named by its descriptor.
func adminPath(folder *os.File) string {
	return fmt.Sprintf("/proc/self/fd/%d/admin.sock", folder.Fd())
}

// listenAdmin makes the socket. The caller has the lock of the data directory, so
// one that is there is left by a server that has crashed.
func listenAdmin(ctx context.Context, data string) (*adminSocket, error) {
	dir := filepath.Join(data, "run")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of sockets: %w", err)
	}
	folder, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder of sockets: %w", err)
	}
	path := adminPath(folder)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("remove an old socket: %w", err), folder.Close())
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen for the operator: %w", err), folder.Close())
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("protect the operator's socket: %w", err), l.Close(), folder.Close())
	}
	return &adminSocket{l, folder}, nil
}

// Close removes the socket.
func (a *adminSocket) Close() error { return errors.Join(a.Listener.Close(), a.folder.Close()) }

// refusal is the answer to a request that was not carried out.
type refusal struct {
	Error string `json:"error"`
}

// linkRequest asks for a link that signs in, linkAnswer has it.
type linkRequest struct {
	Email string `json:"email"`
}

type linkAnswer struct {
	Link string `json:"link"`
}

// adminHandler answers the operator's requests; base is the server's URL.
func adminHandler(a *auth.Auth, places *place.Places, base string, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /link", answering(log, func(ctx context.Context, ask linkRequest) (linkAnswer, error) {
		link, err := signInLink(ctx, a, base, ask.Email)
		return linkAnswer{Link: link}, err
	}))
	mux.Handle("POST /claim", answering(log, func(ctx context.Context, ask claimRequest) (claimAnswer, error) {
		title, err := places.Take(ctx, ask.Project)
		return claimAnswer{Title: title}, err
	}))
	return mux
}

// maxAdminRequest bounds what the operator's commands ask.
const maxAdminRequest = 4 << 10

// answering decodes a request and encodes the answer, or why there is none.
func answering[Ask, Answer any](log *slog.Logger, do func(context.Context, Ask) (Answer, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var ask Ask
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAdminRequest)).Decode(&ask)
		var answer any
		if err == nil {
			answer, err = do(r.Context(), ask)
		}
		if err != nil {
			log.WarnContext(r.Context(), "operator not obeyed", "route", r.Pattern, "err", err)
			_, message := app.Public(err)
			answer = refusal{message}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer) // the operator has left: nobody to tell
	})
}

func signInLink(ctx context.Context, a *auth.Auth, base, email string) (string, error) {
	token, err := a.SignInLink(ctx, email)
	if err != nil {
		return "", err
	}
	return base + "sign-in#token=" + token, nil
}

// AdminLink prints a link that signs an account in once. A running server makes
// it; where none runs, the database is opened.
func AdminLink(ctx context.Context, cfg *config.Config, email string, stdout io.Writer) error {
	asking, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	var answer linkAnswer
	err := askServer(asking, cfg.Data, "/link", linkRequest{email}, &answer)
	link := answer.Link
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		link, err = linkWithoutServer(ctx, cfg, email)
	}
	if err != nil {
		return operatorError(err)
	}
	_, err = fmt.Fprintf(stdout, "%s\n", link)
	return err
}

// dialAdmin connects to the server that uses a data directory.
func dialAdmin(ctx context.Context, data string) (net.Conn, error) {
	folder, err := os.Open(filepath.Join(data, "run"))
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	var d net.Dialer
	return d.DialContext(ctx, "unix", adminPath(folder))
}

// serverRuns reports whether a server uses a data directory.
func serverRuns(ctx context.Context, data string) bool {
	conn, err := dialAdmin(ctx, data)
	if err != nil {
		return false
	}
	_ = conn.Close() // nothing was said
	return true
}

// askServer asks the server that uses the data directory; route is of adminHandler.
func askServer(ctx context.Context, data, route string, ask, answer any) error {
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dialAdmin(ctx, data) },
	}}
	body, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://admin"+route, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	var refused refusal
	if err = errors.Join(err, json.Unmarshal(text, &refused), json.Unmarshal(text, answer)); err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	if refused.Error != "" {
		return app.Errorf(app.Invalid, "%s", refused.Error)
	}
	return nil
}

// linkWithoutServer opens the database, which its lock allows when no server
// does.
func linkWithoutServer(ctx context.Context, cfg *config.Config, email string) (link string, err error) {
	if err := thereIsOne(cfg); err != nil {
		return "", err
	}
	log := slog.New(slog.DiscardHandler)
	rows, err := openStore(ctx, opening{cfg: cfg, log: log, fatal: endCommand})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	base := address(cfg, cfg.Listen)
	return signInLink(ctx, auth.New(rows.durable, log), base, email)
}

// thereIsOne fails with a sentence where a server has never kept its rows. Of a
// cluster that somebody else runs only opening it can tell.
func thereIsOne(cfg *config.Config) error {
	path := databasePath(cfg)
	switch {
	case cfg.Database.External():
		return nil
	case cfg.Database.Where == config.Bundled:
		path = nodeFolder(cfg)
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("there is no Lyceum in %s; name its data directory with --data (%w)", cfg.Data, err)
	}
	return nil
}

// operatorError is an error as the console shows it: the sentence alone where
// there is one.
func operatorError(err error) error {
	if e, ok := errors.AsType[*app.Error](err); ok && e.Err == nil {
		return errors.New(e.Message)
	}
	return err
}

// StopProjects ends everything that runs in projects of the data directory. A
// server that runs shows them as stopped.
func StopProjects(ctx context.Context, cfg *config.Config, stdout io.Writer) error {
	n, err := projects.StopAll(ctx, cfg.Data)
	if err != nil {
		return operatorError(err)
	}
	_, err = fmt.Fprintf(stdout, "%d stopped\n", n)
	return err
}
