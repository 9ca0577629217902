package helper_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	nt "lyceum/projects/network/networktest"
	"lyceum/projects/sandbox"
)

// BenchmarkProject measures bytes between a program and a server in a namespace
// of the test: in a project with a network, and in none. The program is dd, with
// bash's own sockets. It also measures what a helper that has carried them keeps.
func BenchmarkProject(b *testing.B) {
	w := nt.New(b)
	accepted := w.Accept(b, ":7100")
	s := newSite(b, sandbox.RootUserNS)
	p := s.project("p1", "filtered")
	p.becomes("hello", "tcp", "11.0.0.1")
	const payload = 1 << 30
	for _, direction := range []string{"out", "in"} {
		line := fmt.Sprintf("(dd if=/dev/zero bs=256k count=%d status=none > /dev/tcp/11.0.0.1/7100)", payload>>18)
		if direction == "in" {
			line = "(dd bs=256k of=/dev/null status=none < /dev/tcp/11.0.0.1/7100)"
		}
		for _, way := range []string{"through", "direct"} {
			b.Run(direction+"/"+way, func(b *testing.B) {
				b.SetBytes(payload)
				for b.Loop() {
					done := make(chan error, 1)
					go func() { done <- carry(<-accepted, direction, payload) }()
					out := ""
					if way == "through" {
						out = p.says(line)
					} else if text, err := exec.Command("bash", "-c", line).CombinedOutput(); err != nil {
						b.Fatal(err, string(text))
					}
					if err := <-done; err != nil || out != "" {
						b.Fatal(err, out)
					}
				}
			})
		}
	}
	b.Run("helper", func(b *testing.B) {
		for b.Loop() {
		}
		own, shared := memoryOf(b, helperPID(b, s.data))
		b.ReportMetric(own, "own-KiB")
		b.ReportMetric(shared, "shared-KiB")
	})
}

func carry(conn net.Conn, direction string, payload int64) error {
	defer conn.Close()
	var n int64
	var err error
	if direction == "out" {
		n, err = io.Copy(io.Discard, conn)
	} else {
		chunk := make([]byte, 256<<10)
		for n < payload && err == nil {
			var some int
			some, err = conn.Write(chunk)
			n += int64(some)
		}
	}
	if err == nil && n != payload {
		err = fmt.Errorf("%d bytes were carried", n)
	}
	return err
}

// BenchmarkOn is the time from the limit that opens the network of a project that
// runs to the first answer in it.
func BenchmarkOn(b *testing.B) {
	nt.New(b)
	s := newSite(b, sandbox.RootUserNS)
	p := s.project("p1", "off")
	for b.Loop() {
		s.limits("p1", "filtered")
		p.says(fmt.Sprintf("until (exec 3<>/dev/tcp/11.0.0.1/%d) 2>/dev/null; do :; done", nt.Port))
		b.StopTimer()
		s.limits("p1", "off")
		p.becomes("unreachable", "tcp", "11.0.0.1")
		b.StartTimer()
	}
}

// memoryOf returns what a process has for itself, and its program, which all
// helpers share, in KiB.
func memoryOf(t testing.TB, pid int) (own, shared float64) {
	t.Helper()
	<-time.After(100 * time.Millisecond) // its last connections end
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var n float64
		name, rest, _ := strings.Cut(line, ":")
		if _, err := fmt.Sscan(rest, &n); err != nil {
			continue
		}
		switch name {
		case "Anonymous":
			own = n
		case "Rss":
			shared = n
		}
	}
	return own, shared - own
}
