package network

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Version is that of the protocol between server and helper. A server ends a
// helper of another version and starts its own.
const Version = 1

// Descriptors that the server gives to a helper.
const (
	ConfigFD  = 3 // Config as JSON, until the end of the pipe; empty: the server has died, end
	ReadyFD   = 4 // closed without a word: it forwards; else a sentence why not
	ListenFD  = 5 // the listening socket
	TunFD     = 6 // the other end of the project's interface
	ProjectFD = 7 // pidfd of the project's agent: the helper ends with it
	ProgramFD = 8 // the program itself, to execute
)

// Config is what a helper has to know at its start.
type Config struct {
	Project    string   `json:"project"`
	Secret     string   `json:"secret"`
	Generation int64    `json:"generation"` // of the server
	Policy     Policy   `json:"policy"`
	Filter     []uint64 `json:"filter"` // the system calls that it may make
}

// Request is all that a server says on one connection.
type Request struct {
	Version    int     `json:"version"`
	Project    string  `json:"project"`
	Secret     string  `json:"secret"`
	Generation int64   `json:"generation"`
	Policy     *Policy `json:"policy,omitempty"` // to be in force from now on
}

// Answer is what the helper says.
type Answer struct {
	Version int    `json:"version"`
	Error   string `json:"error,omitempty"` // why it refuses
	Status  Status `json:"status"`
}

// Status is what a helper tells of itself.
type Status struct {
	Connections int `json:"connections"` // of TCP that are open
	Sessions    int `json:"sessions"`    // of UDP
}

// Bounds of a talk.
const (
	maxMessage = 64 << 10        // an allow list of hundred names is half of it
	talkTime   = 5 * time.Second // for a helper that is busy, not one that is far
)

// ErrRefused says that a helper does not know this server, or a newer one.
var ErrRefused = errors.New("the helper refuses")

// Call says a request to the helper that listens at a path.
func Call(ctx context.Context, path string, r Request) (Status, error) {
	ctx, cancel := context.WithTimeout(ctx, talkTime)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err != nil {
		return Status{}, fmt.Errorf("reach the helper: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	r.Version = Version
	if err := json.NewEncoder(conn).Encode(r); err != nil {
		return Status{}, fmt.Errorf("tell the helper: %w", err)
	}
	var a Answer
	if err := json.NewDecoder(io.LimitReader(conn, maxMessage)).Decode(&a); err != nil {
		return Status{}, fmt.Errorf("hear the helper: %w", err)
	}
	if a.Error != "" || a.Version != Version {
		return Status{}, fmt.Errorf("%w: version %d %s", ErrRefused, a.Version, a.Error)
	}
	return a.Status, nil
}

// Serve answers one connection: apply is called with a policy that is to be in
// force.
func Serve(conn net.Conn, c *Config, apply func(Policy), status func() Status) error {
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(talkTime)); err != nil {
		return err
	}
	var r Request
	if err := json.NewDecoder(io.LimitReader(conn, maxMessage)).Decode(&r); err != nil {
		return fmt.Errorf("hear the server: %w", err)
	}
	a := Answer{Version: Version}
	switch {
	case r.Project != c.Project || c.Secret == "" || subtle.ConstantTimeCompare([]byte(r.Secret), []byte(c.Secret)) != 1:
		a.Error = "the secret is not that of the project"
	case r.Version != Version:
		a.Error = "another version"
	case r.Generation < c.Generation:
		a.Error = "a newer server is here"
	default:
		c.Generation = r.Generation
		if r.Policy != nil {
			apply(*r.Policy)
		}
		a.Status = status()
	}
	return json.NewEncoder(conn).Encode(a)
}
