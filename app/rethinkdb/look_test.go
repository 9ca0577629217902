package rethinkdb_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/app/rethinkdb/cluster"
)

// silent is a host that takes connections and says nothing, as one that was halted.
type silent struct {
	net.Addr
	taken <-chan struct{} // closed when there is a connection
}

func silentHost(t *testing.T) silent {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken := make(chan struct{})
	var serving sync.WaitGroup
	serving.Go(func() {
		first := sync.OnceFunc(func() { close(taken) })
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			first()
		}
	})
	t.Cleanup(func() {
		_ = l.Close() // nobody connects any more
		serving.Wait()
	})
	return silent{l.Addr(), taken}
}

// look is cluster.Look, which must return.
func look(ctx context.Context, t *testing.T, o cluster.Options) (cluster.Status, error) {
	t.Helper()
	type result struct {
		status cluster.Status
		err    error
	}
	done := make(chan result, 1)
	go func() {
		s, err := cluster.Look(ctx, o)
		done <- result{s, err}
	}()
	select {
	case r := <-done:
		return r.status, r.err
	case <-time.After(patience):
		t.Fatal("it does not return")
	}
	panic("unreachable")
}

// A node that was halted costs nobody the answer of the others.
func TestASilentNodeIsPassedOver(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	o := cluster.Options{Hosts: append([]string{silentHost(t).String()}, s.Hosts...), Database: "lyceum", User: s.User, PasswordFile: s.PasswordFile}
	status, err := look(t.Context(), t, o)
	if err != nil || len(status.Nodes) == 0 || !status.Nodes[0].Up {
		t.Errorf("it sees %+v, %v", status, err)
	}
}

// Who asks a database that was halted is told that it is away, so that the figures
// of a server say so.
func TestOnlySilentNodesAreAway(t *testing.T) {
	t.Parallel()
	o := cluster.Options{Hosts: []string{silentHost(t).String(), silentHost(t).String()}, Database: "lyceum"}
	if _, err := look(t.Context(), t, o); !app.IsKind(err, app.Unavailable) {
		t.Errorf("Look = %v", err)
	}
}

// Whoever interrupts the command need not wait for a node that says nothing.
func TestALookEndsWithItsContext(t *testing.T) {
	t.Parallel()
	host := silentHost(t)
	ctx, cancel := context.WithCancel(t.Context())
	var interrupting sync.WaitGroup
	defer interrupting.Wait()
	defer cancel()
	interrupting.Go(func() {
		select {
		case <-host.taken:
			cancel()
		case <-ctx.Done():
		}
	})
	if _, err := look(ctx, t, cluster.Options{Hosts: []string{host.String()}, Database: "lyceum"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Look = %v", err)
	}
}

// A file that is not there is named as what is wrong, not the nodes.
func TestALookNeedsTheFilesThatAreNamed(t *testing.T) {
	t.Parallel()
	missing, empty := filepath.Join(t.TempDir(), "missing"), filepath.Join(t.TempDir(), "empty")
	write(t, empty, "")
	for want, o := range map[string]cluster.Options{
		"The file with the database's password cannot be read.":                         {PasswordFile: missing},
		"The file with the certificate authority of the database cannot be read.":       {CAFile: missing},
		"The file with the certificate authority of the database holds no certificate;": {CAFile: empty},
	} {
		o.Hosts, o.Database = []string{freeAddress(t)}, "lyceum"
		if _, err := look(t.Context(), t, o); !app.IsKind(err, app.Invalid) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Look = %v, want %s", err, want)
		}
	}
}
