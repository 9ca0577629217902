package rethinkdb_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app/rethinkdb"
)

// patience is how long is waited for what has to happen soon; only a failure waits
// for all of it.
const patience = 30 * time.Second

// eventually waits until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	late := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s: not after %v", what, patience)
		}
	}
}

// connect opens a connection as the administrator.
func connect(reach rethinkdb.Reach) (*r.Session, error) {
	password, err := os.ReadFile(reach.PasswordFile)
	if err != nil {
		return nil, err
	}
	return r.Connect(r.ConnectOpts{Address: reach.Address, Password: strings.TrimSpace(string(password)), Timeout: 3 * time.Second, NumRetries: 1})
}

func session(t *testing.T, reach rethinkdb.Reach) *r.Session {
	t.Helper()
	s, err := connect(reach)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // or the node has gone
	return s
}

func do(t *testing.T, s *r.Session, term r.Term) {
	t.Helper()
	if err := term.Exec(s); err != nil {
		t.Fatal(err)
	}
}

// pidOf finds the process of a node, by its directory on the command line.
func pidOf(t *testing.T, folder string) int {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		text, err := os.ReadFile(line)
		if err == nil && strings.Contains(string(text), "--directory\x00"+filepath.Join(folder, "data")+"\x00") {
			pid, err := strconv.Atoi(strings.Split(line, "/")[2])
			if err == nil {
				return pid
			}
		}
	}
	return 0
}

// A database without a password on a machine of many people would be everybody's.
func TestANewNodeServesOnlyItsAdministratorOnLoopback(t *testing.T) {
	t.Parallel()
	p := newPlace(t, 1)
	o := p.options("one")
	s := p.start(o)
	do(t, session(t, s.Reach()), r.DBList())
	if _, err := r.Connect(r.ConnectOpts{Address: s.Reach().Address, Timeout: 3 * time.Second, NumRetries: 1}); err == nil {
		t.Error("it serves without a password")
	}
	host, port, err := net.SplitHostPort(s.Reach().Address)
	if err != nil || !net.ParseIP(host).IsLoopback() {
		t.Errorf("it serves at %s", s.Reach().Address)
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		ip, _, err := net.ParseCIDR(a.String())
		if err != nil || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
			continue
		}
		if conn, err := net.DialTimeout("tcp", net.JoinHostPort(ip.String(), port), time.Second); err == nil {
			t.Errorf("it serves at %s", conn.RemoteAddr())
			_ = conn.Close()
		}
	}
	// What it knows is for this user alone, and not on a command line.
	password, err := os.ReadFile(s.Reach().PasswordFile)
	if err != nil {
		t.Fatal(err)
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pidOf(t, o.Folder)))
	if err != nil || len(line) == 0 || strings.Contains(string(line), strings.TrimSpace(string(password))) {
		t.Errorf("the command line is %q, %v", line, err)
	}
	for _, name := range []string{"secret", "password", "node.key", "rethinkdb.conf"} {
		info, err := os.Stat(filepath.Join(o.Folder, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if s.Name() == "" || !strings.Contains(s.Version(), "2.") {
		t.Errorf("it has the name %q and the version %q", s.Name(), s.Version())
	}
	if !strings.Contains(p.log.String(), "Server ready") {
		t.Error("its log is not in ours")
	}
}

// A database that dies at night must be there again at the same address before
// anybody wakes up.
func TestANodeThatDiesIsStartedAgain(t *testing.T) {
	t.Parallel()
	p := newPlace(t, 1)
	o := p.options("one")
	s := p.start(o)
	first := session(t, s.Reach())
	do(t, first, r.DBCreate("kept"))
	for restarts := 1; restarts <= 2; restarts++ {
		pid := pidOf(t, o.Folder)
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatalf("kill %d: %v", pid, err)
		}
		eventually(t, "it is there again", func() bool {
			again, err := connect(s.Reach())
			if err != nil {
				return false
			}
			defer again.Close()
			return pidOf(t, o.Folder) != pid
		})
		if s.Restarts() != restarts {
			t.Errorf("it was started again %d times, want %d", s.Restarts(), restarts)
		}
	}
	var names []string
	cursor, err := r.DBList().Run(session(t, s.Reach()))
	if err == nil {
		err = cursor.All(&names)
	}
	if err != nil || !strings.Contains(strings.Join(names, " "), "kept") {
		t.Errorf("it has %q, %v", names, err)
	}
}

// A log that nobody cuts fills the disk after some years.
func TestTheOwnLogOfTheProgramIsKeptShort(t *testing.T) {
	t.Parallel()
	p := newPlace(t, 1)
	o := p.options("one")
	s := p.start(o)
	path := filepath.Join(o.Folder, "data", "log_file")
	for _, size := range []int64{1 << 20, 17 << 20} { // a long one, one that is too long
		if err := os.WriteFile(path, []byte("first line"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
		n := s.Restarts()
		if err := syscall.Kill(pidOf(t, o.Folder), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "another start", func() bool { return s.Restarts() > n && pidOf(t, o.Folder) != 0 })
		info, err := os.Stat(path)
		if err != nil || (info.Size() == 0) != (size > 16<<20) {
			t.Errorf("a log of %d bytes has now %v, %v", size, info.Size(), err)
		}
	}
}

// A server that is stopped and started at once must not fail because the old
// database has not ended yet.
func TestAStartWaitsForTheEndOfAnEarlierNode(t *testing.T) {
	t.Parallel()
	p := newPlace(t, 1)
	o := p.options("one")
	old := p.start(o)
	ended := make(chan error, 1)
	go func() { ended <- old.Close() }()
	s := p.start(o)
	do(t, session(t, s.Reach()), r.DBList())
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if reach, err := rethinkdb.Running(o.Folder); err != nil || reach != s.Reach() {
		t.Errorf("who looks for it finds %v, %v; want %v", reach, err, s.Reach())
	}
}

// After Close nothing runs.
func TestCloseEndsTheNode(t *testing.T) {
	t.Parallel()
	p := newPlace(t, 1)
	o := p.options("one")
	s, err := rethinkdb.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if pid := pidOf(t, o.Folder); pid != 0 {
		t.Errorf("process %d runs", pid)
	}
	if _, err := rethinkdb.Running(o.Folder); err == nil || !strings.Contains(err.Error(), "Start the server first") {
		t.Errorf("Running = %v", err)
	}
	if strings.Contains(p.log.String(), "killed") {
		t.Error("it was killed")
	}
}

// A start that nobody waits for any more leaves nothing behind.
func TestAStartThatIsCancelledLeavesNothing(t *testing.T) {
	t.Parallel()
	p := newPlace(t, 1)
	o := p.options("one")
	old := p.start(o) // in the way
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	other := o
	if _, err := rethinkdb.Start(ctx, other); !errors.Is(err, context.Canceled) {
		t.Fatalf("Start = %v", err)
	}
	do(t, session(t, old.Reach()), r.DBList())
}

const parentName = "lyceum-that-is-killed"

// parent runs a node until it is killed.
func parent() {
	_, err := rethinkdb.Start(context.Background(), rethinkdb.Options{
		Folder: os.Args[1], Program: os.Args[2], Log: slog.New(slog.DiscardHandler),
	})
	fmt.Println("started", err)
	select {}
}

// A server that is killed with -9 must not leave a database that keeps the next
// server from its data.
func TestANodeEndsWithAServerThatIsKilled(t *testing.T) {
	t.Parallel()
	p := newPlace(t, 1)
	o := p.options("one")
	cmd := exec.Command(p.self(parentName), o.Folder, p.program)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, len("started <nil>\n"))
	if n, err := out.Read(said); err != nil || string(said[:n]) != "started <nil>\n" {
		t.Errorf("the server says %q, %v", said[:n], err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	s := p.start(o)
	do(t, session(t, s.Reach()), r.DBList())
}

func TestWhatCannotBeRunIsRefusedWithAWayOut(t *testing.T) {
	t.Parallel()
	p := newPlace(t, 1)
	script := func(name, text string) string {
		path := filepath.Join(p.folder, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	short := filepath.Join(p.folder, "short")
	if err := os.WriteFile(short, []byte("guess\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		change func(o *rethinkdb.Options)
		want   string
	}{
		{"no program", func(o *rethinkdb.Options) { o.Program = filepath.Join(p.folder, "nothing") }, "cannot be run. Name the file rethinkdb"},
		{"another program", func(o *rethinkdb.Options) { o.Program = script("other", "echo hello") }, "does not say that it is RethinkDB"},
		{"too old", func(o *rethinkdb.Options) { o.Program = script("old", "echo 'rethinkdb 2.2.5 (GCC 4.9)'") }, "is RethinkDB 2.2.5, which is too old"},
		{"one that does not know an option", func(o *rethinkdb.Options) {
			o.Program = script("strange", `[ "$1" = --version ] && echo 'rethinkdb 2.9.0 (GCC)' && exit; echo "Error: unrecognized option '$1'" >&2; exit 1`)
		}, "RethinkDB does not start: Error: unrecognized option '--config-file'"},
		{"one that ends without a word", func(o *rethinkdb.Options) {
			o.Program = script("mute", `[ "$1" = --version ] && echo 'rethinkdb 2.9.0 (GCC)' && exit; exit 3`)
		}, "RethinkDB does not start: it ended without a word (exit status 3)"},
		{"a secret that is not there", func(o *rethinkdb.Options) { o.SecretFile = filepath.Join(p.folder, "none") }, "cannot be read. Copy it from the data directory of the first node"},
		{"a secret that can be guessed", func(o *rethinkdb.Options) { o.SecretFile = short }, "holds 5 characters"},
		{"joining without a secret", func(o *rethinkdb.Options) { o.Join = []string{"127.0.0.1:1"} }, "To join a cluster this node must know its secret"},
		{"a folder that cannot be made", func(o *rethinkdb.Options) { o.Folder = filepath.Join(short, "x") }, "cannot be made. Give another data directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := p.options("node " + tt.name)
			tt.change(&o)
			_, err := rethinkdb.Start(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Start = %v, want %q", err, tt.want)
			}
			if len(o.Join) > 0 {
				if _, err := os.Stat(filepath.Join(o.Folder, "secret")); !errors.Is(err, fs.ErrNotExist) {
					t.Error("it has made a secret of its own")
				}
			}
		})
	}
}
