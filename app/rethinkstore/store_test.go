package rethinkstore_test

import (
	"fmt"
	"sync/atomic"
	"testing"

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
