package rethinktest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"

	r "gopkg.in/rethinkdb/rethinkdb-go.v6"
)

func TestHandshakeLetsInWhoKnowsThePassword(t *testing.T) {
	s := Start(t, Options{Users: map[string]string{"admin": "secret", "lyceum": "öffentlich"}})
	for _, c := range []struct{ user, password, want string }{
		{"", "secret", "no error"},
		{"lyceum", "öffentlich", "no error"},
		{"admin", "", "rethinkdb.RQLAuthError rethinkdb: Wrong password"},
		{"lyceum", "secret", "rethinkdb.RQLAuthError rethinkdb: Wrong password"},
		{"nobody", "secret", "rethinkdb.RQLAuthError rethinkdb: Unknown user"},
	} {
		session, err := r.Connect(r.ConnectOpts{Address: s.Address(), Username: c.user, Password: c.password})
		wantError(t, err, c.want)
		session.Close() // which may not be open
	}
	s.SetPassword("admin", "other")
	if _, err := r.Connect(r.ConnectOpts{Address: s.Address(), Password: "secret"}); err == nil {
		t.Error("the old password is taken")
	}
}

func TestVersionsBefore23DoNotKnowTheHandshake(t *testing.T) {
	s := Start(t, Options{Version: "2.2.6"})
	_, err := r.Connect(r.ConnectOpts{Address: s.Address()})
	wantError(t, err, "rethinkdb.RQLConnectionError rethinkdb: Received an unsupported protocol version. "+
		"This port is for RethinkDB queries. Does your client driver version not match the server?\n")
	_, err = r.Connect(r.ConnectOpts{Address: Start(t, Options{}).Address(), HandshakeVersion: r.HandshakeV0_4})
	if err == nil {
		t.Error("an older handshake is taken")
	}
}

func TestVersionIsShown(t *testing.T) {
	s := Start(t, Options{Version: "2.3.7"})
	got := run(t, connect(t, s, r.ConnectOpts{}), r.DB("rethinkdb").Table("server_status").Field("process").Field("version"))
	if got[0] != "rethinkdb 2.3.7 (for tests)" {
		t.Errorf("got %v", got)
	}
}

func TestTLSIsSpokenToWhoTrustsIt(t *testing.T) {
	certificate, roots := ownCertificate(t)
	s := Start(t, Options{TLS: &tls.Config{Certificates: []tls.Certificate{certificate}}})
	session := connect(t, s, r.ConnectOpts{TLSConfig: &tls.Config{RootCAs: roots}})
	run(t, session, r.Expr(1))
	if _, err := r.Connect(r.ConnectOpts{Address: s.Address(), TLSConfig: &tls.Config{RootCAs: x509.NewCertPool()}}); err == nil {
		t.Error("a client that does not trust the certificate is content")
	}
	if _, err := r.Connect(r.ConnectOpts{Address: s.Address()}); err == nil {
		t.Error("a client without TLS is let in")
	}
}

// ownCertificate is one for loopback that signs itself.
func ownCertificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func TestRightsAreOfTheNarrowestScope(t *testing.T) {
	s, _, table := withTable(t, Options{Users: map[string]string{"lyceum": ""}})
	session := connect(t, s, r.ConnectOpts{Username: "lyceum"})
	refused := func(q r.Term, what string) {
		t.Helper()
		wantError(t, q.Exec(session), "rethinkdb.RQLRuntimeError rethinkdb: User `lyceum` does not have the required `"+what+"` permission")
	}
	refused(table.Get(1), "read")
	refused(table.Changes(), "read")
	refused(table.Insert(doc{"id": 1}), "write")
	refused(table.IndexCreate("k"), "config")
	refused(r.DBCreate("other"), "config")
	s.Grant("lyceum", "d", "", map[string]bool{"read": true, "write": true, "config": true})
	run(t, session, table.Insert(doc{"id": 1}))
	run(t, session, table.IndexCreate("k"))
	run(t, session, r.DB("d").TableCreate("u"))
	refused(r.DBCreate("other"), "config")
	s.Grant("lyceum", "d", "t", map[string]bool{"write": false})
	run(t, session, table.Get(1))
	refused(table.Get(1).Delete(), "write")
	s.Grant("lyceum", "", "", map[string]bool{"read": true, "config": true})
	run(t, session, r.DBCreate("other"))
	refused(table.Get(1).Delete(), "write")
	refused(r.DB("rethinkdb").Table("server_status"), "read")
}
