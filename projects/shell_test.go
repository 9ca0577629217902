package projects_test

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/projects/agent"
)

// shell is a viewer of a terminal.
type shell struct {
	t    testing.TB
	conn *websocket.Conn
	seen strings.Builder
}

func openShell(t testing.TB, c *agent.Client, id string) *shell {
	t.Helper()
	conn, err := c.DialTerminal(t.Context(), id, url.Values{
		"from": {"0"}, "viewer": {"v"}, "name": {"Ada"}, "write": {"1"}, "create": {"1"}, "cols": {"200"}, "rows": {"50"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &shell{t: t, conn: conn}
}

func (s *shell) enter(line string) {
	s.t.Helper()
	if err := s.conn.WriteMessage(websocket.BinaryMessage, []byte(line+"\r")); err != nil {
		s.t.Fatal(err)
	}
}

// until reads until the output matches, and returns the match.
func (s *shell) until(pattern string) []string {
	s.t.Helper()
	re := regexp.MustCompile(pattern)
	if err := s.conn.SetReadDeadline(time.Now().Add(waitTime)); err != nil {
		s.t.Fatal(err)
	}
	for {
		if m := re.FindStringSubmatch(s.seen.String()); m != nil {
			return m
		}
		kind, data, err := s.conn.ReadMessage()
		if err != nil {
			if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
				s.t.Fatalf("waiting for %q: closed %d %s\n%s", pattern, closed.Code, closed.Text, s.seen.String())
			}
			s.t.Fatalf("waiting for %q: %v\n%s", pattern, err, s.seen.String())
		}
		if kind == websocket.BinaryMessage {
			s.seen.Write(data)
		}
	}
}
