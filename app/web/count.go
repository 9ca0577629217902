package web

import (
	"bufio"
	"io"
	"net"
	"net/http"

	"lyceum/app/metrics"
)

// noRoute is what a request counts as that was refused before there was a route
// for it: the path itself is anybody's.
const noRoute = "none"

// count counts requests when they are answered, and bytes as they flow. It is
// around everything; route tells it the pattern from within.
func count(m *metrics.Web, next http.Handler) http.Handler {
	if m == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &counted{ResponseWriter: w, meter: m}
		if r.Body != nil {
			r.Body = &countedBody{r.Body, m}
		}
		next.ServeHTTP(c, r)
		c.answer(http.StatusOK) // an empty one
	})
}

// route is next to the mux, which writes the pattern into the request.
func route(mux http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := w.(*counted); ok {
			c.request = r
		}
		mux.ServeHTTP(w, r)
	})
}

// counted is an answer on its way.
type counted struct {
	http.ResponseWriter
	meter    *metrics.Web
	request  *http.Request // nil before the mux
	answered bool
}

func (c *counted) answer(status int) {
	if c.answered || status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	c.answered = true
	pattern := noRoute
	if c.request != nil && c.request.Pattern != "" {
		pattern = c.request.Pattern
	}
	c.meter.Answered(pattern, status)
}

// Unwrap lets http.ResponseController reach what is below.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *counted) WriteHeader(status int) {
	c.answer(status)
	c.ResponseWriter.WriteHeader(status)
}

func (c *counted) Write(data []byte) (int, error) {
	c.answer(http.StatusOK)
	n, err := c.ResponseWriter.Write(data)
	c.meter.Sent(metrics.HTTP, int64(n))
	return n, err
}

// ReadFrom keeps what net/http can do better than copy.
func (c *counted) ReadFrom(r io.Reader) (int64, error) {
	c.answer(http.StatusOK)
	n, err := io.Copy(c.ResponseWriter, r)
	c.meter.Sent(metrics.HTTP, n)
	return n, err
}

// Hijack makes a socket of the connection.
func (c *counted) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(c.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	c.answer(http.StatusSwitchingProtocols)
	return &countedConn{conn, c.meter}, buffers, nil
}

type countedBody struct {
	io.ReadCloser
	meter *metrics.Web
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.meter.Received(metrics.HTTP, int64(n))
	return n, err
}

type countedConn struct {
	net.Conn
	meter *metrics.Web
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.meter.Received(metrics.Socket, int64(n))
	return n, err
}

func (c *countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.meter.Sent(metrics.Socket, int64(n))
	return n, err
}
