package rethinkstore

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lyceum/app"
	"lyceum/app/rethinkstore/rethinktest"
)

// A laptop was closed, or a virtual machine paused: the monotonic clock has not
// noticed, and connections may be there still. The others have removed somebody
// meanwhile.
func TestW5AServerThatSleptIsFencedThoughItsOwnClockStoodStill(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	var slept atomic.Int64 // nanoseconds
	s := opened(t, Options{
		Hosts: server.Addresses(), Database: "slept", Tables: []app.Table{{Name: "notes"}},
		Concerns: func(string, app.Row, app.Row) bool { return true },
		now: func() moment {
			now := thisMoment()
			now.wall = now.wall.Add(time.Duration(slept.Load()))
			return now
		},
	})
	begunAnew := make(chan app.Position, 100)
	first, stop, err := s.Watch("notes", func(b app.Batch) { begunAnew <- b.Position })
	if err != nil {
		t.Fatal(err)
	}
	slept.Store(int64(time.Hour))
	if _, err := s.Write(t.Context(), app.Write{Table: "notes", ID: "a", Row: app.Row{}, IfRev: app.AnyRev}); !errors.Is(err, errFenced) {
		t.Errorf("Write = %v, want a refusal before anything else has noticed the sleep", err)
	}
	fenced, back := await(t, begunAnew), await(t, begunAnew)
	if fenced.Log == first.Log || back.Log == fenced.Log {
		t.Errorf("the logs are %s, %s, %s: watchers go on as if they had heard everything", first.Log, fenced.Log, back.Log)
	}
	stop()
}

func await[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came in half a minute")
		panic("unreachable")
	}
}

// All connections may be used by readers that wait for a slow database.
func TestW5AServerWhoseReadersTakeAllConnectionsIsThere(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	s := opened(t, Options{
		Hosts: server.Addresses(), Database: "busy", Tables: []app.Table{{Name: "notes"}},
		Concerns: func(string, app.Row, app.Row) bool { return true },
	})
	var taken []*link
	for range maxConnections {
		l, err := s.pool.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, l)
	}
	beat := func() int64 {
		s.peers.mu.Lock()
		defer s.peers.mu.Unlock()
		return s.peers.beat
	}
	first := beat()
	until(t, "three signs of life, though readers have all connections", func() bool { return beat() >= first+3 })
	for _, l := range taken {
		s.pool.give(l)
	}
}

// The database was away: nobody could say anything in that time.
func TestW5WhoCouldNotLookTakesNobodyForGone(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	s := newNotes(t, server)
	other := map[string]any{fieldID: "other", "name": "other", "beat": 7}
	if err := s.ask(t.Context(), s.db().Table(serversTable).Insert(other), nil); err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-(fenceAfter + goneAfter) / 2) // nobody is removed for that yet
	for _, blind := range []bool{true, false} {
		s.peers.mu.Lock()
		s.peers.seen["other"] = sight{beat: 7, since: long}
		if s.peers.looked = time.Now(); blind {
			s.peers.looked = long
		}
		s.peers.mu.Unlock()
		if _, err := s.peers.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.peers.mu.Lock()
		since := s.peers.seen["other"].since
		s.peers.mu.Unlock()
		if since.After(long) != blind {
			t.Errorf("after a look that was blind %v the other is silent since %v, want %v or now", blind, since, long)
		}
	}
}

// A class of a thousand tabs was at the server that was killed.
func TestW5ManyRowsOfAServerThatIsGoneSilenceNobody(t *testing.T) {
	t.Parallel()
	const rows = 1500
	server := rethinktest.Start(t, rethinktest.Options{})
	log := &shared{}
	options := Options{
		Hosts: server.Addresses(), Database: "gone", Tables: []app.Table{{Name: "notes"}}, Ephemeral: []app.Table{{Name: "cursors"}},
		Concerns: func(string, app.Row, app.Row) bool { return true }, Log: slog.New(slog.NewTextHandler(log, nil)),
	}
	killed, err := Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]int, rows)
	for i := range ids {
		ids[i] = i
	}
	err = together(ids, func(i int) error {
		_, err := killed.Write(t.Context(), app.Write{Table: "cursors", ID: fmt.Sprint("c", i), Row: app.Row{"id": fmt.Sprint("c", i)}, IfRev: app.AnyRev})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	killed.stop() // says no farewell
	server.DelayAnswers(10 * time.Millisecond)
	until(t, "the end of the rows of the server that is gone", func() bool {
		page, err := s.Read(t.Context(), app.Range{Table: "cursors"})
		if err != nil {
			t.Errorf("Read = %v while rows of another are removed", err)
		}
		return err == nil && len(page.Records) == 0
	})
	server.DelayAnswers(0)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if text := log.String(); strings.Count(text, "no sign of life") > 0 {
		t.Errorf("a server took itself for gone:\n%s", text)
	}
}

// until waits until ok, and fails the test if that takes a minute.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	late, look := time.After(time.Minute), time.NewTicker(50*time.Millisecond)
	defer look.Stop()
	for !ok() {
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("waited a minute for %s", what)
		}
	}
}

// shared is a log that several write.
type shared struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *shared) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *shared) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
