package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"

	"lyceum/app"
	"lyceum/app/wire"
)

// smallDisk makes the test binary the process that mounts a small disk here, in
// a namespace of its own, and serves from it.
var smallDisk = flag.String("lyceum.smalldisk", "", "mount a small disk at this folder and serve from it")

const (
	// smallDiskBytes holds the database with its log, and some ballast.
	smallDiskBytes = 16 << 20
	// roomBytes is what the ballast leaves: some hundreds of rows.
	roomBytes = 3 << 20
)

// The disk of the server is full while people work. Each sees a sentence that
// says so, and goes on reading and watching; when there is room it works again
// without a restart; and if the power then fails, everything is there that was
// acknowledged. (W1)
func TestW1AFullDiskLosesNothingThatWasAcknowledged(t *testing.T) {
	if *smallDisk != "" {
		serveFromASmallDisk(t, *smallDisk)
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+t.Name()+"$", "-lyceum.smalldisk="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func serveFromASmallDisk(t *testing.T, dir string) {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal("keep the mount to ourselves:", err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", smallDiskBytes)); err != nil {
		t.Fatal("mount a small disk:", err)
	}
	d := &desk{t: t, data: filepath.Join(dir, "data"), ballast: filepath.Join(dir, "ballast"), acknowledged: map[string]bool{}}
	server, token := d.serve()
	d.signUp(token)
	watch := d.tab()
	watch.watch(projectTitles)

	d.fill()
	d.work()
	if got := d.tab().ask(projectTitles, nil); len(got) != len(d.acknowledged) {
		t.Errorf("with a full disk %d projects are read, %d were acknowledged", len(got), len(d.acknowledged))
	}
	watch.until(d.acknowledged)
	late := d.tab()
	if got := late.watch(projectTitles); len(got) != len(d.acknowledged) {
		t.Errorf("a watch that is opened with a full disk begins with %d projects, %d were acknowledged", len(got), len(d.acknowledged))
	}

	d.makeRoom()
	before := len(d.acknowledged)
	if sentence := d.tab().makeProject(d); sentence != "" || len(d.acknowledged) != before+1 {
		t.Fatalf("with room again a set says %q", sentence)
	}
	watch.until(d.acknowledged)
	late.until(d.acknowledged)

	acknowledged := len(d.acknowledged)
	d.fill()
	d.work()
	if len(d.acknowledged) == acknowledged {
		t.Error("nothing was acknowledged before the power failed")
	}
	server.kill()
	d.makeRoom()
	server, _ = d.serve()
	defer server.kill()
	there := map[string]bool{}
	for _, row := range d.tab().ask(projectTitles, nil) {
		there[row["id"].(string)] = true
	}
	for id := range d.acknowledged {
		if !there[id] {
			t.Errorf("project %s was acknowledged and is gone", id)
		}
	}
	if extra := len(there) - len(d.acknowledged); extra > writersOfDesk {
		t.Errorf("%d projects are there that nobody made", extra)
	}
}

var projectTitles = app.Row{"projects": []any{app.Row{"id": nil, "title": nil}}}

// writersOfDesk is how many write at once.
const writersOfDesk = 3

// desk is somebody at a server whose disk is small.
type desk struct {
	t             *testing.T
	data, ballast string
	base, cookie  string

	mu           sync.Mutex
	acknowledged map[string]bool // ids of projects
}

// serve starts the executable and returns the token of the first account, if it
// prints one.
func (d *desk) serve() (*served, string) {
	d.t.Helper()
	logs := d.t.TempDir()
	out, err := os.Create(filepath.Join(logs, "out"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer out.Close()
	s := &served{cmd: exec.Command("lyceum", "serve", "--data", d.data, "--listen", "127.0.0.1:0", "--isolation", "none"), ended: make(chan struct{})}
	s.cmd.Stdout, s.cmd.Stderr = out, out
	if err := s.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	late := time.After(patience)
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		text, err := os.ReadFile(out.Name())
		if err != nil {
			d.t.Fatal(err)
		}
		if m := readyLine.FindSubmatch(text); m != nil {
			d.base = string(m[1])
			_, token, _ := bytes.Cut(text, []byte("#token="))
			token, _, _ = bytes.Cut(token, []byte("\n"))
			return s, string(token)
		}
		select {
		case <-look.C:
		case <-s.ended:
			d.t.Fatalf("the server has ended: %v\n%s", s.err, text)
		case <-late:
			s.kill()
			d.t.Fatalf("the server is not ready\n%s", text)
		}
	}
}

func (d *desk) signUp(token string) {
	d.t.Helper()
	body, err := json.Marshal(map[string]string{"token": token, "email": "ada@example.org", "password": "correct horse", "name": "Ada"})
	if err != nil {
		d.t.Fatal(err)
	}
	resp, err := http.Post(d.base+"auth/sign-up", "application/json", bytes.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		d.t.Fatalf("sign up: %s %s, %v", resp.Status, text, err)
	}
	d.cookie, _, _ = strings.Cut(resp.Header.Get("Set-Cookie"), ";")
}

// fill leaves little room.
func (d *desk) fill() {
	d.t.Helper()
	var disk unix.Statfs_t
	if err := unix.Statfs(d.data, &disk); err != nil {
		d.t.Fatal(err)
	}
	ballast := max(0, int64(disk.Bavail)*disk.Bsize-roomBytes)
	if err := os.WriteFile(d.ballast, make([]byte, ballast), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) makeRoom() {
	d.t.Helper()
	if err := os.Remove(d.ballast); err != nil {
		d.t.Fatal(err)
	}
}

// work makes projects in several tabs until each is told that the disk is full.
func (d *desk) work() {
	d.t.Helper()
	var group sync.WaitGroup
	for range writersOfDesk {
		tab := d.tab()
		group.Go(func() {
			sentence := ""
			for sentence == "" {
				sentence = tab.makeProject(d)
			}
			if !strings.HasPrefix(sentence, "unavailable: ") || !strings.Contains(sentence, "disk") || !strings.Contains(sentence, "full") {
				d.t.Errorf("a set says %q", sentence)
			}
		})
	}
	group.Wait()
}

// deskTab is a connection to the tables.
type deskTab struct {
	t         *testing.T
	conn      *websocket.Conn
	said, got wire.Numbers
	id        int64
	rows      map[string]bool // of the watch
}

func (d *desk) tab() *deskTab {
	d.t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{wire.ProtocolCBOR}, HandshakeTimeout: patience}
	conn, resp, err := dialer.DialContext(d.t.Context(), "ws"+strings.TrimPrefix(d.base, "http")+"ws", http.Header{"Cookie": {d.cookie}})
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	d.t.Cleanup(func() { _ = conn.Close() })
	tab := &deskTab{t: d.t, conn: conn, rows: map[string]bool{}}
	if err := tab.send(wire.ClientHello{Version: wire.Version}); err != nil {
		d.t.Fatal(err)
	}
	if _, err := tab.next(); err != nil {
		d.t.Fatal(err)
	}
	return tab
}

func (c *deskTab) send(m wire.Message) error {
	data, err := wire.CBOR.Encode(m)
	if err != nil {
		return err
	}
	return c.conn.WriteMessage(websocket.BinaryMessage, c.said.Frame(data))
}

func (c *deskTab) next() (wire.Message, error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	_, data, err := c.conn.ReadMessage()
	if err != nil {
		return nil, err
	}
	if data, err = c.got.Take(data); err != nil {
		return nil, err
	}
	return wire.CBOR.DecodeServer(data)
}

// makeProject sets one row and notes its acknowledgement; it returns why it was
// refused, "" if it was not.
func (c *deskTab) makeProject(d *desk) string {
	c.id++
	large := strings.Repeat("日", 2000)
	err := c.send(wire.Ask{ID: c.id, Request: app.NewID(), Query: app.Row{"projects": app.Row{"id": "new", "title": "x", "description": large}}})
	if err != nil {
		return err.Error()
	}
	m, err := c.next()
	if err != nil {
		return err.Error()
	}
	switch m := m.(type) {
	case wire.Answer:
		id, _ := m.Row["id"].(string)
		d.mu.Lock()
		defer d.mu.Unlock()
		d.acknowledged[id] = true
		return ""
	case wire.Failure:
		return string(m.Error.Kind) + ": " + m.Error.Message
	}
	return fmt.Sprintf("answered by %T", m)
}

func (c *deskTab) watch(q app.Row) []app.Row {
	rows := c.ask(q, app.Row{"changes": true})
	c.know(rows)
	return rows
}

func (c *deskTab) know(rows []app.Row) {
	for _, row := range rows {
		c.rows[row["id"].(string)] = true
	}
}

func (c *deskTab) ask(q, options app.Row) []app.Row {
	c.t.Helper()
	c.id++
	if err := c.send(wire.Ask{ID: c.id, Query: q, Options: options}); err != nil {
		c.t.Fatal(err)
	}
	m, err := c.next()
	answer, ok := m.(wire.Answer)
	if err != nil || !ok || answer.Cut {
		c.t.Fatalf("%v is answered %+v, %v", q, m, err)
	}
	return answer.Rows
}

// until reads the watch until it has told of all these rows, and no other.
func (c *deskTab) until(ids map[string]bool) {
	c.t.Helper()
	for len(c.rows) < len(ids) {
		m, err := c.next()
		if anew, ok := m.(wire.Answer); ok && anew.Start && !anew.Cut { // it was too far behind (L7)
			c.rows = map[string]bool{}
			c.know(anew.Rows)
			for id := range c.rows {
				if !ids[id] {
					c.t.Errorf("the watch begins anew with %s, which was not acknowledged", id)
				}
			}
			continue
		}
		changes, ok := m.(wire.Changes)
		if err != nil || !ok {
			c.t.Fatalf("the watch is told %+v, %v, with %d of %d rows", m, err, len(c.rows), len(ids))
		}
		for _, change := range changes.Changes {
			id, _ := change.NewVal["id"].(string)
			if !ids[id] {
				c.t.Errorf("the watch is told of %v, which was not acknowledged", change)
			}
			c.rows[id] = true
		}
	}
}
