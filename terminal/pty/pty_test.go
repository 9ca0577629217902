package pty_test

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"lyceum/terminal/pty"
	"lyceum/terminal/pty/ptytest"
)

// scripts are the contract's programs for a POSIX shell.
var scripts = map[ptytest.Program]string{
	ptytest.Hello:   `echo hello; exit 3`,
	ptytest.Echo:    `stty -echo; echo ready; while read -r line; do echo "<$line>"; done`,
	ptytest.Sizes:   `trap 'stty size' WINCH; echo ready; while :; do sleep 0.01; done`,
	ptytest.Asleep:  `stty -echo; echo ready; exec sleep 1000`,
	ptytest.Raw:     `stty raw -echo; printf 'ready\n'; exec sleep 1000`,
	ptytest.Orphans: `trap '' HUP; (sleep 5; echo late) & echo ready; exit 0`,
}

func startScript(t *testing.T, script string) pty.Process {
	t.Helper()
	p, err := pty.Start(pty.Command{
		Argv: []string{"/bin/sh", "-c", script},
		Env:  []string{"PATH=/usr/bin:/bin", "TERM=xterm-256color"},
		Dir:  t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRealProcessKeepsTheContract(t *testing.T) {
	ptytest.Run(t, func(t *testing.T, p ptytest.Program) pty.Process { return startScript(t, scripts[p]) })
}

func TestFakeProcessKeepsTheContract(t *testing.T) {
	ptytest.Run(t, func(t *testing.T, p ptytest.Program) pty.Process {
		f := ptytest.NewFake()
		f.RawKeys = p == ptytest.Raw
		if p != ptytest.Hello {
			f.Print("ready\n")
		}
		switch p {
		case ptytest.Hello:
			f.Print("hello\n")
			f.End(pty.Exit{Code: 3})
		case ptytest.Orphans:
			f.End(pty.Exit{})
		case ptytest.Echo:
			go func() { // ends with the process, which the suite ends
				var line strings.Builder
				for c := f.Typed(1); c != ""; c = f.Typed(1) {
					if c != "\n" {
						line.WriteString(c)
						continue
					}
					f.Print("<" + line.String() + ">\n")
					line.Reset()
				}
			}()
		case ptytest.Sizes:
			go func() { // the test tells one size
				s := <-f.Sizes
				f.Print(fmt.Sprintf("%d %d\n", s.Rows, s.Cols))
			}()
		}
		return f
	})
}

// A program has no other environment than the one it was given, is the leader of
// its session, and may be given more attributes and waited for by another.
func TestCommandIsStartedAsToldAndByWhom(t *testing.T) {
	spawned := false
	p, err := pty.Start(pty.Command{
		Argv: []string{"/bin/sh", "-c", `env | sort; stty size; ps -o sid= -p $$ | tr -d ' '; echo $$; umask; exit 7`},
		Env:  []string{"A=1"},
		Dir:  "/",
		Size: pty.Size{Cols: 90, Rows: 30},
		Attr: func(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL },
		Spawn: func(c *exec.Cmd) (func() (syscall.WaitStatus, error), error) {
			spawned = c.SysProcAttr.Pdeathsig == syscall.SIGKILL && c.SysProcAttr.Setsid
			if err := c.Start(); err != nil {
				return nil, err
			}
			return func() (status syscall.WaitStatus, err error) {
				_, err = syscall.Wait4(c.Process.Pid, &status, 0, nil)
				return status, err
			}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	out := ptytest.NewExpect(t, p)
	out.Line("A=1")
	out.Line("30 90")
	sid := strings.TrimSpace(out.Text("\n"))
	out.Line(sid)
	out.End()
	if e, err := p.Wait(); e.Code != 7 || err != nil || !spawned {
		t.Errorf("Wait = %v, %v, spawned as told %v", e, err, spawned)
	}
}

func TestStartSaysWhatItCouldNotStart(t *testing.T) {
	for _, c := range []pty.Command{{}, {Argv: []string{"/does/not/exist"}}, {Argv: []string{"/bin/sh"}, Dir: "/does/not/exist"}} {
		if p, err := pty.Start(c); err == nil {
			p.Kill()
			t.Errorf("Start(%v) = nil", c.Argv)
		}
	}
}

func TestSizesAreKeptInBounds(t *testing.T) {
	for _, c := range []struct{ in, want pty.Size }{
		{pty.Size{}, pty.Size{Cols: 80, Rows: 24}},
		{pty.Size{Cols: -1, Rows: 1 << 30}, pty.Size{Cols: 80, Rows: pty.MaxRows}},
		{pty.Size{Cols: 1, Rows: 1}, pty.Size{Cols: pty.MinCols, Rows: 1}},
		{pty.Size{Cols: 65536 + 80, Rows: 24}, pty.Size{Cols: pty.MaxCols, Rows: 24}},
	} {
		if got := c.in.Clamp(); got != c.want {
			t.Errorf("%v.Clamp() = %v, want %v", c.in, got, c.want)
		}
	}
}
