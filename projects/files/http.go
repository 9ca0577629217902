package files

import "net/http"

// Handler serves files at paths such as "/list"; mount it with
// http.StripPrefix("/files", files.Handler(folder)).
func Handler(f Files) http.Handler { panic("not yet") }

// Client asks an agent. The agent is not trusted: every length is bounded.
type Client struct {
	transport http.RoundTripper
	base      string
}

// NewClient returns a client of the Handler at base, such as
// "http://agent/files". The transport bounds headers (MaxResponseHeaderBytes)
// and the time to dial.
func NewClient(transport http.RoundTripper, base string) *Client {
	return &Client{transport, base}
}
