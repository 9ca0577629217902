package network_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"lyceum/projects/network"
)

// A helper listens to the server that has its secret, and to no older one: a
// server that hung must not undo what the next has set.
func TestHelperKnowsItsServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	config := &network.Config{Project: "p1", Secret: "s", Generation: 5}
	modes := make(chan network.Mode, 10)
	go func() { // ends with the listener
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = network.Serve(conn, config, func(p network.Policy) { modes <- p.Mode }, func() network.Status { return network.Status{Connections: 7} })
		}
	}()
	on, err := network.Parse("filtered", []string{"10.0.0.0/8:80", "a.example"})
	if err != nil {
		t.Fatal(err)
	}
	good := network.Request{Project: "p1", Secret: "s", Generation: 6, Policy: &on}
	status, err := network.Call(t.Context(), path, good)
	if err != nil || status.Connections != 7 || <-modes != network.Filtered {
		t.Fatalf("%+v, %v", status, err)
	}
	for name, change := range map[string]func(*network.Request){
		"another secret":  func(r *network.Request) { r.Secret = "x" },
		"no secret":       func(r *network.Request) { r.Secret = "" },
		"another project": func(r *network.Request) { r.Project = "p2" },
		"an older server": func(r *network.Request) { r.Generation = 5 },
	} {
		r := good
		change(&r)
		if _, err := network.Call(t.Context(), path, r); !errors.Is(err, network.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{"", "{", "\x00\x01", `{"version":2,"project":"p1","secret":"s","generation":9,"policy":{"mode":"off"}}` + "\n", strings.Repeat(" ", 1<<17)} {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte(text))
		_ = conn.Close()
	}
	if _, err := network.Call(t.Context(), path, good); err != nil {
		t.Errorf("after those: %v", err)
	}
	if <-modes; len(modes) != 0 {
		t.Errorf("a request that was refused has changed the policy")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := network.Call(ctx, path, good); err == nil {
		t.Error("a call that was given up has an answer")
	}
}
