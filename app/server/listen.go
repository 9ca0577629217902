package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"

	"lyceum/app/config"
	"lyceum/app/place"
)

// listen takes an address to serve on, which a setting names. Its errors are
// sentences for the operator.
func listen(ctx context.Context, address, setting string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("the address %s is in use by another program; stop that one, or choose another with --%s", address, setting)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("the address %s may not be used by this user: ports below 1024 need root; choose another with --%s", address, setting)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("the address %s is not one of this machine; choose another with --%s", address, setting)
	}
	return nil, fmt.Errorf("listen on %s: %w; choose another address with --%s", address, err, setting)
}

// address returns the URL of everything, as a browser on this machine (or, where
// all addresses are listened on, one that knows its name) writes it. listening is
// the address that was taken.
func address(cfg *config.Config, listening string) string {
	host, _, err := net.SplitHostPort(cfg.Listen)
	_, port, err2 := net.SplitHostPort(listening)
	if err != nil || err2 != nil {
		host, port = "localhost", "8000" // cannot be: both were listened on
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		if name, err := os.Hostname(); err == nil {
			host = name
		}
	}
	u := url.URL{Scheme: "http", Host: net.JoinHostPort(host, port), Path: cfg.BasePath}
	return u.String()
}

// serverName is what this server is called where others share its database.
func serverName(cfg *config.Config) string {
	if cfg.ServerName != "" {
		return cfg.ServerName
	}
	name, err := os.Hostname()
	if err != nil {
		return "without a name"
	}
	return name
}

// serverAddress is where browsers reach this server. Behind a proxy only the
// operator knows.
func serverAddress(cfg *config.Config, listening string) string {
	if cfg.ServerAddress != "" {
		return cfg.ServerAddress
	}
	return listening
}

// addressMissing says, as a sentence and "" if all is well, that the others on the database know only
// where this server listens, which may lead nowhere from another machine. That
// matters where there are others, or will be: whoever names a server means to tell
// it from another. self is this server's id, "" for one that has not been started.
func addressMissing(cfg *config.Config, self string, known []place.Server) string {
	if cfg.ServerAddress != "" {
		return ""
	}
	var others []string
	for _, s := range known {
		if s.ID != self {
			others = append(others, s.Name)
		}
	}
	const wayOut = "say with --server-address at which URL browsers reach this one, so that the others can link to its projects"
	switch {
	case len(others) > 0:
		return fmt.Sprintf("The database is shared with other servers (%s): %s.", listed(others), wayOut)
	case cfg.ServerName != "":
		return fmt.Sprintf("This server is called %s among others on the database: %s.", cfg.ServerName, wayOut)
	}
	return ""
}

// maxListed bounds the names in a sentence.
const maxListed = 5

func listed(names []string) string {
	if more := len(names) - maxListed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListed], ", "), more)
	}
	return strings.Join(names, ", ")
}
