package agent_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-yamux/v5"

	"lyceum/app"
	"lyceum/projects/agent"
)

var own = agent.Hello{Project: "p", Secret: "s3cret", Generation: 7}

// pair connects the client with what the test makes of an agent.
func pair(t *testing.T, hostile func(conn net.Conn)) net.Conn {
	t.Helper()
	ours, theirs := net.Pipe()
	var done sync.WaitGroup
	done.Go(func() { hostile(theirs) })
	t.Cleanup(func() {
		_ = ours.Close()
		_ = theirs.Close()
		done.Wait()
	})
	return ours
}

// greet answers a hello with another, made from it.
func greet(conn net.Conn, change func(*agent.Hello)) {
	var head [4]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return
	}
	data := make([]byte, binary.BigEndian.Uint32(head[:]))
	if _, err := io.ReadFull(conn, data); err != nil {
		return
	}
	var h agent.Hello
	if json.Unmarshal(data, &h) != nil {
		return
	}
	change(&h)
	data, _ = json.Marshal(h)
	_, _ = conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...))
}

// A process that has got hold of the socket of an agent must not be taken for
// it, nor an agent for that of another project.
func TestForgedHelloIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*agent.Hello)
	}{
		{"another secret", func(h *agent.Hello) { h.Secret = "guess" }},
		{"no secret", func(h *agent.Hello) { h.Secret = "" }},
		{"another project", func(h *agent.Hello) { h.Project = "q" }},
		{"an old generation", func(h *agent.Hello) { h.Generation-- }},
		{"a refusal", func(h *agent.Hello) { h.Error = "a newer server has taken over" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conn := pair(t, func(conn net.Conn) { greet(conn, tt.change) })
			if _, err := agent.Connect(t.Context(), conn, own); !errors.Is(err, agent.ErrRefused) {
				t.Errorf("Connect = %v, want ErrRefused", err)
			}
		})
	}
}

// An agent lives longer than a server: one of another version is spoken to if
// either knows the other's, and else it is neither taken for a liar nor for dead.
func TestVersionsThatMeet(t *testing.T) {
	for _, tt := range []struct {
		name            string
		version, oldest int
		err             error
	}{
		{"the first", 1, 0, nil},
		{"this one", agent.Version, 1, nil},
		{"a newer one that knows this one", agent.Version + 3, agent.Version, nil},
		{"a newer one that does not", agent.Version + 3, agent.Version + 1, agent.ErrVersion},
		{"a newer one that does not say", agent.Version + 3, 0, agent.ErrVersion},
		{"none", 0, 0, agent.ErrVersion},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conn := pair(t, func(conn net.Conn) {
				greet(conn, func(h *agent.Hello) { h.Version, h.Oldest = tt.version, tt.oldest })
			})
			c, err := agent.Connect(t.Context(), conn, own)
			if !errors.Is(err, tt.err) {
				t.Fatalf("Connect = %v, want %v", err, tt.err)
			}
			if err == nil && c.Version() != tt.version {
				t.Errorf("Version = %d", c.Version())
			}
			if err == nil {
				_ = c.Close()
			}
		})
	}
}

func TestHelloWithoutEndIsRefused(t *testing.T) {
	conn := pair(t, func(conn net.Conn) {
		_, _ = io.CopyN(io.Discard, conn, 4)
		go func() { _, _ = io.Copy(io.Discard, conn) }() // ends with the pipe
		_, _ = conn.Write([]byte{0xff, 0xff, 0xff, 0xff})
	})
	if _, err := agent.Connect(t.Context(), conn, own); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("Connect = %v, want a refusal that names the bound", err)
	}
}

func TestSilentAgentDoesNotHoldTheServer(t *testing.T) {
	conn := pair(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := agent.Connect(ctx, conn, own); err == nil {
		t.Error("Connect to a silent agent worked")
	}
}

// hostile is an agent that greets well and then does what the test wants with
// each request.
func hostile(t *testing.T, handle func(session *yamux.Session, stream net.Conn)) *agent.Client {
	t.Helper()
	conn := pair(t, func(conn net.Conn) {
		greet(conn, func(*agent.Hello) {})
		session, err := yamux.Server(conn, quiet(), nil)
		if err != nil {
			return
		}
		defer session.Close()
		var all sync.WaitGroup
		defer all.Wait()
		for {
			stream, err := session.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer stream.Close()
				handle(session, stream)
			})
		}
	})
	c, err := agent.Connect(t.Context(), conn, own)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func quiet() *yamux.Config {
	c := yamux.DefaultConfig()
	c.LogOutput = io.Discard
	return c
}

// maxGrowth is how much the server may grow because of one agent.
const maxGrowth = 64 << 20

func memory() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// 12: whatever an agent answers, the error is one for people and the server
// stays small.
func TestHostileAnswersAreBounded(t *testing.T) {
	endless := func(w io.Writer, line string) {
		for {
			if _, err := io.WriteString(w, line); err != nil {
				return
			}
		}
	}
	for _, tt := range []struct {
		name   string
		answer func(stream net.Conn)
	}{
		{"endless header", func(s net.Conn) {
			_, _ = io.WriteString(s, "HTTP/1.1 200 OK\r\n")
			endless(s, "X-A: "+strings.Repeat("a", 1000)+"\r\n")
		}},
		{"endless list", func(s net.Conn) {
			_, _ = io.WriteString(s, "HTTP/1.1 200 OK\r\n\r\n[")
			endless(s, `{"id":"`+strings.Repeat("x", 1000)+`"},`)
		}},
		{"endless string", func(s net.Conn) {
			_, _ = io.WriteString(s, "HTTP/1.1 200 OK\r\n\r\n[{\"id\":\"")
			endless(s, strings.Repeat("x", 1<<16))
		}},
		{"endless error", func(s net.Conn) {
			_, _ = io.WriteString(s, "HTTP/1.1 500 No\r\n\r\n{\"kind\":\"denied\",\"message\":\"")
			endless(s, strings.Repeat("x", 1<<16))
		}},
		{"no HTTP", func(s net.Conn) { endless(s, "\x00\x01\x02") }},
		{"nothing at all", func(net.Conn) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := memory()
			c := hostile(t, func(_ *yamux.Session, s net.Conn) {
				if _, err := http.ReadRequest(bufio.NewReader(s)); err == nil {
					tt.answer(s)
				}
			})
			_, err := c.Terminals(t.Context())
			if kind, message := app.Public(err); err == nil || kind != app.Unavailable || message == "" {
				t.Errorf("Terminals = %v (%s), want unavailable", err, kind)
			}
			if after := memory(); after > before+maxGrowth {
				t.Errorf("the server grew by %d MiB", (after-before)>>20)
			}
		})
	}
}

// 12: an agent never asks; one that opens 20,000 streams gets none, and the
// server goes on asking others and even it.
func TestStreamsOfTheAgentAreRefused(t *testing.T) {
	const many = 20_000
	before := memory()
	c := hostile(t, func(session *yamux.Session, s net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(s)); err != nil {
			return
		}
		for range many {
			stream, err := session.OpenStream(context.Background())
			if err != nil {
				break
			}
			_, _ = stream.Write([]byte("x"))
			_ = stream.Reset()
		}
		_, _ = io.WriteString(s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
	})
	if _, err := c.Terminals(t.Context()); err != nil {
		t.Errorf("Terminals = %v", err)
	}
	if after := memory(); after > before+maxGrowth {
		t.Errorf("the server grew by %d MiB", (after-before)>>20)
	}
}

// What an agent calls an error reaches people only with a kind that we know.
func TestErrorsKeepTheirSentence(t *testing.T) {
	c := hostile(t, func(_ *yamux.Session, s net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(s)); err == nil {
			_, _ = io.WriteString(s, "HTTP/1.1 422 No\r\n\r\n{\"kind\":\"not_found\",\"message\":\"There is no such terminal.\"}")
		}
	})
	err := c.EndTerminal(t.Context(), "t1")
	if kind, message := app.Public(err); kind != app.NotFound || message != "There is no such terminal." {
		t.Errorf("EndTerminal = %s %q", kind, message)
	}
}
