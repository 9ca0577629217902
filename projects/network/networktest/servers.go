package networktest

import (
	"fmt"
	"io"
	"net"
	"slices"
	"testing"
)

// echo opens the doors of the calling thread's namespace, until the test ends.
// A socket for UDP is bound to each address, so that it answers from there.
func echo(t testing.TB, addrs ...[]string) error {
	l, err := net.Listen("tcp", fmt.Sprintf(":%d", Port))
	if err != nil {
		return err
	}
	go func() { // ends with the listener
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { // ends with the connection
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	for _, addr := range slices.Concat(addrs...) {
		p, err := net.ListenPacket("udp", Door(addr))
		if err != nil {
			return err
		}
		t.Cleanup(func() { _ = p.Close() })
		go func() { // ends with the socket
			buffer := make([]byte, 64<<10)
			for {
				n, from, err := p.ReadFrom(buffer)
				if err != nil {
					return
				}
				_, _ = p.WriteTo(buffer[:n], from)
			}
		}()
	}
	return nil
}
