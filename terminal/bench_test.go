package terminal_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// printed is what cat prints in the benchmarks: lines, as a log has them.
const printed = 100_000_000

func bigFile(b *testing.B) string {
	b.Helper()
	name := filepath.Join(b.TempDir(), "big")
	line := strings.Repeat("The quick brown fox. ", 4) + "\n"
	if err := os.WriteFile(name, []byte(strings.Repeat(line, printed/len(line))), 0o600); err != nil {
		b.Fatal(err)
	}
	return name
}

// BenchmarkCat is the time of cat with 100 MB in a terminal that nobody watches,
// that one watches, and that 20 watch of whom one takes nothing.
func BenchmarkCat(b *testing.B) {
	for _, viewers := range []int{0, 1, 20} {
		b.Run(fmt.Sprintf("viewers=%d", viewers), func(b *testing.B) {
			name := bigFile(b)
			p := serve(b, shell("/bin/sh"))
			p.open("cat", editor).text("$ ")
			var reading sync.WaitGroup
			defer reading.Wait()
			for i := range viewers {
				if v := p.open("cat", ""); i != 1 { // the second takes nothing
					v.drain(&reading)
					defer v.conn.Close()
				}
			}
			b.SetBytes(printed)
			for b.Loop() {
				before := p.info("cat").End
				ada := p.open("cat", editor)
				ada.send("cat " + name + "\n")
				p.leaves(ada, "cat") // it would not read either
				p.eventually(func() bool { return p.info("cat").End > before+printed })
			}
		})
	}
}

// BenchmarkCatInScript is the same in script(1): a bare terminal.
func BenchmarkCatInScript(b *testing.B) {
	name := bigFile(b)
	b.SetBytes(printed)
	for b.Loop() {
		if err := exec.Command("script", "-q", "-c", "cat "+name, "/dev/null").Run(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEcho is the time from a key to its echo, through the socket.
func BenchmarkEcho(b *testing.B) {
	p := serve(b, shell("/bin/sh", "-c", "exec cat"))
	ada := p.open("echo", editor)
	for b.Loop() {
		ada.send("x\n")
		ada.text("x\r\nx\r\n")
	}
}
