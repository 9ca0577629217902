package projects_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lyceum/app"
	"lyceum/projects/agent"
	"lyceum/projects/files"
	"lyceum/projects/sandbox"
)

// limitDisk says what a project may have.
func (w *world) limitDisk(project string, bytes int64) {
	w.t.Helper()
	w.write("project_limits", project, app.Row{"project_id": project, "disk_bytes": bytes})
}

// untilFull waits until the row says that a project is full, or is not.
func (w *world) untilFull(s *server, project string, full bool) {
	w.t.Helper()
	s.LookAtDisk(project)
	w.until("whether the project is full", "projects", project, func(row app.Row) bool {
		_, marked := row["disk_full"].(int64)
		return marked == full
	})
}

// writes tries all that takes space, and returns the sentence of each.
func writes(ctx context.Context, c *agent.Client) map[string]string {
	said := make(map[string]string)
	for name, write := range map[string]func() error{
		"upload": func() error { _, err := c.Upload(ctx, "upload", true, strings.NewReader("x")); return err },
		"create": func() error { _, err := c.CreateFile(ctx, "created"); return err },
		"mkdir":  func() error { _, err := c.Mkdir(ctx, "made"); return err },
		"save": func() error {
			_, err := c.WriteDocument(ctx, "document", []byte("text"), files.Expect{Absent: true})
			return err
		},
	} {
		if err := write(); err != nil {
			_, said[name] = app.Public(err)
		}
	}
	return said
}

// A project that has used up its disk is told so, with figures, by everything
// that would take more; deleting makes room, and so does the administrator. It is
// the same whether the kernel refuses or the server has to look.
func TestU6FullProjectIsToldAndFreed(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	for _, mode := range []sandbox.Mode{sandbox.RootUserNS, sandbox.Root, sandbox.None} {
		t.Run(string(mode), func(t *testing.T) {
			w := newWorld(t, mode)
			w.project("p1", nil)
			w.limitDisk("p1", 4*mib)
			s := w.enter()
			c, err := s.Client(t.Context(), "p1")
			if err != nil {
				t.Fatal(err)
			}
			if said := writes(t.Context(), c); len(said) > 0 {
				t.Fatalf("an empty project is refused: %v", said)
			}
			sh := openShell(t, c, "t1")
			sh.enter(`head -c 4100K /dev/zero >big; echo do''ne`)
			sh.until("done")
			w.untilFull(s, "p1", true)
			said := writes(t.Context(), c)
			for _, name := range []string{"upload", "create", "mkdir", "save"} {
				if want := "of the 4.0 MiB that it may; delete files or ask the administrator."; !strings.HasSuffix(said[name], want) {
					t.Errorf("%s of a full project: %q", name, said[name])
				}
			}
			if s.DiskBy("p1") == "quota" {
				sh.until("Disk quota exceeded")
			}
			if err := c.Remove(t.Context(), "big"); err != nil {
				t.Fatalf("nothing can be deleted: %v", err)
			}
			w.untilFull(s, "p1", false)
			_ = c.Remove(t.Context(), "created")
			_ = c.Remove(t.Context(), "made")
			if said := writes(t.Context(), c); len(said) > 0 {
				t.Errorf("with room again: %v", said)
			}
		})
	}
}

// A limit that is lowered under what is used takes nothing away: what is there
// can be read, and what is new is refused. One that is raised gives room at once.
// Neither needs a look at its time: the row is enough.
func TestU6LoweredDiskLimitDeletesNothing(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.RootUserNS)
	w.project("p1", nil)
	s := w.enter()
	c, err := s.Client(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("text\n", 300_000)
	if _, err := c.Upload(t.Context(), "big", false, strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	full := func(want bool) {
		t.Helper()
		w.until("whether it is full", "projects", "p1", func(row app.Row) bool {
			return (row["disk_full"] != nil) == want
		})
	}
	w.limitDisk("p1", mib)
	full(true)
	if said := writes(t.Context(), c); len(said) != 4 {
		t.Errorf("under a lowered limit: %v", said)
	}
	doc, err := c.ReadDocument(t.Context(), "big", 0)
	if err != nil || string(doc.Data) != text {
		t.Errorf("what was there: %d bytes, %v", len(doc.Data), err)
	}
	w.limitDisk("p1", 10*mib)
	full(false)
	if said := writes(t.Context(), c); len(said) > 0 {
		t.Errorf("under a raised limit: %v", said)
	}
	// While it does not run as well: its row would be wrong until somebody starts it.
	w.ask("p1", "stop")
	w.settled("p1", "stopped")
	w.limitDisk("p1", mib)
	full(true)
}

// Without quotas, a project that goes on writing is stopped, with a sentence; its
// people can start it and have time to delete.
func TestU6ProjectFarOverItsDiskIsStopped(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.RootUserNS)
	w.project("p1", nil)
	w.project("p2", nil)
	w.limitDisk("p1", 2*mib)
	s := w.enter()
	c, err := s.Client(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Client(t.Context(), "p2"); err != nil {
		t.Fatal(err)
	}
	if s.DiskBy("p1") == "quota" {
		return // it cannot come so far: TestU6FullProjectIsToldAndFreed
	}
	w.untilFull(s, "p1", false)
	sh := openShell(t, c, "t1")
	sh.enter(`head -c 20M /dev/zero >big; echo do''ne`)
	sh.until("done")
	s.LookAtDisk("p1")
	row := w.settled("p1", "stopped")
	state := row["state"].(app.Row)
	if why, _ := state["error"].(string); !strings.HasPrefix(why, "The project was stopped, because it is far beyond") || !strings.Contains(why, "of the 2.0 MiB that it may") {
		t.Errorf("it says %q", why)
	}
	if row["disk_full"] == nil {
		t.Error("its row does not say that it is full")
	}
	if state := stateOf(w.row("projects", "p2")); state != "running" {
		t.Errorf("the other project is %s", state)
	}
	if c, err = s.Client(t.Context(), "p1"); err != nil {
		t.Fatal(err)
	}
	for range 3 { // looks do not stop it: it has its time
		s.LookAtDisk("p1")
		if _, err := c.List(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
	}
	// Not to write on: five minutes would be enough for the whole disk.
	sh = openShell(t, c, "t2")
	sh.enter(`head -c 30M /dev/zero >more; echo do''ne`)
	sh.until("done")
	s.LookAtDisk("p1")
	w.settled("p1", "stopped")
	if c, err = s.Client(t.Context(), "p1"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"more", "big"} {
		if err := c.Remove(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		s.LookAtDisk("p1")
	}
	w.untilFull(s, "p1", false)
}

// A file that is deleted while it is written takes the disk all the same, and no
// walk of folders would ever meet it.
func TestU6FilesWithoutANameCount(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	for _, mode := range []sandbox.Mode{sandbox.RootUserNS, sandbox.None} { // with cgroups and without
		t.Run(string(mode), func(t *testing.T) {
			w := newWorld(t, mode)
			w.project("p1", nil)
			w.limitDisk("p1", 2*mib)
			s := w.enter()
			c, err := s.Client(t.Context(), "p1")
			if err != nil {
				t.Fatal(err)
			}
			w.untilFull(s, "p1", false)
			sh := openShell(t, c, "t1")
			sh.enter(`exec 3>f; rm f; head -c 20M /dev/zero >&3; echo do''ne`)
			sh.until("done")
			w.untilFull(s, "p1", true)
			if s.DiskBy("p1") == "polling" {
				w.settled("p1", "stopped")
			}
		})
	}
}

// The next server knows what a project takes that it has only found.
func TestFullProjectIsFullForTheNextServer(t *testing.T) {
	if testing.Short() {
		return // needs root
	}
	w := newWorld(t, sandbox.RootUserNS)
	w.project("p1", nil)
	w.limitDisk("p1", 2*mib)
	if _, err := w.enter().Client(t.Context(), "p1"); err != nil {
		t.Fatal(err)
	}
	w.leave()
	home := filepath.Join(w.data, "projects", "p1", "home")
	if err := os.WriteFile(filepath.Join(home, "big"), make([]byte, 3*mib), 0o600); err != nil {
		t.Fatal(err)
	}
	uid := int(w.row("projects", "p1")["uid"].(int64))
	if err := os.Chown(filepath.Join(home, "big"), uid, uid); err != nil {
		t.Fatal(err)
	}
	s := w.enter()
	w.untilFull(s, "p1", true)
	c, err := s.Client(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}
	if said := writes(t.Context(), c); len(said) != 4 {
		t.Errorf("refused: %v", said)
	}
}
