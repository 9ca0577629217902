package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/libp2p/go-yamux/v5"

	"lyceum/app"
	"lyceum/projects/files"
)

// base is the address of every agent; the connection says which.
const base = "http://agent"

// Bounds of what an agent may answer.
const (
	maxAnswer    = 256 << 10 // of a JSON answer: a thousand terminals
	maxTerminals = 1000
	maxID        = 100     // of a terminal, in bytes
	maxFrame     = 1 << 20 // of a terminal's message; the agent sends some KiB
	// headerTimeout is how long an agent may take to begin an answer: a save
	// waits for the disk.
	headerTimeout = 60 * time.Second
	// answerTime is for the whole of an answer that is read at once.
	answerTime = 90 * time.Second
)

// Client speaks with one agent. It is safe for use by several goroutines.
// Errors have a kind and a sentence (app.Error).
type Client struct {
	*files.Client
	version   int
	open      func(ctx context.Context) (net.Conn, error) // a stream
	closed    <-chan struct{}
	end       func() error
	transport *http.Transport
}

var _ files.Files = (*Client)(nil)

// Dial connects to the agent that listens at a unix socket. It answers
// ErrRefused if the agent does not know the secret or serves a newer server, and
// ErrVersion if it is the right one and they cannot speak.
func Dial(ctx context.Context, socket string, own Hello) (*Client, error) {
	ctx, cancel := context.WithTimeout(ctx, helloTimeout)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, fmt.Errorf("dial the agent: %w", err)
	}
	c, err := Connect(ctx, conn, own)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return c, nil
}

// ErrRefused says that both sides do not belong together.
var ErrRefused = errors.New("the agent and the server refuse each other")

// ErrVersion says that agent and server have no version in common.
var ErrVersion = errors.New("the agent and the server have no version in common")

// Connect says hello over a connection, which then belongs to the client.
func Connect(ctx context.Context, conn net.Conn, own Hello) (*Client, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	own.Version, own.Oldest = Version, oldestVersion
	if err := writeHello(conn, own); err != nil {
		return nil, fmt.Errorf("say hello to the agent: %w", err)
	}
	theirs, err := readHello(conn)
	switch {
	case err != nil:
		return nil, err
	case theirs.Error != "":
		return nil, fmt.Errorf("%w: %.200q", ErrRefused, theirs.Error)
	case !own.same(theirs) || theirs.Generation != own.Generation:
		return nil, fmt.Errorf("%w: it is not the agent of this project", ErrRefused)
	case !theirs.speaks():
		return nil, fmt.Errorf("%w: it speaks version %d, the server %d", ErrVersion, theirs.Version, Version)
	}
	if !stop() {
		return nil, ctx.Err()
	}
	session, err := yamux.Client(conn, streams(noStreams), nil)
	if err != nil {
		return nil, fmt.Errorf("open a session with the agent: %w", err)
	}
	open := func(ctx context.Context) (net.Conn, error) {
		stream, err := session.OpenStream(ctx)
		if err != nil {
			return nil, fmt.Errorf("open a stream to the agent: %w", err)
		}
		return stream, nil
	}
	return newClient(theirs.Version, open, session.CloseChan(), session.Close), nil
}

// Mute returns a client of an agent with which the server cannot speak. Whatever
// is asked ends in err, which should have a sentence.
func Mute(err error) *Client {
	closed := make(chan struct{})
	end := sync.OnceValue(func() error { close(closed); return nil })
	return newClient(0, func(context.Context) (net.Conn, error) { return nil, err }, closed, end)
}

func newClient(version int, open func(context.Context) (net.Conn, error), closed <-chan struct{}, end func() error) *Client {
	c := &Client{version: version, open: open, closed: closed, end: end}
	c.transport = &http.Transport{
		DialContext:            func(ctx context.Context, _, _ string) (net.Conn, error) { return c.open(ctx) },
		DisableCompression:     true,
		DisableKeepAlives:      true, // a stream costs nothing, an idle one would count
		MaxResponseHeaderBytes: maxHeaderBytes,
		ResponseHeaderTimeout:  headerTimeout,
	}
	c.Client = files.NewClient(c.transport, base+"/files")
	return c
}

// Version is that of the agent; 0 of one that is mute.
func (c *Client) Version() int { return c.version }

// Closed is closed when the connection has ended.
func (c *Client) Closed() <-chan struct{} { return c.closed }

// Close ends the connection; the agent goes on.
func (c *Client) Close() error {
	c.transport.CloseIdleConnections()
	return c.end()
}

// Activity tells what the project's programs have used.
func (c *Client) Activity(ctx context.Context) (Activity, error) {
	var now Activity
	err := c.call(ctx, http.MethodGet, "/activity", &now)
	return now, err
}

// ErrOld says that the agent is of an older version and does not know what it was
// asked for.
var ErrOld error = app.Explain(errors.New("the agent is older than this server"), app.Unavailable,
	"The project still runs with an older version of Lyceum, which cannot do this. Please restart the project.")

// SetLimits tells the agent what is in force. What it starts from now on is bound
// by it.
func (c *Client) SetLimits(ctx context.Context, l Limits) error {
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	answer, err := c.do(ctx, http.MethodPut, "/limits", bytes.NewReader(data))
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

// Usage asks what the project's programs use.
func (c *Client) Usage(ctx context.Context) (Usage, error) {
	var u Usage
	err := c.call(ctx, http.MethodGet, "/usage", &u)
	return u, err
}

// Prepare asks the agent to end its shells, and gives programs a moment to end
// by themselves. The server then kills what is left.
func (c *Client) Prepare(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/prepare-stop", nil)
}

// End asks the agent to end itself, and with it everything in its sandbox, and
// waits until it is gone.
func (c *Client) End(ctx context.Context) error {
	err := c.call(ctx, http.MethodPost, "/end", nil) // it may be gone before it answers
	select {
	case <-c.Closed():
		return nil
	case <-ctx.Done():
		return errors.Join(err, ctx.Err())
	}
}

func (c *Client) call(ctx context.Context, method, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	answer, err := c.do(ctx, method, path, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)).Decode(into); err != nil {
		return unreachable(fmt.Errorf("%s %s: %w", method, path, err))
	}
	return nil
}

func (c *Client) do(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, base+path, body)
	if err != nil {
		return nil, err
	}
	answer, err := c.transport.RoundTrip(request)
	if err != nil {
		return nil, unreachable(fmt.Errorf("%s %s: %w", method, path, err))
	}
	if answer.StatusCode >= 300 {
		defer answer.Body.Close()
		return nil, c.answered(answer)
	}
	return answer, nil
}

// unreachable explains an error of the connection.
func unreachable(err error) error {
	return app.Explain(err, app.Unavailable, "The project does not answer. Please try again, or restart the project.")
}

// problem is an error on the wire.
type problem struct {
	Kind    app.Kind `json:"kind"`
	Message string   `json:"message"`
}

// answered makes an error of an answer that is not good.
func (c *Client) answered(answer *http.Response) error {
	const maxProblem = 4 << 10
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxProblem))
	var p problem
	if answer.StatusCode == http.StatusNotFound && c.version < Version && !json.Valid(data) { // the router's
		return ErrOld
	}
	if err != nil || json.Unmarshal(bytes.TrimSpace(data), &p) != nil || p.Message == "" || !known(p.Kind) {
		return unreachable(fmt.Errorf("the agent answered %d", answer.StatusCode))
	}
	return app.Errorf(p.Kind, "%s", p.Message)
}

// known reports whether there is such a kind.
func known(k app.Kind) bool {
	switch k {
	case app.Invalid, app.Denied, app.NotFound, app.Conflict, app.TooLarge, app.Unavailable, app.Internal:
		return true
	}
	return false
}
