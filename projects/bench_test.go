package projects_test

import (
	"bufio"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/creack/pty"

	"lyceum/projects/sandbox"
)

// From a row that asks to an agent that has said hello.
func BenchmarkStartToHello(b *testing.B) {
	w := newWorld(b, sandbox.Auto)
	s := w.enter()
	for n := 0; b.Loop(); n++ {
		id := "p" + strconv.Itoa(n)
		w.project(id, nil)
		if _, err := s.Client(b.Context(), id); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		w.settled(id, "running")
		w.ask(id, "stop")
		w.settled(id, "stopped")
		b.StartTimer()
	}
}

// From a row that asks to the prompt of a shell.
func BenchmarkStartToPrompt(b *testing.B) {
	w := newWorld(b, sandbox.Auto)
	s := w.enter()
	for n := 0; b.Loop(); n++ {
		id := "p" + strconv.Itoa(n)
		w.project(id, nil)
		c, err := s.Client(b.Context(), id)
		if err != nil {
			b.Fatal(err)
		}
		openShell(b, c, "t1").until(`\$ `)
		b.StopTimer()
		w.settled(id, "running")
		w.ask(id, "stop")
		w.settled(id, "stopped")
		b.StartTimer()
	}
}

// What a sandbox of the host's own program needs for the same, and a bare shell.
func BenchmarkOthersToPrompt(b *testing.B) {
	bwrap := "bwrap --unshare-all --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 " +
		"--ro-bind /etc/bash.bashrc /etc/bash.bashrc --proc /proc --dev /dev --tmpfs /tmp --chdir / bash"
	for _, command := range []string{bwrap, "bash --norc"} {
		argv := strings.Fields(command)
		b.Run(argv[0], func(b *testing.B) {
			if _, err := exec.LookPath(argv[0]); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				cmd := exec.Command(argv[0], argv[1:]...)
				cmd.Dir = "/"
				terminal, err := pty.Start(cmd)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := bufio.NewReader(terminal).ReadString(' '); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				_ = terminal.Close() // the hangup ends it
				_ = cmd.Wait()
				b.StartTimer()
			}
		})
	}
}
