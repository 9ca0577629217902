package rethinkstore_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
	"lyceum/app/rethinkstore"
	"lyceum/app/rethinkstore/rethinktest"
	"lyceum/app/storetest"
)

// databases counts them, so that each test has its own on one server.
var databases atomic.Int64

// options are those of a new database on a server.
func options(server *rethinktest.Server, tables []app.Table) rethinkstore.Options {
	return rethinkstore.Options{
		Hosts: server.Addresses(), Database: fmt.Sprint("test", databases.Add(1)), Tables: tables,
	}
}

func open(t *testing.T, o rethinkstore.Options) *rethinkstore.Store {
	t.Helper()
	s, err := rethinkstore.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	storetest.Run(t, func(t *testing.T, tables []app.Table) app.Store {
		return open(t, options(server, tables))
	})
}

// TestDurableContract: the database outlives the servers on it, which are killed.
// A path stands for a database; the file there names the server that has it.
func TestDurableContract(t *testing.T) {
	at := func(t *testing.T, path string) rethinkstore.Options {
		address, err := os.ReadFile(path) // also in the process that is killed
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("d%x", sha256.Sum256([]byte(path)))[:20]
		return rethinkstore.Options{Hosts: []string{string(address)}, Database: name}
	}
	storetest.RunDurable(t, storetest.Durable{
		Shared: true,
		Prepare: func(t *testing.T, path string) {
			server := rethinktest.Start(t, rethinktest.Options{})
			if err := os.WriteFile(path, []byte(server.Address()), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		Open: func(t *testing.T, path string, tables []app.Table) (app.Store, error) {
			o := at(t, path)
			o.Tables = tables
			return rethinkstore.Open(t.Context(), o)
		},
		MakeNewer: func(t *testing.T, path string) {
			o := at(t, path)
			run(t, o, r.DB(o.Database).Table("_lyceum").Get("layout").Update(map[string]any{"version": 999}))
		},
	})
}

// run does to a database what an operator could do in its Data Explorer.
func run(t *testing.T, o rethinkstore.Options, term r.Term) {
	t.Helper()
	session, err := r.Connect(r.ConnectOpts{Address: o.Hosts[0]})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close() // has nothing to lose
	if err := term.Exec(session); err != nil {
		t.Fatal(err)
	}
}

// TestMain lets tests wait beside each other: most of their time is that of leases
// and time-outs, on however few cores.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "12"); err != nil {
		panic(err) // it is a flag of every test
	}
	os.Exit(m.Run())
}
