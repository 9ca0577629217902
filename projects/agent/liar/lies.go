package main

import (
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/libp2p/go-yamux/v5"

	"lyceum/projects/agent"
)

// talk treats the nth connection as the lie says.
func talk(conn net.Conn, lie string, n int, config agent.Config) {
	switch lie {
	case "says nothing":
		return // and leaves it open
	case "has another project":
		_ = greet(conn, config, func(h *agent.Hello) { h.Project = "p2" })
		return
	case "has another secret":
		_ = greet(conn, config, func(h *agent.Hello) { h.Secret = "guess" })
		return
	}
	if greet(conn, config, func(*agent.Hello) {}) != nil {
		return
	}
	switch lie {
	case "dies after the hello":
		os.Exit(1)
	case "breaks off":
		time.Sleep(20 * time.Millisecond) // long enough to be taken for good
		_ = conn.Close()
		return
	case "sends frames without end":
		_, _ = io.Copy(conn, forever{0}) // valid headers of frames that say nothing
		return
	case "sends a huge frame":
		stream := firstStream(conn)
		_, _ = conn.Write(append([]byte{0, 0, 0, 0}, append(stream, 0xff, 0xff, 0xff, 0xff)...))
		_, _ = io.Copy(conn, forever{'x'})
		return
	case "reads nothing":
		return
	}
	session, err := yamux.Server(conn, yamux.DefaultConfig(), nil)
	if err != nil {
		return
	}
	_ = http.Serve(session, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r, lie) }))
}

// firstStream reads frames until one is of a stream, and returns its number as it
// stands in frames.
func firstStream(conn net.Conn) []byte {
	const typeData = 0
	head := make([]byte, 12) // version, type, flags, stream, length
	for {
		if _, err := io.ReadFull(conn, head); err != nil {
			return head[4:8]
		}
		if stream := head[4:8]; binary.BigEndian.Uint32(stream) != 0 {
			return stream[:4:4]
		}
		if head[1] == typeData {
			_, _ = io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(head[8:])))
		}
	}
}

// answer answers a request as the lie says, and what it is not about well enough.
func answer(w http.ResponseWriter, r *http.Request, lie string) {
	terminals := strings.HasPrefix(r.URL.Path, "/terminals")
	switch {
	case lie == "redirects":
		http.Redirect(w, r, "http://127.0.0.1:1/secret", http.StatusFound)
	case lie == "is slow":
		for range time.Tick(time.Second) {
			_, _ = w.Write([]byte(" "))
			_ = http.NewResponseController(w).Flush()
		}
	case lie == "tells of terminals without end" && terminals:
		for {
			for _, line := range []string{`{"id":"t1","running":true}`, `{"id":"t1","running":false,"exit":{"code":1}}`} {
				if _, err := io.WriteString(w, line+"\n"); err != nil {
					return
				}
			}
		}
	case lie == "tells of terminals that cannot be" && terminals:
		_, _ = io.WriteString(w, `{"id":"`+strings.Repeat("../", 1000)+`","running":true,"title":"`+strings.Repeat("x", 500)+"\"}\n")
	case lie == "sends JSON without end":
		_, _ = io.WriteString(w, `{"entries":[`)
		_, _ = io.Copy(w, repeated(`{"name":"a","kind":"file","size":1},`))
	case terminals && strings.HasSuffix(r.URL.Path, "watch"):
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// forever reads as one byte without end.
type forever struct{ b byte }

func (f forever) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = f.b
	}
	return len(p), nil
}

// repeated reads as a text again and again.
func repeated(text string) io.Reader { return &repeater{text: text} }

type repeater struct {
	text string
	at   int
}

func (r *repeater) Read(p []byte) (int, error) {
	n := copy(p, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}
