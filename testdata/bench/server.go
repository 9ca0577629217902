package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"time"
)

// patience bounds the wait for anything; only a failure takes as long.
const patience = 60 * time.Second

// server is the executable, serving.
type server struct {
	executable, data string
	base             string // with a slash at the end
	cmd              *exec.Cmd
	console          *console
	ended            chan struct{} // closed when it has ended with exit
	exit             error
}

var (
	readyLine = regexp.MustCompile(`(?m)^Lyceum is ready at (\S+)\n`)
	firstLine = regexp.MustCompile(`(?m)^Make the first account: \S+#token=(\S+)\n`)
)

// serve starts a server and waits until it has answered.
func serve(ctx context.Context, executable, data string, flags ...string) (*server, error) {
	s := &server{
		executable: executable, data: data, ended: make(chan struct{}),
		console: &console{more: make(chan struct{}, 1)},
	}
	// Without the context: a server is ended by a signal, so that it can stop.
	s.cmd = exec.Command(executable, append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0"}, flags...)...)
	s.cmd.Stdout, s.cmd.Stderr = s.console, s.console
	s.cmd.WaitDelay = time.Second // if a project were to hold the console open
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.exit = s.cmd.Wait(); close(s.ended) }() // stop waits for it
	base, err := s.printed(ctx, readyLine)
	if err == nil {
		s.base = base
		_, err = s.get(ctx, "healthz")
	}
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// printed waits for a line and returns what is in its parentheses.
func (s *server) printed(ctx context.Context, line *regexp.Regexp) (string, error) {
	for {
		if m := line.FindStringSubmatch(s.console.String()); m != nil {
			return m[1], nil
		}
		select {
		case <-s.console.more:
		case <-s.ended:
			return "", fmt.Errorf("the server ended with %v:\n%s", s.exit, s.console)
		case <-time.After(patience):
			return "", fmt.Errorf("the server does not print %s:\n%s", line, s.console)
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// get fetches a file as it is sent, compressed if the server does that.
func (s *server) get(ctx context.Context, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept-Encoding", "gzip") // given by hand, it stays compressed
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", path, response.Status)
	}
	return io.ReadAll(response.Body)
}

// stop ends the server as an operator does. Projects go on.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-s.ended
	if s.exit != nil {
		return fmt.Errorf("the server ended with %w:\n%s", s.exit, s.console)
	}
	return nil
}

// remove stops the server and ends its projects, which outlive it.
func (s *server) remove() error {
	err := s.stop()
	out, failed := exec.Command(s.executable, "stop", "projects", "--data", s.data).CombinedOutput()
	if failed != nil {
		failed = fmt.Errorf("stop projects: %w: %s", failed, out)
	}
	return errors.Join(err, failed)
}

// console keeps what a server prints.
type console struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // has room for one
}

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case c.more <- struct{}{}:
	default:
	}
	return c.text.Write(p)
}

func (c *console) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}
