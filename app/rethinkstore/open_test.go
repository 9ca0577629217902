package rethinkstore_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"

	"lyceum/app"
	"lyceum/app/rethinkstore"
	"lyceum/app/rethinkstore/rethinktest"
)

// sentence fails unless err is one for an operator, with all the words.
func sentence(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	_, text := app.Public(err)
	if !strings.HasSuffix(text, ".") {
		t.Errorf("%q is no sentence", text)
	}
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q does not say %q", text, word)
		}
	}
}

// What an operator reads when the server does not start says what to do.
func TestS8OpenRefusesWithASentence(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{Users: map[string]string{"admin": "right", "lyceum": ""}})
	old := rethinktest.Start(t, rethinktest.Options{Version: "2.2.6"})
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct {
		name  string
		o     rethinkstore.Options
		words []string
	}{
		{"wrong password", rethinkstore.Options{Hosts: server.Addresses(), Password: "wrong"},
			[]string{`"admin"`, "password", server.Address()}},
		{"unknown user", rethinkstore.Options{Hosts: server.Addresses(), User: "nobody"}, []string{`"nobody"`, "password"}},
		{"no file of the password", rethinkstore.Options{Hosts: server.Addresses(), PasswordFile: "/nowhere"}, []string{"password", "file"}},
		{"no rights", rethinkstore.Options{Hosts: server.Addresses(), User: "lyceum"}, []string{`"lyceum"`, "grant"}},
		{"old server", rethinkstore.Options{Hosts: old.Addresses()}, []string{"2.3", "Update"}},
		{"nothing there", rethinkstore.Options{Hosts: []string{"127.0.0.1:1"}}, []string{"127.0.0.1:1", "28015"}},
		{"no certificate", rethinkstore.Options{Hosts: server.Addresses(), CAFile: file("none")}, []string{"PEM"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.o.Database, test.o.Tables = "refused", notes
			s, err := rethinkstore.Open(t.Context(), test.o)
			if err == nil {
				t.Fatal("opened", s.Close())
			}
			sentence(t, err, test.words...)
		})
	}
	s := open(t, rethinkstore.Options{Hosts: server.Addresses(), PasswordFile: file(" right\n"), Database: "right", Tables: notes})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// An acknowledged write of a table that an administrator has made soft could be
// lost.
func TestS8SoftTableIsRefused(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{})
	o := options(server, notes)
	run(t, o, r.DBCreate(o.Database))
	run(t, o, r.DB(o.Database).TableCreate("notes", r.TableCreateOpts{Durability: "soft"}))
	_, err := rethinkstore.Open(t.Context(), o)
	sentence(t, err, "notes", "durability", "config().update")
}

// Two servers that start at once on a new database can make it, or a table, twice,
// and then none of them starts.
func TestWhatIsThereTwiceIsSaid(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", ".notes"} {
		server := rethinktest.Start(t, rethinktest.Options{})
		o := options(server, notes)
		s := open(t, o)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		server.Double(o.Database + name)
		_, err := rethinkstore.Open(t.Context(), o)
		sentence(t, err, "has "+o.Database+name+" twice", "db_config", "table_config", "delete()", "alone")
	}
}

// A table whose servers are away is named, with what to do.
func TestTableWithoutPrimaryIsSaid(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{})
	o := options(server, notes)
	s := open(t, o)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	elect := server.FailPrimary(o.Database, "notes")
	defer elect()
	_, err := rethinkstore.Open(t.Context(), o)
	sentence(t, err, "primary", "notes", "Start")
}

// One of three hosts is away: the store opens, and goes on.
func TestOneHostOfThreeMayBeAway(t *testing.T) {
	server := rethinktest.Start(t, rethinktest.Options{Nodes: 3})
	server.StopNode(0)
	s := open(t, options(server, notes))
	closeLater(t, s)
	l := listen(t, s, "notes")
	write(t, s, "a", "one")
	server.StopNode(1)
	write(t, s, "a", "two")
	server.StartNode(0)
	server.StopNode(2)
	write(t, s, "a", "three")
	l.wait(t, "the last write", has("a", "three"))
}

func TestParseURL(t *testing.T) {
	got, err := rethinkstore.ParseURL("rethinkdb://lyceum@a:1,b,[::1]/school")
	want := rethinkstore.Options{Hosts: []string{"a:1", "b:28015", "[::1]:28015"}, User: "lyceum", Database: "school"}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	for _, text := range []string{
		"", "mysql://a/b", "rethinkdb://a", "rethinkdb:///b", "rethinkdb://a,/b", "rethinkdb://u:secret@a/b", "rethinkdb://a/b-c", "rethinkdb://a/_x",
	} {
		_, err := rethinkstore.ParseURL(text)
		sentence(t, err)
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q shows the password", err)
		}
	}
}

// Only one of three hosts was given; when it is away the others are used, because
// the cluster has said that they are there.
func TestFurtherHostsAreDiscovered(t *testing.T) {
	t.Parallel()
	server := rethinktest.Start(t, rethinktest.Options{Nodes: 3})
	o := options(server, notes)
	o.Hosts, o.DiscoverHosts = o.Hosts[:1], true
	logged := make(chan struct{}, 1)
	o.Log = slog.New(slog.NewTextHandler(writer(func(b []byte) {
		if bytes.Contains(b, []byte("host of the database cannot be reached")) {
			select {
			case logged <- struct{}{}:
			default:
			}
		}
	}), nil))
	s := open(t, o)
	closeLater(t, s)
	server.StopNode(0)
	write(t, s, "a", "one")
	<-logged
	write(t, s, "a", "two")
}

type writer func([]byte)

func (w writer) Write(b []byte) (int, error) { w(b); return len(b), nil }

// Somebody else's server at the address of the database must not get the password.
func TestTLSBelievesTheGivenAuthorityOnly(t *testing.T) {
	certificate, pem := selfSigned(t)
	server := rethinktest.Start(t, rethinktest.Options{TLS: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}})
	o := options(server, notes)
	o.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(o.CAFile, pem, 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, o)
	closeLater(t, s)
	write(t, s, "a", "one")
	_, other := selfSigned(t)
	if err := os.WriteFile(o.CAFile, other, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := rethinkstore.Open(t.Context(), o)
	sentence(t, err, "certificate", server.Address())
}

// selfSigned returns a certificate of this machine, and as PEM.
func selfSigned(t *testing.T) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
