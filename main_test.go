package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
	"lyceum/app/metrics"
	"lyceum/app/metrics/metricstest"
	"lyceum/app/rethinkdb/rethinkdbtest"
	"lyceum/app/rethinkstore/rethinktest"
	"lyceum/app/schema"
	"lyceum/app/sqlitestore"
)

func TestMain(m *testing.M) {
	programs := map[string]func(){"lyceum": main}
	if realRethinkDB() == "" {
		programs["rethinkdb"] = rethinkdbtest.Main
	}
	testscript.Main(m, programs)
}

// realRethinkDB is the program that scripts run instead of the stand-in, where
// make test-rethinkdb has named one.
func realRethinkDB() string { return os.Getenv("LYCEUM_TEST_RETHINKDB") }

const (
	// patience is how long a script waits for what has to happen at once; only a
	// failure waits for all of it.
	patience = 30 * time.Second
	// stopBound is what a server promises after SIGTERM.
	stopBound = 10 * time.Second
)

// TestScripts plays sessions of an operator at a console.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			// Nothing of the machine's own set-up; no script needs root.
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("LYCEUM_DATA", filepath.Join(env.WorkDir, "data"))
			env.Setenv("LYCEUM_LISTEN", "127.0.0.1:0")
			env.Setenv("LYCEUM_ISOLATION", "none")
			env.Values[serversKey{}] = map[string]*served{}
			env.Values[testKey{}], env.Values[clusterKey{}] = env.T(), &running{}
			if program := realRethinkDB(); program != "" {
				env.Setenv("PATH", filepath.Dir(program)+string(filepath.ListSeparator)+env.Getenv("PATH"))
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": serve, "halt": halt, "occupy": occupy, "browse": browse, "forbid": forbid, "newer": newer, "damage": damage, "ends": ends,
			"scrape": scrape, "disk": disk, "cluster": cluster, "seed": seed, "hold": hold, "release": release, "written": written, "lose": lose, "port": port,
		},
	})
}

// disk NODES makes what so many nodes of RethinkDB in this script keep, where the
// program rethinkdb is a stand-in.
func disk(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: disk nodes")
	}
	nodes, err := strconv.Atoi(args[0])
	ts.Check(err)
	if realRethinkDB() != "" {
		return // it has a disk of its own
	}
	rethinkdbtest.NewDisk(ts.Value(testKey{}).(testing.TB), ts.MkAbs("."), nodes)
}

// lose NODE stops a node of the cluster; the first is 1.
func lose(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lose node")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Value(clusterKey{}).(*running).server.StopNode(n - 1)
}

// seed DATABASE ROWS puts rows into a table of a file.
func seed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: seed database rows")
	}
	rows, err := strconv.Atoi(args[1])
	ts.Check(err)
	store, err := sqlitestore.Open(context.Background(), ts.MkAbs(args[0]), schema.Tables())
	ts.Check(err)
	for i := range rows {
		id := fmt.Sprintf("project%06d", i)
		row := app.Row{"id": id, "title": id, "last_edited": int64(i)}
		_, err := store.Write(context.Background(), app.Write{Table: "projects", ID: id, Row: row, IfRev: app.Absent})
		ts.Check(err)
	}
	ts.Check(store.Close())
}

// hold TABLE keeps the cluster from acknowledging what is written to a table of the
// database lyceum, until release. written TABLE waits until something was.
func hold(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hold table")
	}
	*releases(ts) = ts.Value(clusterKey{}).(*running).server.HoldWrites("lyceum", args[0])
}

func release(ts *testscript.TestScript, _ bool, _ []string) { (*releases(ts))() }

func releases(ts *testscript.TestScript) *func() { return &ts.Value(clusterKey{}).(*running).release }

func written(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: written table")
	}
	cluster := ts.Value(clusterKey{}).(*running)
	session, err := r.Connect(r.ConnectOpts{Address: cluster.server.Address(), Password: cluster.password})
	ts.Check(err)
	defer session.Close()
	late := time.After(patience)
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		var rows int
		cursor, err := r.DB("lyceum").Table(args[0]).Count().Run(session)
		ts.Check(err)
		ts.Check(cursor.One(&rows))
		if rows > 0 {
			return
		}
		select {
		case <-look.C:
		case <-late:
			ts.Fatalf("nothing is in %s after %v", args[0], patience)
		}
	}
}

// running is the cluster of a script.
type running struct {
	server   *rethinktest.Server
	password string
	release  func()
}

// cluster NODES PASSWORD starts a cluster that somebody else runs; $CLUSTER are its
// addresses. It is one in this process.
func cluster(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cluster nodes password")
	}
	nodes, err := strconv.Atoi(args[0])
	ts.Check(err)
	server := rethinktest.Start(ts.Value(testKey{}).(testing.TB), rethinktest.Options{
		Nodes: nodes, Users: map[string]string{"admin": args[1]}, Quorum: true,
	})
	*ts.Value(clusterKey{}).(*running) = running{server: server, password: args[1]}
	ts.Setenv("CLUSTER", strings.Join(server.Addresses(), ","))
}

type (
	serversKey struct{}
	testKey    struct{} // the test of the script
	clusterKey struct{}
)

// served is a server in the background.
type served struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when the process is gone
	err   error         // of the process, once ended is closed
}

func (s *served) kill() {
	_ = s.cmd.Process.Kill() // or it has ended
	<-s.ended
}

func servers(ts *testscript.TestScript) map[string]*served {
	all, _ := ts.Value(serversKey{}).(map[string]*served)
	return all
}

var readyLine = regexp.MustCompile(`(?m)^Lyceum is ready at (\S+)$`)

// serve NAME [ARGS…] starts a server in the background and waits until it is
// ready: $NAME is its URL, NAME.out what it prints and NAME.log its log.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: serve name [args]")
	}
	name := args[0]
	out, err := os.Create(ts.MkAbs(name + ".out"))
	ts.Check(err)
	defer out.Close()
	log, err := os.Create(ts.MkAbs(name + ".log"))
	ts.Check(err)
	defer log.Close()
	s := &served{cmd: exec.Command("lyceum", append([]string{"serve"}, args[1:]...)...), ended: make(chan struct{})}
	s.cmd.Stdout, s.cmd.Stderr, s.cmd.Dir = out, log, ts.MkAbs(".")
	s.cmd.Env = os.Environ()
	for _, variable := range []string{"PATH", "HOME", "LYCEUM_DATA", "LYCEUM_LISTEN", "LYCEUM_ISOLATION", "LYCEUM_DATABASE", "LYCEUM_DATABASE_PASSWORD_FILE", "LYCEUM_DATABASE_REPLICAS"} {
		s.cmd.Env = append(s.cmd.Env, variable+"="+ts.Getenv(variable))
	}
	ts.Check(s.cmd.Start())
	go func() {
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	servers(ts)[name] = s
	ts.Defer(s.kill)

	late := time.After(patience)
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		if m := readyLine.FindStringSubmatch(ts.ReadFile(name + ".out")); m != nil {
			ts.Setenv(name, m[1])
			return
		}
		select {
		case <-look.C:
		case <-s.ended:
			ts.Fatalf("the server has ended: %v\n%s", s.err, ts.ReadFile(name+".log"))
		case <-late:
			ts.Fatalf("the server is not ready after %v\n%s", patience, ts.ReadFile(name+".log"))
		}
	}
}

// halt NAME [KILL] ends a server: by SIGTERM within its bound and with exit code
// 0, or at once.
func halt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: halt name [KILL]")
	}
	s := servers(ts)[args[0]]
	if s == nil {
		ts.Fatalf("there is no server %s", args[0])
	}
	if len(args) > 1 {
		s.kill()
		return
	}
	ts.Check(s.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-s.ended:
		if s.err != nil {
			ts.Fatalf("after SIGTERM: %v\n%s", s.err, ts.ReadFile(args[0]+".log"))
		}
	case <-time.After(stopBound):
		ts.Fatalf("still there %v after SIGTERM\n%s", stopBound, ts.ReadFile(args[0]+".log"))
	}
}

// occupy listens on an address for the rest of the script and sets $OCCUPIED.
func occupy(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() }) // nobody connects
	ts.Setenv("OCCUPIED", l.Addr().String())
}

// port NAME sets $NAME to a port of loopback that nobody uses now.
func port(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: port name")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	_, number, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Check(l.Close())
	ts.Setenv(args[0], number)
}

// browse URL PATTERN fetches a page and looks for a pattern in it.
func browse(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: browse url pattern")
	}
	client := http.Client{Timeout: patience}
	resp, err := client.Get(args[0])
	ts.Check(err)
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if found := regexp.MustCompile(args[1]).Match(page); found == neg {
		ts.Fatalf("%s is %s: %s", args[0], resp.Status, page)
	}
}

var figuresLine = regexp.MustCompile(`(?m)^Figures for Prometheus are at (http://\S+)/metrics$`)

// scrape NAME reads the figures of a server as Prometheus does and sets $FIGURES
// to where they are.
func scrape(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: scrape name")
	}
	m := figuresLine.FindStringSubmatch(ts.ReadFile(args[0] + ".out"))
	if m == nil {
		ts.Fatalf("%s says not where its figures are", args[0])
	}
	ts.Setenv("FIGURES", m[1])
	client := http.Client{Timeout: patience}
	resp, err := client.Get(m[1] + "/metrics")
	ts.Check(err)
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if kind := resp.Header.Get("Content-Type"); kind != metrics.ContentType {
		ts.Fatalf("the figures are %s", kind)
	}
	_, err = metricstest.Parse(string(page))
	ts.Check(err)
}

// forbid PATH makes a folder that cannot be written; for root, who may write all
// others, it is one of the kernel.
func forbid(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: forbid path")
	}
	ts.Check(os.Mkdir(ts.MkAbs(args[0]), 0o500))
	if os.Geteuid() == 0 {
		ts.Check(os.Remove(ts.MkAbs(args[0])))
		ts.Check(os.Symlink("/sys/kernel", ts.MkAbs(args[0])))
	}
}

// damage DATABASE [SIZE] overwrites what the database says last of the tables that
// there are, and lengthens the file.
func damage(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: damage database [size]")
	}
	path := ts.MkAbs(args[0])
	db, err := sql.Open("sqlite3", path)
	ts.Check(err)
	defer db.Close()
	var page int64
	ts.Check(db.QueryRow(`SELECT rootpage FROM sqlite_schema WHERE name = 'server_secrets'`).Scan(&page))
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	ts.Check(err)
	defer file.Close()
	_, err = file.WriteAt(bytes.Repeat([]byte("torn"), 1024), (page-1)*4096)
	ts.Check(err)
	if len(args) > 1 {
		size, err := strconv.ParseInt(args[1], 10, 64)
		ts.Check(err)
		ts.Check(file.Truncate(size))
	}
}

// ends NAME waits until a server has ended by itself, with a failure.
func ends(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ends name")
	}
	s := servers(ts)[args[0]]
	select {
	case <-s.ended:
		if s.err == nil {
			ts.Fatalf("the server has ended without a failure")
		}
	case <-time.After(patience):
		ts.Fatalf("the server goes on")
	}
}

// newer makes a database one that a later version has written.
func newer(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: newer database")
	}
	db, err := sql.Open("sqlite3", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec("PRAGMA user_version = 999")
	ts.Check(err)
}
