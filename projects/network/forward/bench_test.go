package forward_test

import (
	"io"
	"net"
	"testing"

	"lyceum/projects/network/forward"
	nt "lyceum/projects/network/networktest"
)

// benchPorts answer with as much as is asked for, or take all.
const payload = 64 << 20

// BenchmarkBytes compares the way through the forwarder with the same
// connection of the machine itself.
func BenchmarkBytes(b *testing.B) {
	w := nt.New(b)
	accepted := w.Accept(b, ":7100")
	p := newProject(b, forward.DefaultBounds)
	for _, way := range []string{"through", "direct"} {
		for _, direction := range []string{"out", "in"} {
			b.Run(way+"/"+direction, func(b *testing.B) {
				dial := func() (net.Conn, error) { return net.Dial("tcp", "11.0.0.1:7100") }
				if way == "through" {
					dial = func() (net.Conn, error) { return p.dial("tcp", "11.0.0.1:7100") }
				}
				b.SetBytes(payload)
				for b.Loop() {
					inside, err := dial()
					if err != nil {
						b.Fatal(err)
					}
					from, to := inside, <-accepted
					if direction == "in" {
						from, to = to, from
					}
					go send(from) // to is read to its end
					if n, err := io.Copy(io.Discard, to); n != payload || err != nil {
						b.Fatal(n, err)
					}
					_, _ = inside.Close(), to.Close()
				}
			})
		}
	}
}

func send(to net.Conn) {
	chunk := make([]byte, 256<<10)
	for range payload / len(chunk) {
		if _, err := to.Write(chunk); err != nil {
			return
		}
	}
	_ = to.(*net.TCPConn).CloseWrite()
}

// BenchmarkAnswer is the time to an answer of a few bytes, and to a connection.
func BenchmarkAnswer(b *testing.B) {
	nt.New(b)
	p := newProject(b, forward.DefaultBounds)
	for _, way := range []string{"through", "direct"} {
		dial := net.Dial
		if way == "through" {
			dial = p.dial
		}
		b.Run(way+"/answer", func(b *testing.B) {
			conn, err := dial("tcp", nt.Door("11.0.0.1"))
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			for b.Loop() {
				if err := ping(conn); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(way+"/connect", func(b *testing.B) {
			for b.Loop() {
				conn, err := dial("tcp", nt.Door("11.0.0.1"))
				if err != nil {
					b.Fatal(err)
				}
				_ = conn.Close()
			}
		})
	}
}
